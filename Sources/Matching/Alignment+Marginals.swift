import Basis

/// What the readings within a factor of 1,000 of the best one say of one report.
struct Marginal: Sendable {
    /// The best reading in which it is answered.
    var answered = ServiceTimes.impossible
    /// The best reading in which it is not answered.
    var unanswered = ServiceTimes.impossible
    /// The ends of its possible service times; `nil`: no reading that counts has it answered.
    var range: ServiceTimeRange?

    mutating func include(_ span: Nanoseconds) {
        range = ServiceTimeRange(low: min(range?.low ?? span, span), high: max(range?.high ?? span, span))
    }
}

extension Alignment {
    /// The least value of a reading that counts.
    var minCounting: Double { backward[0] - ServiceTimes.logFactor }

    /// Computes for each report what the readings say, after `readForward` and `readBackward`.
    mutating func measureMarginals(_ window: borrowing MatchWindow, _ learned: borrowing Learned) {
        marginals.removeAll(keepingCapacity: true)
        marginals.append(contentsOf: repeatElement(Marginal(), count: reportCount + 1))
        let least = minCounting
        for message in 0..<messageCount {
            measureAnswers(message + 1, window, least: least)
            measureGaps(message + 1, window, learned)
        }
        if !isPinned { measureEnds() }
    }

    private mutating func measureAnswers(_ message: Int, _ window: borrowing MatchWindow, least: Double) {
        for head in 0..<reportCount {
            let cell = at(message, head + 1)
            let value = matched[cell] + backward[cell]
            marginals[head + 1].answered = max(marginals[head + 1].answered, value)
            if value > least {
                marginals[head + 1].include(receivedAt[message] - window.reports[head].report.sentAt)
            }
        }
    }

    /// Reports between the one that message j answers and the one that was answered before it.
    private mutating func measureGaps(
        _ message: Int, _ window: borrowing MatchWindow, _ learned: borrowing Learned
    ) {
        guard reportCount > 1 else { return }
        measureGaps(message, window) { alignment, head in alignment.direct[alignment.at(message, head)] }
        let type = Int(window.messages[message - 1].type.rawValue)
        for group in 0..<message where receivedAt[group] > window.reports[0].report.sentAt {
            measureGaps(message, window, group: group) { alignment, head in
                alignment.queued(message, type, after: group, learned[window.reports[head - 1].report.kind])
            }
        }
    }

    /// For each report i: the best way from any head before i over message j to any report after i.
    /// - Parameter group: only from heads whose last answer was this message, to reports that were sent before it.
    @inline(__always)
    private mutating func measureGaps(
        _ message: Int, _ window: borrowing MatchWindow, group: Int? = nil,
        _ density: (borrowing Alignment, Int) -> Double
    ) {
        let latest = group.map { receivedAt[$0] } ?? receivedAt[message]
        // The best way to the end over a report after i, kept in the row of scratch memory.
        var after = ServiceTimes.impossible
        gaps.removeAll(keepingCapacity: true)
        gaps.append(contentsOf: repeatElement(after, count: reportCount + 2))
        for head in stride(from: reportCount, to: 0, by: -1) {
            gaps[head] = after
            let sent = window.reports[head - 1].report.sentAt
            guard group == nil ? sent <= latest : sent < latest else { continue }
            after = max(after, skipped[head - 1] + density(self, head) + backward[at(message, head)])
        }
        var before = ServiceTimes.impossible
        for head in 0..<reportCount {
            let cell = at(message - 1, head)
            if group == nil || Int(lastAnswer[cell]) == group { before = max(before, forward[cell] - skipped[head]) }
            // `head` + 1 lies between.
            marginals[head + 1].unanswered = max(marginals[head + 1].unanswered, before + gaps[head + 1])
        }
    }

    /// Reports after the last that is answered.
    private mutating func measureEnds() {
        var before = ServiceTimes.impossible
        for head in 0..<reportCount {
            before = max(before, forward[at(messageCount, head)] + tail[head])
            marginals[head + 1].unanswered = max(marginals[head + 1].unanswered, before)
        }
    }

    /// Follows the best reading that ends at `head` back and writes down, for each report, the message that answers it;
    /// 0: none.
    mutating func traceBack(from end: Int, _ window: borrowing MatchWindow, _ learned: borrowing Learned) {
        answers.removeAll(keepingCapacity: true)
        answers.append(contentsOf: repeatElement(0, count: reportCount + 1))
        isAnswer.removeAll(keepingCapacity: true)
        isAnswer.append(contentsOf: repeatElement(false, count: messageCount + 1))
        var head = end
        for message in stride(from: messageCount, to: 0, by: -1) {
            let type = Int(window.messages[message - 1].type.rawValue)
            let stayed = forward[at(message - 1, head)] + learned.logSurplus[type]
            guard head > 0, forward[at(message, head)] > stayed + 1e-12 else { continue }
            answers[head] = message
            isAnswer[message] = true
            head = headBefore(message, head, type, window, learned)
        }
    }

    /// The head from which message j answers the report at `head` best.
    private func headBefore(
        _ message: Int, _ head: Int, _ type: Int, _ window: borrowing MatchWindow, _ learned: borrowing Learned
    ) -> Int {
        let report = window.reports[head - 1].report
        var (origin, first) = (0, -Double.infinity)
        for candidate in 0..<head {
            let above = at(message - 1, candidate)
            let group = Int(lastAnswer[above])
            var density = direct[at(message, head)]
            if receivedAt[group] > report.sentAt {
                density = max(density, queued(message, type, after: group, learned[report.kind]))
            }
            let value = forward[above] - skipped[candidate] + density
            if value > first { (first, origin) = (value, candidate) }
        }
        return origin
    }
}
