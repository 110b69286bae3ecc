public import OpAMP

/// How the agents of a cohort take connection settings (Connection Settings Management).
public struct ConnectionSettingsPlan: Sendable {
    /// Whether a certificate can be kept over a restart; agents that cannot reject certificate offers (OpAMP Connection
    /// Setting Offer Flow).
    public var persistsCertificates: Bool
    /// Whether settings that are offered without a certificate take the one in force away, as the specification asks
    /// (OpAMPConnectionSettings.certificate); otherwise it stays in use, as under the OpenTelemetry supervisor.
    public var dropsCertificate: Bool
    /// Whether the target of the profile is reached over TLS.
    public var connectsSecurely = false
    /// Whether an agent that is connected over TLS follows an offer of an endpoint without TLS. Such an offer is
    /// refused by default: everything that the agent sends, credentials included, would be readable on the way.
    public var allowsPlaintextEndpoints = false
    /// Makes the PEM-encoded certificate signing request of an agent for its present instance uid. `nil`: the agents ask for
    /// no certificate (Agent-initiated CSR Flow). Must be a pure function of its arguments.
    public var certificateRequest: (@Sendable (_ index: UInt64, _ instanceUID: InstanceUID) -> [UInt8])?

    public init(
        persistsCertificates: Bool = true,
        dropsCertificate: Bool = false,
        certificateRequest: (@Sendable (_ index: UInt64, _ instanceUID: InstanceUID) -> [UInt8])? = nil
    ) {
        self.persistsCertificates = persistsCertificates
        self.dropsCertificate = dropsCertificate
        self.certificateRequest = certificateRequest
    }
}

/// Where and how an agent connects, as a server has offered it. What is empty or absent in the settings stays as the host
/// has it from the profile; a certificate that is there and empty means that none is shown. Shared, not copied.
public final class ConnectionTarget: Sendable {
    public let settings: OpAMPConnectionSettings
    /// Whether the settings are only being tried: they are kept where the server answers on them, and dropped otherwise.
    public let isCandidate: Bool

    init(_ settings: OpAMPConnectionSettings, isCandidate: Bool) {
        self.settings = settings
        self.isCandidate = isCandidate
    }
}
