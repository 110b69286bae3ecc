import Basis
import Engine
public import Hosting
import OpenSSL

/// How a server of ours secures its connections, made ready from a profile or from the options of `muster serve`.
public struct EmbeddedSecurity: Sendable {
    public let security: ServerSecurity
    /// The authority that its certificate comes from, where it is self-made: what its clients may trust.
    let ownAuthority: CertificateAuthority?

    /// - Throws: `SecurityError` for files that cannot be used.
    public init(_ tls: ServerTLS) throws(SecurityError) {
        let place = "server.embedded.tls"
        let made: SelfMadePKI? =
            if let folder = tls.folder {
                try SelfMadePKI(folder: folder, hosts: tls.hosts)
            } else if tls.identity == nil || tls.authority == nil && tls.clientCertificates != .none {
                try SelfMadePKI(hosts: tls.hosts)
            } else {
                nil
            }
        let authority: CertificateAuthority? =
            if let files = tls.authority {
                CertificateAuthority(
                    identity: try CertificateFiles.identity(files.certificate, key: files.key, named: place))
            } else {
                made?.authority
            }
        var options = TLSServerOptions(identity: try Self.identity(tls, made, place))
        options.versions = tls.lowestVersion.version...tls.highestVersion.version
        options.issuesTickets = tls.resumes
        options.clientCertificates = try Self.clientCertificates(tls, authority, place)
        if tls.staplesStatus, tls.identity == nil, let made {
            options.stapledStatus = try CertificateFiles.usable("the stapled status", place) { () throws(TLSError) in
                try made.authority.stapledStatus(for: made.server.certificate)
            }
        }
        let ready = options
        security = try CertificateFiles.usable("the server's certificate", place) { () throws(TLSError) in
            try ServerSecurity(
                ready, authority: authority,
                certificateLifetimeSeconds: Int(clamping: tls.lifetime.count / 1_000_000_000))
        }
        ownAuthority = tls.identity == nil ? made?.authority : nil
    }

    private static func identity(
        _ tls: ServerTLS, _ made: SelfMadePKI?, _ place: String
    ) throws(SecurityError) -> TLSIdentity {
        if let files = tls.identity {
            return try CertificateFiles.identity(files.certificate, key: files.key, named: place)
        }
        guard let made else { throw SecurityError(place, "there is no certificate for the server") }
        return made.server
    }

    private static func clientCertificates(
        _ tls: ServerTLS, _ authority: CertificateAuthority?, _ place: String
    ) throws(SecurityError) -> TLSServerOptions.ClientCertificates {
        guard tls.clientCertificates != .none else { return .notAsked }
        var authorities = authority.map { $0.chain.map(\.pem).joined() } ?? ""
        if let path = tls.clientAuthorities {
            authorities += try CertificateFiles.text(of: path, named: "\(place).client_ca")
        }
        var trust = TLSTrust.authorities(authorities)
        if let path = tls.revocationList {
            trust.revocationList = try CertificateFiles.text(of: path, named: "\(place).crl")
        }
        return tls.clientCertificates == .require ? .required(trust) : .optional(trust)
    }
}
