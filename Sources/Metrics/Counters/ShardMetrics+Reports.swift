public import AgentModel
import Basis

/// What becomes of reports and of the heartbeats that are due: each has exactly one end, and is counted under it.
extension ShardMetrics {
    /// An answer, measured.
    public func record(_ answer: AnsweredReport) {
        guard !answer.isRefusal else { return refused(answer.kind) }
        count(.answersReceived)
        if answer.isLate { count(.lateAnswers) }
        if answer.range != nil || answer.mayBeUnanswered { count(.answersAmbiguous) }
        switch answer.kind {
        case .heartbeat:
            count(answer.isLate ? .heartbeatsLate : .heartbeatsAnsweredInTime)
            record(.heartbeatResponse, answer.responseTime, answer, answer.range)
            recordService(.heartbeatService, answer)
        case .first, .reconnect:
            recordService(.firstReport, answer)
        case .status, .fullState, .components, .custom, .request:
            record(.statusResponse, answer.responseTime, answer, answer.range)
        case .agentDisconnect:
            count(.agentDisconnectsAnswered)
        case .malformed, .oversized:
            break
        }
    }

    /// A report was answered with an error.
    public func refused(_ kind: ReportKind) {
        count(.reportsRefused)
        if kind == .heartbeat { count(.heartbeatsRefused) }
    }

    /// A report was not answered.
    public func record(_ report: UnansweredReport) {
        if report.kind == .heartbeat {
            count(report.cause.counterOfHeartbeats)
            if report.cause != .cut { count(.heartbeatsMissed) }
        }
        if report.kind == .agentDisconnect { return count(.agentDisconnectsUnanswered) }
        switch report.cause {
        case .timedOut: count(.unanswered)
        case .connectionLost: count(.answersLost)
        case .withheld: count(.reportsWithheld)
        // What the run itself ended says nothing about how long an answer would have taken.
        case .cut: return count(.reportsCut)
        }
        switch report.kind {
        case .heartbeat:
            record(.heartbeatResponse, report, waited: report.waited)
            if let range = report.possibleAnswer {
                recordOptional(.heartbeatService, range.lowerBound - report.delay, range.upperBound - report.delay)
            }
        case .first, .reconnect: record(.firstReport, report, waited: report.waited - report.delay)
        case .status, .fullState, .components, .custom, .request:
            record(.statusResponse, report, waited: report.waited)
        case .agentDisconnect, .malformed, .oversized: break
        }
    }

    /// Heartbeats were due and could not be sent. The work is bounded, however many they are.
    public func record(_ missed: MissedHeartbeats) {
        guard missed.count > 0 else { return }
        count(.heartbeatsDue, missed.count)
        count(.heartbeatsNotPossible, missed.count)
        count(.heartbeatsMissed, missed.count)
        let group = (missed.count + Self.maxMissedValues - 1) / Self.maxMissedValues
        var first = 0
        while first < missed.count {
            let size = min(group, missed.count - first)
            let middle = missed.interval.scaled(by: Double(first) + Double(size - 1) / 2)
            let span = max(missed.longest - middle, .zero)
            record(.heartbeatResponse, span, count: UInt64(size))
            if !missed.isAnswered { record(.heartbeatResponse, span, .atLeast, count: UInt64(size)) }
            first += size
        }
    }

    /// An agent was without its server for a while.
    public func record(_ time: TimeWithoutServer) {
        record(.timeWithoutServer, time.span)
        if !time.isOver { record(.timeWithoutServer, time.span, .atLeast) }
    }

    /// More values of one outage are recorded in groups, each at its middle.
    private static let maxMissedValues = 1_000

    private func recordService(_ measure: Measure, _ answer: AnsweredReport) {
        let delay = answer.responseTime - answer.serviceTime
        guard let range = answer.range else { return record(measure, answer.serviceTime) }
        guard answer.mayBeUnanswered else {
            return record(
                measure, answer.serviceTime, answer, (range.lowerBound - delay)...(range.upperBound - delay))
        }
        record(measure, answer.serviceTime)
        record(measure, answer.serviceTime, .ambiguous)
        recordOptional(measure, range.lowerBound - delay, range.upperBound - delay)
    }

    /// A value that exists whether or not its reading is right.
    private func record(
        _ measure: Measure, _ span: Nanoseconds, _ answer: AnsweredReport, _ range: ClosedRange<Nanoseconds>?
    ) {
        record(measure, span)
        guard range != nil || answer.mayBeUnanswered else { return }
        record(measure, span, .ambiguous)
        record(measure, range?.lowerBound ?? span, .low)
        // Where it may never have been answered, nothing is known above.
        if !answer.mayBeUnanswered { record(measure, range?.upperBound ?? span, .high) }
    }

    private func record(_ measure: Measure, _ report: UnansweredReport, waited: Nanoseconds) {
        record(measure, waited)
        guard let range = report.possibleAnswer else { return record(measure, waited, .atLeast) }
        record(measure, waited, .ambiguous)
        record(measure, min(range.lowerBound, waited), .low)
    }

    private func recordOptional(_ measure: Measure, _ low: Nanoseconds, _ high: Nanoseconds) {
        record(measure, low, .optionalLow)
        record(measure, high, .optionalHigh)
    }
}

extension UnansweredReport.Cause {
    /// What counts a heartbeat that is not answered for this cause.
    fileprivate var counterOfHeartbeats: Counter {
        switch self {
        case .timedOut, .connectionLost: .heartbeatsUnanswered
        case .withheld: .heartbeatsWithheld
        case .cut: .heartbeatsCut
        }
    }
}
