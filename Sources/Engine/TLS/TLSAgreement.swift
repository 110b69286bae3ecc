import COpenSSL
import OpenSSL

/// What a handshake agreed on, for as long as its connection: a fleet's connections share one object, or a few.
final class TLSAgreement {
    let summary: TLSSessionSummary
    /// The certificate that the server has shown; nil on a server's side, where each client shows another.
    let certificate: Certificate?

    init(_ summary: TLSSessionSummary, _ certificate: Certificate?) {
        self.summary = summary
        self.certificate = certificate
    }

    fileprivate func equals(_ summary: TLSSessionSummary, _ certificate: Certificate?) -> Bool {
        guard self.summary == summary else { return false }
        switch (self.certificate, certificate) {
        case (nil, nil): return true
        case (let mine?, let other?): return mine.pointer == other.pointer || X509_cmp(mine.pointer, other.pointer) == 0
        default: return false
        }
    }
}

/// The latest agreements of a shard. What is not among them gets an object of its own.
struct AgreementCache {
    /// Full and resumed, with a few servers.
    private static let limit = 8

    private var latest: [TLSAgreement] = []

    mutating func agreement(_ summary: TLSSessionSummary, _ certificate: Certificate?) -> TLSAgreement {
        if let known = latest.first(where: { $0.equals(summary, certificate) }) { return known }
        let made = TLSAgreement(summary, certificate)
        if latest.count == Self.limit { latest.removeFirst() }
        latest.append(made)
        return made
    }
}
