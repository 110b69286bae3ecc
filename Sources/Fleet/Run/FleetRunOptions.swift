/// How a run is watched, besides what its profile says.
public struct FleetRunOptions: Hashable, Sendable {
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

    public init(
        checksConformance: Bool = false, tracedAgents: Int = 0, waitsForServer: Bool = false,
        asksServerForCounts: Bool = true
    ) {
        self.checksConformance = checksConformance
        self.tracedAgents = tracedAgents
        self.waitsForServer = waitsForServer
        self.asksServerForCounts = asksServerForCounts
    }

    /// The limit of traced agents: memory is kept for each.
    public static let maxTracedAgents = 1_000
}
