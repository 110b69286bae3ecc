import Engine
import Hosting
import OpAMP
import OpenSSL

/// Where offers of destinations for own telemetry lead (specification: TelemetryConnectionSettings). One for a run.
final class OfferedDestinations: Sendable {
    /// For https: what the run trusts, or else the system's authorities. `nil` where the system's library cannot be set
    /// up.
    private let tls: TLSClientContext?
    /// The trust that destinations are offered with.
    private let contexts: OfferedContexts

    init(_ security: TLSClientContext?, _ contexts: OfferedContexts) {
        tls = security ?? (try? TLSClientContext(TLSClientOptions(trust: .system)))
        self.contexts = contexts
    }

    /// - Returns: `nil` where the endpoint is no HTTP address, its host has no address, or the certificate or the trust
    ///   that is offered cannot be used.
    @Sendable
    func resolve(_ settings: TelemetryConnectionSettings) async -> TelemetryRoute? {
        guard let url = try? ServerURL(settings.destinationEndpoint), !url.isWebSocket,
            let addresses = try? await HostResolver.shared.resolve(url.host, port: UInt16(clamping: url.port))
        else { return nil }
        var context: TLSClientContext?
        var identity: PackedIdentity?
        if url.isSecure {
            context = contexts.context(for: settings.tls, usual: tls)
            guard context != nil else { return nil }
            if let certificate = settings.certificate {
                identity = certificate.identity(nil).map { PackedIdentity($0) }
                guard identity != nil else { return nil }
            }
        }
        return TelemetryRoute(
            addresses: addresses, host: "\(url.bracketedHost):\(url.port)", path: url.path,
            headers: (settings.headers?.headers ?? []).map { ($0.key, $0.value) }, tls: context,
            serverName: url.host, identity: identity)
    }
}
