import AgentModel
public import Basis
public import Rollout

/// A decision of one of a rehearsal's rollouts.
public struct RehearsalDecision: Hashable, Sendable {
    public let rollout: Int
    public let decision: RolloutDecision

    package init(rollout: Int, decision: RolloutDecision) {
        self.rollout = rollout
        self.decision = decision
    }
}

/// What a rehearsal is known by: equal runs have equal hashes, and a difference says where to look.
public struct RehearsalHashes: Hashable, Sendable {
    /// Of all decisions, in their order.
    public var decisions: UInt64 = 0
    /// A sum over all events of the agents.
    public var events: UInt64 = 0
    /// A sum over the agents' states at the end, the heartbeats that they sent included.
    public var state: UInt64 = 0
    /// Of the load, minute by minute.
    public var load: UInt64 = 0
}

/// Why agents do not run what the last rollout means them to.
public enum StragglerCause: String, CaseIterable, Hashable, Sendable {
    case failed
    case offline = "no connection"
    case applying = "still applying"
    case silent = "never answered"
    case notDelivered = "offer not delivered"
}

/// The outcome of a rehearsal.
public struct RehearsalResult: Sendable {
    public internal(set) var hashes = RehearsalHashes()
    public internal(set) var decisions: [RehearsalDecision] = []
    /// The controllers as they were at the end, with their figures.
    public internal(set) var controllers: [RolloutController] = []
    public internal(set) var minutes: [MinuteLoad] = []
    /// Agents that were offered the last revision and do not run what they are meant to, by cause.
    public internal(set) var stragglers: [StragglerCause: Int] = [:]
    public internal(set) var connectedAtEnd = 0
    /// How often the controller restarted.
    public internal(set) var controllerRestarts = 0
    /// What happened to the agents, by kind.
    public internal(set) var eventCounts: [AgentEvent: Int] = [:]
    public var events: Int { eventCounts.values.reduce(0, +) }
    /// Seconds in which something happened besides heartbeats.
    public internal(set) var busySeconds = 0
    public internal(set) var maxAnswerDelay = Nanoseconds.zero
    public internal(set) var violations: [InvariantViolation] = []
    /// Nil: all clocks are right.
    public internal(set) var clocks: ClockFigures?
    public internal(set) var trace: [TracedEvent] = []
    /// When the run ended.
    public internal(set) var end: Instant = .zero
}

extension RehearsalResult {
    /// The outcome of a rollout that was rehearsed in another way: without hashes and events.
    package init(
        decisions: [RehearsalDecision], controller: RolloutController, minutes: [MinuteLoad],
        stragglers: [StragglerCause: Int], clocks: ClockFigures? = nil
    ) {
        self.clocks = clocks
        self.decisions = decisions
        controllers = [controller]
        self.minutes = minutes
        self.stragglers = stragglers
    }
}

extension RehearsalRun {
    /// What has come out.
    mutating func result(at second: Int) -> RehearsalResult {
        for slot in slots { slot.partition.load.enter(second: second) }
        var result = RehearsalResult()
        result.decisions = decisions
        result.controllers = controllers
        result.busySeconds = passed
        result.controllerRestarts = journal.performed
        result.maxAnswerDelay = server.maxAnswerDelay
        result.end = Instant(nanoseconds: UInt64(second) * 1_000_000_000)
        result.minutes = Array(repeating: MinuteLoad(), count: (second + 59) / 60)
        for slot in slots {
            for minute in result.minutes.indices { result.minutes[minute] += slot.partition.load.minutes[minute] }
            result.hashes.events &+= slot.partition.eventHash
            result.hashes.state &+= slot.partition.stateHash()
            for event in AgentEvent.allCases {
                let count = slot.partition.eventCounts[Int(event.rawValue)]
                if count > 0 { result.eventCounts[event, default: 0] += count }
            }
            result.connectedAtEnd += slot.partition.load.connected.reduce(0, +)
            result.trace += slot.partition.trace
        }
        if model.clocks != nil {
            result.clocks = ClockFigures(slots.flatMap { $0.partition.clockErrors.compactMap(\.self) })
        }
        result.trace.sort { ($0.at, $0.agent) < ($1.at, $1.agent) }
        checkEnd()
        result.violations = violations
        for minute in result.minutes {
            var figures = [
                minute.reports, minute.attempts, minute.opened, minute.offers, minute.bytesIn, minute.bytesOut,
            ]
            if rehearsal.world.packages != nil { figures.append(minute.downloads) }
            for figure in figures { result.hashes.load = SeededRandom.mixed(result.hashes.load &+ figure) }
        }
        for decision in decisions {
            let word = decision.decision.fingerprint &+ UInt64(decision.rollout)
            result.hashes.decisions = SeededRandom.mixed(result.hashes.decisions ^ word)
        }
        result.stragglers = stragglers()
        return result
    }

    private func stragglers() -> [StragglerCause: Int] {
        var counts: [StragglerCause: Int] = [:]
        guard !controllers.isEmpty else { return counts }
        for slot in slots {
            let part = slot.partition
            for place in part.agents.indices {
                guard !part.runs(model.revision(part.agents[place].target), place) else { continue }
                counts[Self.cause(place, part), default: 0] += 1
            }
        }
        return counts
    }

    private static func cause(_ place: Int, _ part: FleetPart) -> StragglerCause {
        let agent = part.agents[place]
        if part.lastOffer(place) == agent.target, part.hasFailed(place) { return .failed }
        if !agent.record.isOnline { return .offline }
        if part.isApplying(place) { return .applying }
        return agent.delivered == agent.target ? .silent : .notDelivered
    }

    /// Whether the server has had the time to tell an agent what it is meant to have: by the
    /// answers to some of its reports.
    private func hasHadTime(_ agent: SimulatedAgent, _ interval: Nanoseconds) -> Bool {
        let time = window.answerDelay[Int(agent.replica)] + interval * Self.reportsToBeTold + .minutes(1)
        return agent.record.time + time < window.end
    }

    private static let reportsToBeTold: Int64 = 5

    /// What must hold when a rehearsal has run to its end.
    private mutating func checkEnd() {
        guard let controller = controllers.last, !rehearsal.stopsAtViolation || violations.isEmpty else { return }
        if case .ended(.rolledBack) = controller.state {
            let isOver = window.second + 1 >= seconds
            // By the plan, not by the controller's own account of whom it has taken back.
            let plan = controller.plan
            let takesAllBack = ([plan.onFailure] + plan.gates.compactMap(\.onFailure)).allSatisfy { $0 == .rollBack }
            for slot in slots {
                for (place, agent) in slot.partition.agents.enumerated() {
                    let isReachable = agent.record.isOnline && agent.offerDue == .distantFuture
                    let target = model.revision(agent.target)
                    let isNotTold =
                        isOver && hasHadTime(agent, slot.partition.interval(place))
                        && target == controller.former.number && agent.target != agent.delivered
                    let isLeftOut = takesAllBack && target == controller.revision.number
                    guard isReachable, isNotTold || isLeftOut else { continue }
                    violations.append(
                        InvariantViolation(
                            at: window.end, agent: slot.partition.number(place), kind: .rollbackMissedAgent))
                    return
                }
            }
        }
        if !controller.isDone, controller.nextDeadline == nil {
            violations.append(InvariantViolation(at: window.end, agent: nil, kind: .waitsForEver))
        }
    }
}
