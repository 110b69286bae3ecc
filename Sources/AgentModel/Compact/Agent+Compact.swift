package import Basis
import Matching
import OpAMP

/// Waking an agent of a simulated fleet, and putting it back.
extension Agent {
    /// The agent as it was put back.
    /// - Parameters:
    ///   - faults: the faults that it has in the coming step.
    ///   - random: what it draws from in the coming step.
    package init(
        waking record: CompactAgent, index: UInt64, cohort: Cohort, faults: Faults, random: SeededRandom,
        _ table: RevisionTable
    ) {
        self.index = index
        self.cohort = cohort
        self.faults = faults
        self.random = random
        // Messages of a simulated fleet carry no uid, and reports are not built.
        instanceUID = InstanceUID(high: 0, low: 0)
        schedule = HeartbeatSchedule(cohort.plan.heartbeat)
        wake(as: record)
        if record.flags.contains(.knowsServer) { serverCapabilities = table.capabilities }
        configure(as: record, table)
    }

    /// Becomes another agent, that of a record.
    /// - Parameters:
    ///   - record: the agent's.
    ///   - former: what this one was put back as; its extended state is left as it is where that is the same.
    @inline(__always)
    mutating func wake(
        _ record: CompactAgent, after former: CompactAgent, index: UInt64, cohort: Cohort, faults: Faults,
        random: SeededRandom, _ table: RevisionTable
    ) {
        self.index = index
        if self.cohort !== cohort { self.cohort = cohort }
        self.faults = faults
        self.random = random
        instanceUID = InstanceUID(high: 0, low: 0)
        processStarted = .zero
        timer = .distantFuture
        match = MatchState()
        wake(as: record)
        serverCapabilities = record.flags.contains(.knowsServer) ? table.capabilities : []
        let isSettled = extended?.value.isChanged == false
        if isSettled, record.hasConfiguration(of: former) { return }
        configure(as: record, hasHistory: isSettled && record.history == former.history, table)
        extended?.value.isChanged = false
    }

    /// Becomes the agent of a record, but for what its server and its configuration are.
    @inline(__always)
    fileprivate mutating func wake(as record: CompactAgent) {
        schedule = HeartbeatSchedule(
            cohort.plan.heartbeat, next: record.nextHeartbeat, hasBegun: record.flags.contains(.hasBegunHeartbeats))
        life = LifeCycle(in: record.lifePhase)
        nextSequenceNumber = UInt64(record.sequenceNumber)
        changes = StatusChanges(unreported: record.unreported, unconfirmed: record.unconfirmed)
        backoff = record.backoff
        reportedHealth = record.reportedHealth
        flags = record.flags.contains(.introduced) ? .introduced : []
    }

    /// Takes on the configuration of a record.
    /// - Parameter hasHistory: whether it has that of the record.
    fileprivate mutating func configure(as record: CompactAgent, hasHistory: Bool = false, _ table: RevisionTable) {
        guard record.flags.contains(.isConfigured), let offer = table.config(record.lastOffer),
            let kept = record.keptConfiguration
        else {
            extended = nil
            return
        }
        let running = table.config(record.running)
        withExtendedState {
            $0.configuration.restore(
                kept, of: offer, running: running, history: hasHistory ? nil : record.history, table,
                reported: record.reported, lies: record.flags.contains(.lies), deadline: record.configurationDue)
        }
    }

    /// The agent, kept whole, is about to take a step.
    package mutating func prepare(cohort: Cohort? = nil, faults: Faults, random: SeededRandom) {
        if let cohort { self.cohort = cohort }
        self.faults = faults
        self.random = random
    }

    /// The agent between two steps.
    /// - Returns: `nil` where it has something that a record cannot hold, such as packages, health faults or a report
    ///   that waits for its answer: then the host keeps the agent itself.
    package func compact(_ table: RevisionTable) -> CompactAgent? {
        guard fitsRecord(table), extended?.value.hasOnlyConfiguration != false else { return nil }
        return outline(table)
    }

    /// The same of an agent that was woken from a record in this memory.
    mutating func compact(_ table: RevisionTable, since woken: CompactAgent) -> CompactAgent? {
        var record = woken
        guard fitsRecord(table), putBack(in: &record) else { return nil }
        guard extended?.value.isChanged == true else { return record }
        record.forgetConfiguration()
        guard extended?.value.hasOnlyConfiguration == true, record.keepConfiguration(of: self, table) else {
            return nil
        }
        extended?.value.forgetWhatOnlySocketsMeasure()
        return record
    }

    /// Whether a record holds all of the agent but its extended state.
    @inline(__always)
    fileprivate func fitsRecord(_ table: RevisionTable) -> Bool {
        outstandingReports == 0 && !schedule.interval.isOffered && flags.subtracting(.introduced).isEmpty
            && (serverCapabilities.isEmpty || serverCapabilities == table.capabilities)
    }

    /// What a record holds of the agent, whether or not that is all; nil where it cannot hold even its phase or its
    /// configuration.
    package func outline(_ table: RevisionTable) -> CompactAgent? {
        var record = CompactAgent(running: 0, nextHeartbeat: .zero, sequenceNumber: 0)
        record.forgetConfiguration()
        guard putBack(in: &record), record.keepConfiguration(of: self, table) else { return nil }
        record.configurationDue = min(record.configurationDue, extended?.value.packagesDue ?? .distantFuture)
        return record
    }

    /// Writes all but the configuration into a record.
    /// - Returns: Whether it can be written.
    @inline(__always)
    fileprivate func putBack(in record: inout CompactAgent) -> Bool {
        switch life.phase {
        case .connecting(let begun): (record.phase, record.time) = (.connecting, begun)
        case .connected(let session): (record.phase, record.time) = (.connected, session.begun)
        case .running(let session): (record.phase, record.time) = (.running, session.begun)
        case .configuring(let session): (record.phase, record.time) = (.configuring, session.begun)
        case .updating(let session): (record.phase, record.time) = (.updating, session.begun)
        case .backingOff(let until): (record.phase, record.time) = (.backingOff, until)
        case .restarting(let until): (record.phase, record.time) = (.restarting, until)
        case .initializing, .closing, .disconnected: return false
        }
        record.nextHeartbeat = schedule.next
        record.sequenceNumber = UInt32(truncatingIfNeeded: nextSequenceNumber)
        record.unreported = changes.unreported
        record.unconfirmed = changes.unconfirmed
        record.backoff = backoff
        record.reportedHealth = reportedHealth
        record.flags.formIntersection(CompactAgent.Flags.ofConfiguration)
        if flags.contains(.introduced) { record.flags.insert(.introduced) }
        if schedule.hasBegun { record.flags.insert(.hasBegunHeartbeats) }
        if !serverCapabilities.isEmpty { record.flags.insert(.knowsServer) }
        return true
    }

    /// The server's offer of a revision was received: the message `table.offers[revision - 1]`, which was read for all
    /// agents at once.
    package mutating func received(
        offer revision: UInt8, of table: RevisionTable, at now: Instant, _ effects: inout Effects
    ) {
        guard acceptsMessages, let config = table.config(revision) else { return effects.count(.eventOutOfState) }
        matchAnswer(.offer, at: now, &effects)
        if life.phase.session != nil {
            serverCapabilities = table.capabilities
            flags.insert(.takingAnswer)
            configOffered(config, at: now, &effects)
            flags.remove(.takingAnswer)
            reportChanges(at: now, &effects)
            requestCertificate(at: now, &effects)
            switchConnection(at: now, &effects)
        }
        messageTaken(at: now, &effects)
    }

    /// When its configuration has something to do by itself.
    package var configurationDue: Instant { extended?.value.configuration.nextDeadline ?? .distantFuture }

    /// When the agent next has something to do by itself.
    package func nextStep(_ effects: borrowing Effects) -> Instant { nextDeadline(effects) }

    /// The collector that the agent supervises stops and does not come back by itself: the agent reports itself
    /// unhealthy.
    package mutating func collectorStops(at now: Instant, _ effects: inout Effects) {
        changeHealth(at: now, &effects) { $0.collector.restart(until: Instant(nanoseconds: .max - 1)) }
    }

    /// The collector runs again, as it does when another configuration is applied.
    package mutating func collectorStarts(at now: Instant, _ effects: inout Effects) {
        guard extended?.value.collector.isDown == true else { return }
        collectorIsBack(at: now, &effects)
        setTimer(&effects)
    }

    /// The process is down from now until `until`: it was stopped from outside, or its host has vanished.
    package mutating func processStops(until: Instant, at now: Instant, _ effects: inout Effects) {
        processDown(until: until, because: .crash, at: now, &effects)
    }
}

extension ExtendedState {
    /// What a record does not keep is as in an agent that was woken from one.
    fileprivate mutating func forgetWhatOnlySocketsMeasure() {
        isChanged = false
        healthChanged = .zero
        configuration.forgetWhenOffered()
    }

    /// Whether there is nothing in it but the configuration.
    fileprivate var hasOnlyConfiguration: Bool {
        guard configuration.hasOffer else { return isEmpty }
        return capabilities == nil && formerInstanceUID == nil && packages == nil && connectionSettings == nil
            && telemetry == nil && !isPaused && capabilityChanges == nil && health == nil && imposedHealth.isNone
            && !collector.isDown && excessiveReports == nil && crashes == .distantFuture && batch == nil
            && outage == nil
            && leaveBy == .distantFuture
    }
}

extension CompactAgent {
    fileprivate var lifePhase: LifeCycle.Phase {
        let session = LifeCycle.Session(begun: time, lastContact: time)
        switch phase {
        case .connecting: return .connecting(begun: time)
        case .connected: return .connected(session)
        case .running: return .running(session)
        case .configuring: return .configuring(session)
        case .updating: return .updating(session)
        case .backingOff: return .backingOff(until: time)
        case .restarting: return .restarting(until: time)
        }
    }

    fileprivate var keptConfiguration: Configuration.Kept? {
        switch stage {
        case .notConfigured: nil
        case .succeeding: .applying(.success)
        case .failing: .applying(.failure(message.text))
        case .crashing: .applying(.crash)
        case .configured: .applied
        case .error: .failed(message.text)
        }
    }

    /// A record holds so many configurations that worked: the limit of a simulated cohort
    /// (`RemoteConfigPlan.historyLimit`).
    package static let historyLimit = ConfigHistory.wordLimit

    /// Whether its configuration is that of another record.
    @inline(__always)
    fileprivate func hasConfiguration(of other: CompactAgent) -> Bool {
        history == other.history && configurationDue == other.configurationDue && lastOffer == other.lastOffer
            && running == other.running && stage == other.stage && message == other.message
            && reported == other.reported
            && flags.intersection(.ofConfiguration) == other.flags.intersection(.ofConfiguration)
    }

    /// Holds no configuration any more.
    fileprivate mutating func forgetConfiguration() {
        (lastOffer, running, history) = (0, 0, 0)
        (stage, message, reported) = (.notConfigured, .none, .received)
        configurationDue = .distantFuture
        flags.subtract(.ofConfiguration)
    }

    /// Holds the configuration of an agent; before, it holds none.
    /// - Returns: Whether it can hold it.
    fileprivate mutating func keepConfiguration(of agent: Agent, _ table: RevisionTable) -> Bool {
        guard let extended = agent.extended, extended.value.configuration.hasOffer else { return true }
        return keep(extended.value.configuration, table)
    }

    private mutating func keep(_ configuration: Configuration, _ table: RevisionTable) -> Bool {
        flags.insert(.isConfigured)
        guard let kept = configuration.past.word(table) else { return false }
        history = kept
        if configuration.lies { flags.insert(.lies) }
        reported = configuration.reported
        configurationDue = configuration.nextDeadline
        guard let offer = configuration.lastOffer else { return false }
        lastOffer = table.revision(of: offer)
        if configuration.isApplying {
            switch configuration.outcome {
            case .success: stage = .succeeding
            case .crash: stage = .crashing
            case .failure(let text):
                guard let known = FailureMessage(text) else { return false }
                (stage, message) = (.failing, known)
            }
        } else if configuration.hasFailed {
            guard let known = FailureMessage(configuration.message) else { return false }
            (stage, message) = (.error, known)
        } else {
            stage = .configured
        }
        guard let config = configuration.running else { return lastOffer > 0 }
        running = table.revision(of: config)
        return lastOffer > 0 && running > 0
    }
}
