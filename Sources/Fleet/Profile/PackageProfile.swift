public import AgentModel

/// Whether the agents of a cohort take packages from the server, and how their installing goes.
public struct PackageProfile: Hashable, Sendable {
    /// Whether they declare that they accept packages.
    public var accepted: Bool
    /// How they download and install.
    public var plan: PackagePlan

    public init(accepted: Bool = false, plan: PackagePlan = PackagePlan()) {
        self.accepted = accepted
        self.plan = plan
    }
}

/// Which connection settings the agents of a cohort accept.
public struct ConnectionSettingsProfile: Hashable, Sendable {
    /// Those of the OpAMP connection, the heartbeat interval among them.
    public var opamp: Bool
    /// Those of other connections.
    public var other: Bool
    /// Whether they ask the server for a client certificate.
    public var certificateRequest: Bool
    /// Whether an offer without a certificate takes the one in force away.
    public var dropsCertificate: Bool

    public init(
        opamp: Bool = true, other: Bool = false, certificateRequest: Bool = false, dropsCertificate: Bool = false
    ) {
        self.opamp = opamp
        self.other = other
        self.certificateRequest = certificateRequest
        self.dropsCertificate = dropsCertificate
    }
}
