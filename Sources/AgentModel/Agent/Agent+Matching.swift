public import Basis
import Matching
import OpAMP

/// Which report each message answers: asked of the shard's matcher, and recorded.
extension Agent {
    /// What the matcher must know of the agent's connection. Over plain HTTP a response answers its request.
    @inline(__always)
    var matchContext: MatchContext {
        MatchContext(
            timeout: cohort.plan.answerTimeout, interval: longestInterval, pings: cohort.plan.pings,
            isExact: cohort.plan.pollingInterval != nil || cohort.reportForm == .decided || takesAnswersInOrder,
            isNumbered: flags.contains(.numbered), minService: cohort.plan.minRoundTrip)
    }

    /// The longest time between two reports; `nil`: there are no heartbeats.
    @inline(__always)
    private var longestInterval: Nanoseconds? {
        let (span, jitter) = (schedule.interval.span, cohort.plan.heartbeat.jitter)
        guard span > .zero else { return nil }
        return jitter > 0 ? span.scaled(by: 1 + jitter) : span
    }

    /// A report leaves: it waits for its answer from now on, and a Ping may go with it.
    @inline(__always)
    mutating func expectAnswer(to slice: ReportSlice, at now: Instant, _ effects: inout Effects) {
        if flags.contains(.catchingUp) { endCatchingUp(at: now, effects) }
        let report = SentReport(
            kind: slice.kind.rawValue, dueAt: slice.dueAt, sentAt: now, expectsContent: slice.kind.expectsContent)
        let ping = effects.matcher.sent(report, on: &match, matchContext, &effects.outcomes)
        if case .before(let number) = ping { effects.append(.ping(PingPayload(index, number).value)) }
        effects.append(.send(slice))
        if case .after(let number) = ping { effects.append(.ping(PingPayload(index, number).value)) }
        if !effects.outcomes.isEmpty { recordOutcomes(at: now, &effects) }
    }

    /// Matches a message and measures what it answers.
    /// - Parameter sequenceNumber: of the report that the message says it answers; `nil`: it does not say.
    /// - Returns: The kind of the report that it answers, as far as it is known at once.
    @inline(__always)
    @discardableResult
    mutating func matchAnswer(
        _ message: ReceivedMessage, to sequenceNumber: UInt64? = nil, at now: Instant, _ effects: inout Effects
    ) -> ReportKind? {
        let isAwaited = outstandingReports > 0
        if let sequenceNumber {
            flags.insert(.numbered)
            let age = UInt16(truncatingIfNeeded: nextSequenceNumber &- 1 &- sequenceNumber)
            effects.matcher.received(message, toReport: age, at: now, on: &match, &effects.outcomes)
        } else {
            effects.matcher.received(message, at: now, on: &match, matchContext, &effects.outcomes)
        }
        let kind = recordOutcomes(at: now, &effects)
        if flags.contains(.catchingUp) { endCatchingUp(at: now, effects) }
        guard isAwaited, message != .error else { return kind }
        if outstandingReports == 0 { changes.confirm() }
        backoff.accepted()
        life.answered(at: now)
        if extended != nil, life.phase.session != nil { endOutage(isAnswered: true, at: now, &effects) }
        if case .connected(let session) = life.phase {
            if cohort.reportForm == .encoded { effects.append(.firstAnswered(now - session.begun)) }
            _ = step(.firstReportAnswered(work), because: .firstAnswer, at: now, &effects)
            commitSettings(at: now, &effects)
        }
        return kind
    }

    /// A Pong was received. It may prove that reports were not answered.
    /// - Parameter payload: as in `Effect.ping`.
    public mutating func receivedPong(_ payload: UInt64, at now: Instant, _ effects: inout Effects) {
        let payload = PingPayload(value: payload)
        guard acceptsMessages, payload.isFrom(index) else { return }
        let isAwaited = outstandingReports > 0
        effects.matcher.receivedPong(payload.number, at: now, on: &match, matchContext, &effects.outcomes)
        recordOutcomes(at: now, &effects)
        if isAwaited, outstandingReports == 0 { sendNextOfClosedLoop(at: now, &effects) }
        if flags.contains(.leaving) { leaveIfAnswered(at: now, &effects) }
        setTimer(&effects)
    }

    /// Lets reports become overdue, and in the end unanswered.
    mutating func advanceMatching(at now: Instant, _ effects: inout Effects) {
        guard effects.matcher.deadline(of: match, matchContext) <= now else { return }
        let isAwaited = outstandingReports > 0
        effects.matcher.advance(at: now, on: &match, matchContext, &effects.outcomes)
        recordOutcomes(at: now, &effects)
        if isAwaited, outstandingReports == 0 { sendNextOfClosedLoop(at: now, &effects) }
        if flags.contains(.leaving) { leaveIfAnswered(at: now, &effects) }
    }

    /// No more answers can be received: every report that waits has its end.
    mutating func endReports(because cause: UnansweredReport.Cause, at now: Instant, _ effects: inout Effects) {
        effects.matcher.ended(at: now, on: &match, matchContext, &effects.outcomes)
        recordOutcomes(at: now, because: cause, &effects)
    }

    /// Records what the matcher has found.
    /// - Parameter cause: why reports that were cut are no longer waited for, unless they are overdue.
    /// - Returns: The kind of the report that was answered last, if there is one.
    @inline(__always)
    @discardableResult
    func recordOutcomes(
        at now: Instant, because cause: UnansweredReport.Cause = .cut, _ effects: inout Effects
    ) -> ReportKind? {
        guard !effects.outcomes.isEmpty else { return nil }
        var answered: ReportKind?
        for number in effects.outcomes.indices {
            switch effects.outcomes[number] {
            case .answered(let report, _, _, _, _) where cohort.reportForm == .decided:
                answered = report.reportKind
            case .answered(let report, let at, let message, let range, let mayBeUnanswered):
                let delay = report.sentAt - report.dueAt
                let serviceTime = at - sending(of: report)
                let answer = AnsweredReport(
                    kind: report.reportKind, responseTime: at - report.dueAt, serviceTime: serviceTime,
                    range: range.map { ($0.low + delay)...($0.high + delay) }, mayBeUnanswered: mayBeUnanswered,
                    isLate: serviceTime >= cohort.plan.answerTimeout, isRefusal: message == .error)
                answered = answer.kind
                effects.append(.answered(answer))
            case .unanswered(let report, _, let range):
                // Whenever that became certain, an answer would have been late.
                let end = max(now, report.sentAt + cohort.plan.answerTimeout)
                recordUnanswered(report, because: .timedOut, range, at: end, &effects)
            case .cut(let report):
                let isOverdue = now - report.sentAt >= cohort.plan.answerTimeout
                recordUnanswered(report, because: isOverdue ? .timedOut : cause, nil, at: now, &effects)
            case .overdue: break
            case .surplus(let message):
                effects.count(.push)
                if message == .bare { effects.count(.surplusAnswer) }
            }
        }
        effects.outcomes.removeAll(keepingCapacity: true)
        return answered
    }

    private func recordUnanswered(
        _ report: SentReport, because cause: UnansweredReport.Cause, _ range: ServiceTimeRange?, at now: Instant,
        _ effects: inout Effects
    ) {
        let delay = report.sentAt - report.dueAt
        effects.append(
            .unanswered(
                UnansweredReport(
                    kind: report.reportKind, cause: self.cause(cause, of: report), waited: now - report.dueAt,
                    delay: delay,
                    possibleAnswer: range.map { ($0.low + delay)...($0.high + delay) })))
    }
}

/// What a Ping carries: whose it is, and its number. Several agents may share a connection.
struct PingPayload {
    let value: UInt64

    init(value: UInt64) { self.value = value }

    init(_ agent: UInt64, _ number: UInt16) { value = agent << 16 | UInt64(number) }

    var number: UInt16 { UInt16(truncatingIfNeeded: value) }

    func isFrom(_ agent: UInt64) -> Bool { value >> 16 == agent & (1 << 48 - 1) }
}

extension ReportKind {
    /// Whether servers usually answer it with an offer: they have learned something new of the agent.
    fileprivate var expectsContent: Bool {
        switch self {
        case .first, .reconnect, .fullState, .components, .request: true
        case .heartbeat, .status, .custom, .agentDisconnect, .malformed, .oversized: false
        }
    }
}

extension SentReport {
    fileprivate var reportKind: ReportKind { ReportKind(rawValue: kind) ?? .heartbeat }
}
