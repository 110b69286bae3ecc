public import Basis
import OpAMP

/// Waking: heartbeats that are due, answers that are overdue, waits that end.
extension Agent {
    /// The limit of overdue heartbeats that are sent at one late wake-up: enough for a pause of several intervals, and
    /// a bound on what one step may append.
    static let overdueLimit = 16

    /// The timer fired: on time, late, or early because what it was set for has gone. All are fine.
    public mutating func wake(at now: Instant, _ effects: inout Effects) {
        timer = .distantFuture
        switch life.phase {
        case .initializing, .disconnected:
            break
        case .connecting(let begun):
            if now >= begun + cohort.plan.connectTimeout { giveUpConnecting(at: now, &effects) }
        case .connected, .running, .configuring, .updating:
            if now >= schedule.next { sendDueHeartbeats(at: now, &effects) }
        case .backingOff(let until):
            if now >= until { connectAgain(at: now, &effects) }
        case .closing(let deadline, _):
            if now >= deadline { giveUpClosing(at: now, &effects) }
        case .restarting(let until):
            if now >= until { startAgain(at: now, &effects) }
        }
        advanceMatching(at: now, &effects)
        if extended != nil { advanceExtendedState(at: now, &effects) }
        setTimer(&effects)
    }

    /// Sends every heartbeat that is due, each with its own due time: the load does not wait for the tool.
    @inline(__always)
    mutating func sendDueHeartbeats(at now: Instant, _ effects: inout Effects) {
        sendHeartbeat(dueAt: schedule.next, at: now, &effects)
        guard now >= schedule.next else { return }
        sendOverdueHeartbeats(at: now, &effects)
    }

    @inline(never)
    private mutating func sendOverdueHeartbeats(at now: Instant, _ effects: inout Effects) {
        var sent = 1
        while now >= schedule.next, sent < Self.overdueLimit {
            sendHeartbeat(dueAt: schedule.next, at: now, &effects)
            sent += 1
        }
        effects.count(.heartbeatsSkipped, schedule.skipOverdue(at: now, by: heartbeatRules))
    }

    /// The server offered another interval; zero turns heartbeats off. Agents without heartbeats accept it only to poll
    /// by.
    mutating func heartbeatIntervalOffered(_ interval: Nanoseconds, at now: Instant) {
        guard capabilities.contains(.reportsHeartbeat) || cohort.plan.pollingInterval != nil else { return }
        changeInterval(to: HeartbeatSchedule.Interval(span: interval, isOffered: true), at: now)
    }

    mutating func changeInterval(to interval: HeartbeatSchedule.Interval, at now: Instant) {
        schedule.change(
            to: interval, isOnline: life.phase.session != nil, at: now, by: heartbeatRules, &random)
    }

    /// In a closed loop an answer is followed by the next report, at once or after a think time.
    mutating func sendNextOfClosedLoop(at now: Instant, _ effects: inout Effects) {
        guard case .closedLoop(let think) = cohort.plan.load, life.phase.session != nil, outstandingReports == 0,
            !flags.contains(.leaving)
        else { return }
        let pause = think.draw(&random)
        if pause > .zero {
            schedule.wait(until: now + pause)
        } else {
            sendHeartbeat(dueAt: now, at: now, &effects)
        }
    }
}
