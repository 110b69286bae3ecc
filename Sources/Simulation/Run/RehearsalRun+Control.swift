import Basis
import Rollout

/// The control plane's side of a rehearsal, and the world's faults.
extension RehearsalRun {
    // MARK: - Controllers

    /// Whether all rollouts have ended, or wait for an operator.
    var isOver: Bool {
        controllers.count == rehearsal.rollouts.count && controllers.allSatisfy(\.isDone) && pending.isEmpty
    }

    /// The second in which a controller has something to do by itself.
    var nextControllerSecond: Int? {
        var next: Int?
        if controllers.count < rehearsal.rollouts.count, controllers.last.map(\.isDone) ?? true {
            next = Self.second(.zero + rehearsal.rollouts[controllers.count].begins)
        }
        if let deadline = controllers.last?.nextDeadline { next = min(next ?? .max, Self.second(deadline)) }
        return next
    }

    /// The first second that begins at `time` or later.
    private static func second(_ time: Instant) -> Int {
        let (seconds, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return Int(clamping: seconds + (rest > 0 ? 1 : 0))
    }

    mutating func advanceControllers() {
        if let last = controllers.indices.last {
            if !journal.restart(&controllers[last], by: window.start) {
                violations.append(InvariantViolation(at: window.start, agent: nil, kind: .controllerNotRecovered))
            }
            journal.append(.advance(window.start))
            controllers[last].advance(to: window.start, &output)
            journal.compact(controllers[last])
            take(last)
        }
        guard controllers.count < rehearsal.rollouts.count, controllers.last.map(\.isDone) ?? true else { return }
        let number = controllers.count
        let rollout = rehearsal.rollouts[number]
        guard Instant.zero + rollout.begins <= window.start else { return }
        controllers.append(
            RolloutController(
                plan: rollout.plan, fleet: rehearsal.fleet, seed: rehearsal.world.seed &+ UInt64(number),
                revision: Revision(UInt16(number + 1)), former: formerRevision))
        journal.clear()
        journal.append(.begin(window.start))
        controllers[number].begin(at: window.start, &output)
        take(number)
    }

    /// What the fleet runs after the rollouts so far: the last revision that was not taken back.
    private var formerRevision: Revision {
        for controller in controllers.reversed() {
            switch controller.state {
            case .ended(.finished): return controller.revision
            default: continue
            }
        }
        return .initial
    }

    /// Takes what a controller has asked for and decided.
    private mutating func take(_ number: Int) {
        for command in output.commands { pending.append((number, command)) }
        for decision in output.decisions { decisions.append(RehearsalDecision(rollout: number, decision: decision)) }
        if !output.decisions.isEmpty || !output.commands.isEmpty { checkLimits(number) }
        output.removeAll()
    }

    /// The controller receives what the agents of this second told the server, in the order of time.
    mutating func receiveOutcomes() {
        guard let last = controllers.indices.last else { return }
        var merged: [AgentOutcome] = []
        if slots.count == 1 {
            guard !slots[0].partition.outcomes.isEmpty else { return }
            merged = slots[0].partition.outcomes
        } else {
            for slot in slots { merged += slot.partition.outcomes }
            guard !merged.isEmpty else { return }
            if rehearsal.mistake != .outcomesAreNotSorted { merged.sort() }
        }
        if let hidden = rehearsal.hidden { merged.removeAll(where: hidden) }
        // It leaves the list meanwhile, so that it is changed and read in place.
        var controller = controllers.removeLast()
        for (place, outcome) in merged.enumerated() {
            if place % FleetPart.readAhead == 0 {
                lastRead ^= controller.readAhead(merged[place..<min(place + FleetPart.readAhead, merged.count)])
            }
            journal.append(.outcome(outcome))
            controller.received(outcome, &output)
        }
        controllers.append(controller)
        take(last)
    }

    private mutating func checkLimits(_ number: Int) {
        guard let limit = controllers[number].plan.limits.concurrency?.count(of: controllers[number].order.count),
            controllers[number].tally.inFlight > max(limit, 1)
        else { return }
        violations.append(InvariantViolation(at: window.start, agent: nil, kind: .concurrencyExceeded))
    }

    // MARK: - Faults

    /// Begins and ends the world's faults that are due.
    /// - Returns: Whose connections are lost now.
    mutating func beginFaults(_ second: Int) -> LostConnections {
        var lost = LostConnections()
        while let step = faults.take(by: second) {
            let change = step.begins ? 1 : -1
            switch step.fault {
            case .outage(let group, _, _):
                guard downCounts.indices.contains(group) else { continue }
                downCounts[group] += change
                if step.begins { lost.groups |= 1 << UInt8(group) }
            case .replicaDown(let range, _, _):
                for number in replicas(range) {
                    replicaDownCounts[number] += change
                    guard step.begins else { continue }
                    server.stopped(number)
                    lost.replicas.append(number)
                }
            case .replicaSlow(let range, let factor, _, _):
                for number in replicas(range) {
                    if step.begins {
                        server.becomesSlow(number, by: factor)
                    } else {
                        server.isSlowNoLonger(number, by: factor)
                    }
                }
            case .partition(let group, let range, _, _):
                guard downCounts.indices.contains(group) else { continue }
                for replica in replicas(range) {
                    cutCounts[replica * World.maxGroups + group] += change
                    if step.begins { lost.cuts.append((1 << UInt8(group), replica)) }
                }
            case .failure, .stop, .flapping: break
            }
        }
        window.downGroups = 0
        for group in downCounts.indices where downCounts[group] > 0 { window.downGroups |= 1 << UInt8(group) }
        for replica in replicaDownCounts.indices {
            window.isReplicaDown[replica] = replicaDownCounts[replica] > 0
            window.cutGroups[replica] = 0
            for group in 0..<World.maxGroups where cutCounts[replica * World.maxGroups + group] > 0 {
                window.cutGroups[replica] |= 1 << UInt8(group)
            }
        }
        return lost
    }

    private func replicas(_ range: Range<Int>?) -> Range<Int> {
        range?.clamped(to: replicaDownCounts.indices) ?? replicaDownCounts.indices
    }
}

extension RolloutController {
    /// Whether it has ended, or waits for an operator who does not come in a rehearsal.
    package var isDone: Bool {
        switch state {
        case .ended, .paused: true
        case .notBegun, .offering, .soaking, .waiting, .finishing, .rollingBack: false
        }
    }
}
