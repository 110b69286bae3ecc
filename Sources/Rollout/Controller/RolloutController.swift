public import Basis

/// Rolls a revision out by a plan: one value without I/O, the same live and in virtual time.
///
/// The caller gives it the agents' outcomes in their order (`received`), moves the time on (`advance`) at the latest at
/// `nextDeadline`, and does what the output asks for. An outcome at the very time of a deadline comes before it. An
/// outcome costs constant time; an agent costs 8 bytes.
///
/// ```
///  notBegun ─ begin ─> waiting ─ window opens ─> offering ─ all answered ─> soaking ─ over ─> next stage, or ended
///  offering, soaking ─ gate, test, timeout ─> paused | finishing ─> ended | rollingBack ─> ended
///  paused ─ resume ─> offering, soaking        any ─ abort ─> finishing ─> ended
/// ```
public struct RolloutController: Sendable {
    public let plan: RolloutPlan
    public let fleet: RolloutFleet
    public let seed: UInt64
    /// What is rolled out, and what agents run before it.
    public let revision: Revision
    public let former: Revision

    public internal(set) var state = RolloutState.notBegun
    /// The selected agents in the order of their offers. What was offered does not change any more.
    public internal(set) var order: [UInt32]
    /// The figures of the whole rollout, and of each stage so far.
    public internal(set) var tally = RolloutTally()
    public internal(set) var stageTallies: [RolloutTally] = []
    /// When it began and ended.
    public internal(set) var began: Instant?
    public internal(set) var ended: Instant?

    var rows: [AgentRow]
    var now = Instant.zero
    var stages: StageSequence
    var stage: StageSequence.Stage?
    var pace: OfferPace
    var deadlines: OfferDeadlines
    var gates: [GateState]
    var observed = ObservedCounts()
    /// Nil: no gate names one.
    var components: WatchedComponents?
    var timers = StageTimers()
    /// The first position that has had no turn.
    var nextPosition = 0
    /// Agents that did not confirm the former revision in time.
    var unreached = 0
    /// How many answers were known when the order was computed last.
    var reorderedAt = 0
    var canaryTest: CanaryTest?
    var predictor: RiskPredictor?

    /// - Parameters:
    ///   - seed: decides the order; the plan's own by default.
    ///   - revision: what is rolled out.
    ///   - former: what agents run before, and after a rollback.
    public init(
        plan: RolloutPlan, fleet: RolloutFleet, seed: UInt64? = nil, revision: Revision = Revision(1),
        former: Revision = .initial
    ) {
        let seed = seed ?? plan.seed
        self.plan = plan
        self.fleet = fleet
        self.seed = seed
        self.revision = revision
        self.former = former
        order = RolloutOrdering(plan: plan, fleet: fleet, seed: seed).order()
        rows = Array(repeating: AgentRow(), count: fleet.count)
        for agent in order { rows[Int(agent)].set(.selected) }
        stages = StageSequence(plan: plan, total: order.count)
        pace = OfferPace(plan: plan, total: order.count)
        deadlines = OfferDeadlines(timeout: plan.limits.agentTimeout)
        let components = plan.watchedComponents
        gates = plan.gates.map { gate in
            GateState(gate, component: gate.component.flatMap { components.firstIndex(of: $0) })
        }
        self.components = components.isEmpty ? nil : WatchedComponents(components.count, agents: fleet.count)
        observed.waiting = order.count
        canaryTest = plan.canary.flatMap { CanaryTest($0, selected: order.count) }
        predictor = plan.prediction.map { RiskPredictor($0, fleet: fleet) }
    }

    /// How the rollout ended; nil while it goes on.
    public var result: RolloutResult? { if case .ended(let result) = state { result } else { nil } }

    /// The agents that a command is for, in the order of their offers.
    public func agents(of command: RolloutCommand) -> ArraySlice<UInt32> {
        switch command.agents {
        case .positions(let positions): order[positions]
        case .one(let agent): [agent]
        }
    }

    /// The revision that an agent is meant to have: what a replica tells an agent that connects.
    public func target(of agent: UInt32) -> Revision {
        guard rows.indices.contains(Int(agent)) else { return former }
        switch rows[Int(agent)].status {
        case .waiting, .takenBack, .restored: return former
        case .inFlight, .applied, .failed, .mismatched, .noAnswer: return revision
        }
    }

    /// Begins the first stage.
    public mutating func begin(at: Instant, _ output: inout RolloutOutput) {
        guard case .notBegun = state else { return }
        now = at
        began = at
        decide(.began(agents: order.count), &output)
        enter(stages.stage(after: nil), &output)
        step(&output)
    }

    /// Receives what became of an agent. Deadlines before it are acted upon first.
    public mutating func received(_ outcome: AgentOutcome, _ output: inout RolloutOutput) {
        if outcome.at.nanoseconds > 0 { advance(to: Instant(nanoseconds: outcome.at.nanoseconds - 1), &output) }
        now = max(now, outcome.at)
        guard rows.indices.contains(Int(outcome.agent)), rows[Int(outcome.agent)].has(.selected) else { return }
        count(outcome, &output)
        step(&output)
    }

    /// Acts upon every deadline up to `time`, itself included.
    public mutating func advance(to time: Instant, _ output: inout RolloutOutput) {
        while let deadline = nextDeadline, deadline <= time {
            now = max(now, deadline)
            passDeadline(&output)
            step(&output)
        }
        now = max(now, time)
    }

    /// Stops offering until `resume`.
    public mutating func pause(at: Instant, _ output: inout RolloutOutput) {
        advance(to: at, &output)
        guard let stage, isActive else { return }
        state = .paused(stage: stage.index, .operatorCommand)
        decide(.paused(stage: stage.index), &output)
    }

    /// Continues after `pause`, after a stage that waits for approval, or after a failure: its gates count anew.
    public mutating func resume(at: Instant, _ output: inout RolloutOutput) {
        advance(to: at, &output)
        guard let stage, case .paused(_, let cause) = state else { return }
        decide(.resumed(stage: stage.index), &output)
        continueStage(after: cause, &output)
        step(&output)
    }

    /// Ends the rollout; agents keep what they have. Agents in flight finish and count.
    public mutating func abort(at: Instant, _ output: inout RolloutOutput) {
        advance(to: at, &output)
        guard canStop else { return }
        stop(.operatorCommand, .abort, &output)
        step(&output)
    }

    /// Offers the former revision to every agent that was offered this one.
    public mutating func rollBack(at: Instant, _ output: inout RolloutOutput) {
        advance(to: at, &output)
        guard canStop else { return }
        stop(.operatorCommand, .rollBack, &output)
        step(&output)
    }
}

/// Times that a stage's timeouts count from.
struct StageTimers: Hashable, Sendable {
    var stageHasBegun = false
    var stageBegan = Instant.zero
    /// When an agent last applied the revision.
    var progress = Instant.zero
}
