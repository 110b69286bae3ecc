import Engine
import Hosting
import OpAMP
import OpenSSL
import Transport

/// Where offers of connection settings lead (specification: OpAMPConnectionSettings).
struct OfferedTargets: Sendable {
    /// The trust of connections over TLS, by what an offer says of it.
    let contexts: OfferedContexts
    /// The keys of the certificates that agents asked for; nil where none asks.
    let requests: CertificateRequests?
    /// Whether a target over TLS may be left for an endpoint without TLS.
    var allowsPlaintextEndpoints = false

    /// The target for `settings`: the offered endpoint, headers, certificate and trust, and for what they leave out
    /// those of `usual`. The headers of the profile, its credentials among them, were given for the profile's server:
    /// they are left out where the endpoint has another scheme, host or port.
    @Sendable
    func resolve(
        _ settings: OpAMPConnectionSettings, _ usual: AgentTarget
    ) async throws(OfferProblem) -> AgentTarget {
        var target = usual
        target.fields = Self.fields(settings.headers, usual.fields)
        if let proxy = settings.proxy { target = try await Self.through(proxy, target) }
        var isSecure = usual.security != nil
        var name = usual.security?.serverName
        if !settings.destinationEndpoint.isEmpty {
            guard let url = try? ServerURL(offered: settings.destinationEndpoint) else { throw .endpointInvalid }
            guard url.isWebSocket == (usual.transport == .webSocket) else { throw .transportChange }
            guard url.isSecure || usual.security == nil || allowsPlaintextEndpoints else { throw .withoutTLS }
            if url.isSecure != isSecure || "\(url.bracketedHost):\(url.port)" != usual.host {
                target.fields = Self.fields(settings.headers, HTTPFields())
                target.agentFields = AgentFields()
            }
            var addresses: [SocketAddress] = []
            // A proxy finds the server by itself.
            if target.proxy == nil { addresses = try await Self.addresses(url) }
            guard let moved = target.moved(to: addresses, host: "\(url.bracketedHost):\(url.port)", path: url.path)
            else { throw .nameNotResolved }
            (target, isSecure, name) = (moved, url.isSecure, url.host)
        }
        // Also where it is not used: what is offered with the endpoint is accepted or refused as a whole.
        let identity = try settings.certificate.flatMap { (certificate) throws(OfferProblem) -> PackedIdentity? in
            guard !certificate.cert.isEmpty else { return nil }
            guard let identity = certificate.identity(requests) else { throw .certificateUnusable }
            return PackedIdentity(identity)
        }
        target.security = nil
        guard isSecure || settings.tls != nil else { return target }
        let context = try contexts.context(for: settings.tls, usual: usual.security?.context)
        guard isSecure else { return target }
        let base = TargetSecurity(context: context, serverName: name, identities: usual.security?.identities)
        if let identity {
            target.security = base.showing(identity)
        } else {
            target.security = settings.certificate == nil ? base : base.showingNone()
        }
        return target
    }

    private static func addresses(_ url: ServerURL) async throws(OfferProblem) -> [SocketAddress] {
        guard let addresses = try? await HostResolver.shared.resolve(url.host, port: UInt16(clamping: url.port)) else {
            throw .nameNotResolved
        }
        return addresses
    }

    /// The target through the offered proxy (specification: ProxyConnectionSettings): `http://host:port`, or
    /// `host:port` alone. It is asked for a tunnel in plain text; one that wants TLS itself cannot be used.
    private static func through(
        _ offered: ProxyConnectionSettings, _ target: AgentTarget
    ) async throws(OfferProblem) -> AgentTarget {
        let text = offered.url.contains("://") ? offered.url : "http://\(offered.url)"
        guard let url = try? ServerURL(offered: text), !url.isWebSocket, !url.isSecure else { throw .proxyUnusable }
        let route = ProxyRoute(fields: fields(offered.connectHeaders, HTTPFields()))
        guard let target = target.through(route, at: try await addresses(url)) else { throw .nameNotResolved }
        return target
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

extension TLSCertificate {
    /// The offered certificate with its key: the one that came along, or the one that the agent asked for it with. The
    /// authority that may come along (`ca_cert`) is for whoever verifies agents: it makes nobody trusted here.
    /// - Parameter requests: the keys of the certificates that agents asked for.
    func identity(_ requests: CertificateRequests?) -> TLSIdentity? {
        guard let chain = try? Certificate.parse(pem: String(decoding: cert, as: UTF8.self)), let leaf = chain.first
        else {
            return nil
        }
        let key =
            privateKey.isEmpty
            ? requests?.key(of: leaf) : try? PrivateKey.parse(pem: String(decoding: privateKey, as: UTF8.self))
        return key.flatMap { try? TLSIdentity(chain: chain, key: $0) }
    }
}
