public import Basis

/// Transports on which a message is the answer to the oldest report, by their own rules, and servers that name in each
/// answer the report that it is to.
extension Matcher {
    mutating func sentExactly(
        _ report: SentReport, on state: inout MatchState, _ outcomes: inout [MatchOutcome]
    ) -> PingPlacement {
        if !state.hasWindow, !state.flags.contains(.isWaiting),
            let delay = UInt32(exactly: (report.sentAt - report.dueAt).count)
        {
            state.number &+= 1
            state.wait(for: report, delay: delay)
            return .none
        }
        var window = takeWindow(of: &state)
        state.number &+= 1
        if window.reports.count == Self.maxReports {
            outcomes.append(.unanswered(window.reports.removeFirst().report, isProven: false, range: nil))
        }
        window.reports.append(WaitingReport(report: report, number: state.number))
        window.lastEvent = report.sentAt
        putBack(&window, of: &state)
        return .none
    }

    mutating func receivedExactly(
        _ message: ReceivedMessage, at now: Instant, on state: inout MatchState, _ outcomes: inout [MatchOutcome]
    ) {
        if state.hasWindow {
            var window = takeWindow(of: &state)
            if let report = window.reports.first?.report {
                window.reports.removeFirst()
                outcomes.append(.answered(report, at: now, message, range: nil, mayBeUnanswered: false))
            } else {
                outcomes.append(.surplus(message))
            }
            window.lastEvent = now
            putBack(&window, of: &state)
        } else if state.flags.contains(.isWaiting) {
            outcomes.append(
                .answered(state.waitingReport, at: now, message, range: nil, mayBeUnanswered: false))
            state.stopWaiting(at: now)
        } else {
            outcomes.append(.surplus(message))
        }
    }

    /// An answer was received that names its report.
    /// - Parameter age: how many reports of the connection were sent after that one.
    public mutating func received(
        _ message: ReceivedMessage, toReport age: UInt16, at now: Instant, on state: inout MatchState,
        _ outcomes: inout [MatchOutcome]
    ) {
        let number = state.number &- age
        if state.hasWindow {
            var window = takeWindow(of: &state)
            if let index = window.reports.firstIndex(where: { $0.number == number }) {
                let report = window.reports.remove(at: index).report
                outcomes.append(.answered(report, at: now, message, range: nil, mayBeUnanswered: false))
            } else {
                outcomes.append(.surplus(message))
            }
            window.lastEvent = now
            putBack(&window, of: &state)
        } else if state.flags.contains(.isWaiting), age == 0 {
            outcomes.append(.answered(state.waitingReport, at: now, message, range: nil, mayBeUnanswered: false))
            state.stopWaiting(at: now)
        } else {
            outcomes.append(.surplus(message))
        }
    }
}
