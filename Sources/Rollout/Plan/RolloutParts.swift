public import Basis
public import Schema

/// What changes.
public struct RolloutChange: Hashable, Sendable {
    /// Names for the report. A rehearsal on real sockets offers a configuration only.
    public var configuration: String?
    public var packages: String?
    public var connectionSettings: String?
    /// A new version of a layer of the plan; the agents that get other files by it are meant.
    public var layer: LayerChange?
    /// The packages of one of the plan's channels for the agents of another one.
    public var promotion: Promotion?
    /// The bytes that one agent receives.
    public var bytes = 2_048

    public init() {}

    /// Whether agents have to download and install something.
    public var isOfPackages: Bool { packages != nil || promotion != nil }

    /// Whether they have to apply a configuration beside that.
    public var isOfBoth: Bool { isOfPackages && configuration != nil }
}

/// Whom a rollout is for.
public struct RolloutTarget: Hashable, Sendable {
    /// An agent has to have one of the values of each attribute.
    public var attributes: [Named<[String]>] = []
    /// An agent must not have any of these.
    public var except: [Named<[String]>] = []
    /// Whether agents that are unhealthy or disconnected when their turn comes are left out.
    public var skipsUnhealthy = false

    public init() {}
}

/// In which order agents are offered the revision. Within equal ones the order is random, from the seed.
public enum RolloutOrder: Hashable, Sendable {
    case listed
    case random
    /// One value of an attribute after another: zones, rings. Values that are not listed come last.
    case attribute(String, values: [String])
    /// The values of an attribute in turn, so that each beginning of the order has every value in its share.
    case spread(String)
    /// Groups that the prediction expects to break come last.
    case risk
}

/// A first stage that is watched more closely.
public struct CanaryPlan: Hashable, Sendable {
    public var size = AgentAmount.share(0.01)
    public var soak = Nanoseconds.minutes(10)
    /// The canaries are offered evenly over this time.
    public var over = Nanoseconds.zero
    /// The attribute whose every value has canaries.
    public var covers: String?
    public var test: CanaryTestPlan?

    public init() {}
}

/// The anytime-valid test of the canary.
public struct CanaryTestPlan: Hashable, Sendable {
    /// The highest probability of a false alarm.
    public var alpha = 0.01
    /// The time in which an agent that is not updated is as likely to fail as an update may be. Nil: the canary's
    /// `over`, or its `soak` where all are offered at once.
    public var exposure: Nanoseconds?
    /// Ends the soak early once failures are shown to be at most this many times those of the others.
    public var passesBelow: Double?

    public init() {}
}

/// One stage. It ends when its agents have answered or timed out and the soak is over.
public struct StagePlan: Hashable, Sendable {
    /// The agents that are offered at the stage's end, in all.
    public var to = AgentAmount.share(1)
    public var soak = Nanoseconds.zero
    public var over = Nanoseconds.zero
    /// Whether it waits for the operator before the first offer.
    public var approval = false
    public var window: StageWindow?
    /// Whether the soak counts from the stage's begin, whatever was answered.
    public var ignoresAnswers = false

    public init() {}
}

/// When offers may be sent, from the rollout's begin.
public struct StageWindow: Hashable, Sendable {
    public var opens = Nanoseconds.zero
    public var length = Nanoseconds.hours(6)
    public var every = Nanoseconds.hours(24)

    public init() {}
}

/// Stages of equal or growing size until all agents are offered.
public struct BatchSettings: Hashable, Sendable {
    public var size = AgentAmount.share(0.1)
    public var growth = 1.0
    public var max: AgentAmount?
    public var soak = Nanoseconds.zero
    public var over = Nanoseconds.zero
    public var ignoresAnswers = false

    public init() {}
}

/// Limits of speed, and timeouts.
public struct RolloutLimits: Hashable, Sendable {
    /// The most agents in flight; nil: no limit.
    public var concurrency: AgentAmount?
    /// Whether agents that failed or gave no answer keep their place among those in flight.
    public var failedCountAsInFlight = false
    public var rate: RolloutRate?
    /// The time from an offer to the answer; after it the agent gave no answer.
    public var agentTimeout = Nanoseconds.minutes(5)
    /// The time from a stage's begin until all its agents have answered or timed out.
    public var stageTimeout: Nanoseconds?
    /// The longest time in which no agent applies the revision while some are in flight.
    public var progressTimeout: Nanoseconds?

    public init() {}
}

/// Offers a time, which may grow.
public struct RolloutRate: Hashable, Sendable {
    public var perSecond = 10.0
    public var factor = 1.0
    /// The rate grows each time that so many more agents are done.
    public var each = 100
    public var counts = Counted.applied
    public var max: Double?

    public enum Counted: String, CaseIterable, Hashable, Sendable { case offered, applied }

    public init() {}
}

/// A limit on faults that stops the rollout.
public struct GatePlan: Hashable, Sendable {
    public enum Fault: String, CaseIterable, Hashable, Sendable {
        case failed, mismatched
        case noAnswer = "no-answer"
        case unsuccessful
        case unhealthy, disconnected
        case any
    }

    public enum Sample: String, CaseIterable, Hashable, Sendable { case answered, offered, stage, all }

    public enum Scope: String, CaseIterable, Hashable, Sendable { case rollout, stage }

    public enum Comparison: String, CaseIterable, Hashable, Sendable {
        case absolute
        case notUpdated = "not-updated"
    }

    /// As `component`: the agent or any of its components, whichever is worst.
    public static let anyComponent = "any"

    public var on = Fault.any
    /// For `unhealthy`: of which component; nil: the agent as a whole.
    public var component: String?
    public var above = AgentAmount.share(0.05)
    /// Whether the limit itself fires.
    public var inclusive = false
    public var sample = Sample.answered
    public var scope = Scope.rollout
    public var window: Nanoseconds?
    public var minimumSample = 0
    public var against = Comparison.absolute
    /// Nil: looks at every outcome.
    public var every: Nanoseconds?
    /// So many looks in a row or in all have to find it.
    public var looks = 1
    public var onFailure: FailureAction?

    public init() {}
}

/// How the former revision is offered again.
public struct RollBackPlan: Hashable, Sendable {
    public var over = Nanoseconds.zero
    public var timeout = Nanoseconds.minutes(10)

    public init() {}
}

/// Learns which attributes go with failure while the rollout runs.
public struct PredictionPlan: Hashable, Sendable {
    /// Empty: all of the fleet.
    public var attributes: [String] = []
    /// How many agents the mean of all weighs in the estimate of a group.
    public var weight = 20
    /// A group is held back while its estimate is above this many times the mean; nil: never.
    public var holdBack: Double?

    public init() {}
}
