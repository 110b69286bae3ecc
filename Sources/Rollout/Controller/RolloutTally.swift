/// How many agents of a rollout or of a stage are where. All figures are numbers of agents.
public struct RolloutTally: Hashable, Sendable {
    /// Offered the revision at least once.
    public var offered = 0
    /// Offered, without an answer so far and within the timeout.
    public var inFlight = 0
    /// Run the revision as it was offered.
    public var applied = 0
    public var failed = 0
    public var mismatched = 0
    /// Gave no answer within the timeout, and none since.
    public var noAnswer = 0
    /// Applied it and became unhealthy or lost their connection at least once since.
    public var unhealthySince = 0
    public var disconnectedSince = 0
    /// Each agent with any of the faults above, once.
    public var broken = 0
    /// Left out because they were unhealthy or disconnected when their turn came.
    public var skipped = 0
    /// Offered the former revision again.
    public var takenBack = 0
    /// Of those, run the former revision again.
    public var restored = 0

    public init() {}

    /// Answered, well or badly.
    public var answered: Int { applied + failed + mismatched }
}
