public import AgentModel
public import Basis

/// What was seen of the agents of one kind.
public struct CohortFigures: Sendable {
    /// A length of life, or of a connection, that has ended.
    public struct EndedSpan: Sendable {
        /// In seconds.
        public var span: Double
        public var endedAt: Instant
        /// How the agent left, where that is known.
        public var way: LeaveMethod?
    }

    /// How one connection ended.
    public enum ConnectionEnd: String, CaseIterable, Sendable {
        /// With a Close frame of the agent.
        case close
        /// With the end of the agent's TCP stream.
        case fin
        case reset
        /// By the server, or something before it.
        case server
    }

    public let key: CohortKey
    /// How many agents were seen.
    public internal(set) var agents = 0
    /// How many of them used plain HTTP.
    public internal(set) var polling = 0
    public internal(set) var population: PopulationSeries

    // Reports.
    public internal(set) var reports = 0
    public internal(set) var heartbeats = 0
    /// From the report before to a heartbeat, in seconds; the first heartbeats of connections are not among them.
    public internal(set) var heartbeatGaps: Reservoir<Double>
    /// From the first report of a connection to its first heartbeat, in seconds.
    public internal(set) var firstHeartbeats: Reservoir<Double>
    /// 0...1: how much the heartbeats of all agents fall together; `nil` where too few are known.
    public internal(set) var concentration: Double?

    // Sizes, in bytes without compression.
    public internal(set) var firstReportBytes: Reservoir<Double>
    public internal(set) var heartbeatBytes: Reservoir<Double>
    public internal(set) var otherReportBytes: Reservoir<Double>
    public internal(set) var configBytes: Reservoir<Double>
    /// Entries of the list of available components.
    public internal(set) var components: Reservoir<Double>
    /// Pipelines in the health tree.
    public internal(set) var pipelines: Reservoir<Double>

    // Changes.
    /// Agents whose components became unhealthy at least once.
    public internal(set) var flapping = 0
    public internal(set) var healthChanges = 0
    /// Times for which all components, or not all, were healthy, in seconds; those of agents that have flapped.
    public internal(set) var healthyTimes: Reservoir<Double>
    public internal(set) var unhealthyTimes: Reservoir<Double>
    public internal(set) var configChanges = 0
    /// From an offered configuration to the report of its outcome, in seconds.
    public internal(set) var applyTimes: Reservoir<Double>
    public internal(set) var configsFailed = 0

    // Lives and connections.
    public internal(set) var lives: Reservoir<EndedSpan>
    /// Ages, in seconds, of the agents that are there.
    public internal(set) var ages: Reservoir<Double>
    public internal(set) var connections = 0
    /// Connections after which the agent came back.
    public internal(set) var endedConnections: Reservoir<EndedSpan>
    /// Ages, in seconds, of the connections that are open, and of those whose agents left.
    public internal(set) var connectionAges: Reservoir<Double>
    public internal(set) var connectionEnds: [ConnectionEnd: Int] = [:]
    public internal(set) var reconnects = 0
    /// From the loss of a connection to the next attempt that came through, in seconds.
    public internal(set) var reconnectDelays: Reservoir<Double>

    // Compression.
    /// Connections that agreed on permessage-deflate.
    public internal(set) var deflating = 0
    /// Reports that were sent compressed: over WebSocket, and over plain HTTP with each coding.
    public internal(set) var compressed = 0
    public internal(set) var gzipRequests = 0
    public internal(set) var zstdRequests = 0
    /// The smallest report that was sent compressed, without compression, in bytes.
    public internal(set) var smallestCompressed: Int?

    /// The rules that its agents broke, with the number of times.
    public internal(set) var violations: [ConformanceRule: Int] = [:]

    init(key: CohortKey, start: Instant, seed: UInt64) {
        self.key = key
        population = PopulationSeries(start: start)
        var random = SeededRandom(seed: seed)
        func reservoir<Value>() -> Reservoir<Value> { Reservoir(seed: random.next()) }
        heartbeatGaps = reservoir()
        firstHeartbeats = reservoir()
        firstReportBytes = reservoir()
        heartbeatBytes = reservoir()
        otherReportBytes = reservoir()
        configBytes = reservoir()
        components = reservoir()
        pipelines = reservoir()
        healthyTimes = reservoir()
        unhealthyTimes = reservoir()
        applyTimes = reservoir()
        lives = reservoir()
        ages = reservoir()
        endedConnections = reservoir()
        connectionAges = reservoir()
        reconnectDelays = reservoir()
    }
}
