import Basis

/// Deciding on a reading and recording what it says.
extension Matcher {
    /// Commits the best reading where every other end is a factor of 1,000 less probable.
    /// - Parameter keepsSurplus: Whether messages that answer nothing stay in the window.
    mutating func decide(
        _ window: inout MatchWindow, _ state: inout MatchState, at now: Instant, _ context: MatchContext,
        _ outcomes: inout [MatchOutcome], keepsSurplus: Bool = false
    ) {
        alignment.readForward(window, limit: window.reports.count, isProven: false, at: now, context, learned)
        let decision = alignment.decision()
        guard decision.margin > ServiceTimes.logFactor, decision.head > 0 || !keepsSurplus else { return }
        commit(&window, &state, head: decision.head, isForced: false, at: now, context, &outcomes)
    }

    /// Commits the best reading, however probable others are. No message waits afterwards.
    mutating func force(
        _ window: inout MatchWindow, _ state: inout MatchState, at now: Instant, _ context: MatchContext,
        _ outcomes: inout [MatchOutcome]
    ) {
        guard !window.messages.isEmpty else { return }
        alignment.readForward(window, limit: window.reports.count, isProven: false, at: now, context, learned)
        commit(&window, &state, head: alignment.decision().head, isForced: true, at: now, context, &outcomes)
    }

    /// Records the best reading that ends at report `head`: each report up to it is answered or passed over, each
    /// message an answer or surplus.
    mutating func commit(
        _ window: inout MatchWindow, _ state: inout MatchState, head: Int, isForced: Bool, at now: Instant,
        _ context: MatchContext, _ outcomes: inout [MatchOutcome]
    ) {
        alignment.readBackward(window, head: isForced ? nil : head, learned)
        alignment.measureMarginals(window, learned)
        alignment.traceBack(from: head, window, learned)
        recordSurplus(&window, state, context, &outcomes)
        let newest = window.reports.last?.report.sentAt ?? now
        for number in 0..<head {
            let waiting = window.reports[number]
            let answer = alignment.answers[number + 1]
            if answer > 0 {
                window.lastAnswer = window.messages[answer - 1].at
                recordAnswer(
                    waiting, window.messages[answer - 1], alignment.marginals[number + 1], isForced: isForced,
                    newest: newest, state, context, &outcomes)
            } else {
                recordUnanswered(
                    waiting, alignment.marginals[number + 1], &window, state, context, &outcomes)
            }
        }
        window.reports.removeFirst(head)
        window.messages.removeAll(keepingCapacity: true)
    }

    private mutating func recordSurplus(
        _ window: inout MatchWindow, _ state: MatchState, _ context: MatchContext, _ outcomes: inout [MatchOutcome]
    ) {
        for number in window.messages.indices where !alignment.isAnswer[number + 1] {
            let message = window.messages[number]
            if !answersPassedOver(message.type, at: message.at, &window, state, context, &outcomes) {
                outcomes.append(.surplus(message.type))
            }
            if message.type.isAlwaysAnswer { learned.seen(misfit: true) }
        }
    }

    private mutating func recordAnswer(
        _ waiting: WaitingReport, _ message: WaitingMessage, _ marginal: Marginal, isForced: Bool, newest: Instant,
        _ state: MatchState, _ context: MatchContext, _ outcomes: inout [MatchOutcome]
    ) {
        let span = message.at - waiting.report.sentAt
        var ends = marginal.range ?? ServiceTimeRange(low: span, high: span)
        ends.low = min(ends.low, span)
        ends.high = max(ends.high, span)
        let mayBeUnanswered = marginal.unanswered > alignment.minCounting
        let isAmbiguous = mayBeUnanswered || (ends.high - ends.low).seconds > 1e-3 + 0.02 * span.seconds
        if !isAmbiguous {
            learned.takeBack(waiting.report.kind, censoredBin: waiting.censoredBin)
            learned.answered(waiting.report.kind, span, message.type)
        } else if isForced {
            let isNew = learned[waiting.report.kind].answers < Self.fewAnswers
            learned.answered(waiting.report.kind, span, message.type, weight: isNew ? 1 : 0.1)
        }
        var range = isAmbiguous ? ends : nil
        if isInDoubt(state, context) {
            let doubt = rangeInDoubt(waiting.report, answeredAt: message.at, newest: newest, state, context)
            range = ServiceTimeRange(low: min(ends.low, doubt.low), high: max(ends.high, doubt.high))
        }
        outcomes.append(
            .answered(
                waiting.report, at: message.at, message.type, range: range, mayBeUnanswered: mayBeUnanswered))
    }

    private mutating func recordUnanswered(
        _ waiting: WaitingReport, _ marginal: Marginal, _ window: inout MatchWindow, _ state: MatchState,
        _ context: MatchContext, _ outcomes: inout [MatchOutcome]
    ) {
        learned.takeBack(waiting.report.kind, censoredBin: waiting.censoredBin)
        var range: ServiceTimeRange?
        if marginal.answered > alignment.minCounting {
            range = marginal.range
        } else {
            learned.dropped(waiting.report.kind)
            if isInDoubt(state, context) { range = ServiceTimeRange(low: .zero, high: longest) }
        }
        // Where Pongs decide, a server answers in order: no answer to this report can follow.
        if usesPongs(context) {
            return outcomes.append(.unanswered(waiting.report, isProven: false, range: range))
        }
        if window.passedOver.count == PassedOverReport.limit {
            let oldest = window.passedOver.removeFirst()
            outcomes.append(.unanswered(oldest.report, isProven: false, range: oldest.range))
        }
        window.passedOver.append(PassedOverReport(report: waiting.report, range: range))
    }

    /// A message that fits no waiting report may be the late answer to one that was passed over.
    mutating func answersPassedOver(
        _ message: ReceivedMessage, at now: Instant, _ window: inout MatchWindow, _ state: MatchState,
        _ context: MatchContext, _ outcomes: inout [MatchOutcome]
    ) -> Bool {
        forgetPassedOver(&window, at: now, &outcomes)
        // So many surplus messages would come within the time of an answer.
        let expected = learned.surplusRate(message) * longest.seconds
        guard message.isAlwaysAnswer, let last = window.passedOver.last, expected <= 0.1 else { return false }
        let report = window.passedOver.removeFirst().report
        let others = window.passedOver.indices
        let isAmbiguous =
            expected > 1e-3 || !others.isEmpty || isInDoubt(state, context)
            || (learned.misfits > 0.02 && learned.overtaken > 0.03)
        for number in others {
            let span = now - window.passedOver[number].report.sentAt
            var range = window.passedOver[number].range ?? ServiceTimeRange(low: span, high: span)
            range.low = min(range.low, span)
            range.high = max(range.high, span)
            window.passedOver[number].range = range
        }
        let range = ServiceTimeRange(low: now - last.report.sentAt, high: now - report.sentAt)
        outcomes.append(
            .answered(
                report, at: now, message, range: isAmbiguous ? range : nil, mayBeUnanswered: isAmbiguous))
        return true
    }
}
