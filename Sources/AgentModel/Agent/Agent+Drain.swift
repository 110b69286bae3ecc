public import Basis
import Matching
import OpAMP

/// Leaving at the end of a run.
extension Agent {
    /// Leaves gracefully and for good: waits until every report has its answer, then sends agent_disconnect and a
    /// WebSocket Close, and waits at most `closeTimeout` for the server's.
    /// - Parameter deadline: when answers are no longer waited for; reports that have none by then are unanswered.
    public mutating func drain(at now: Instant, by deadline: Instant, _ effects: inout Effects) {
        switch life.phase {
        case .initializing, .backingOff, .restarting:
            stop(because: .drained, at: now, &effects)
        case .connecting:
            effects.append(.abort)
            stop(because: .drained, at: now, &effects)
        case .connected, .running, .configuring, .updating:
            if faults.has(.leavesWithoutAgentDisconnect) {
                effects.fault(.leavesWithoutAgentDisconnect)
                effects.append(.abort)
                return stop(because: .drained, at: now, &effects)
            }
            guard now < deadline, outstandingReports > 0 || effects.matcher.mayStillWait(match) else {
                return leave(at: now, &effects)
            }
            flags.insert(.leaving)
            schedule.end()
            withExtendedState { $0.leaveBy = deadline }
            setTimer(&effects)
        case .closing:
            leave(at: now, &effects)
        case .disconnected:
            break
        }
    }

    /// Leaves at once, whatever waits for an answer.
    public mutating func drain(at now: Instant, _ effects: inout Effects) {
        drain(at: now, by: now, &effects)
    }

    /// Leaves if that is all that is left to do.
    mutating func leaveIfAnswered(at now: Instant, _ effects: inout Effects) {
        guard flags.contains(.leaving), outstandingReports == 0, life.phase.session != nil,
            !effects.matcher.mayStillWait(match)
        else { return }
        leave(at: now, &effects)
    }

    /// Answers are no longer waited for: the server has not given them by the end of the drain.
    mutating func leaveUnanswered(at now: Instant, _ effects: inout Effects) {
        withExtendedState { $0.leaveBy = .distantFuture }
        guard life.phase.session != nil else { return }
        endReports(because: .timedOut, at: now, &effects)
        leave(at: now, &effects)
    }

    private mutating func leave(at now: Instant, _ effects: inout Effects) {
        if extended != nil { withExtendedState { $0.leaveBy = .distantFuture } }
        close(code: 1000, afterwards: .stop, because: .drained, at: now, &effects)
    }

    /// The run ends, whatever the agent is doing: counts what has no end yet. The agent itself does not change its
    /// state.
    /// - Parameter isDrained: whether the server had the whole drain to answer in.
    public mutating func settle(isDrained: Bool, at now: Instant, _ effects: inout Effects) {
        endOutage(isAnswered: false, at: now, &effects)
        endReports(because: isDrained ? .timedOut : .cut, at: now, &effects)
    }
}
