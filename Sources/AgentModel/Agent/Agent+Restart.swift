import Basis
import OpAMP

/// Restarts and crashes of the agent's process.
extension Agent {
    /// The server commands something (ServerToAgentCommand Message).
    /// - Returns: Whether the rest of the message is to be ignored.
    mutating func commanded(_ command: ServerToAgentCommand, at now: Instant, _ effects: inout Effects) -> Bool {
        guard capabilities.contains(.acceptsRestartCommand) else {
            effects.count(.undeclaredCapabilityUsed)
            return false
        }
        switch command.type {
        case .restart:
            effects.count(.restartCommanded)
            switch cohort.plan.restartForm {
            case .supervised: restartCollector(at: now, &effects)
            case .whole: restart(because: .restartCommand, at: now, &effects)
            }
        case .unrecognized:
            effects.count(.unknownCommand)
        }
        return true
    }

    /// The supervisor restarts the collector: it is reported down, and up again when it is back. The connection stays.
    private mutating func restartCollector(at now: Instant, _ effects: inout Effects) {
        guard extended?.value.collector.isDown != true else { return }
        let back = now + cohort.plan.restartTime.draw(&random)
        withExtendedState { extended in
            if extended.collector.restart(until: back) { extended.healthChanged = now }
        }
        changes.insert(.health)
        reportChanges(at: now, &effects)
    }

    mutating func collectorIsBack(at now: Instant, _ effects: inout Effects) {
        withExtendedState { $0.collector.isBack() }
        processStarted = now
        changes.insert(.health)
        reportChanges(at: now, &effects)
    }

    /// The whole process restarts in order: agent_disconnect, close, and a new start after a while.
    mutating func restart(because cause: TransitionCause, at now: Instant, _ effects: inout Effects) {
        let until = now + cohort.plan.restartTime.draw(&random)
        guard life.phase.session != nil else { return processDown(until: until, because: cause, at: now, &effects) }
        close(code: 1000, afterwards: .restart(until: until), because: cause, at: now, &effects)
    }

    /// The process dies: the connection is lost without a close frame.
    mutating func crash(at now: Instant, _ effects: inout Effects) {
        let until = now + cohort.plan.restartTime.draw(&random)
        effects.count(.crashed)
        processDown(until: until, because: .crash, at: now, &effects)
    }

    mutating func processDown(
        until: Instant, because cause: TransitionCause, at now: Instant, _ effects: inout Effects
    ) {
        switch life.phase {
        case .connecting, .connected, .running, .configuring, .updating:
            effects.append(.abort)
            fallthrough
        case .backingOff:
            guard step(.crashed(until: until), because: cause, at: now, &effects) else { return }
            abandonFetch(&effects)
            leaveConnection(reports: .cut, at: now, &effects)
            endOutage(isAnswered: false, at: now, &effects)
        case .initializing, .closing, .restarting, .disconnected:
            break
        }
    }

    mutating func crashWithoutCause(at now: Instant, _ effects: inout Effects) {
        effects.fault(.crashes)
        withExtendedState { $0.crashes = .distantFuture }
        crash(at: now, &effects)
    }

    /// The process runs again, with the same identity and the data on its disk; nothing has been reported yet.
    mutating func startAgain(at now: Instant, _ effects: inout Effects) {
        guard step(.started, because: .restarted, at: now, &effects) else { return }
        processStarted = now
        nextSequenceNumber = 0
        backoff.restarted()
        flags.remove(.introduced)
        changes = StatusChanges()
        schedule.reset(cohort.plan.heartbeat)
        // Kept settings and settings on trial are on the disk (OpAMP Connection Setting Offer Flow, step 3).
        if let settings = connectionSettings?.target?.settings {
            heartbeatIntervalOffered(.seconds(Int64(clamping: settings.heartbeatIntervalSeconds)), at: now)
        }
        if faults.has(.forgetsInstanceUID) {
            effects.fault(.forgetsInstanceUID)
            instanceUID = Self.makeInstanceUID(&random)
        }
        if extended?.value.collector.isDown == true { withExtendedState { $0.collector.isBack() } }
        packagesInterrupted(at: now)
        beginHealth(at: now)
        flags.remove(.askedForCertificate)
        openTransport(&effects)
    }
}
