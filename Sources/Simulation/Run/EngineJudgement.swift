public import Basis
public import Rollout

/// What a rollout engine did, as its agents saw it. Times count from the rollout's begin, in the plan's time.
public struct EngineJudgement: Hashable, Sendable {
    /// Agents that the rollout is for.
    public var selected = 0
    /// Agents that received the new configuration, and how often it was sent to them in all.
    public var offered = 0
    public var pushes = 0
    /// Agents that ran it at some time; that could not apply it, or reported another one; that were unhealthy or
    /// disconnected after they had received it; each with any of these faults, once.
    public var applied = 0
    public var failed = 0
    public var unhealthy = 0
    public var disconnected = 0
    public var broken = 0
    /// Of those offered: agents that received the former configuration again, and that run it.
    public var takenBack = 0
    public var restored = 0
    /// When the first and the last agent received the new configuration, and when the last one applied it.
    public var firstOffer: Nanoseconds?
    public var lastOffer: Nanoseconds?
    public var lastApplied: Nanoseconds?
    /// When the first agent with a fault had it.
    public var firstBroken: Nanoseconds?
    /// How many more agents were offered the configuration after the first had broken.
    public var offeredAfterBroken = 0
    /// When the last agent ran the former configuration again.
    public var lastRestored: Nanoseconds?
    /// Agents on another configuration than the outcome means, and those of them without a connection.
    public var wrong = 0
    public var wrongOffline = 0
    /// Actions of the driver, and those that failed.
    public var actions = 0
    public var failedActions = 0
    public var problems: [String] = []

    public init() {}

    /// How often the configuration was sent for each agent that received it.
    public var pushesPerAgent: Double { offered > 0 ? Double(pushes) / Double(offered) : 0 }

    /// Whether the engine took the configuration back.
    public var isRolledBack: Bool { takenBack > 0 }

    public var isRollBackComplete: Bool { isRolledBack && restored >= offered - wrongOffline && wrong == wrongOffline }

    /// The outcome as a state of a rollout, for what the plan expects.
    /// - Parameter canary: how many agents the plan's first stage has; 0: it has none.
    public func state(canary: Int) -> RolloutState {
        let stage = offered <= canary ? 0 : 1
        if isRolledBack { return .ended(.rolledBack(stage: stage, unreached: max(offered - restored, 0))) }
        return offered >= selected ? .ended(.finished) : .ended(.aborted(stage: stage))
    }

    /// What is not as the plan expects, a sentence each.
    public func differences(from plan: RolloutPlan) -> [String] {
        let canary = plan.canary.map { $0.size.count(of: selected) } ?? 0
        return plan.expect.differences(
            from: RolloutExpectation.Ending(
                state: state(canary: canary), time: isRolledBack ? lastRestored : lastApplied ?? lastOffer,
                broken: broken, left: wrong))
    }
}
