public import Basis

/// Where a rollout is.
public enum RolloutState: Hashable, Sendable {
    case notBegun
    /// Agents of the stage are offered the revision, or are in flight.
    case offering(stage: Int)
    /// All have answered or timed out; the stage is watched.
    case soaking(stage: Int, until: Instant)
    /// The next stage's time window is closed.
    case waiting(stage: Int, until: Instant)
    /// Nothing is offered until the operator resumes; agents in flight still count.
    case paused(stage: Int, PauseCause)
    /// Stopped for good; agents in flight finish and count.
    case finishing(stage: Int)
    /// The former revision is offered.
    case rollingBack
    case ended(RolloutResult)

    public enum PauseCause: Hashable, Sendable {
        case operatorCommand
        /// The plan's stage asks for it.
        case approval
        /// A gate, the canary test or a timeout, with `on_failure: pause`.
        case failure
    }
}

/// How a rollout ended.
public enum RolloutResult: Hashable, Sendable {
    /// Every selected agent was offered the revision and answered or timed out.
    case finished
    /// Stopped in that stage; the agents keep what they have.
    case aborted(stage: Int)
    /// Every agent that was to be rolled back was offered the former revision; `unreached` have not confirmed it in
    /// time.
    case rolledBack(stage: Int, unreached: Int)
}
