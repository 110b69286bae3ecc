import Basis
import OpAMP

/// Building and sending reports.
extension Agent {
    /// Sends a heartbeat: instance uid, sequence number, capabilities and nothing else, as real clients do. No allocation
    /// once `effects` has its size.
    @inline(__always)
    mutating func sendHeartbeat(dueAt: Instant, at now: Instant, _ effects: inout Effects) {
        if !faults.isEmpty, misbehave(dueAt: dueAt, at: now, &effects) { return }
        let start = effects.bytes.count
        Heartbeat.encode(
            instanceUID: instanceUID, sequenceNumber: nextSequenceNumber, capabilities: capabilities,
            appendingTo: &effects.bytes)
        sent(.heartbeat, from: start, dueAt: dueAt, at: now, &effects)
    }

    /// Sends a report that carries `fields` as far as the agent may report them and the server accepts them.
    /// - Parameter amend: sets what is no status, such as a custom message.
    mutating func sendReport(
        _ kind: ReportKind, _ fields: StatusFields, dueAt: Instant, at now: Instant, _ effects: inout Effects,
        amend: (inout AgentToServer) -> Void = { _ in }
    ) {
        let fields = fields.intersection(.reportable(by: capabilities, to: serverCapabilities))
        var report = status(fields, at: now)
        amend(&report)
        guard report.encodedSize < cohort.plan.maximumReportBytes else {
            // The byte of the message header counts towards the limit. What does not fit will not fit later either.
            effects.count(.reportTooBig)
            changed.subtract(fields)
            return
        }
        let start = effects.bytes.count
        report.encode(appendingTo: &effects.bytes)
        changed.subtract(fields)
        // What the agent does not declare is nothing to be reported later; what this server does not take may be, to another.
        changed.formIntersection(.reportable(by: capabilities, to: []))
        unconfirmed.formUnion(fields)
        // The timestamps are those of the health.
        if faults.has(.hasSkewedClock), fields.contains(.health) { effects.fault(.hasSkewedClock) }
        sent(kind, from: start, dueAt: dueAt, at: now, &effects)
        if let health = report.health { noteReported(health, &effects) }
        if extended != nil {
            noteConfigReported(fields, at: now, &effects)
            settleBatch(&effects)
        }
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

    /// What the agent says it is: with the version that a server has installed, where one has.
    var description: AgentDescription {
        var description = cohort.description(of: index, instanceUID)
        guard let version = packages?.offeredAgentVersion else { return description }
        for number in description.identifyingAttributes.indices
        where description.identifyingAttributes[number].key == DescriptionTemplate.versionKey {
            description.identifyingAttributes[number].value = .string(version)
        }
        return description
    }

    /// Keeps the books of a report whose bytes lie in `effects.bytes` from `start` on.
    @inline(__always)
    mutating func sent(
        _ kind: ReportKind, from start: Int, dueAt: Instant, at now: Instant, _ effects: inout Effects
    ) {
        nextSequenceNumber &+= 1
        effects.append(.send(ReportSlice(range: start..<effects.bytes.count, kind: kind, dueAt: dueAt)))
        if outstanding.append(OutstandingReport(dueAt: dueAt, sentAt: now, kind: kind)) != nil {
            giveUpReport(&effects)
        }
        scheduleHeartbeat(after: dueAt, kind)
    }

    /// Reports what has changed, if anything has, in one report: at once, or with what else changes within the cohort's window.
    /// - Parameter isUrgent: the report cannot wait, because the process is about to restart.
    mutating func reportChanges(
        _ kind: ReportKind = .status, isUrgent: Bool = false, at now: Instant, _ effects: inout Effects
    ) {
        let fields = changed.intersection(.reportable(by: capabilities, to: serverCapabilities))
        guard !fields.isEmpty, life.phase.session != nil else { return }
        if kind == .status, !isUrgent, holdsChange(at: now) { return }
        sendReport(kind, fields, dueAt: now, at: now, &effects)
    }
}
