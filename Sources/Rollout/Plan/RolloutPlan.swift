public import Basis

/// How a revision is rolled out: whom it is for, in which order and stages, what stops it, and what happens then.
public struct RolloutPlan: Hashable, Sendable {
    public var name = "rollout"
    public var description = ""
    public var preset: RolloutPreset?
    public var seed: UInt64 = 1
    /// What the server serves before the rollout, where the plan changes a part of it.
    public var layers: [LayerPlan] = []
    public var channels: [ChannelPlan] = []
    public var change = RolloutChange()
    public var target = RolloutTarget()
    public var order = RolloutOrder.random
    public var canary: CanaryPlan?
    public var stages: [StagePlan] = []
    public var batches: BatchSettings?
    public var limits = RolloutLimits()
    public var retry: [Nanoseconds] = []
    public var gates: [GatePlan] = []
    public var onFailure = FailureAction.pause
    public var rollBack = RollBackPlan()
    public var prediction: PredictionPlan?
    public var expect = RolloutExpectation()
    public var world = RehearsalWorld()
    /// How a server that is not Muster's own is made to act; nil: it is rehearsed with Muster's own.
    public var driver: DriverPlan?

    public init() {}

    /// The components that gates name, each once.
    public var watchedComponents: [String] {
        var names: [String] = []
        for case let name? in gates.map(\.component) where !names.contains(name) { names.append(name) }
        return names
    }

    /// The most of them.
    public static let maxWatchedComponents = 8
}

/// What happens when a gate, the canary test or a timeout stops a rollout. Agents in flight finish and count.
public enum FailureAction: String, CaseIterable, Hashable, Sendable {
    case pause, abort
    case rollBackStage = "roll-back-stage"
    case rollBack = "roll-back"

    var sentence: String {
        switch self {
        case .pause: "No agent is offered the revision any more until an operator resumes or aborts."
        case .abort: "The rollout ends; agents keep what they have."
        case .rollBackStage: "The agents of the present stage are offered the former revision; then it ends."
        case .rollBack: "Every agent that was offered the revision is offered the former one; then it ends."
        }
    }
}
