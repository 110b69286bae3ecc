import Basis
import Hosting

extension Section {
    /// Whose certificates are rotated, or `{to, lifetime, flaw}`.
    func certificateRotation(_ key: String) -> TimedEvent.Action? {
        guard case .mapping? = value(key)?.shape, let section = section(key) else {
            return .rotateCertificates(CertificateRotation(), to: target(key))
        }
        defer { section.finish() }
        var rotation = CertificateRotation()
        if section.value("lifetime") != nil {
            rotation.lifetimeSeconds = section.wholeSeconds("lifetime", in: ProfileBounds.certificateLifetime)
                .map { Int(clamping: $0.count / 1_000_000_000) }
        }
        if section.value("flaw") != nil {
            rotation.flaw = section.word("flaw", or: CertificateRotation.Flaw.expired)
        }
        return .rotateCertificates(rotation, to: section.target("to"))
    }
}

/// What events about certificates need of the rest of the profile.
enum CertificateEventRules {
    /// Why the embedded server could not do it; nil where it can.
    static func objection(to action: TimedEvent.Action, in profile: Profile) -> String? {
        switch action {
        case .rotateCertificates:
            if profile.serverTLS == nil {
                return "the server issues certificates only over TLS; add `server: {embedded: {tls: {}}}`"
            }
            if !profile.cohorts.contains(where: \.connectionSettings.opamp) {
                return "no cohort accepts connection settings; add `connection_settings: {opamp: true}` to one"
            }
            return nil
        case .revokeCertificates:
            guard let tls = profile.serverTLS, tls.clientCertificates != .none else {
                return
                    "the server asks for no certificates; add `client_certificates: require` to `server.embedded.tls`"
            }
            if tls.clientAuthorities != nil {
                return
                    "with `client_ca` there are authorities whose certificates this server cannot withdraw; take it out"
            }
            return nil
        default:
            return nil
        }
    }
}
