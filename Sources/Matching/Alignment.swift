import Basis

/// The readings of a window: which messages answer which reports. The tables are scratch memory of the shard.
///
/// A reading maps messages to reports in order, at most one to one. What it leaves over are surplus messages and
/// reports that were never answered. Every value is the logarithm of a probability. Reports and messages are numbered
/// from 1; head 0 is the state before the first report. Let n be the number of reports, m that of messages:
/// `readForward`, `readBackward` and the marginals need O(n·m²) time.
struct Alignment: Sendable {
    /// Reports and messages of the present window.
    var reportCount = 0
    var messageCount = 0
    /// After message j, with report h the newest that is answered: the best reading so far.
    var forward: [Double] = []
    /// The best reading so far in which message j answers report h.
    var matched: [Double] = []
    /// The message before j, or j, that was the last answer on the best reading of `forward`; 0: the one before the
    /// window.
    var lastAnswer: [Int32] = []
    /// The best continuation from there.
    var backward: [Double] = []
    /// The best ending in which no report after h is answered.
    var tail: [Double] = []
    /// The sum of the costs of leaving reports 1 to h unanswered.
    var skipped: [Double] = []
    /// The probability that a kept report is answered by message j with a service time from its sending.
    var direct: [Double] = []
    /// When message k was received; 0: the last answer before the window.
    var receivedAt: [Instant] = []
    var best: [Double] = []
    /// The readings end at one head only.
    var isPinned = false
    /// An answer that would have come sooner is none.
    private var minService = Nanoseconds.zero
    /// The results of `measureMarginals`, by report.
    var marginals: [Marginal] = []
    var gaps: [Double] = []
    /// The result of `traceBack`: by report, the message that answers it; 0: none.
    var answers: [Int] = []
    /// By message, whether it answers a report.
    var isAnswer: [Bool] = []

    /// The newest report that any answer may belong to, on the best reading, and by how much the next best is worse.
    struct Decision {
        let head: Int
        let margin: Double
    }

    @inline(__always)
    func at(_ message: Int, _ head: Int) -> Int { message * (reportCount + 1) + head }

    // MARK: - Forward

    /// Computes the best readings of all messages and the first `limit` reports.
    /// - Parameter isProven: no report after those and no later message can matter: a Pong says so.
    mutating func readForward(
        _ window: borrowing MatchWindow, limit: Int, isProven: Bool, at now: Instant, _ context: MatchContext,
        _ learned: borrowing Learned
    ) {
        minService = context.minService
        reportCount = limit
        messageCount = window.messages.count
        reserve()
        measureReports(window, isProven: isProven, at: now, learned)
        for head in 0...reportCount {
            forward[head] = head == 0 ? 0 : ServiceTimes.impossible
            lastAnswer[head] = 0
        }
        for message in 0..<messageCount { read(message + 1, window, learned) }
    }

    private mutating func reserve() {
        let cells = (reportCount + 1) * (messageCount + 1)
        if forward.count < cells {
            forward = Array(repeating: 0, count: cells)
            matched = forward
            backward = forward
            direct = forward
            lastAnswer = Array(repeating: 0, count: cells)
        }
        if tail.count <= reportCount {
            tail = Array(repeating: 0, count: reportCount + 1)
            skipped = tail
        }
        if best.count <= messageCount {
            best = Array(repeating: 0, count: messageCount + 1)
            receivedAt = Array(repeating: .zero, count: messageCount + 1)
        }
    }

    private mutating func measureReports(
        _ window: borrowing MatchWindow, isProven: Bool, at now: Instant, _ learned: borrowing Learned
    ) {
        receivedAt[0] = window.lastAnswer ?? .zero
        for message in 0..<messageCount { receivedAt[message + 1] = window.messages[message].at }
        skipped[0] = 0
        for head in 0..<reportCount {
            skipped[head + 1] = skipped[head] + learned[window.reports[head].report.kind].logDropped
        }
        tail[reportCount] = 0
        for head in stride(from: reportCount - 1, through: 0, by: -1) {
            let report = window.reports[head].report
            tail[head] =
                tail[head + 1]
                + (isProven
                    ? learned[report.kind].logDropped
                    : learned[report.kind].logUnanswered(after: now - report.sentAt))
        }
    }

    /// One row: message j.
    private mutating func read(_ message: Int, _ window: borrowing MatchWindow, _ learned: borrowing Learned) {
        let type = Int(window.messages[message - 1].type.rawValue)
        let surplus = learned.logSurplus[type]
        let received = receivedAt[message]
        var bestBefore = ServiceTimes.impossible
        for group in 0..<message { best[group] = ServiceTimes.impossible }
        for head in 0...reportCount {
            let above = at(message - 1, head)
            let cell = at(message, head)
            forward[cell] = forward[above] + surplus
            lastAnswer[cell] = lastAnswer[above]
            matched[cell] = ServiceTimes.impossible
            direct[cell] = ServiceTimes.impossible
            if head > 0, received - window.reports[head - 1].report.sentAt >= minService {
                let report = window.reports[head - 1].report
                direct[cell] = learned[report.kind].logAnswered(after: received - report.sentAt, type)
                var value = bestBefore + direct[cell]
                for group in 0..<message where receivedAt[group] > report.sentAt {
                    value = max(value, best[group] + queued(message, type, after: group, learned[report.kind]))
                }
                value += skipped[head - 1]
                matched[cell] = value
                if value > forward[cell] {
                    forward[cell] = value
                    lastAnswer[cell] = Int32(truncatingIfNeeded: message)
                }
            }
            let start = forward[above] - skipped[head]
            bestBefore = max(bestBefore, start)
            let group = Int(lastAnswer[above])
            best[group] = max(best[group], start)
        }
    }

    /// The best end.
    func decision() -> Decision {
        var (head, first, second) = (0, -Double.infinity, -Double.infinity)
        for candidate in 0...reportCount {
            let value = forward[at(messageCount, candidate)] + tail[candidate]
            if value > first {
                (second, first, head) = (first, value, candidate)
            } else {
                second = max(second, value)
            }
        }
        return Decision(head: head, margin: first - second)
    }

    // MARK: - Backward

    /// Computes the best continuations, towards `head` alone or, with `nil`, towards any end.
    mutating func readBackward(_ window: borrowing MatchWindow, head pinned: Int?, _ learned: borrowing Learned) {
        isPinned = pinned != nil
        for head in 0...reportCount {
            backward[at(messageCount, head)] =
                pinned == nil || pinned == head ? tail[head] : ServiceTimes.impossible
        }
        for message in stride(from: messageCount, to: 0, by: -1) { readBack(message, window, learned) }
    }

    private mutating func readBack(_ message: Int, _ window: borrowing MatchWindow, _ learned: borrowing Learned) {
        let type = Int(window.messages[message - 1].type.rawValue)
        let surplus = learned.logSurplus[type]
        var bestAfter = ServiceTimes.impossible
        for group in 0..<message { best[group] = ServiceTimes.impossible }
        for head in stride(from: reportCount, through: 0, by: -1) {
            let cell = at(message, head)
            let above = at(message - 1, head)
            let after = max(bestAfter, best[Int(lastAnswer[above])])
            backward[above] = max(backward[cell] + surplus, after - skipped[head])
            guard head > 0, direct[cell] > ServiceTimes.impossible else { continue }
            let end = skipped[head - 1] + backward[cell]
            bestAfter = max(bestAfter, end + direct[cell])
            let report = window.reports[head - 1].report
            for group in 0..<message where receivedAt[group] > report.sentAt {
                best[group] = max(best[group], end + queued(message, type, after: group, learned[report.kind]))
            }
        }
    }

    /// The probability that a kept report is answered by message j, one after the other or in one burst with the answer
    /// of `group`.
    @inline(__always)
    func queued(_ message: Int, _ type: Int, after group: Int, _ times: borrowing ServiceTimes) -> Double {
        let span = receivedAt[message] - receivedAt[group]
        let burst = 6.2 - Double(span.count) / 1e6
        return max(times.logDensity(of: span), burst) - 1.6 + times.logKept + times.logShare[type]
    }
}
