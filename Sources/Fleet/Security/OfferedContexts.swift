import Engine
import Hosting
import OpAMP
import OpenSSL
import Synchronization

/// The TLS contexts of connections to where servers have sent agents: one for each trust that was offered, shared by
/// all agents.
final class OfferedContexts: Sendable {
    /// The limit of cached contexts; above it, each further one is made when it is needed.
    private static let limit = 16

    private let profile: TLSProfile
    private let allowsSkippedVerification: Bool
    private let made = Mutex<[(trust: TLSConnectionSettings?, context: TLSClientContext)]>([])

    /// - Parameters:
    ///   - profile: what holds where an offer says nothing.
    ///   - allowsSkippedVerification: whether an offer may switch off the verification of the server's certificate
    ///     (insecure_skip_verify); a profile that does so itself allows it.
    init(_ profile: TLSProfile, allowsSkippedVerification: Bool = false) {
        self.profile = profile
        self.allowsSkippedVerification = allowsSkippedVerification || profile.skipsVerification
    }

    /// - Parameter usual: the context of the connection that the offer came on.
    func context(
        for offered: TLSConnectionSettings?, usual: TLSClientContext?
    ) throws(OfferProblem) -> TLSClientContext {
        if offered == nil, let usual { return usual }
        if let known = made.withLock({ made in made.first { $0.trust == offered }?.context }) { return known }
        let context = try make(offered)
        made.withLock { made in if made.count < Self.limit { made.append((offered, context)) } }
        return context
    }

    /// Specification: TLSConnectionSettings Message.
    private func make(_ offered: TLSConnectionSettings?) throws(OfferProblem) -> TLSClientContext {
        guard let offered else {
            guard let context = try? FleetSecurity.context(profile, own: nil) else { throw .authoritiesUnusable }
            return context
        }
        var trust = TLSTrust.system
        if offered.insecureSkipVerify {
            guard allowsSkippedVerification else { throw .withoutVerification }
            trust = .anybody
        } else if !offered.caPEMContents.isEmpty {
            trust = .authorities(offered.caPEMContents)
            trust.usesSystemAuthorities = offered.includeSystemCACertsPool
        }
        var options = TLSClientOptions(trust: trust)
        guard let lowest = Self.version(offered.minVersion, or: .tls12),
            let highest = Self.version(offered.maxVersion, or: .tls13), lowest <= highest
        else { throw .tlsVersionUnsupported }
        options.versions = lowest...highest
        options.cipherSuites = offered.cipherSuites
        options.resumes = profile.resumes
        do { return try TLSClientContext(options) } catch {
            if case .unknownCipherSuite = error { throw .cipherSuiteUnknown }
            throw .authoritiesUnusable
        }
    }

    /// "1.2", "TLSv1.2" and the like; nil for a version that agents do not support.
    private static func version(_ text: String, or standard: TLSVersion) -> TLSVersion? {
        if text.isEmpty { return standard }
        if text.hasSuffix("1.2") { return .tls12 }
        return text.hasSuffix("1.3") ? .tls13 : nil
    }
}
