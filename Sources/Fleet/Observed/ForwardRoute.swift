import Engine
public import Hosting

/// The way from `muster observe` to the server: its addresses, and how the connections to it are secured.
public enum ForwardRoute {
    /// The target of the connections that are passed on.
    /// - Throws: `RunError` where the name cannot be resolved, `SecurityError` for files that cannot be used.
    public static func target(to url: ServerURL, tls: TLSProfile) async throws -> ForwardTarget {
        let addresses = try await HostResolver.shared.resolve(url.host, port: UInt16(url.port))
        var security: TargetSecurity?
        if url.isSecure {
            let context = try FleetSecurity.context(tls, own: nil)
            security = TargetSecurity(context: context, serverName: tls.serverName ?? url.host)
        }
        guard let target = ForwardTarget(addresses: addresses, security: security) else {
            throw ResolveError.unknownHost(url.host)
        }
        return target
    }
}
