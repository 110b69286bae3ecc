public import Basis
import OpAMP

/// Waking: heartbeats that fall due, answers that do not come, waits that end.
extension Agent {
    /// So many overdue heartbeats are sent at one late wake-up at most: enough for a pause of several intervals, and a
    /// bound on what one step may append.
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
            if now >= nextHeartbeat { sendDueHeartbeats(at: now, &effects) }
        case .backingOff(let until):
            if now >= until { connectAgain(at: now, &effects) }
        case .closing(let deadline, _):
            if now >= deadline { giveUpClosing(at: now, &effects) }
        case .restarting(let until):
            if now >= until { startAgain(at: now, &effects) }
        }
        giveUpLateAnswers(at: now, &effects)
        if extended != nil { advanceExtendedState(at: now, &effects) }
        setTimer(&effects)
    }

    /// Sends every heartbeat that is due, each with its own due time: the load does not wait for the tool.
    @inline(__always)
    mutating func sendDueHeartbeats(at now: Instant, _ effects: inout Effects) {
        sendHeartbeat(dueAt: nextHeartbeat, at: now, &effects)
        guard now >= nextHeartbeat else { return }
        sendOverdueHeartbeats(at: now, &effects)
    }

    @inline(never)
    private mutating func sendOverdueHeartbeats(at now: Instant, _ effects: inout Effects) {
        var sent = 1
        while now >= nextHeartbeat, sent < Self.overdueLimit {
            sendHeartbeat(dueAt: nextHeartbeat, at: now, &effects)
            sent += 1
        }
        let interval = signInterval
        guard now >= nextHeartbeat, interval > .zero else { return }
        let skipped = (now - nextHeartbeat).count / interval.count + 1
        effects.count(.heartbeatsSkipped, Int(clamping: skipped))
        nextHeartbeat = nextHeartbeat + interval * skipped
    }

    /// Sets when the next heartbeat is due, after a report that was due at `dueAt`.
    ///
    /// Any report is a sign of life, so the interval counts from the last one
    /// (OpAMPConnectionSettings.heartbeat_interval_seconds). The first heartbeat of a connection keeps the place that the
    /// cohort's phase gave it, or a full-state report to every agent of a fleet would put the whole fleet in step.
    @inline(__always)
    mutating func scheduleHeartbeat(after dueAt: Instant, _ kind: ReportKind) {
        guard nextHeartbeat != .distantFuture else { return }
        if kind == .heartbeat { flags.insert(.hasBeaten) }
        let plan = cohort.plan.heartbeat
        if plan.phase == .lockstep {
            if kind == .heartbeat { nextHeartbeat = dueAt + signInterval }
        } else if flags.contains(.hasBeaten) || plan.phase == .fromConnection {
            nextHeartbeat = dueAt + plan.span(signInterval, random: &random)
        }
        if cohort.plan.load.isClosed { nextHeartbeat = .distantFuture }
    }

    /// How often the agent speaks though it has nothing to say; zero: never. Over a WebSocket these are its heartbeats, if it has
    /// any. Over plain HTTP it also has to ask whether the server has anything for it, heartbeats or not, and each poll is a
    /// heartbeat (Plain HTTP Transport); an interval that the server has offered is then the polling interval, longer or shorter.
    var signInterval: Nanoseconds {
        let beat = capabilities.contains(.reportsHeartbeat) ? heartbeatInterval : .zero
        guard let poll = cohort.plan.pollingInterval, poll > .zero else { return beat }
        if flags.contains(.intervalOffered), heartbeatInterval > .zero { return heartbeatInterval }
        return beat > .zero ? min(beat, poll) : poll
    }

    /// Sets the first heartbeat of a connection.
    mutating func scheduleFirstHeartbeat(opened: Instant) {
        flags.remove(.hasBeaten)
        let interval = signInterval
        guard interval > .zero, !cohort.plan.load.isClosed else {
            nextHeartbeat = .distantFuture
            return
        }
        nextHeartbeat = cohort.plan.heartbeat.first(after: opened, interval: interval, random: &random)
    }

    /// The server offered another interval; zero turns heartbeats off. Agents without heartbeats take it only to poll by.
    mutating func heartbeatIntervalOffered(_ interval: Nanoseconds, at now: Instant) {
        guard capabilities.contains(.reportsHeartbeat) || cohort.plan.pollingInterval != nil else { return }
        setRhythm(OfferedInterval(interval: interval, isOffered: true), at: now)
    }

    /// The interval in force, and whether a server has set it.
    struct OfferedInterval: Hashable {
        var interval: Nanoseconds
        var isOffered: Bool
    }

    var rhythm: OfferedInterval {
        OfferedInterval(interval: heartbeatInterval, isOffered: flags.contains(.intervalOffered))
    }

    /// Beats by `rhythm` from now on.
    mutating func setRhythm(_ rhythm: OfferedInterval, at now: Instant) {
        let former = signInterval
        heartbeatInterval = rhythm.interval
        if rhythm.isOffered { flags.insert(.intervalOffered) } else { flags.remove(.intervalOffered) }
        guard signInterval != former, life.phase.session != nil else { return }
        scheduleFirstHeartbeat(opened: now)
    }

    /// Counts the reports whose answers are overdue and stops waiting for them.
    mutating func giveUpLateAnswers(at now: Instant, _ effects: inout Effects) {
        while let oldest = outstanding.oldest, now >= oldest.sentAt + cohort.plan.answerTimeout {
            _ = outstanding.removeOldest()
            giveUpReport(&effects)
            if outstanding.isEmpty { sendNextOfClosedLoop(at: now, &effects) }
        }
    }

    mutating func giveUpReport(_ effects: inout Effects) {
        effects.count(.unanswered)
        if givenUp < .max { givenUp += 1 }
    }

    /// In a closed loop an answer is followed by the next report, at once or after a time to think.
    mutating func sendNextOfClosedLoop(at now: Instant, _ effects: inout Effects) {
        guard case .closedLoop(let think) = cohort.plan.load, life.phase.session != nil, outstanding.isEmpty else {
            return
        }
        let pause = think.draw(&random)
        if pause > .zero {
            nextHeartbeat = now + pause
        } else {
            sendHeartbeat(dueAt: now, at: now, &effects)
        }
    }
}
