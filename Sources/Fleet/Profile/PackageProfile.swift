public import AgentModel

/// Whether the agents of a cohort take packages from the server, and how their installing goes.
public struct PackageProfile: Hashable, Sendable {
    public var accepted: Bool = false
    public var plan: PackagePlan = PackagePlan()
}

/// Which connection settings the agents of a cohort accept.
public struct ConnectionSettingsProfile: Hashable, Sendable {
    public var opamp: Bool = true
    public var other: Bool = false
    public var certificateRequest: Bool = false
    public var dropsCertificate: Bool = false
    public var allowsPlaintextOffers: Bool = false
    public var allowsUnverifiedOffers: Bool = false
}
