import Basis

@testable import Rollout

/// A world for a controller: agents answer at given times, in one queue. Checks what has to hold at every event.
struct TestWorld {
    /// What an agent does with the revision.
    enum Behaviour: Equatable {
        case applies
        case fails, mismatches, silent
        /// Applies, and this long after it the fault begins.
        case unhealthy(after: Nanoseconds)
        /// Of the components that the plan's gates name this one.
        case componentUnhealthy(UInt8, after: Nanoseconds)
        case disconnects(after: Nanoseconds)
        /// Fails so many times, then applies.
        case failsAtFirst(Int)
    }

    var controller: RolloutController
    var output = RolloutOutput()
    var decisions: [RolloutDecision] = []
    /// From an offer to the answer.
    var delay: (UInt32) -> Nanoseconds = { _ in .seconds(1) }
    var behaviour: (UInt32) -> Behaviour = { _ in .applies }
    /// Outcomes that come whatever is offered.
    private var queue: [AgentOutcome] = []
    private var first = 0
    private(set) var now = Instant.zero
    private(set) var offered: Set<UInt32> = []
    private(set) var takenBack: Set<UInt32> = []
    private(set) var offers = 0
    private var attempts: [UInt32: Int] = [:]
    /// Agents with a fault while they had the revision.
    private(set) var broken: Set<UInt32> = []
    /// The most agents that were in flight.
    private(set) var maxInFlight = 0

    init(_ plan: RolloutPlan, fleet: RolloutFleet? = nil, seed: UInt64 = 1) {
        controller = RolloutController(plan: plan, fleet: fleet ?? RolloutFleet(count: plan.world.agents), seed: seed)
    }

    mutating func add(_ outcomes: [AgentOutcome]) {
        queue = (queue[first...] + outcomes).sorted()
        first = 0
    }

    private static let faults: Set<AgentOutcome.Kind> = [.failed, .mismatched, .unhealthy, .componentUnhealthy]

    private var nextOutcome: Instant? { first < queue.count ? queue[first].at : nil }

    /// Runs until the rollout has ended, waits for an operator, or `limit` is over.
    mutating func run(until limit: Instant = Instant(nanoseconds: 10 * 86_400_000_000_000)) {
        if case .notBegun = controller.state { controller.begin(at: now, &output) }
        perform()
        while step(until: limit) {}
    }

    /// One event. False at the end.
    mutating func step(until limit: Instant) -> Bool {
        let deadline = controller.nextDeadline
        guard let next = [deadline, nextOutcome].compactMap(\.self).min(), next <= limit,
            controller.result == nil
        else { return false }
        now = max(now, next)
        if nextOutcome == next {
            let outcome = queue[first]
            if outcome.revision == controller.revision, Self.faults.contains(outcome.kind) {
                broken.insert(outcome.agent)
            }
            controller.received(outcome, &output)
            first += 1
        } else {
            controller.advance(to: next, &output)
        }
        maxInFlight = max(maxInFlight, controller.tally.inFlight)
        perform()
        return true
    }

    /// What the controller is given next.
    var nextInput: RolloutJournal.Record? {
        guard let next = [controller.nextDeadline, nextOutcome].compactMap(\.self).min() else { return nil }
        return nextOutcome == next ? .outcome(queue[first]) : .advance(next)
    }

    /// The controller was given `nextInput`.
    mutating func took(_ input: RolloutJournal.Record) {
        switch input {
        case .outcome(let outcome):
            first += 1
            now = max(now, outcome.at)
        case .advance(let time): now = max(now, time)
        case .snapshot, .begin, .pause, .resume, .abort, .rollBack: break
        }
    }

    /// Does what the controller asks for.
    mutating func perform() {
        decisions += output.decisions
        let commands = output.commands
        output.removeAll()
        var outcomes: [AgentOutcome] = []
        for command in commands {
            offers += command.count
            for (index, agent) in controller.agents(of: command).enumerated() {
                outcomes += answers(agent, command.revision, at: command.instant(index))
            }
        }
        if !outcomes.isEmpty { add(outcomes) }
    }

    private mutating func answers(_ agent: UInt32, _ revision: Revision, at: Instant) -> [AgentOutcome] {
        func outcome(_ kind: AgentOutcome.Kind, _ at: Instant) -> AgentOutcome {
            AgentOutcome(at: at, agent: agent, revision: revision, kind: kind)
        }
        let answer = at + delay(agent)
        guard revision == controller.revision else {
            takenBack.insert(agent)
            return behaviour(agent) == .silent ? [] : [outcome(.applied, answer)]
        }
        offered.insert(agent)
        attempts[agent, default: 0] += 1
        switch behaviour(agent) {
        case .applies: return [outcome(.applied, answer)]
        case .fails: return [outcome(.failed, answer)]
        case .mismatches: return [outcome(.mismatched, answer)]
        case .silent: return []
        case .unhealthy(let after): return [outcome(.applied, answer), outcome(.unhealthy, answer + after)]
        case .componentUnhealthy(let component, let after):
            var fault = outcome(.componentUnhealthy, answer + after)
            fault.component = component
            return [outcome(.applied, answer), fault]
        case .disconnects(let after): return [outcome(.applied, answer), outcome(.disconnected, answer + after)]
        case .failsAtFirst(let count):
            return [outcome(attempts[agent, default: 0] > count ? .applied : .failed, answer)]
        }
    }
}
