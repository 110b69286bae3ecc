public import AgentModel
public import Basis
public import Rollout

/// The world of a rehearsal: how the agents behave, what lies between them and their server, what the server can take,
/// and what goes wrong. Everything that is drawn in it follows from `seed`.
public struct World: Sendable {
    /// How an offer gets to an agent that is connected.
    public enum Delivery: Hashable, Sendable {
        /// The server sends it when its time has come.
        case push
        /// The server has it in the answer to the agent's next report, as over plain HTTP.
        case answer
    }

    /// How heartbeats are simulated. The outcome is the same.
    public enum Heartbeats: String, CaseIterable, Sendable {
        /// An agent that only sends heartbeats rests; they are counted in closed form.
        case derived
        /// Every heartbeat is an event and a step of the agent: slow, and the check of the other.
        case each
    }

    public var seed: UInt64
    /// How many agents; their numbers are `0 ..< agents`.
    public var agents: Int
    /// The numbers that exist, ascending; nil: all. The others are left out without changing anything for these.
    public var members: [UInt32]?
    /// How long the rehearsal lasts at most, in whole seconds.
    public var span: Nanoseconds = .seconds(86_400)
    /// Between two heartbeats of an agent, in whole seconds, at least one.
    public var heartbeatInterval: Nanoseconds = .seconds(30)
    /// Agents with another interval, in whole seconds; the first group that an agent is of counts.
    public var heartbeatGroups: [HeartbeatInterval] = []
    /// Agents that poll over plain HTTP, with their intervals, in whole seconds; the first group that an agent is of
    /// counts, before `heartbeatGroups`.
    public var pollingGroups: [HeartbeatInterval] = []
    /// Agents that share connections; the first group that an agent is of counts.
    public var gateways: [GatewayGroup] = []
    public var heartbeats: Heartbeats = .derived
    /// The components that the agents report the health of; empty: those of a collector with two pipelines.
    public var components: [HealthGroup] = []
    /// Of which the server tells the controller; nil: the whole and everything in it. At most eight.
    public var watchedComponents: [String?] = []
    public var delivery: Delivery = .push
    /// From the offer to APPLIED or FAILED.
    public var applyTime: Distribution = .uniform(.seconds(2), .seconds(20))
    /// How long a process is down when it crashes.
    public var restartTime: Distribution = .uniform(.seconds(1), .seconds(3))
    public var reconnect: ReconnectPolicy = .opampGo
    /// One way through the network.
    public var latency: Distribution = .constant(.milliseconds(1))
    /// The odds that an offer does not arrive; it goes out again with the answer to the agent's next report.
    public var messageLoss = 0.0
    /// The bytes of an offer: those of a configuration that is offered.
    public var configurationBytes = 2_048
    /// How agents take over packages, where the revisions are packages; nil: they are configurations.
    public var packages: PackageWork?
    /// Whether revisions that are packages are configurations, too: an agent has a revision once it has both.
    public var isOfBoth = false
    public var server = ServerCapacity()
    /// The share of the agents that has no connection at first, and for how long.
    public var offlineShare = 0.0
    public var offlineTime: Distribution = .constant(.seconds(3_600))
    /// From when that counts.
    public var offlineFrom = Nanoseconds.zero
    /// The groups of agents that outages and partitions are about; at most eight.
    public var groups: [AgentSet] = []
    /// What is wrong with some agents, by rules.
    public var failures: [FailureRule] = []
    /// Agents whose clocks are off; the first group that draws an agent counts.
    public var clocks: [ClockGroup] = []
    /// What goes wrong, one thing at a time.
    public var faults: [WorldFault] = []
    /// When the controller of the rollout restarts, ascending: it continues from its snapshot and its journal.
    public var controllerRestarts: [Nanoseconds] = []

    public init(agents: Int, seed: UInt64 = 1) {
        self.agents = agents
        self.seed = seed
    }

    /// The most groups.
    public static let maxGroups = RehearsalWorld.maxZones
}

/// Agents whose heartbeats have an interval of their own.
public struct HeartbeatInterval: Hashable, Sendable {
    /// Nil: all.
    public var agents: AgentSet?
    public var interval: Nanoseconds

    public init(_ interval: Nanoseconds, of agents: AgentSet?) {
        self.agents = agents
        self.interval = interval
    }
}

/// Agents whose clocks are off.
public struct ClockGroup: Hashable, Sendable {
    /// The share of those concerned.
    public var share: Double
    /// Whom it can be; nil: anyone.
    public var agents: AgentSet?
    public var by: Distribution
    public var direction: SkewedClocks.Direction

    public init(
        share: Double, of agents: AgentSet? = nil, by: Distribution, _ direction: SkewedClocks.Direction = .either
    ) {
        self.share = share
        self.agents = agents
        self.by = by
        self.direction = direction
    }
}

/// Agents behind gateways: so many in a row share the connection of a gateway, which is no agent itself.
public struct GatewayGroup: Hashable, Sendable {
    /// Nil: all.
    public var agents: AgentSet?
    public var size: Int

    public init(size: Int, of agents: AgentSet?) {
        self.agents = agents
        self.size = size
    }
}

/// How agents download and install the package of a revision.
public struct PackageWork: Hashable, Sendable {
    public var downloadTime: Distribution = .uniform(.seconds(2), .seconds(15))
    public var installTime: Distribution = .uniform(.seconds(1), .seconds(4))
    /// The bytes of the file.
    public var fileBytes = 60_000_000
    /// The odds that a download fails, that its content does not have the offered hash, that an installation fails.
    public var downloadFailures = 0.0
    public var hashFailures = 0.0
    public var installFailures = 0.0

    public init() {}
}

/// What the replicas of the server can take, each.
public struct ServerCapacity: Hashable, Sendable {
    public var replicas = 8
    /// New connections a second.
    public var acceptsPerSecond = 2_000
    /// New connections that wait; more are refused.
    public var acceptQueue = 4_096
    public var connectionLimit = 400_000
    /// One core's time for a report.
    public var reportTime: Nanoseconds = .microseconds(20)

    public init() {}
}

/// What is wrong with an agent.
public enum AgentFailure: Hashable, Sendable {
    /// It fails to apply: the configuration where the revision is one, else the packages.
    case failsToApply
    /// The installation of packages fails.
    case failsToInstall
    /// It says APPLIED and reports its former effective configuration.
    case mismatches
    /// It never reports anything about the offer.
    case silent
    /// Applying takes ten times as long.
    case slow
    /// The process crashes this long after applying and starts again with the revision before.
    case crashes(after: Distribution)
    /// The collector stops this long after applying, for a time or until another revision is applied: the agent
    /// reports itself unhealthy.
    case unhealthy(after: Distribution, lasts: Distribution?)
    /// A part of its health tree becomes unhealthy this long after applying, for a time or until another revision is
    /// applied.
    case partUnhealthy(HealthPart, after: Distribution, lasts: Distribution?)
    /// It is cut off this long after applying, for a time or for ever.
    case disconnects(after: Distribution, lasts: Distribution?)
}

/// A failure that some agents have: drawn for each agent by the seed.
public struct FailureRule: Hashable, Sendable {
    /// What brings it about.
    public enum Cause: Hashable, Sendable {
        /// Applying one of these revisions.
        case revisions(ClosedRange<UInt16>)
        /// Nothing but time: once in `after`, whatever the agent runs.
        case chance

        public static let anyRevision = Cause.revisions(1...UInt16.max)
    }

    public var failure: AgentFailure
    /// The share of `agents` that has it, 0 ... 1.
    public var share: Double
    /// Whom it can happen to; nil: anyone.
    public var agents: AgentSet?
    public var cause: Cause

    public init(
        _ failure: AgentFailure, share: Double, agents: AgentSet? = nil, cause: Cause = .anyRevision
    ) {
        self.failure = failure
        self.share = share
        self.agents = agents
        self.cause = cause
    }
}

/// A set of agents by number: a bit each.
public struct AgentSet: Hashable, Sendable {
    private var words: [UInt64]

    /// The agents below `count` that `isMember` names.
    public init(count: Int, where isMember: (UInt32) -> Bool) {
        words = Array(repeating: 0, count: count / 64 + 1)
        for agent in 0..<UInt32(clamping: count) where isMember(agent) {
            words[Int(agent >> 6)] |= 1 << UInt64(agent & 63)
        }
    }

    /// These agents, whose numbers are below `count`.
    init(_ agents: [UInt32], of count: Int) {
        words = Array(repeating: 0, count: count / 64 + 1)
        for agent in agents { words[Int(agent >> 6)] |= 1 << UInt64(agent & 63) }
    }

    @inline(__always)
    public func contains(_ agent: UInt32) -> Bool {
        let word = Int(agent >> 6)
        return word < words.count && words[word] & 1 << UInt64(agent & 63) != 0
    }
}

/// One thing that goes wrong. A rehearsal's faults are a list, so that any of them can be left out.
public enum WorldFault: Hashable, Sendable {
    /// Every agent of the group is cut off.
    case outage(group: Int, from: Nanoseconds, lasting: Nanoseconds)
    /// Replicas are down, all of them where `replicas` is nil.
    case replicaDown(replicas: Range<Int>?, from: Nanoseconds, lasting: Nanoseconds)
    /// Replicas take this many times as long for a report.
    case replicaSlow(replicas: Range<Int>?, factor: Int, from: Nanoseconds, lasting: Nanoseconds)
    /// A group and replicas do not reach each other.
    case partition(group: Int, replicas: Range<Int>?, from: Nanoseconds, lasting: Nanoseconds)
    /// An agent has a failure.
    case failure(agent: UInt32, AgentFailure, cause: FailureRule.Cause = .anyRevision)
    /// An agent's process stops, and is back after the span.
    case stop(agent: UInt32, at: Nanoseconds, lasting: Nanoseconds)
    /// Some agents lose their connections again and again, each after a span of `every`.
    case flapping(FlappingAgents)

    /// The one agent that it is about; nil: it is about more.
    public var agent: UInt32? {
        switch self {
        case .failure(let agent, _, _), .stop(let agent, _, _): agent
        case .flapping(let flapping): flapping.agent
        case .outage, .replicaDown, .replicaSlow, .partition: nil
        }
    }
}

/// Agents that lose their connections again and again.
public struct FlappingAgents: Hashable, Sendable {
    /// The share of those concerned.
    public var share: Double
    /// Whom it can happen to; nil: anyone.
    public var agents: AgentSet?
    /// The only one; nil: all that the share draws.
    public var agent: UInt32?
    /// From one loss to the next.
    public var every: Distribution

    public init(share: Double, of agents: AgentSet? = nil, every: Distribution) {
        self.share = share
        self.agents = agents
        self.every = every
    }

    /// Whether an agent is one of them.
    /// - Parameter order: which of the faults of this kind it is.
    func includes(_ agent: UInt32, _ draws: KeyedDraws, _ order: UInt32) -> Bool {
        agents?.contains(agent) != false && draws.chance(share, agent, .flap, 0xFF_0000 | order)
    }
}
