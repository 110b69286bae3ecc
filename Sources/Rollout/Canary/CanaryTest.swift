import Basis

/// The test of the canary stage: do updated agents fail more often than those that are not updated? It looks at every
/// failure, and its chance of a false alarm in all is at most α.
///
/// Failures of two kinds are compared with those of the other agents, each by its exposure:
/// - *answers*: an update may fail as often as an agent that is not updated fails within the plan's `exposure` time.
///   The k-th answer is judged when the other agents have been watched for their part of that time: an answer that came
///   before waits. So a canary that is offered at once is judged as fairly as one that is offered evenly.
/// - *later failures*: an updated agent that becomes unhealthy or loses its connection, at any time as likely as any
///   other agent. Updated are never more than the canaries, so their share is at most the canary's.
///
/// The e-value is the weighted mean of the two. Failures of agents that are not updated count at once in both, which
/// can only lower it.
struct CanaryTest: Hashable, Sendable {
    /// The weight of the answers' e-value.
    static let answerWeight = 0.97

    let alpha: Double
    let canaries: Int
    let others: Int
    private let exposure: UInt64
    private let harm: SplitEvidence
    private let safety: SplitEvidence?

    /// Answers so far, well or badly.
    private(set) var answers = 0
    /// Failures by answers that are judged, and the numbers of the answers that wait.
    private(set) var judged = 0
    private(set) var pending: [Int] = []
    private(set) var later = 0
    private(set) var otherFailures = 0
    /// For the opposite claim: how far the others were watched at each of their failures, and how many of these count.
    private(set) var otherTimes: [UInt64] = []
    private(set) var otherJudged = 0
    /// The agents that are not updated, times the microseconds that they were watched.
    private(set) var watched: UInt64 = 0
    private(set) var watching = 0
    private(set) var updatedAt: Instant?

    /// - Parameter selected: the agents of the rollout. Nil where the plan has no test, or nobody to compare with.
    init?(_ plan: CanaryPlan, selected: Int) {
        guard let test = plan.test else { return nil }
        let size = plan.size.count(of: selected)
        guard size > 0, size < selected else { return nil }
        alpha = test.alpha
        canaries = size
        others = selected - size
        let time = test.exposure ?? (plan.over > .zero ? plan.over : plan.soak)
        exposure = max(UInt64(max(time.count, 0)) / 1_000, 1)
        let share = Double(size) / Double(selected)
        harm = SplitEvidence(share: share)
        safety = test.passesBelow.map { bound in
            SplitEvidence(
                share: share, bound: bound,
                alternatives: [(1, 0.5), (bound / 2, 0.25), (bound / 4, 0.25)])
        }
    }

    mutating func begin(at now: Instant) {
        watching = canaries + others
        updatedAt = now
    }

    /// An agent was offered the revision: it is not watched among the others any more.
    mutating func offered(_ count: Int, at now: Instant) {
        advance(to: now)
        watching = max(watching - count, 0)
    }

    /// Counts the time up to `now` in which the others were watched.
    mutating func advance(to now: Instant) {
        guard let last = updatedAt, now > last else { return }
        let (before, after) = (last.nanoseconds / 1_000, now.nanoseconds / 1_000)
        watched += UInt64(watching) * (after - before)
        updatedAt = now
        judge()
    }

    /// An updated agent answered, or did not in time.
    mutating func answered(failed: Bool, at now: Instant) {
        advance(to: now)
        answers += 1
        if failed { pending.append(answers) }
        judge()
    }

    /// An updated agent became unhealthy or lost its connection.
    mutating func failedLater(at now: Instant) {
        advance(to: now)
        later += 1
    }

    /// An agent that is not updated failed.
    mutating func otherFailed(at now: Instant) {
        advance(to: now)
        otherFailures += 1
        if safety != nil { otherTimes.append(watched) }
        judge()
    }

    private mutating func judge() {
        while let answer = pending.first, watched >= needed(answer) {
            pending.removeFirst()
            judged += 1
        }
        while otherJudged < otherTimes.count, otherTimes[otherJudged] <= needed(answers) { otherJudged += 1 }
    }

    /// How far the others have to be watched before an answer is judged.
    private func needed(_ answer: Int) -> UInt64 {
        let whole = UInt128(answer) * UInt128(others) * UInt128(exposure) / UInt128(canaries)
        return UInt64(clamping: whole)
    }

    /// When the next waiting answer is judged; nil where none waits.
    var nextLook: Instant? {
        guard let answer = pending.first, let last = updatedAt, watching > 0 else { return nil }
        let missing = needed(answer) - min(watched, needed(answer))
        let microseconds = (missing + UInt64(watching) - 1) / UInt64(watching)
        // One more, since the time that passed is counted in whole microseconds.
        return last + .microseconds(Int64(clamping: microseconds) + 1)
    }

    /// The evidence that updated agents fail more often.
    var evidence: Double {
        Self.answerWeight * harm.value(updated: judged, others: otherFailures)
            + (1 - Self.answerWeight) * harm.value(updated: later, others: otherFailures)
    }

    /// Whether it is shown, with an error of at most α, that updated agents fail more often.
    var fires: Bool { judged + later > 0 && evidence >= 1 / alpha }

    /// Whether it is shown, with an error of at most α, that updated agents fail less than the plan's bound times as
    /// often. Failures of updated agents count at once, those of the others once as many answers are in.
    var passes: Bool {
        guard let safety else { return false }
        return safety.value(updated: judged + pending.count + later, others: otherJudged) >= 1 / alpha
    }

    func figures(updated: Int) -> CanaryFigures {
        CanaryFigures(
            failures: judged + pending.count + later, otherFailures: otherFailures, updated: updated,
            evidence: Int(min(evidence * 1_000, 1e15)))
    }
}

extension CanaryTest {
    func store(_ writer: inout StateWriter) {
        for number in [answers, judged, later, otherFailures, otherJudged, watching] { writer.add(number) }
        writer.add(pending)
        writer.add(otherTimes)
        writer.add(watched)
        writer.add(updatedAt?.nanoseconds)
    }

    mutating func restore(_ reader: inout StateReader) throws(SnapshotError) {
        answers = try reader.int()
        judged = try reader.int()
        later = try reader.int()
        otherFailures = try reader.int()
        otherJudged = try reader.int()
        watching = try reader.int()
        pending = try reader.list(Int.self)
        otherTimes = try reader.list(UInt64.self)
        watched = try reader.word()
        updatedAt = try reader.optional().map { Instant(nanoseconds: $0) }
    }
}
