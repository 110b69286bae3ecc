public import AgentModel
public import Basis
public import Matching

/// A kind of agents: everything that its members share.
public struct CohortProfile: Hashable, Sendable {
    public var name: String = "collector"
    public var weight: CohortWeight = .one
    public var identifying: [AttributeTemplate] = []
    public var nonIdentifying: [AttributeTemplate] = []
    public var zones: [String] = CohortProfile.standardZones
    public var heartbeat: HeartbeatProfile = HeartbeatProfile()
    public var batch: BatchPlan = BatchPlan()
    public var report: ReportSizes = ReportSizes()
    public var reconnect: ReconnectPolicy = .opampGo
    public var reconnectReport: ReconnectReport = .unconfirmedChanges
    public var pings = PingPolicy.inDoubt
    public var mode: LoadForm = .openLoop
    public var gatewayMembers: Int = 0
    public var remoteConfig: RemoteConfigPlan = RemoteConfigPlan()
    public var packages: PackageProfile = PackageProfile()
    public var connectionSettings: ConnectionSettingsProfile = ConnectionSettingsProfile()
    public var clientCertificate: ClientCertificate = .none
    public var customAbilities: [CustomAbility] = []
    public var ownTelemetry: OwnTelemetryProfile = OwnTelemetryProfile()
    public var capabilityChanges: [CapabilityChangeProfile] = []
    public var health: HealthProfile = HealthProfile()
    public var faults: FaultPlan = FaultPlan()
    public var restart: RestartProfile = RestartProfile()
    /// What its connections go over.
    public var link = LinkProfile()
    public var wire: CohortWire = CohortWire()
    /// How the number of its agents changes over the run; empty: as that of the fleet.
    public var population: [PopulationStage] = []
    /// From when on its agents report more or less often.
    public var pace: [PaceChange] = []
    /// How long its agents live; nil: as long as the run.
    public var lifetime: Distribution?
    /// How they leave at the end of their lives.
    public var leave = LeavePlan()
    /// How long their connections live; nil: they are not ended.
    public var connectionAge: Distribution?
    /// How the agents end connections of that age.
    public var connectionEnd = [LeavePlan.Share(.fin)]

    /// The zones of a cohort that names none.
    public static let standardZones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
}

/// When an agent reports that it is still there.
public struct HeartbeatProfile: Hashable, Sendable {
    public var enabled: Bool = true
    public var interval: Nanoseconds = .seconds(30)
    public var jitter: Double = 0
    public var phase: HeartbeatPhase = .spread
}
