import Basis
import OpAMP

/// Building and sending reports.
extension Agent {
    /// Sends a heartbeat: instance uid, sequence number, capabilities and nothing else, as real clients do. No
    /// allocation once `effects` has its size.
    @inline(__always)
    mutating func sendHeartbeat(dueAt: Instant, at now: Instant, _ effects: inout Effects) {
        if !faults.isEmpty, injectFault(dueAt: dueAt, at: now, &effects) { return }
        let start = effects.bytes.count
        if cohort.reportForm == .encoded {
            Heartbeat.encode(
                instanceUID: instanceUID, sequenceNumber: nextSequenceNumber, capabilities: capabilities,
                appendingTo: &effects.bytes)
        }
        sent(.heartbeat, from: start, dueAt: dueAt, at: now, &effects)
    }

    /// Sends a report that carries `fields` as far as the agent may report them and the server accepts them.
    mutating func sendReport(
        _ kind: ReportKind, _ fields: StatusFields, dueAt: Instant, at now: Instant, _ effects: inout Effects
    ) {
        let fields = fields.intersection(.reportable(by: capabilities, to: serverCapabilities))
        if fields.isEmpty, cohort.reportForm == .encoded {
            sendBareReport(kind, dueAt: dueAt, at: now, &effects)
        } else {
            sendReport(kind, fields, dueAt: dueAt, at: now, &effects) { _ in }
        }
    }

    /// The same where nothing is left to carry: the bytes are a heartbeat's, and nothing is built for them.
    private mutating func sendBareReport(
        _ kind: ReportKind, dueAt: Instant, at now: Instant, _ effects: inout Effects
    ) {
        let start = effects.bytes.count
        Heartbeat.encode(
            instanceUID: instanceUID, sequenceNumber: nextSequenceNumber, capabilities: capabilities,
            appendingTo: &effects.bytes)
        guard effects.bytes.count - start < cohort.plan.maximumReportBytes else {
            effects.bytes.removeSubrange(start...)
            return effects.count(.reportTooBig)
        }
        noteSent(kind, [], from: start, dueAt: dueAt, at: now, &effects)
    }

    /// Sends a report that carries `fields` as far as the agent may report them and the server accepts them.
    /// - Parameter amend: sets what is no status, such as a custom message.
    mutating func sendReport(
        _ kind: ReportKind, _ fields: StatusFields, dueAt: Instant, at now: Instant, _ effects: inout Effects,
        amend: (inout AgentToServer) -> Void
    ) {
        let fields = fields.intersection(.reportable(by: capabilities, to: serverCapabilities))
        guard cohort.reportForm == .encoded else { return decideReport(kind, fields, dueAt: dueAt, at: now, &effects) }
        var report = status(fields, at: now)
        amend(&report)
        guard report.encodedSize < cohort.plan.maximumReportBytes else {
            // The byte of the message header counts towards the limit. What does not fit will not fit later either.
            effects.count(.reportTooBig)
            changes.discard(fields)
            return
        }
        let start = effects.bytes.count
        report.encode(appendingTo: &effects.bytes)
        // The timestamps are those of the health.
        if faults.has(.hasSkewedClock), fields.contains(.health) { effects.fault(.hasSkewedClock) }
        noteSent(
            kind, fields, report.health.map { HealthGrade($0) }, from: start, dueAt: dueAt, at: now, &effects)
    }

    /// Records that a report is sent that carries `fields`.
    private mutating func noteSent(
        _ kind: ReportKind, _ fields: StatusFields, _ health: HealthGrade? = nil, from start: Int, dueAt: Instant,
        at now: Instant, _ effects: inout Effects
    ) {
        changes.sent(fields, by: capabilities)
        sent(kind, fields, from: start, dueAt: dueAt, at: now, &effects)
        if let health { noteReported(health, at: now, &effects) }
        if extended != nil {
            noteConfigReported(fields, at: now, &effects)
            endBatchIfEmpty(&effects)
        }
    }

    /// The same without a report: what it would carry is recorded as sent.
    private mutating func decideReport(
        _ kind: ReportKind, _ fields: StatusFields, dueAt: Instant, at now: Instant, _ effects: inout Effects
    ) {
        let health = fields.contains(.health) ? healthGrade(at: now) : nil
        noteSent(kind, fields, health, from: effects.bytes.count, dueAt: dueAt, at: now, &effects)
    }

    /// The agent's status as a report, cut down to `fields`.
    func status(_ fields: StatusFields, at now: Instant) -> AgentToServer {
        var report = AgentToServer(
            instanceUID: .uid(instanceUID), sequenceNumber: nextSequenceNumber, capabilities: capabilities)
        if fields.contains(.description) {
            report.agentDescription = description
            // A full report repeats the flag until a uid has been given.
            if flags.contains(.wantsInstanceUID) { report.flags.insert(.requestInstanceUID) }
        }
        if fields.contains(.health) { report.health = health(at: now) }
        if fields.contains(.effectiveConfig) { report.effectiveConfig = effectiveConfig }
        if fields.contains(.remoteConfigStatus) { report.remoteConfigStatus = remoteConfigStatus }
        if fields.contains(.packageStatuses) { report.packageStatuses = packageStatuses }
        if fields.contains(.customCapabilities), !cohort.customCapabilities.isEmpty {
            report.customCapabilities = CustomCapabilities(capabilities: cohort.customCapabilities)
        }
        if fields.contains(.componentList) {
            report.availableComponents = cohort.availableComponents
        } else if fields.contains(.components) {
            report.availableComponents = AvailableComponents(hash: cohort.availableComponents.hash)
        }
        if fields.contains(.connectionSettingsStatus) { report.connectionSettingsStatus = connectionSettingsStatus }
        return report
    }

    /// The agent's description, with the version that a server has installed, if one has.
    var description: AgentDescription {
        var description = cohort.description(of: index, instanceUID)
        guard let version = packages?.offeredAgentVersion else { return description }
        for number in description.identifyingAttributes.indices
        where description.identifyingAttributes[number].key == DescriptionTemplate.versionKey {
            description.identifyingAttributes[number].value = .string(version)
        }
        return description
    }

    /// Records a report whose bytes begin at `start` in `effects.bytes`.
    @inline(__always)
    mutating func sent(
        _ kind: ReportKind, _ content: StatusFields = [], from start: Int, dueAt: Instant, at now: Instant,
        _ effects: inout Effects
    ) {
        let slice = ReportSlice(
            range: start..<effects.bytes.count, kind: kind, content: content, sequenceNumber: nextSequenceNumber,
            dueAt: dueAt)
        nextSequenceNumber &+= 1
        expectAnswer(to: slice, at: now, &effects)
        schedule.sent(kind, dueAt: dueAt, by: heartbeatRules, &random)
    }

    /// Reports what has changed, if anything has, in one report: at once, or with what else changes within the cohort's
    /// window.
    /// - Parameter isUrgent: the report cannot wait, because the process is about to restart.
    mutating func reportChanges(
        _ kind: ReportKind = .status, isUrgent: Bool = false, at now: Instant, _ effects: inout Effects
    ) {
        let fields = reportableChanges
        guard !fields.isEmpty, life.phase.session != nil else { return }
        if kind == .status, !isUrgent, holdsChange(at: now) { return }
        sendReport(kind, fields, dueAt: now, at: now, &effects)
    }

    /// What has changed and may be reported to this server.
    var reportableChanges: StatusFields {
        changes.unreported.intersection(.reportable(by: capabilities, to: serverCapabilities))
    }
}

/// Sending status changes that come close together in one report.
extension Agent {
    /// Whether the change that has just occurred waits for others, by the cohort's plan.
    private mutating func holdsChange(at now: Instant) -> Bool {
        let plan = cohort.plan.batch
        // An agent that is about to leave for another connection cannot wait.
        guard plan.window > .zero, connectionSettings?.isWaiting != true else { return false }
        return withExtendedState { extended in
            var batch = extended.batch ?? ChangeBatch(plan, at: now)
            let waits = batch.join(plan, at: now)
            extended.batch = batch
            return waits
        }
    }

    /// Whether changes wait for their window to end.
    var isHoldingChanges: Bool { extended?.value.batch != nil }

    /// The window is over: what has changed is sent in one report, due now.
    mutating func releaseChanges(at now: Instant, _ effects: inout Effects) {
        guard let batch = extended?.value.batch else { return }
        let fields = reportableChanges
        guard life.phase.session != nil, !fields.isEmpty else { return endBatch() }
        sendReport(.status, fields, dueAt: batch.due, at: now, &effects)
        // A report that was too large to be sent must not be tried again and again.
        endBatch()
    }

    /// A report is being sent. Where nothing of a batch is left after it, the batch is over.
    private mutating func endBatchIfEmpty(_ effects: inout Effects) {
        guard let batch = extended?.value.batch, reportableChanges.isEmpty else { return }
        effects.count(.changesJoined, batch.joined)
        endBatch()
    }

    /// Nothing waits any more: it was sent, or the connection has ended and it is reported on the next one.
    mutating func endBatch() {
        guard isHoldingChanges else { return }
        withExtendedState { $0.batch = nil }
    }
}
