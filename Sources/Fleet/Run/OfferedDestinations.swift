import Engine
import Hosting
import OpAMP

/// Where offers of destinations for own telemetry lead (specification: TelemetryConnectionSettings). One for a run.
final class OfferedDestinations: Sendable {
    /// For https: what the run trusts, or else the system's authorities. `nil` where the system's library cannot be set up.
    private let tls: TLSClientContext?

    init(_ security: TLSClientContext?) {
        tls = security ?? (try? TLSClientContext(TLSClientOptions(trust: .system)))
    }

    /// - Returns: `nil` where the endpoint is no HTTP address, or its host has no address.
    @Sendable
    func resolve(_ settings: TelemetryConnectionSettings) async -> TelemetryRoute? {
        guard let url = try? ServerURL(settings.destinationEndpoint), !url.isWebSocket,
            !url.isSecure || tls != nil,
            let addresses = try? await HostResolver.shared.resolve(url.host, port: UInt16(clamping: url.port))
        else { return nil }
        return TelemetryRoute(
            addresses: addresses, host: "\(url.bracketedHost):\(url.port)", path: url.path,
            headers: (settings.headers?.headers ?? []).map { ($0.key, $0.value) }, tls: url.isSecure ? tls : nil,
            serverName: url.host)
    }
}
