public import OpAMP

/// An agent's request for a client certificate (spec: Agent-initiated CSR Flow), to be handed back with the decision.
public struct CertificateTicket: Hashable, Sendable {
    /// The number of the request in its registry.
    public let number: UInt64
    /// Whom the certificate is for. Where the request names an instance uid, the issuer must see that it is this one.
    public let uid: InstanceUID
    public let connection: ConnectionID
    /// The PEM text of the signing request.
    public let request: [UInt8]
}

/// A certificate that an agent asked for and got. It goes into every later offer of OpAMP connection settings to that
/// agent, because an offer without one would take it away (spec: OpAMPConnectionSettings.certificate).
final class IssuedCertificate: Sendable {
    let certificate: TLSCertificate

    init(_ certificate: TLSCertificate) {
        self.certificate = certificate
    }

    /// The settings that are in force for the agent, with its certificate.
    func merged(into standing: Offer?, plan: ServerPlan) -> Offer {
        var settings = ConnectionSettingsOffers()
        if case .connectionSettings(let content)? = standing?.content { settings = content }
        var opamp = settings.opamp ?? plan.usualSettings
        if opamp.certificate == nil { opamp.certificate = certificate }
        settings.opamp = opamp
        settings.hash = []
        return Offer(revision: standing?.revision ?? 0, .connectionSettings(settings))
    }
}

extension ServerPlan {
    /// OpAMP connection settings that change nothing. The interval has to be said, because none would mean no
    /// heartbeats.
    var usualSettings: OpAMPConnectionSettings {
        OpAMPConnectionSettings(
            destinationEndpoint: advertisedEndpoint,
            heartbeatIntervalSeconds: Self.wholeSeconds(heartbeatInterval ?? usualHeartbeatInterval))
    }
}
