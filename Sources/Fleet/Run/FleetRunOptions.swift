/// How a run is watched, besides what its profile says.
public struct FleetRunOptions: Hashable, Sendable {
    /// Whether every message is held against the specification's agent side, and what breaks it is counted as `violates_` and the
    /// rule's name; costs several times the run itself in CPU and memory.
    public var checksConformance: Bool
    /// Of about how many agents, evenly spread over the fleet, each step of their lives is written down.
    public var tracedAgents: Int

    public init(checksConformance: Bool = false, tracedAgents: Int = 0) {
        self.checksConformance = checksConformance
        self.tracedAgents = tracedAgents
    }

    /// More than this nobody reads, and memory is kept for each.
    public static let maxTracedAgents = 1_000
}
