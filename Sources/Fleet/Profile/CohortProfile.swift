public import AgentModel
public import Basis

/// A kind of agents: everything that its members share.
public struct CohortProfile: Hashable, Sendable {
    public var name: String
    /// Its part of the fleet, relative to the other cohorts' weights.
    public var weight: CohortWeight
    /// What identifies an agent, added to what its cohort reports anyway; keys distinct.
    public var identifying: [AttributeTemplate]
    /// What else an agent says of itself; keys distinct.
    public var nonIdentifying: [AttributeTemplate]
    /// The values of `{{zone}}`: each agent stands in one, drawn from the seed; never empty.
    public var zones: [String]
    public var heartbeat: HeartbeatProfile
    /// How status changes that come close together are joined.
    public var batch: BatchPlan
    public var report: ReportProfile
    public var reconnect: ReconnectProfile
    public var reconnectReport: ReconnectReportProfile
    public var mode: LoadMode
    /// How many agents connect through each gateway of the cohort, which is one of its agents too; 0: each agent has a connection
    /// of its own.
    public var gatewayMembers: Int
    /// How the agents take the configurations that the server offers.
    public var remoteConfig: RemoteConfigPlan
    /// Whether and how they take packages.
    public var packages: PackageProfile
    public var connectionSettings: ConnectionSettingsProfile
    /// What they show to a server that asks for a certificate.
    public var clientCertificate: ClientCertificate
    /// What they can do beyond the protocol; each once.
    public var customAbilities: [CustomAbility]
    /// What they report about themselves.
    public var ownTelemetry: OwnTelemetryProfile
    /// How what they declare changes while they run, in the order of the times.
    public var capabilityChanges: [CapabilityChangeProfile]
    public var health: HealthProfile
    /// Which of them misbehave, and how.
    public var faults: FaultPlan
    public var restart: RestartProfile
    /// How they connect where they do otherwise than the fleet.
    public var wire: CohortWire

    /// The zones of a cohort that names none.
    public static let standardZones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]

    public init(
        name: String = "collector", weight: CohortWeight = .one, identifying: [AttributeTemplate] = [],
        nonIdentifying: [AttributeTemplate] = [], zones: [String] = CohortProfile.standardZones,
        heartbeat: HeartbeatProfile = HeartbeatProfile(), batch: BatchPlan = BatchPlan(),
        report: ReportProfile = ReportProfile(), reconnect: ReconnectProfile = .opampGo,
        reconnectReport: ReconnectReportProfile = .unconfirmed, mode: LoadMode = .open, gatewayMembers: Int = 0,
        remoteConfig: RemoteConfigPlan = RemoteConfigPlan(), packages: PackageProfile = PackageProfile(),
        connectionSettings: ConnectionSettingsProfile = ConnectionSettingsProfile(),
        clientCertificate: ClientCertificate = .none,
        customAbilities: [CustomAbility] = [], ownTelemetry: OwnTelemetryProfile = OwnTelemetryProfile(),
        capabilityChanges: [CapabilityChangeProfile] = [], health: HealthProfile = HealthProfile(),
        faults: FaultPlan = FaultPlan(), restart: RestartProfile = RestartProfile(),
        wire: CohortWire = CohortWire()
    ) {
        self.name = name
        self.weight = weight
        self.identifying = identifying
        self.nonIdentifying = nonIdentifying
        self.zones = zones
        self.heartbeat = heartbeat
        self.batch = batch
        self.report = report
        self.reconnect = reconnect
        self.reconnectReport = reconnectReport
        self.mode = mode
        self.gatewayMembers = gatewayMembers
        self.remoteConfig = remoteConfig
        self.packages = packages
        self.connectionSettings = connectionSettings
        self.clientCertificate = clientCertificate
        self.customAbilities = customAbilities
        self.ownTelemetry = ownTelemetry
        self.capabilityChanges = capabilityChanges
        self.health = health
        self.faults = faults
        self.restart = restart
        self.wire = wire
    }
}

/// When an agent says that it is still there.
public struct HeartbeatProfile: Hashable, Sendable {
    /// When the agents of a cohort beat with respect to each other.
    public enum Phase: String, CaseIterable, Hashable, Sendable {
        /// Evenly over the interval: the quiet case.
        case spread
        /// Each from the moment when it connected: what a real fleet does.
        case fromConnection = "from-connection"
        /// All at once.
        case lockstep
    }

    /// Whether the agents send heartbeats at all; agents over plain HTTP without any still poll.
    public var enabled: Bool
    public var interval: Nanoseconds
    /// How far a beat may stray from its time, as a share of the interval.
    public var jitter: Double
    public var phase: Phase

    public init(
        enabled: Bool = true, interval: Nanoseconds = .seconds(30), jitter: Double = 0, phase: Phase = .spread
    ) {
        self.enabled = enabled
        self.interval = interval
        self.jitter = jitter
        self.phase = phase
    }
}

/// How much an agent has to report.
public struct ReportProfile: Hashable, Sendable {
    /// Bytes of YAML in its effective config.
    public var effectiveConfigBytes: Int
    /// How many components its build has (receivers, processors, exporters, extensions).
    public var availableComponents: Int
    /// How many pipelines its health tree has, each with its components.
    public var healthPipelines: Int

    public init(effectiveConfigBytes: Int = 4_096, availableComponents: Int = 40, healthPipelines: Int = 2) {
        self.effectiveConfigBytes = effectiveConfigBytes
        self.availableComponents = availableComponents
        self.healthPipelines = healthPipelines
    }
}

/// How an agent comes back after its connection was lost, by the client that it imitates.
public enum ReconnectProfile: Hashable, Sendable {
    /// opamp-go: at once, then jittered exponential waits.
    case opampGo
    /// A long random wait first.
    case longDelay(minimum: Nanoseconds, maximum: Nanoseconds)
    /// The least that the specification asks for.
    case specMinimum
    /// The same short wait every time: badly behaved.
    case fixed(delay: Nanoseconds)
}

/// What makes an agent report again.
public enum LoadMode: Hashable, Sendable {
    /// The clock: heartbeats are due whether the server keeps up or not.
    case open
    /// The answer: as soon as it is there and the think time is over, the next report leaves.
    case closed(think: Distribution)
}
