public import Basis

// Outcomes and deadlines: what is counted, and where.

extension RolloutController {
    mutating func count(_ outcome: AgentOutcome, _ output: inout RolloutOutput) {
        let agent = outcome.agent
        if case .ended = state { return }
        switch outcome.kind {
        case .applied:
            if outcome.revision == revision {
                answer(agent, .applied)
            } else if outcome.revision == former {
                restore(agent)
            }
        case .failed: if outcome.revision == revision { answer(agent, .failed) }
        case .mismatched: if outcome.revision == revision { answer(agent, .mismatched) }
        case .unhealthy: fault(agent, .unhealthy, begins: true)
        case .healthy: fault(agent, .unhealthy, begins: false)
        case .disconnected: fault(agent, .disconnected, begins: true)
        case .reconnected: fault(agent, .disconnected, begins: false)
        case .componentUnhealthy: fault(agent, component: Int(outcome.component), begins: true)
        case .componentHealthy: fault(agent, component: Int(outcome.component), begins: false)
        }
    }

    /// A component that gates name became unhealthy, or that is over.
    private mutating func fault(_ agent: UInt32, component: Int, begins: Bool) {
        let row = rows[Int(agent)]
        let change = components?.change(
            agent, component, begins: begins, isOffered: row.isOffered, isOfStage: Int(row.stage) == stage?.index)
        switch change {
        case .none?, nil: return
        case .ofOther?: recordOther(.unhealthy, agent, component: component)
        case .since(let isFirst)?:
            if isFirst, !row.has(.unhealthySince) { self.change(Int(row.stage)) { $0.unhealthySince += 1 } }
            recordFault(.unhealthy, agent, component: component)
            failedLater(agent)
        }
    }

    /// Reads the rows of agents whose outcomes are about to be received: they lie anywhere in memory, and the processor
    /// waits for all of them together.
    /// - Returns: What is to be kept, so that the reading is not left out.
    package func readAhead(_ outcomes: ArraySlice<AgentOutcome>) -> UInt16 {
        var read: UInt16 = 0
        for outcome in outcomes where Int(outcome.agent) < rows.count { read ^= rows[Int(outcome.agent)].raw }
        return read
    }

    /// An agent answered, or did not within its timeout.
    private mutating func answer(_ agent: UInt32, _ status: AgentRow.Status) {
        let index = Int(agent)
        let (before, stage) = (rows[index].status, Int(rows[index].stage))
        let isBad = status != .applied
        guard before != status else { return }
        switch before {
        case .waiting, .restored: return
        case .takenBack: if isBad { markBroken(agent) }
        case .inFlight:
            if isBad, arrangesRetry(agent) { return }
            rows[index].status = status
            change(stage) {
                $0.inFlight -= 1
                $0.add(1, status)
            }
            recordAnswer(stage)
            if !isBad {
                timers.progress = now
                pace.count(.applied)
            }
            if isBad { recordFault(status.fault, agent) }
            canaryTest?.answered(failed: isBad, at: now)
            if isBad { rows[index].set(.tested) }
            predictor?.answered(agent, failed: isBad, fleet)
        case .applied, .failed, .mismatched, .noAnswer:
            rows[index].status = status
            change(stage) {
                $0.add(-1, before)
                $0.add(1, status)
            }
            if isBad { recordFault(status.fault, agent) }
            if isBad, before == .applied { failedLater(agent) }
        }
    }

    /// An agent runs the former revision again.
    private mutating func restore(_ agent: UInt32) {
        let index = Int(agent)
        guard rows[index].status == .takenBack else { return }
        rows[index].status = .restored
        if rows[index].has(.unreached) {
            rows[index].set(.unreached, false)
            unreached -= 1
        }
        change(Int(rows[index].stage)) { $0.restored += 1 }
    }

    /// An agent became unhealthy or lost its connection, or that is over.
    private mutating func fault(_ agent: UInt32, _ fact: AgentRow.Facts, begins: Bool) {
        let index = Int(agent)
        guard rows[index].has(fact) != begins else { return }
        rows[index].set(fact, begins)
        let isUnhealthy = fact == .unhealthy
        let change = begins ? 1 : -1
        guard rows[index].isOffered else {
            if isUnhealthy { observed.waitingUnhealthy += change } else { observed.waitingDisconnected += change }
            if begins { recordOther(isUnhealthy ? .unhealthy : .disconnected, agent) }
            return
        }
        let since: AgentRow.Facts = isUnhealthy ? .unhealthySince : .disconnectedSince
        let isFirst = begins && !rows[index].has(since)
        // What was so before the offer is not the revision's doing.
        guard begins || rows[index].has(since) else { return }
        if isFirst {
            rows[index].set(since)
            let isCounted = components?.wasUnhealthy(agent) == true
            self.change(Int(rows[index].stage)) {
                if isUnhealthy { $0.unhealthySince += isCounted ? 0 : 1 } else { $0.disconnectedSince += 1 }
            }
        }
        let isStage = Int(rows[index].stage) == stage?.index
        if isUnhealthy {
            observed.unhealthy += change
            if isStage { observed.stageUnhealthy += change }
        } else {
            observed.disconnected += change
            if isStage { observed.stageDisconnected += change }
        }
        guard begins else { return }
        recordFault(isUnhealthy ? .unhealthy : .disconnected, agent)
        failedLater(agent)
    }

    private mutating func failedLater(_ agent: UInt32) {
        guard !rows[Int(agent)].has(.tested) else { return }
        rows[Int(agent)].set(.tested)
        canaryTest?.failedLater(at: now)
        predictor?.failedLater(agent, fleet)
    }

    private mutating func markBroken(_ agent: UInt32) {
        guard !rows[Int(agent)].has(.broken) else { return }
        rows[Int(agent)].set(.broken)
        change(Int(rows[Int(agent)].stage)) { $0.broken += 1 }
    }

    // MARK: Gates

    private mutating func recordFault(_ fault: GatePlan.Fault, _ agent: UInt32, component: Int? = nil) {
        let isNew = !rows[Int(agent)].has(.broken)
        markBroken(agent)
        let isStage = Int(rows[Int(agent)].stage) == stage?.index
        for index in gates.indices where gates[index].plan.window != nil {
            let plan = gates[index].plan
            if plan.on.includes(fault, isNew: isNew), isAbout(fault, component, index),
                plan.scope == .rollout || isStage
            {
                gates[index].faults.add(at: now)
            }
        }
    }

    /// Whether a gate is about a fault's component, where it is about the health of one.
    private func isAbout(_ fault: GatePlan.Fault, _ component: Int?, _ gate: Int) -> Bool {
        fault != .unhealthy || gates[gate].plan.on == .any || gates[gate].component == component
    }

    private mutating func recordAnswer(_ stage: Int) {
        for index in gates.indices where gates[index].plan.window != nil {
            if gates[index].plan.scope == .rollout || stage == self.stage?.index { gates[index].answers.add(at: now) }
        }
    }

    private mutating func recordOther(_ fault: GatePlan.Fault, _ agent: UInt32, component: Int? = nil) {
        for index in gates.indices where gates[index].plan.window != nil {
            let on = gates[index].plan.on
            if on == fault || on == .any, isAbout(fault, component, index) { gates[index].otherFaults.add(at: now) }
        }
        guard canaryTest != nil, !rows[Int(agent)].has(.tested) else { return }
        rows[Int(agent)].set(.tested)
        canaryTest?.otherFailed(at: now)
    }

    /// What a gate looks at now.
    mutating func figures(of index: Int) -> GateFigures {
        gates[index].faults.move(to: now)
        gates[index].answers.move(to: now)
        gates[index].otherFaults.move(to: now)
        let isStage = gates[index].plan.scope == .stage
        let tally = isStage ? stageTallies.last ?? RolloutTally() : self.tally
        let hasWindow = gates[index].plan.window != nil
        var unhealthy = (isStage ? observed.stageUnhealthy : observed.unhealthy, observed.waitingUnhealthy)
        if let component = gates[index].component, let counts = components?.counts[component] {
            unhealthy = (isStage ? counts.stage : counts.since, counts.waiting)
        }
        let disconnected = isStage ? observed.stageDisconnected : observed.disconnected
        let waiting = observed.waitingUnhealthy + observed.waitingDisconnected + (components?.waiting ?? 0)
        let (faulty, others): (Int, Int) =
            switch gates[index].plan.on {
            case .failed: (tally.failed, 0)
            case .mismatched: (tally.mismatched, 0)
            case .noAnswer: (tally.noAnswer, 0)
            case .unsuccessful: (tally.failed + tally.mismatched + tally.noAnswer, 0)
            case .unhealthy: unhealthy
            case .disconnected: (disconnected, observed.waitingDisconnected)
            case .any: (tally.broken, waiting)
            }
        let sample =
            switch gates[index].plan.sample {
            case .answered: hasWindow ? gates[index].answers.total : tally.answered + tally.noAnswer
            case .offered: tally.offered
            case .stage: stage?.positions.count ?? 0
            case .all: order.count
            }
        return GateFigures(
            faulty: max((hasWindow ? gates[index].faults.total : faulty) - gates[index].ignoredFaults, 0),
            sample: max(sample - (hasWindow ? 0 : gates[index].ignoredSample), 0),
            otherFaulty: hasWindow ? gates[index].otherFaults.total : others, otherSample: observed.waiting)
    }

    /// Looks at the gates that look at every outcome, and at the canary test.
    mutating func judge(_ output: inout RolloutOutput) {
        for index in gates.indices where isActive && gates[index].plan.every == nil { look(index, &output) }
        guard isActive, let test = canaryTest, test.fires else { return }
        stop(.canaryTest(test.figures(updated: tally.offered)), plan.onFailure, &output)
    }

    /// Looks at one gate.
    private mutating func look(_ index: Int, _ output: inout RolloutOutput) {
        let figures = self.figures(of: index)
        gates[index].wasExceeded = gates[index].isExceeded(figures)
        guard gates[index].wasExceeded else { return }
        gates[index].exceeded += 1
        guard gates[index].exceeded >= gates[index].plan.looks else { return }
        gates[index].exceeded = 0
        stop(.gate(index, figures), gates[index].plan.onFailure ?? plan.onFailure, &output)
    }

    // MARK: Deadlines

    /// The next time at which the controller acts without an outcome; nil where it waits for an operator or has ended.
    @inline(__always)  // Called, it would be given a copy of the whole controller.
    public var nextDeadline: Instant? {
        var next = deadlines.next ?? .distantFuture
        switch state {
        case .notBegun, .ended: return nil
        case .paused, .finishing, .rollingBack: break
        case .waiting(_, let until), .soaking(_, let until): next = min(next, until)
        case .offering:
            if let stage, nextPosition < stage.positions.upperBound, pace.next > now { next = min(next, pace.next) }
            if let timeout = plan.limits.stageTimeout { next = min(next, timers.stageBegan + timeout) }
            if let timeout = plan.limits.progressTimeout { next = min(next, timers.progress + timeout) }
        }
        if isActive {
            for index in gates.indices { if let look = gates[index].nextLook { next = min(next, look) } }
            if let look = canaryTest?.nextLook { next = min(next, look) }
        }
        return next == .distantFuture ? nil : next
    }

    /// Does what is due now.
    mutating func passDeadline(_ output: inout RolloutOutput) {
        canaryTest?.advance(to: now)
        while let next = deadlines.next, next <= now, let due = deadlines.take() {
            switch due {
            case .answer(let position): timeOut(order[position], attempt: 0)
            case .again(let entry): again(entry, &output)
            }
            settleDeadlines()
        }
        for index in gates.indices where isActive {
            guard let look = gates[index].nextLook, look <= now, let every = gates[index].plan.every else { continue }
            gates[index].nextLook = now + every
            self.look(index, &output)
        }
        guard case .offering = state else { return }
        if let timeout = plan.limits.stageTimeout, timers.stageBegan + timeout <= now {
            stop(.stageTimeout, plan.onFailure, &output)
        } else if let timeout = plan.limits.progressTimeout, timers.progress + timeout <= now {
            stop(.noProgress, plan.onFailure, &output)
        }
    }

    private mutating func again(_ entry: OfferDeadlines.Entry, _ output: inout RolloutOutput) {
        let row = rows[Int(entry.agent)]
        guard row.status == .inFlight, row.attempt == Int(entry.attempt) else { return }
        if !entry.isOffer {
            timeOut(entry.agent, attempt: row.attempt)
        } else if isActive {
            offerAgain(entry, &output)
        } else {
            // Stopped in the meantime: the last attempt's failure is final.
            answer(entry.agent, .failed)
        }
    }

    private mutating func timeOut(_ agent: UInt32, attempt: Int) {
        let index = Int(agent)
        if rows[index].status == .takenBack, !rows[index].has(.unreached) {
            rows[index].set(.unreached)
            unreached += 1
        } else if rows[index].status == .inFlight, rows[index].attempt == attempt {
            answer(agent, .noAnswer)
        }
    }

    /// Passes over answers that are no longer awaited.
    mutating func settleDeadlines() {
        deadlines.settle { [rows, order] position in
            let row = rows[Int(order[position])]
            return row.status == .inFlight && row.attempt == 0 || row.status == .takenBack && !row.has(.unreached)
        }
    }
}

extension RolloutTally {
    /// Adds to the count of a status.
    mutating func add(_ count: Int, _ status: AgentRow.Status) {
        switch status {
        case .applied: applied += count
        case .failed: failed += count
        case .mismatched: mismatched += count
        case .noAnswer: noAnswer += count
        case .waiting, .inFlight, .takenBack, .restored: break
        }
    }
}

extension GatePlan.Fault {
    /// Whether a gate on this counts a fault of an agent.
    /// - Parameter isNew: whether it is the agent's first.
    fileprivate func includes(_ fault: GatePlan.Fault, isNew: Bool) -> Bool {
        switch self {
        case .any: isNew
        case .unsuccessful: fault.isAnswer
        case .failed, .mismatched, .noAnswer, .unhealthy, .disconnected: self == fault
        }
    }
}

extension AgentRow.Status {
    /// The fault that gates count for an answer.
    fileprivate var fault: GatePlan.Fault {
        switch self {
        case .mismatched: .mismatched
        case .noAnswer: .noAnswer
        case .waiting, .inFlight, .applied, .failed, .takenBack, .restored: .failed
        }
    }
}
