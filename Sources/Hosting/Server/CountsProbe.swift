import Basis
public import Engine
import OpenSSL
public import Transport

/// Asks a server for its counts over HTTP: one request, one connection. Muster's own server answers; any other has
/// nothing at that path, and that is an answer too.
public enum CountsProbe {
    /// The JSON object with the counts, or `nil` where the server has none to give.
    /// - Parameters:
    ///   - fields: further fields of the request: the credentials.
    ///   - proxy: the one to go through, at `address`.
    ///   - identity: the certificate to show where the server asks for one.
    public static func ask(
        _ address: SocketAddress, host: String, fields: HTTPFields = HTTPFields(), through proxy: ProxyRoute? = nil,
        security: TargetSecurity? = nil, identity: PackedIdentity? = nil, on shard: Shard
    ) async -> [UInt8]? {
        let request = HTTPCall.Request(.get, target: ServerHost.countsPath, host: host, fields: fields)
        let response = await HTTPCall.perform(
            request, at: address, within: timeout, through: proxy, security: security, identity: identity, on: shard)
        guard let response, response.status == 200, response.fields["Content-Type"] == "application/json" else {
            return nil
        }
        return response.body
    }

    private static let timeout = Nanoseconds.seconds(3)
}
