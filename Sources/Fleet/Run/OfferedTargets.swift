import Engine
import Hosting
import OpAMP
import Transport

/// Where offers of connection settings lead (specification: OpAMPConnectionSettings).
enum OfferedTargets {
    /// The target for `settings`: the offered endpoint and headers, and for what they leave out those of `usual`.
    /// - Returns: `nil` where the endpoint is no address of the same transport, or its host has no address.
    @Sendable
    static func resolve(_ settings: OpAMPConnectionSettings, _ usual: AgentTarget) async -> AgentTarget? {
        var target = usual
        target.fields = fields(settings.headers, usual.fields)
        if settings.destinationEndpoint.isEmpty { return target }
        guard let url = try? ServerURL(settings.destinationEndpoint), !url.isSecure,
            url.isWebSocket == (usual.transport == .webSocket)
        else { return nil }
        var addresses: [SocketAddress] = []
        // A proxy finds the server by itself.
        if usual.proxy == nil {
            guard let found = try? await HostResolver.shared.resolve(url.host, port: UInt16(clamping: url.port)) else {
                return nil
            }
            addresses = found
        }
        return target.moved(to: addresses, host: "\(url.bracketedHost):\(url.port)", path: url.path)
    }

    /// The offered fields, and of the usual ones those that the offer does not name.
    private static func fields(_ offered: Headers?, _ usual: HTTPFields) -> HTTPFields {
        guard let offered else { return usual }
        var fields = HTTPFields()
        for header in offered.headers {
            // A header that HTTP does not allow cannot be sent; the others still are.
            try? fields.append(header.key, header.value)
        }
        let named = fields
        for (name, value) in usual.all where !named.contains(name) {
            try? fields.append(name, value)
        }
        return fields
    }
}
