import Engine
import OpAMP
import Synchronization

/// The TLS contexts of connections to where servers have sent agents: one for each trust that was offered, shared by
/// all agents.
final class OfferedContexts: Sendable {
    /// The limit of cached contexts; above it, each further one is made when it is needed.
    private static let limit = 16

    private let profile: TLSProfile
    private let made = Mutex<[(trust: TLSConnectionSettings?, context: TLSClientContext)]>([])

    /// - Parameter profile: the values for settings that an offer does not have.
    init(_ profile: TLSProfile) {
        self.profile = profile
    }

    /// - Parameter usual: the context of the connection that the offer came on.
    /// - Returns: nil where the trust cannot be used.
    func context(for offered: TLSConnectionSettings?, usual: TLSClientContext?) -> TLSClientContext? {
        if offered == nil, let usual { return usual }
        return made.withLock { made in
            if let known = made.first(where: { $0.trust == offered }) { return known.context }
            guard let context = make(offered) else { return nil }
            if made.count < Self.limit { made.append((offered, context)) }
            return context
        }
    }

    /// Specification: TLSConnectionSettings Message.
    private func make(_ offered: TLSConnectionSettings?) -> TLSClientContext? {
        guard let offered else { return try? FleetSecurity.context(profile, own: nil) }
        var trust = TLSTrust.system
        if offered.insecureSkipVerify {
            trust = .anybody
        } else if !offered.caPEMContents.isEmpty {
            trust = .authorities(offered.caPEMContents)
            trust.usesSystemAuthorities = offered.includeSystemCACertsPool
        }
        var options = TLSClientOptions(trust: trust)
        guard let lowest = Self.version(offered.minVersion, or: .tls12),
            let highest = Self.version(offered.maxVersion, or: .tls13), lowest <= highest
        else { return nil }
        options.versions = lowest...highest
        options.cipherSuites = offered.cipherSuites
        options.resumes = profile.resumes
        return try? TLSClientContext(options)
    }

    /// "1.2", "TLSv1.2" and the like; nil for a version that agents do not support.
    private static func version(_ text: String, or standard: TLSVersion) -> TLSVersion? {
        if text.isEmpty { return standard }
        if text.hasSuffix("1.2") { return .tls12 }
        return text.hasSuffix("1.3") ? .tls13 : nil
    }
}
