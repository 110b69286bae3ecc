import Basis

// Offers: who is next, how many may be in flight, and taking offers back.

extension RolloutController {
    /// Offers as many agents of the stage as limits allow. Returns whether anything changed.
    mutating func offerMore(_ stage: StageSequence.Stage, _ output: inout RolloutOutput) -> Bool {
        let available = min(stage.positions.upperBound - nextPosition, freePlaces)
        guard available > 0 else { return false }
        if let opens = closedUntil(stage) {
            state = .waiting(stage: stage.index, until: opens)
            decide(.windowAwaited(stage: stage.index, until: opens), &output)
            return true
        }
        guard pace.next <= now else { return false }
        let (count, over) = pace.take(available, at: now)
        let positions = nextPosition..<(nextPosition + count)
        nextPosition = positions.upperBound
        let estimates = predictor?.holdBackLimits()
        var start = positions.lowerBound
        for position in positions {
            let agent = order[position]
            if isLeftOut(agent, estimates) {
                rows[Int(agent)].set(.skipped)
                tally.skipped += 1
                stageTallies[stage.index].skipped += 1
                offer(start..<position, of: positions, over, stage, &output)
                start = position + 1
            }
        }
        offer(start..<positions.upperBound, of: positions, over, stage, &output)
        return true
    }

    /// How many more agents may be in flight.
    private var freePlaces: Int {
        guard let limit = plan.limits.concurrency?.countRoundedDown(of: order.count) else { return .max }
        var held = tally.inFlight
        if plan.limits.failedCountAsInFlight { held += tally.failed + tally.mismatched + tally.noAnswer }
        return max(limit, 1) - held
    }

    private func isLeftOut(_ agent: UInt32, _ limits: RiskPredictor.Limits?) -> Bool {
        let row = rows[Int(agent)]
        if plan.target.skipsUnhealthy, row.has(.unhealthy) || row.has(.disconnected) { return true }
        guard let limits, let predictor else { return false }
        return predictor.isHeldBack(agent, limits, fleet)
    }

    /// Offers a part of a command's positions, at its part of the time.
    private mutating func offer(
        _ part: Range<Int>, of whole: Range<Int>, _ over: Nanoseconds, _ stage: StageSequence.Stage,
        _ output: inout RolloutOutput
    ) {
        guard !part.isEmpty else { return }
        let span = OfferDeadlines.Span(positions: whole, at: now, over: over)
        let at = span.instant(part.lowerBound)
        let length = part == whole ? over : span.instant(part.upperBound) - at
        output.commands.append(
            RolloutCommand(revision: revision, agents: .positions(part), at: at, over: length, cause: .stage))
        deadlines.add(OfferDeadlines.Span(positions: part, at: at, over: length))
        for position in part { markOffered(order[position], stage.index) }
        canaryTest?.offered(part.count, at: now)
        pace.count(.offered, part.count)
    }

    private mutating func markOffered(_ agent: UInt32, _ stage: Int) {
        let index = Int(agent)
        observed.waiting -= 1
        if rows[index].has(.unhealthy) { observed.waitingUnhealthy -= 1 }
        if rows[index].has(.disconnected) { observed.waitingDisconnected -= 1 }
        components?.offered(agent)
        rows[index].status = .inFlight
        rows[index].stage = UInt16(clamping: stage)
        rows[index].set(.tested, false)
        change(stage) {
            $0.offered += 1
            $0.inFlight += 1
        }
    }

    /// Changes the figures of the whole rollout and of a stage alike.
    mutating func change(_ stage: Int, _ edit: (inout RolloutTally) -> Void) {
        edit(&tally)
        if stageTallies.indices.contains(stage) { edit(&stageTallies[stage]) }
    }

    /// Whether a failed agent is offered again later; if so, that is arranged.
    mutating func arrangesRetry(_ agent: UInt32) -> Bool {
        let attempt = rows[Int(agent)].attempt
        guard isActive, attempt < plan.retry.count else { return false }
        rows[Int(agent)].attempt = attempt + 1
        deadlines.add(
            OfferDeadlines.Entry(
                at: now + plan.retry[attempt], agent: agent, attempt: UInt8(attempt + 1), isOffer: true))
        return true
    }

    mutating func offerAgain(_ entry: OfferDeadlines.Entry, _ output: inout RolloutOutput) {
        output.commands.append(
            RolloutCommand(revision: revision, agents: .one(entry.agent), at: now, over: .zero, cause: .retry))
        deadlines.add(
            OfferDeadlines.Entry(
                at: now + plan.limits.agentTimeout, agent: entry.agent, attempt: entry.attempt, isOffer: false))
    }

    /// Offers the former revision to the agents at these positions that were offered this one.
    mutating func takeBack(_ positions: Range<Int>, _ output: inout RolloutOutput) {
        deadlines = OfferDeadlines(timeout: plan.rollBack.timeout)
        state = .rollingBack
        let whole = OfferDeadlines.Span(positions: positions, at: now, over: plan.rollBack.over)
        var start = positions.lowerBound
        for position in positions {
            let index = Int(order[position])
            guard rows[index].isOffered else {
                takeBack(start..<position, whole, &output)
                start = position + 1
                continue
            }
            let wasInFlight = rows[index].status == .inFlight
            rows[index].status = .takenBack
            change(Int(rows[index].stage)) {
                if wasInFlight { $0.inFlight -= 1 }
                $0.takenBack += 1
            }
        }
        takeBack(start..<positions.upperBound, whole, &output)
        decide(.rollingBack(agents: tally.takenBack), &output)
    }

    private mutating func takeBack(
        _ part: Range<Int>, _ whole: OfferDeadlines.Span, _ output: inout RolloutOutput
    ) {
        guard !part.isEmpty else { return }
        let at = whole.instant(part.lowerBound)
        let length = part == whole.positions ? whole.over : whole.instant(part.upperBound) - at
        output.commands.append(
            RolloutCommand(revision: former, agents: .positions(part), at: at, over: length, cause: .rollBack))
        deadlines.add(OfferDeadlines.Span(positions: part, at: at, over: length))
    }

    /// Puts the agents that are not offered yet into the order of their risk, once enough more is known.
    mutating func reorder(_ output: inout RolloutOutput) {
        guard plan.order == .risk, let predictor, predictor.totalAnswers >= reorderedAt + max(reorderedAt / 10, 1)
        else { return }
        reorderedAt = predictor.totalAnswers
        let (agents, heldBack) = predictor.ordered(order[nextPosition...], fleet)
        guard agents.count > 1 else { return }
        order.replaceSubrange(nextPosition..., with: agents)
        decide(.reordered(remaining: agents.count, heldBack: heldBack), &output)
    }
}
