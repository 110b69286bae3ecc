public import Basis

/// A decision of the controller, with its time and figures: the log of a rollout. All figures are whole numbers, so
/// that equal decisions are equal on every machine.
public struct RolloutDecision: Hashable, Sendable {
    /// Why a rollout stopped.
    public enum Reason: Hashable, Sendable {
        /// A gate of the plan, by its place in the list.
        case gate(Int, GateFigures)
        /// The canary test.
        case canaryTest(CanaryFigures)
        /// A stage did not end within its timeout.
        case stageTimeout
        /// No agent answered for as long as the plan's limit.
        case noProgress
        case operatorCommand
    }

    public enum Kind: Hashable, Sendable {
        case began(agents: Int)
        case stageBegan(stage: Int, agents: Int)
        /// All agents of the stage have answered or timed out; it is watched until then.
        case soakBegan(stage: Int, until: Instant)
        /// The canary test found the revision no worse than the plan allows, before the soak ended.
        case canaryPassedEarly(CanaryFigures)
        case stagePassed(stage: Int, RolloutTally)
        /// Waits until the stage's time window opens.
        case windowAwaited(stage: Int, until: Instant)
        /// Waits for the operator, as the stage says.
        case approvalAwaited(stage: Int)
        /// A gate, the canary test or a timeout has stopped the rollout.
        case stopped(stage: Int, Reason, RolloutTally)
        case paused(stage: Int)
        case resumed(stage: Int)
        case aborted(stage: Int, RolloutTally)
        case rollingBack(agents: Int)
        case rolledBack(restored: Int, unreached: Int)
        /// The order of the agents that are not offered yet was computed again from what was learned.
        case reordered(remaining: Int, heldBack: Int)
        case finished(RolloutTally)
    }

    public var at: Instant
    public var kind: Kind

    public init(at: Instant, kind: Kind) {
        self.at = at
        self.kind = kind
    }
}

/// What a gate looked at when it fired.
public struct GateFigures: Hashable, Sendable {
    /// Agents with the fault.
    public var faulty: Int
    /// Of how many.
    public var sample: Int
    /// The same of the agents that are not updated; zero where the gate does not compare.
    public var otherFaulty: Int
    public var otherSample: Int

    public init(faulty: Int, sample: Int, otherFaulty: Int = 0, otherSample: Int = 0) {
        self.faulty = faulty
        self.sample = sample
        self.otherFaulty = otherFaulty
        self.otherSample = otherSample
    }
}

/// What the canary test looked at when it decided.
public struct CanaryFigures: Hashable, Sendable {
    /// Failures among updated agents and among the others.
    public var failures: Int
    public var otherFailures: Int
    /// Updated agents so far.
    public var updated: Int
    /// The e-value in thousandths.
    public var evidence: Int

    public init(failures: Int, otherFailures: Int, updated: Int, evidence: Int) {
        self.failures = failures
        self.otherFailures = otherFailures
        self.updated = updated
        self.evidence = evidence
    }
}
