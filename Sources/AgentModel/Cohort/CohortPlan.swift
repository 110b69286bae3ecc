public import Basis
public import Matching
public import OpAMP

/// Everything that the agents of one cohort have in common: what they are, what they send and how they behave.
public struct CohortPlan: Sendable {
    /// The cohort's name; `{{cohort}}` in templates.
    public var name: String
    /// What the agents say they are.
    public var description: DescriptionSource
    /// The zones that the agents are spread over by the seed; `{{zone}}` in templates. Empty: no zone.
    public var zones: [String]
    /// What the agents declare; `reportsStatus` is always added (AgentToServer.capabilities).
    public var capabilities: AgentCapabilities
    public var heartbeat: HeartbeatPlan
    /// How often agents over plain HTTP ask whether there is anything for them (Plain HTTP Transport); nil: they have a
    /// WebSocket, and nothing has to be asked for.
    public var pollingInterval: Nanoseconds?
    /// How status changes that come close together are joined.
    public var batch: BatchPlan
    public var reconnect: ReconnectPolicy
    public var reconnectReport: ReconnectReport
    /// Whether UNAVAILABLE and Retry-After are kept to.
    public var honoursThrottling: Bool
    /// Whether the agents ask the server for their instance uid (AgentToServerFlags.RequestInstanceUid).
    public var requestsInstanceUID: Bool
    public var load: LoadForm
    /// How many agents connect through each gateway of the cohort, which is itself one of its agents; 0: each agent has
    /// a connection of its own. At most `Gateway.memberLimit`.
    public var gatewayMembers: Int
    public var sizes: ReportSizes
    /// The components that the agents report the health of; empty: those of as many pipelines as `sizes` says.
    public var healthGroups: [HealthGroup]
    public var remoteConfig: RemoteConfigPlan
    public var packages: PackagePlan
    public var health: HealthPlan
    public var connectionSettings: ConnectionSettingsPlan
    public var telemetry: TelemetryPlan
    public var custom: CustomPlan
    /// Changes of what the agents declare, in the order of their times.
    public var capabilityChanges: [CapabilityChange]
    public var faults: FaultPlan
    /// How far the clock of an agent is ahead, by its number; nil: as its faults have it. Only times in reports use an
    /// agent's clock.
    public var clockSkew: (@Sendable (UInt64) -> Nanoseconds)?
    /// How long a process is down when it restarts or has crashed.
    public var restartTime: Distribution
    public var restartForm: RestartForm
    /// After this a report is overdue: its answer is late, or it was never answered.
    public var answerTimeout: Nanoseconds
    /// Whether WebSocket Pings help to tell which report an answer belongs to.
    public var pings: PingPolicy
    /// No answer comes sooner: the network alone takes so long.
    public var minRoundTrip = Nanoseconds.zero
    /// The time limit of an attempt to connect.
    public var connectTimeout: Nanoseconds
    /// After this a closing agent no longer waits for the server's Close.
    public var closeTimeout: Nanoseconds
    /// The largest report that is sent (WebSocket Message Size Limits), in bytes.
    public var maximumReportBytes: Int
    /// How long an agent lives and how it leaves then; nil: as long as the run.
    public var lifetime: TimedLeave?
    /// How long a connection lives and how the agent ends it then, to connect again; nil: it is not ended.
    public var connectionAge: TimedLeave?
    /// What single agents do beside that; nil: nothing.
    public var script: (any AgentScript)?

    public init(name: String) {
        self.name = name
        description = .template(.collector)
        zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
        capabilities = .collector
        heartbeat = HeartbeatPlan()
        pollingInterval = nil
        batch = BatchPlan()
        reconnect = .opampGo
        reconnectReport = .unconfirmedChanges
        honoursThrottling = true
        requestsInstanceUID = false
        load = .openLoop
        gatewayMembers = 0
        sizes = ReportSizes()
        healthGroups = []
        remoteConfig = RemoteConfigPlan()
        packages = PackagePlan()
        health = HealthPlan()
        connectionSettings = ConnectionSettingsPlan()
        telemetry = TelemetryPlan()
        custom = CustomPlan()
        capabilityChanges = []
        faults = FaultPlan()
        restartTime = .uniform(.seconds(1), .seconds(3))
        restartForm = .supervised
        answerTimeout = .seconds(30)
        pings = .inDoubt
        connectTimeout = .seconds(45)
        closeTimeout = .seconds(5)
        maximumReportBytes = 64 * 1024 * 1024
    }
}

/// What the first report of a later connection carries besides what every report does (Status Reporting).
public enum ReconnectReport: String, CaseIterable, Hashable, Sendable {
    /// What has changed since it was last reported, and what was reported but never confirmed by an answer.
    case unconfirmedChanges = "unconfirmed"
    /// Only what has changed since it was last sent, as opamp-go's client does; what got lost on the way is the
    /// server's to ask for.
    case changes
    /// The whole status.
    case full
}

/// A change of what an agent declares while it runs.
public struct CapabilityChange: Hashable, Sendable {
    /// Since the agent's first start.
    public var after: Nanoseconds
    public var added: AgentCapabilities
    public var removed: AgentCapabilities

    public init(after: Nanoseconds, added: AgentCapabilities = [], removed: AgentCapabilities = []) {
        self.after = after
        self.added = added
        self.removed = removed
    }
}

/// What a restart command restarts (ServerToAgentCommand Message).
public enum RestartForm: String, CaseIterable, Hashable, Sendable {
    /// The collector alone: its supervisor keeps the connection and reports the collector down, then up.
    case supervised
    /// The whole process, and the connection with it.
    case whole
}

/// What makes an agent send.
public enum LoadForm: Hashable, Sendable {
    /// The clock: heartbeats fall due whether or not the server keeps up.
    case openLoop
    /// The server: each answer is followed by the next report, after a time to think. Heartbeats have no clock then.
    case closedLoop(think: Distribution)

    var isClosed: Bool {
        switch self {
        case .openLoop: return false
        case .closedLoop: return true
        }
    }
}

extension AgentCapabilities {
    /// What a collector under the OpenTelemetry supervisor declares, as far as this model's default agent goes.
    public static let collector: AgentCapabilities = [
        .reportsStatus, .acceptsRemoteConfig, .reportsEffectiveConfig, .reportsHealth, .reportsRemoteConfig,
        .reportsHeartbeat, .reportsAvailableComponents, .acceptsRestartCommand,
    ]
}

/// How large the reports of a cohort are.
public struct ReportSizes: Hashable, Sendable {
    /// The body of the effective configuration.
    public var effectiveConfigBytes: Int
    /// Pipelines in the component health tree; each has a receiver, two processors and an exporter.
    public var healthPipelines: Int
    /// Components in the list of available ones.
    public var availableComponents: Int

    /// What a collector with a few pipelines reports: about 6 KiB in all.
    public init(effectiveConfigBytes: Int = 4096, healthPipelines: Int = 2, availableComponents: Int = 40) {
        self.effectiveConfigBytes = min(max(effectiveConfigBytes, 0), Self.maximumConfigBytes)
        self.healthPipelines = min(max(healthPipelines, 0), Self.maximumPipelines)
        self.availableComponents = min(max(availableComponents, 0), Self.maximumComponents)
    }

    /// A profile may test a server's limit of 64 MiB, and somewhat beyond it.
    public static let maximumConfigBytes = 80 * 1024 * 1024
    /// Beyond this a tree is no collector's any more.
    public static let maximumPipelines = 1_000
    /// Beyond this a list is no collector's any more.
    public static let maximumComponents = 10_000
}
