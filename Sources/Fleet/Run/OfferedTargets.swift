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
        var fields = HTTPFields()
        for header in settings.headers?.headers ?? [] {
            // A header that HTTP does not allow cannot be sent; the others still are.
            try? fields.append(header.key, header.value)
        }
        if settings.destinationEndpoint.isEmpty {
            return AgentTarget(
                addresses: usual.addresses, sources: usual.sources, host: usual.host, path: usual.path,
                fields: settings.headers == nil ? usual.fields : fields, limits: usual.limits,
                transport: usual.transport)
        }
        guard let url = try? ServerURL(settings.destinationEndpoint), !url.isSecure,
            url.isWebSocket == (usual.transport == .webSocket),
            let addresses = try? await HostResolver.shared.resolve(url.host, port: UInt16(clamping: url.port))
        else { return nil }
        return AgentTarget(
            addresses: addresses, sources: usual.sources, host: "\(url.bracketedHost):\(url.port)", path: url.path,
            fields: settings.headers == nil ? usual.fields : fields, limits: usual.limits,
            transport: usual.transport)
    }
}
