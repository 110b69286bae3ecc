public import Hosting
public import Metrics

/// How a run is watched, besides what its profile says.
public struct FleetRunOptions: Sendable {
    /// Whether every message is held against the specification's agent side, and what breaks it is counted as
    /// `violates_` and the rule's name; costs several times the run itself in CPU and memory.
    public var checksConformance: Bool
    /// Of about how many agents, evenly spread over the fleet, each step of their lives is written down.
    public var tracedAgents: Int
    /// Whether the run continues if no agent reaches the server within its first seconds.
    public var waitsForServer: Bool
    /// Whether a server that is not embedded is asked for its counts (`GET /muster/counts`), before the run and after
    /// it.
    public var asksServerForCounts: Bool
    /// The part of the fleet that this process runs; nil: all of it.
    public var part: RunPart?
    /// When the run starts, in seconds since 1970; nil: as soon as it can.
    public var startsAt: Double?
    /// The process of the server, on this machine; nil: the one that listens on the server's port here, if any.
    public var serverPID: Int32?
    /// What is scraped from the server during the run; nil: nothing.
    public var scrape: ScrapeRequest?
    /// Where every change of state of every agent goes; nil: nowhere.
    public var journal: Journal?

    public init(
        checksConformance: Bool = false, tracedAgents: Int = 0, waitsForServer: Bool = false,
        asksServerForCounts: Bool = true, part: RunPart? = nil, startsAt: Double? = nil
    ) {
        self.checksConformance = checksConformance
        self.tracedAgents = tracedAgents
        self.waitsForServer = waitsForServer
        self.asksServerForCounts = asksServerForCounts
        self.part = part
        self.startsAt = startsAt
    }

    /// The limit of traced agents: memory is kept for each.
    public static let maxTracedAgents = 1_000
}
