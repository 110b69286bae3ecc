public import Basis
import Engine
public import Hosting
import OpenSSL
public import Transport

/// Who is trusted as a server beside the run, and what is shown to it.
public struct SideAccess: Hashable, Sendable {
    /// A PEM file of authorities to trust instead of this machine's.
    public var authorities: String?
    /// A PEM file of the certificate to show, and that of its key.
    public var certificate: String?
    public var key: String?
    /// A file with the bearer token to send.
    public var tokenFile: String?
    /// Further fields of every request, `Name: value`.
    public var headers: [String] = []

    public init() {}
}

/// A server beside the run, which figures are sent to or read from: over HTTP or HTTPS, by one request a connection, on
/// a shard of its own.
public final class SideServer: Sendable {
    public let url: ServerURL
    private let address: SocketAddress
    private let security: TargetSecurity?
    private let identity: PackedIdentity?
    private let fields: HTTPFields
    private let shard: Shard

    /// Where `text` leads: what has no port is for that of its scheme, 80 or 443.
    /// - Parameters:
    ///   - path: where the text has none.
    ///   - option: the option that named it, for messages.
    /// - Throws: `SideServerError`: the user's to mend.
    public static func url(_ text: String, path: String, option: String) throws(SideServerError) -> ServerURL {
        let parts = text.split(separator: "/")
        // A scheme and a host alone.
        let isBare = parts.count == 2 && text.contains("://") && !text.contains("?")
        let given = isBare ? "\(parts[0])//\(parts[1])\(path)" : text
        let url: ServerURL
        do { url = try ServerURL(given, usualPort: { $0 == .https ? 443 : 80 }) } catch {
            throw SideServerError(reason: "\(option): \(error)")
        }
        guard !url.isWebSocket else {
            throw SideServerError(reason: "\(option): write the address as http:// or https://")
        }
        return url
    }

    /// Resolves the name, and reads the files.
    /// - Parameter option: the option that named it, for messages: those of its access begin with it.
    /// - Throws: `SideServerError`, which names the option.
    public init(_ url: ServerURL, _ access: SideAccess, option: String) async throws(SideServerError) {
        self.url = url
        do throws(SecurityError) {
            (security, identity) = try Self.security(url, access, option)
        } catch { throw SideServerError(reason: "\(error)") }
        fields = try Self.fields(access, option)
        do {
            let found = try await HostResolver.shared.resolve(url.host, port: UInt16(clamping: url.port))
            guard let first = found.first else {
                throw SideServerError(reason: "\(option): \(url.host) has no address")
            }
            address = first
            shard = try Shard(label: "muster.beside")
        } catch let error as SideServerError { throw error } catch {
            throw SideServerError(reason: "\(option): \(error)")
        }
    }

    private static func security(
        _ url: ServerURL, _ access: SideAccess, _ option: String
    ) throws(SecurityError) -> (TargetSecurity?, PackedIdentity?) {
        var identity: PackedIdentity?
        switch (access.certificate, access.key) {
        case (nil, nil): break
        case (let certificate?, let key?):
            identity = PackedIdentity(
                try CertificateFiles.identity(certificate, key: key, named: "\(option)-cert"))
        default: throw SecurityError("\(option)-cert", "it needs \(option)-key beside it, and the other way round")
        }
        guard url.isSecure else {
            guard identity == nil, access.authorities == nil else {
                throw SecurityError(option, "certificates are of use only with an https:// address")
            }
            return (nil, nil)
        }
        var options = TLSClientOptions()
        if let path = access.authorities {
            options.trust = .authorities(try CertificateFiles.text(of: path, named: "\(option)-ca"))
        }
        let context = try CertificateFiles.usable(access.authorities ?? "TLS", "\(option)-ca") {
            () throws(TLSError) in try TLSClientContext(options)
        }
        return (TargetSecurity(context: context, serverName: url.host), identity)
    }

    private static func fields(_ access: SideAccess, _ option: String) throws(SideServerError) -> HTTPFields {
        var fields = HTTPFields()
        for header in access.headers {
            guard let colon = header.firstIndex(of: ":") else {
                throw SideServerError(reason: "\(option)-header: write it as 'Name: value'")
            }
            let value = header[header.index(after: colon)...].drop { $0 == " " }
            do { try fields.append(String(header[..<colon]), String(value)) } catch {
                throw SideServerError(reason: "\(option)-header: \(error)")
            }
        }
        guard let path = access.tokenFile else { return fields }
        do {
            let token = try Files.text(path, limit: longestToken).filter { !$0.isWhitespace }
            try fields.append("Authorization", "Bearer \(token)")
        } catch { throw SideServerError(reason: "\(option)-token-file: \(error)") }
        return fields
    }

    /// One request.
    /// - Parameters:
    ///   - fields: besides those of the access.
    ///   - maxResponse: bytes.
    public func ask(
        _ method: HTTPMethod, fields own: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        maxResponse: Int, within timeout: Nanoseconds
    ) async -> Result<HTTPCall.Response, HTTPCall.Problem> {
        var fields = fields
        // Fixed words are always valid fields.
        for field in own { try? fields.append(field.name, field.value) }
        let request = HTTPCall.Request(
            method, target: url.path, host: "\(url.bracketedHost):\(url.port)", fields: fields, body: body,
            maxResponse: maxResponse)
        return await HTTPCall.result(
            of: request, at: address, within: timeout, security: security, identity: identity, on: shard)
    }

    private static let longestToken = 1 << 16
}

/// A server beside the run that cannot be used. The user's fault.
public struct SideServerError: Error, Hashable, CustomStringConvertible {
    let reason: String

    public var description: String { reason }
}
