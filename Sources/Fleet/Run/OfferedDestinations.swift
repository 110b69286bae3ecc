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

    @Sendable
    func resolve(_ settings: TelemetryConnectionSettings) async throws(OfferProblem) -> TelemetryRoute {
        guard let url = try? ServerURL(offered: settings.destinationEndpoint) else { throw .endpointInvalid }
        guard !url.isWebSocket else { throw .transportChange }
        guard let addresses = try? await HostResolver.shared.resolve(url.host, port: UInt16(clamping: url.port)) else {
            throw .nameNotResolved
        }
        var identity: PackedIdentity?
        if let certificate = settings.certificate {
            identity = certificate.identity(nil).map { PackedIdentity($0) }
            guard identity != nil else { throw .certificateUnusable }
        }
        let context =
            try url.isSecure || settings.tls != nil ? contexts.context(for: settings.tls, usual: tls) : nil
        guard
            let route = TelemetryRoute(
                addresses: addresses, host: "\(url.bracketedHost):\(url.port)", path: url.path,
                headers: (settings.headers?.headers ?? []).map { ($0.key, $0.value) },
                tls: url.isSecure ? context : nil, serverName: url.host, identity: url.isSecure ? identity : nil)
        else { throw .nameNotResolved }
        return route
    }
}
