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
    /// Whether a profile's target over TLS may be left for an endpoint without TLS.
    var allowsPlaintextEndpoints = false

    /// The target for `settings`: the offered endpoint, headers, certificate and trust, and for what they leave out
    /// those of `usual`. The headers of the profile, its credentials among them, were given for the profile's server:
    /// they are left out where the endpoint has another scheme, host or port.
    /// - Returns: `nil` where the endpoint is no address of the same transport, or is without TLS where that is not
    ///   allowed, its host or the offered proxy has no address, or the trust that is offered cannot be used.
    @Sendable
    func resolve(_ settings: OpAMPConnectionSettings, _ usual: AgentTarget) async -> AgentTarget? {
        var target = usual
        target.fields = Self.fields(settings.headers, usual.fields)
        if let proxy = settings.proxy {
            guard let proxied = await Self.through(proxy, target) else { return nil }
            target = proxied
        }
        var isSecure = usual.security != nil
        var name = usual.security?.serverName
        if !settings.destinationEndpoint.isEmpty {
            guard let url = try? ServerURL(settings.destinationEndpoint),
                url.isWebSocket == (usual.transport == .webSocket)
            else { return nil }
            guard url.isSecure || usual.security == nil || allowsPlaintextEndpoints else { return nil }
            if url.isSecure != isSecure || "\(url.bracketedHost):\(url.port)" != usual.host {
                target.fields = Self.fields(settings.headers, HTTPFields())
                target.agentFields = AgentFields()
            }
            var addresses: [SocketAddress] = []
            // A proxy finds the server by itself.
            if target.proxy == nil {
                guard let found = try? await HostResolver.shared.resolve(url.host, port: UInt16(clamping: url.port))
                else { return nil }
                addresses = found
            }
            guard let moved = target.moved(to: addresses, host: "\(url.bracketedHost):\(url.port)", path: url.path)
            else { return nil }
            (target, isSecure, name) = (moved, url.isSecure, url.host)
        }
        target.security = nil
        guard isSecure else { return target }
        guard let context = contexts.context(for: settings.tls, usual: usual.security?.context) else { return nil }
        let base = TargetSecurity(context: context, serverName: name, identities: usual.security?.identities)
        target.security =
            settings.certificate.map { certificate in
                if certificate.cert.isEmpty { return base.showingNone() }
                return identity(certificate).map(base.showing) ?? base.showingNothingUsable()
            } ?? base
        return target
    }

    /// The target through the offered proxy (specification: ProxyConnectionSettings): `http://host:port`, or
    /// `host:port` alone. It is asked for a tunnel in plain text; one that wants TLS itself cannot be used.
    private static func through(_ offered: ProxyConnectionSettings, _ target: AgentTarget) async -> AgentTarget? {
        let text = offered.url.contains("://") ? offered.url : "http://\(offered.url)"
        guard let url = try? ServerURL(text), !url.isWebSocket, !url.isSecure,
            let addresses = try? await HostResolver.shared.resolve(url.host, port: UInt16(clamping: url.port))
        else { return nil }
        return target.through(ProxyRoute(fields: fields(offered.connectHeaders, HTTPFields())), at: addresses)
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

    private func identity(_ offered: TLSCertificate) -> PackedIdentity? {
        offered.identity(requests).map(PackedIdentity.init)
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
