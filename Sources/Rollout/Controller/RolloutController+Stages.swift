import Basis

// The transitions: stages begin, are offered, soak and pass; a rollout stops, is rolled back and ends.

extension RolloutController {
    /// Whether stages go on.
    var isActive: Bool {
        switch state {
        case .offering, .soaking, .waiting: true
        case .notBegun, .paused, .finishing, .rollingBack, .ended: false
        }
    }

    var canStop: Bool { if case .paused = state { true } else { isActive } }

    mutating func decide(_ kind: RolloutDecision.Kind, _ output: inout RolloutOutput) {
        output.decisions.append(RolloutDecision(at: now, kind: kind))
    }

    /// Goes on as far as nothing has to be awaited.
    mutating func step(_ output: inout RolloutOutput) {
        repeat { judge(&output) } while proceed(&output)
        settleDeadlines()
    }

    /// One transition, if one is due. Returns whether there was one.
    private mutating func proceed(_ output: inout RolloutOutput) -> Bool {
        switch state {
        case .notBegun, .paused, .ended: return false
        case .waiting(_, let until):
            guard until <= now else { return false }
            openStage(&output)
            return true
        case .offering(let index):
            guard let stage else { return false }
            if offerMore(stage, &output) { return true }
            guard nextPosition >= stage.positions.upperBound else { return false }
            let isLast = stage.positions.upperBound >= order.count
            guard tally.inFlight == 0 || stage.ignoresAnswers && !isLast else { return false }
            let until = stage.ignoresAnswers ? max(timers.stageBegan + stage.soak, now) : now + stage.soak
            state = .soaking(stage: index, until: until)
            if until > now { decide(.soakBegan(stage: index, until: until), &output) }
            return true
        case .soaking(let index, let until):
            return endSoak(index, until, &output)
        case .finishing(let index):
            guard tally.inFlight == 0 else { return false }
            end(.aborted(stage: index))
            decide(.aborted(stage: index, tally), &output)
            return true
        case .rollingBack:
            guard tally.restored + unreached >= tally.takenBack else { return false }
            end(.rolledBack(stage: stage?.index ?? 0, unreached: unreached))
            decide(.rolledBack(restored: tally.restored, unreached: unreached), &output)
            return true
        }
    }

    private mutating func endSoak(_ index: Int, _ until: Instant, _ output: inout RolloutOutput) -> Bool {
        guard let stage else { return false }
        if stage.isCanary, until > now, canaryTest?.passes == true, let test = canaryTest {
            decide(.canaryPassedEarly(test.figures(updated: tally.offered)), &output)
            pass(stage, &output)
            return true
        }
        guard until <= now else { return false }
        if stage.isCanary, let look = canaryTest?.nextLook, look > now {
            // Answers that failed have not been judged: the others were not watched for long enough.
            state = .soaking(stage: index, until: look)
            return false
        }
        if let look = gates.filter(\.wasExceeded).compactMap(\.nextLook).min(), look > now {
            // A gate that has not had all its looks holds the stage back.
            state = .soaking(stage: index, until: look)
            return false
        }
        pass(stage, &output)
        return true
    }

    private mutating func pass(_ stage: StageSequence.Stage, _ output: inout RolloutOutput) {
        decide(.stagePassed(stage: stage.index, stageTallies[stage.index]), &output)
        if stage.isCanary { canaryTest = nil }
        reorder(&output)
        enter(stages.stage(after: stage), &output)
    }

    /// Begins with a stage, or ends the rollout after the last.
    mutating func enter(_ next: StageSequence.Stage?, _ output: inout RolloutOutput) {
        guard let next else {
            end(.finished)
            decide(.finished(tally), &output)
            return
        }
        stage = next
        stageTallies.append(RolloutTally())
        observed.stageUnhealthy = 0
        observed.stageDisconnected = 0
        components?.stageBegins()
        for index in gates.indices where gates[index].plan.scope == .stage { gates[index].clear() }
        timers.stageHasBegun = false
        if next.approval {
            state = .paused(stage: next.index, .approval)
            decide(.approvalAwaited(stage: next.index), &output)
        } else {
            openStage(&output)
        }
    }

    /// Offers, or waits for the window.
    private mutating func openStage(_ output: inout RolloutOutput) {
        guard let stage else { return }
        if let opens = closedUntil(stage) {
            state = .waiting(stage: stage.index, until: opens)
            decide(.windowAwaited(stage: stage.index, until: opens), &output)
            return
        }
        state = .offering(stage: stage.index)
        guard !timers.stageHasBegun else { return }
        timers.stageHasBegun = true
        timers.stageBegan = now
        timers.progress = now
        pace.begin(stage, at: now)
        if stage.isCanary { canaryTest?.begin(at: now) }
        for index in gates.indices {
            if let every = gates[index].plan.every, gates[index].nextLook == nil || gates[index].plan.scope == .stage {
                gates[index].nextLook = now + every
            }
        }
        decide(.stageBegan(stage: stage.index, agents: stage.positions.count), &output)
    }

    /// When the stage's window opens; nil where it has none or it is open.
    func closedUntil(_ stage: StageSequence.Stage) -> Instant? {
        guard let window = stage.window, let began else { return nil }
        let opens = began + window.opens
        guard now >= opens else { return opens }
        let every = UInt64(max(window.every.count, 1))
        let phase = (now - opens).count.magnitude % every
        return phase < UInt64(max(window.length.count, 1)) ? nil : now + Nanoseconds(Int64(clamping: every - phase))
    }

    mutating func continueStage(after cause: RolloutState.PauseCause, _ output: inout RolloutOutput) {
        if cause == .failure {
            for index in gates.indices {
                let figures = figures(of: index)
                gates[index].ignoredFaults += figures.faulty
                gates[index].ignoredSample += figures.sample
                gates[index].clear()
            }
            canaryTest = nil
        }
        // The time that the rollout was paused is not the agents'.
        timers.progress = now
        timers.stageBegan = now
        canaryTest?.advance(to: now)
        for index in gates.indices where gates[index].nextLook != nil {
            gates[index].nextLook = gates[index].plan.every.map { now + $0 }
        }
        openStage(&output)
    }

    /// Stops the rollout for a reason.
    mutating func stop(_ reason: RolloutDecision.Reason, _ action: FailureAction, _ output: inout RolloutOutput) {
        guard canStop, let stage else { return }
        decide(.stopped(stage: stage.index, reason, tally), &output)
        switch action {
        case .pause: state = .paused(stage: stage.index, .failure)
        case .abort: state = .finishing(stage: stage.index)
        case .rollBackStage: takeBack(stage.positions.lowerBound..<nextPosition, &output)
        case .rollBack: takeBack(0..<nextPosition, &output)
        }
    }

    private mutating func end(_ result: RolloutResult) {
        state = .ended(result)
        ended = now
        deadlines.removeAll()
    }
}
