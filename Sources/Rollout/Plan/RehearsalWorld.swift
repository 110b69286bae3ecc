public import Basis
public import Schema

/// The fleet, the server and the faults that a plan is rehearsed with, in virtual time and on real sockets.
public struct RehearsalWorld: Hashable, Sendable {
    public var agents = 10_000
    /// The numbers of the agents that exist; nil: all. A failure that was reduced to a few agents is replayed so.
    public var only: [UInt32]?
    /// When the rehearsal ends, whatever the rollout does.
    public var duration = Nanoseconds.hours(24)
    /// When the rollout begins.
    public var begin = Nanoseconds.minutes(1)
    /// For each attribute its values and their shares.
    public var attributes: [Named<[Named<Double>]>] = []
    /// The groups of components that the agents report the health of; empty: those of a collector with two pipelines.
    public var components: [Named<[String]>] = []
    public var heartbeat = Nanoseconds.seconds(30)
    /// Agents with another interval; the first that names an agent counts.
    public var heartbeats: [HeartbeatGroup] = []
    /// Agents that poll over plain HTTP instead of having a WebSocket; the first group that an agent is of counts.
    public var polling: [PollingGroup] = []
    /// Agents that share the connections of gateways; the first group that an agent is of counts.
    public var gateways: [SharedConnections] = []
    /// From an offer that has arrived to the report of what became of it.
    public var applying = Distribution.logNormal(median: .seconds(5), sigma: 0.5)
    /// How packages are downloaded and installed, where the change is one of packages.
    public var packages = RehearsalPackages()
    /// One way through the network.
    public var latency = Distribution.constant(.milliseconds(20))
    /// The odds that an offer gets lost on its way.
    public var messageLoss = 0.0
    /// The share of the agents that has no connection when the rollout begins, and for how long.
    public var offline = OfflineAgents()
    public var server = RehearsalServer()
    public var breakages: [Breakage] = []
    public var outages: [ZoneOutage] = []
    public var restarts: [ServerRestart] = []
    public var partitions: [ZonePartition] = []
    public var slowReplicas: [SlowReplicas] = []
    public var flapping: [Flapping] = []
    /// Agents whose clocks are off; the first group that draws an agent counts.
    public var clocks: [SkewedClocks] = []
    /// When the rollout's controller restarts, from its snapshot and its journal.
    public var controllerRestarts: [Nanoseconds] = []

    public init() {}

    /// The most zones.
    public static let maxZones = 8

    /// The values of attributes that outages and partitions are about, each once.
    public var zones: [Zone] {
        var zones: [Zone] = []
        let all =
            outages.map { Zone(attribute: $0.attribute, value: $0.value) }
            + partitions.map { Zone(attribute: $0.attribute, value: $0.value) }
        for zone in all where !zones.contains(zone) { zones.append(zone) }
        return zones
    }

    /// The agents with a value of an attribute.
    public struct Zone: Hashable, Sendable {
        public var attribute: String
        public var value: String

        public init(attribute: String, value: String) {
            self.attribute = attribute
            self.value = value
        }
    }
}

/// Agents without a connection at the start.
public struct OfflineAgents: Hashable, Sendable {
    public var share = 0.0
    public var time = Distribution.exponential(mean: .hours(1))

    public init() {}
}

/// How agents download and install packages.
public struct RehearsalPackages: Hashable, Sendable {
    public var download = Distribution.uniform(.seconds(2), .seconds(15))
    public var install = Distribution.uniform(.seconds(1), .seconds(4))
    /// The bytes of the file.
    public var bytes = 60_000_000
    /// The odds that a download fails, that its content is not the offered one, that an installation fails.
    public var downloadFailures = 0.0
    public var hashFailures = 0.0
    public var installFailures = 0.0

    public init() {}
}

/// The server of a rehearsal.
public struct RehearsalServer: Hashable, Sendable {
    public var replicas = 1
    /// Connections that one replica accepts a second.
    public var accepts = 500.0
    /// Connections that wait at one replica; more are refused.
    public var backlog = 1_024
    public var connections = 2_000_000
    /// The time that one report costs a replica.
    public var reportCost = Nanoseconds.microseconds(20)
    /// Whether an offer is sent at its time, or with the answer to the agent's next report.
    public var delivery = Delivery.push

    public enum Delivery: String, CaseIterable, Hashable, Sendable { case push, contact }

    public init() {}
}

/// Agents that break.
public struct Breakage: Hashable, Sendable {
    /// As `component`: the agent as a whole, with healthy components.
    public static let root = "root"

    public enum Manner: String, CaseIterable, Hashable, Sendable {
        case fails
        case failsToInstall = "fails-to-install"
        case mismatches = "reports-other-configuration"
        case silent
        case unhealthy
        case disconnects
        case crashes
    }

    public enum Cause: String, CaseIterable, Hashable, Sendable { case revision, chance }

    /// The share of the agents concerned that break.
    public var share = 0.01
    /// Which: an agent has to have one of the values of each attribute.
    public var attributes: [Named<[String]>] = []
    /// The numbers of the agents concerned; nil: all that have the attributes.
    public var agents: [UInt32]?
    public var manner = Manner.fails
    /// For `unhealthy`: what is; nil: the collector stops.
    public var component: String?
    /// Whether the revision breaks them, or they break by chance, each once in `after`, whatever they run.
    public var cause = Cause.revision
    /// From applying to breaking, for those that do not fail to apply.
    public var after = Distribution.constant(.zero)
    /// How long it lasts; nil: until another revision is applied.
    public var lasts: Distribution?

    public init() {}
}
