public import Basis
public import Rollout

/// What a rehearsal of one plan came to, in the figures that people ask for.
public struct RehearsalSummary: Sendable {
    /// One stage of the rollout.
    public struct Stage: Hashable, Sendable {
        public var number: Int
        public var agents: Int
        public var began: Instant
        /// When its agents had all answered or timed out; nil: never.
        public var answered: Instant?
        /// When it passed, or the rollout stopped in it; nil: it was still going on.
        public var ended: Instant?
        public var passed = false
        public var tally: RolloutTally
    }

    public let plan: RolloutPlan
    public let seed: UInt64
    public let agents: Int
    public let state: RolloutState
    public let began: Instant?
    /// When the rollout ended, or paused.
    public let ended: Instant?
    public let tally: RolloutTally
    public let stages: [Stage]
    /// What stopped it; nil: nothing did.
    public let stopped: (at: Instant, stage: Int, reason: RolloutDecision.Reason)?
    public let decisions: [RolloutDecision]
    public let minutes: [MinuteLoad]
    /// The minute with the most reports and attempts to connect together; nil: there was no load.
    public let worstMinute: Int?
    public let maxAnswerDelay: Nanoseconds
    public let stragglers: [(cause: StragglerCause, agents: Int)]
    /// Nil: all clocks are right.
    public let clocks: ClockFigures?
    public let hashes: RehearsalHashes
    public let events: Int
    public let violations: [InvariantViolation]
    /// What is not as the plan expects, a sentence each, and what that is about.
    public let differences: [String]
    public let unmet: [RolloutExpectation.Aspect]
    /// What was measured on real sockets; nil: it was rehearsed in virtual time.
    public var live: LiveFigures?

    public init(_ plan: RolloutPlan, seed: UInt64, _ result: RehearsalResult) {
        self.plan = plan
        self.seed = seed
        agents = plan.world.agents
        let controller = result.controllers.last
        state = controller?.state ?? .notBegun
        began = controller?.began
        decisions = result.decisions.map(\.decision)
        tally = controller?.tally ?? RolloutTally()
        var stages: [Stage] = []
        var stopped: (at: Instant, stage: Int, reason: RolloutDecision.Reason)?
        var paused: Instant?
        for decision in decisions {
            switch decision.kind {
            case .stageBegan(let stage, let count):
                let tallies = controller?.stageTallies ?? []
                let tally = tallies.indices.contains(stage) ? tallies[stage] : RolloutTally()
                stages.append(Stage(number: stage, agents: count, began: decision.at, tally: tally))
            case .soakBegan:
                if let last = stages.indices.last { stages[last].answered = decision.at }
            case .stagePassed:
                guard let last = stages.indices.last else { continue }
                stages[last].ended = decision.at
                stages[last].passed = true
            case .stopped(let stage, let reason, _):
                stopped = (decision.at, stage, reason)
                if let last = stages.indices.last { stages[last].ended = decision.at }
            case .paused: paused = decision.at
            case .finished:
                guard let last = stages.indices.last, stages[last].ended == nil else { continue }
                stages[last].ended = decision.at
                stages[last].passed = true
            case .began, .canaryPassedEarly, .windowAwaited, .approvalAwaited, .resumed, .aborted, .rollingBack,
                .rolledBack, .reordered:
                continue
            }
        }
        self.stages = stages
        self.stopped = stopped
        ended = controller?.ended ?? paused ?? (controller?.isDone == true ? stopped?.at : nil)
        minutes = result.minutes
        let busiest = result.minutes.indices.max { result.minutes[$0].busyness < result.minutes[$1].busyness }
        worstMinute = busiest.flatMap { result.minutes[$0].busyness > 0 ? $0 : nil }
        maxAnswerDelay = result.maxAnswerDelay
        stragglers = StragglerCause.allCases.compactMap { cause in
            result.stragglers[cause].map { (cause, $0) }
        }
        clocks = result.clocks
        hashes = result.hashes
        events = result.events
        violations = result.violations
        let time = ended.flatMap { ended in controller?.began.map { ended - $0 } }
        let ending = RolloutExpectation.Ending(
            state: state, time: time, broken: tally.broken, left: stragglers.reduce(0) { $0 + $1.agents })
        differences = plan.expect.differences(from: ending)
        unmet = plan.expect.unmet(by: ending)
    }

    /// Whether the outcome is as the plan expects, and nothing happened that must not.
    public var isAsExpected: Bool { differences.isEmpty && violations.isEmpty }

    /// The hashes in one: equal rehearsals have the same.
    public var hash: UInt64 {
        var hash = SeededRandom.mixed(hashes.decisions)
        hash = SeededRandom.mixed(hash ^ hashes.events)
        hash = SeededRandom.mixed(hash ^ hashes.state)
        return SeededRandom.mixed(hash ^ hashes.load)
    }
}

extension MinuteLoad {
    /// What the server does for: reports, attempts to connect, offers.
    var busyness: UInt64 { reports + attempts + offers }
}
