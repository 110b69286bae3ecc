import Basis
import Engine
import Hosting
import OpenSSL
import Synchronization

/// The client certificates of a fleet: from files, or issued when an agent first connects.
///
/// An agent's certificate is a matter of its cohort and its number; keys come from a small pool, because making one
/// takes longer than issuing a certificate for it.
final class FleetIdentities: AgentIdentities {
    private enum Source {
        case shared(PackedIdentity)
        case issued(CertificateAuthority, keys: [PrivateKey], lifetimeSeconds: Int)
    }

    private let sources: [String: Source]

    /// - Parameter own: the authority of the embedded server, for cohorts that name none.
    /// - Throws: `SecurityError` for files that cannot be used.
    init?(_ profile: Profile, own: CertificateAuthority?) throws(SecurityError) {
        var sources: [String: Source] = [:]
        for cohort in profile.cohorts {
            let place = "client_certificate of \(cohort.name)"
            switch cohort.clientCertificate {
            case .none: continue
            case .files(let files):
                let identity = try CertificateFiles.identity(files.certificate, key: files.key, named: place)
                sources[cohort.name] = .shared(PackedIdentity(identity))
            case .issued(let issued):
                sources[cohort.name] = try Self.source(issued, cohort.name, place, own: own)
            }
        }
        if sources.isEmpty { return nil }
        self.sources = sources
    }

    private static func source(
        _ issued: IssuedClientCertificate, _ cohort: String, _ place: String, own: CertificateAuthority?
    ) throws(SecurityError) -> Source {
        let authority: CertificateAuthority
        if let files = issued.authority {
            authority = CertificateAuthority(
                identity: try CertificateFiles.identity(files.certificate, key: files.key, named: place))
        } else if let own {
            authority = own
        } else {
            throw SecurityError(
                place,
                "there is no authority to issue it; name one with `ca` and `ca_key` (--tls-issue-ca, "
                    + "--tls-issue-ca-key)"
            )
        }
        let lifetime = Int(clamping: issued.lifetime.count / 1_000_000_000)
        return try CertificateFiles.usable("issuing", place) { () throws(TLSError) in
            guard issued.sharing == .agent else {
                return .shared(PackedIdentity(try authority.issue(.client(cohort, lifetimeSeconds: lifetime))))
            }
            var keys: [PrivateKey] = []
            for _ in 0..<max(issued.keys, 1) { keys.append(try PrivateKey.generate()) }
            return .issued(authority, keys: keys, lifetimeSeconds: lifetime)
        }
    }

    func identity(of agent: UInt64, cohort: String) throws(TLSError) -> PackedIdentity? {
        switch sources[cohort] {
        case nil: return nil
        case .shared(let identity): return identity
        case .issued(let authority, let keys, let lifetime):
            let request = CertificateAuthority.Request.client("\(cohort)-\(agent)", lifetimeSeconds: lifetime)
            return PackedIdentity(try authority.issue(request, key: keys[Int(agent % UInt64(keys.count))]))
        }
    }

    func isShared(by cohort: String) -> Bool {
        if case .issued? = sources[cohort] { return false }
        return true
    }
}

extension CertificateAuthority.Request {
    /// A certificate that a client may show, good from an hour ago: clocks differ.
    static func client(_ name: String, lifetimeSeconds: Int) -> CertificateAuthority.Request {
        var request = CertificateAuthority.Request(commonName: name, use: .client)
        request.notAfter = lifetimeSeconds
        return request
    }
}
