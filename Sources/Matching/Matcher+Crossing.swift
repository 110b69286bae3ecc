import Basis

/// An offer that is received while a report waits alone, a report about the offer, and two acknowledgements.
///
/// Then the offer was pushed: an acknowledgement has no other use than as an answer. Which of the two answers which
/// report is open: a server may answer the second report before the first. Readings keep the order, so this one is
/// weighed apart.
extension Matcher {
    /// How soon after an offer the report about it is sent, also on a busy machine.
    private static let reactionTime = Nanoseconds.milliseconds(100)
    /// The probability that a server of which nothing is known answers in another order than it receives.
    private static let logCrossed = (0.1).naturalLogarithm

    /// Whether the window begins with such an offer and its report.
    private func beginsWithOfferInBetween(_ window: borrowing MatchWindow) -> Bool {
        window.reports.count == 2 && isReaction(window.reports[1].report, in: window)
    }

    /// Whether `report` is about an offer that was received while the oldest report of the window waited alone.
    func isReaction(_ report: SentReport, in window: borrowing MatchWindow) -> Bool {
        guard let offer = window.messages.first, !offer.type.isAlwaysAnswer, let oldest = window.reports.first?.report,
            !oldest.expectsContent,
            // Of the same kind it would be the next heartbeat.
            report.kind != oldest.kind
        else { return false }
        let reaction = report.sentAt - offer.at
        return reaction.count >= 0 && reaction <= Self.reactionTime
    }

    /// Decides a window of an offer and two acknowledgements.
    /// - Returns: Whether it is decided, or has to wait for the second acknowledgement.
    mutating func decideOfferInBetween(
        _ window: inout MatchWindow, _ state: MatchState, _ outcomes: inout [MatchOutcome]
    ) -> Bool {
        guard beginsWithOfferInBetween(window) else { return false }
        guard window.messages.count == 3, window.messages[1].type == .bare, window.messages[2].type == .bare else {
            return window.messages.count == 2 && window.messages[1].type == .bare
        }
        let (first, second) = (window.reports[0], window.reports[1])
        let (early, late) = (window.messages[1].at, window.messages[2].at)
        let inOrder = fit(first, early) + fit(second, late)
        let crossed = fit(first, late) + fit(second, early) + Self.logCrossed
        let isCrossed = crossed > inOrder
        let isOpen = abs(crossed - inOrder) < ServiceTimes.logFactor
        outcomes.append(.surplus(.offer))
        learned.surplus(.offer)
        for waiting in [first, second] {
            let isFirst = waiting.number == first.number
            let at = isFirst == isCrossed ? late : early
            let sentAt = waiting.report.sentAt
            learned.takeBack(waiting.report.kind, censoredBin: waiting.censoredBin)
            // What is open teaches little once something is known.
            let isNew = learned[waiting.report.kind].answers < Self.fewAnswers
            learned.answered(waiting.report.kind, at - sentAt, .bare, weight: isOpen && !isNew ? 0.1 : 1)
            let range = ServiceTimeRange(low: early - sentAt, high: late - sentAt)
            outcomes.append(
                .answered(waiting.report, at: at, .bare, range: isOpen ? range : nil, mayBeUnanswered: false))
        }
        window.lastAnswer = late
        window.reports.removeAll(keepingCapacity: true)
        window.messages.removeAll(keepingCapacity: true)
        return true
    }

    /// How well a service time fits what is known of the report's kind, or of all kinds while that is little.
    private func fit(_ waiting: WaitingReport, _ answeredAt: Instant) -> Double {
        let span = answeredAt - waiting.report.sentAt
        let known = learned[waiting.report.kind]
        let isKnown = known.answers >= Self.fewAnswers || span.count > known.longest.count
        return isKnown ? known.logDensity(of: span) : learned.logDensityOfAllKinds(of: span)
    }
}
