import Basis
import OpAMP
import OrderedCollections

/// What the checker knows of one agent: its last reports, what it received, and what it still has to report.
struct ObservedAgent {
    /// The uid that the server has given it.
    var assignedUID: InstanceUID?
    private(set) var isOnConnection = false
    private(set) var sentAgentDisconnect = false
    private var isKnown = false
    private var nextSequenceNumber: UInt64?
    /// The agent's status as the server knows it.
    var last = AgentToServer()
    private var lastSentAt: Instant?
    private var lastMessage = AgentToServer()
    /// What the server can do, once it said so on this connection.
    private(set) var server: ServerCapabilities?
    private var owesFullState = false
    private var owesComponents = false
    /// How a message was refused that must not be sent again, and by which rule.
    private var refusal: ConformanceRule?
    private var isUnavailable = false
    /// Reports of this connection without an answer.
    private var unanswered = 0
    /// Settings were being tried when this connection was opened, and nothing was said since of how that went.
    private var owesSettingsOutcome = false
    private var heartbeats = ExpectedHeartbeats()
    private(set) var offers = ReceivedOffers()

    mutating func connectionOpened() {
        isOnConnection = false
        sentAgentDisconnect = false
        server = nil
        owesFullState = false
        owesComponents = false
        isUnavailable = false
        refusal = nil
        lastSentAt = nil
        unanswered = 0
        owesSettingsOutcome = last.connectionSettingsStatus?.status == .applying
        heartbeats.connectionOpened(tellsOutcomes: last.capabilities.contains(.reportsConnectionSettingsStatus))
    }

    mutating func processRestarted() {
        nextSequenceNumber = nil
        isKnown = false
        owesSettingsOutcome = false
        heartbeats = ExpectedHeartbeats()
        last = AgentToServer()
    }

    // MARK: - Received by the agent

    mutating func receive(_ answer: ServerToAgent, at now: Instant) {
        unanswered = max(unanswered - 1, 0)
        if let error = answer.errorResponse {
            switch error.type {
            case .badRequest: refusal = .badRequestNotRepeated
            case .unavailable: isUnavailable = true
            case .unknown, .unrecognized: refusal = .unknownErrorNotRepeated
            }
            return
        }
        if !answer.capabilities.isEmpty { server = answer.capabilities }
        // What the server asks for now may well be said in the same words again.
        if !answer.flags.isEmpty || answer.customMessage != nil || answer.remoteConfig != nil { refusal = nil }
        if answer.command != nil, last.capabilities.contains(.acceptsRestartCommand) { return }
        if answer.flags.contains(.reportFullState) { owesFullState = true }
        if answer.flags.contains(.reportAvailableComponents), last.capabilities.contains(.reportsAvailableComponents) {
            owesComponents = true
        }
        if let uid = answer.agentIdentification?.newInstanceUID.uid, uid.high | uid.low != 0 {
            assignedUID = uid == last.instanceUID.uid ? nil : uid
        }
        offers.take(answer)
        if let offer = answer.connectionSettings { heartbeats.offered(offer, at: now) }
    }

    // MARK: - Sent by the agent

    mutating func check(
        _ report: AgentToServer, uid: InstanceUID, tolerance: Nanoseconds, at now: Instant, _ found: inout [Violation]
    ) {
        func note(_ rule: ConformanceRule, _ detail: @autoclosure () -> String) {
            found.append(Violation(rule: rule, detail: "\(uid) #\(report.sequenceNumber): \(detail())"))
        }
        let isFirst = !isOnConnection
        isOnConnection = true
        if sentAgentDisconnect { note(.disconnectIsLast, "another report after AgentDisconnect") }
        if isUnavailable, report.agentDisconnect == nil { note(.unavailableHonoured, "a report after UNAVAILABLE") }
        if assignedUID != nil { note(.assignedInstanceUIDUsed, "still the former uid") }
        if !report.capabilities.contains(.reportsStatus) { note(.capabilitiesSet, "\(report.capabilities.rawValue)") }
        if report.capabilities.rawValue >> 16 != 0 || report.flags.rawValue >> 1 != 0 {
            note(.undefinedBitsClear, "capabilities \(report.capabilities.rawValue), flags \(report.flags.rawValue)")
        }
        if let expected = nextSequenceNumber, report.sequenceNumber != expected {
            note(.sequence, "expected \(expected)")
        }
        nextSequenceNumber = report.sequenceNumber &+ 1
        if !isKnown, report.agentDescription == nil { note(.firstMessageIsStatus, "no description") }
        isKnown = true
        if let description = report.agentDescription, description.identifyingAttributes.isEmpty {
            note(.identified, "no identifying attribute")
        }
        for (part, isDeclared) in report.undeclaredParts where !isDeclared { note(.declaredBeforeUsed, part) }
        if let server { checkServer(report, server, note) }
        checkHeartbeat(report, isFirst: isFirst, tolerance: tolerance, at: now, note)
        checkDebts(report, isFirst: isFirst, note)
        if !isFirst, !owesFullState { checkCompression(report, note) }
        checkStatuses(report, note)
        checkSettingsOutcome(report, note)
        if let refusal, lastMessage.isSame(as: report), !report.saysNothing { note(refusal, "the same message again") }
        refusal = nil
        unanswered += 1
        sentAgentDisconnect = report.agentDisconnect != nil
        if report.agentDisconnect == nil { owesFullState = false }
        lastSentAt = now
        lastMessage = report
        last.take(report)
    }

    private func checkServer(
        _ report: AgentToServer, _ server: ServerCapabilities,
        _ note: (ConformanceRule, @autoclosure () -> String) -> Void
    ) {
        if report.effectiveConfig != nil, !server.contains(.acceptsEffectiveConfig) {
            note(.serverCapabilitiesHonoured, "effective configuration")
        }
        if report.packageStatuses != nil, !server.contains(.acceptsPackagesStatus) {
            note(.serverCapabilitiesHonoured, "package statuses")
        }
        if report.connectionSettingsRequest != nil, !server.contains(.acceptsConnectionSettingsRequest) {
            note(.serverCapabilitiesHonoured, "connection settings request")
        }
    }

    private var settingsHash: [UInt8] { last.connectionSettingsStatus?.lastConnectionSettingsHash ?? [] }

    /// The outcome of settings that were tried is reported once the server has answered on them, or with the first
    /// report after they were dropped.
    private mutating func checkSettingsOutcome(
        _ report: AgentToServer, _ note: (ConformanceRule, @autoclosure () -> String) -> Void
    ) {
        switch report.connectionSettingsStatus?.status {
        case .applied, .failed:
            heartbeats.settled(
                report.connectionSettingsStatus?.status == .applied,
                hash: report.connectionSettingsStatus?.lastConnectionSettingsHash ?? [])
            owesSettingsOutcome = false
        case .applying where report.connectionSettingsStatus?.lastConnectionSettingsHash != settingsHash:
            // Other offers were received since; only those have to be reported.
            owesSettingsOutcome = false
        case .applying, .unset, .unrecognized, nil:
            guard owesSettingsOutcome, unanswered == 0, isOnConnection, lastSentAt != nil,
                report.agentDisconnect == nil, report.capabilities.contains(.reportsConnectionSettingsStatus)
            else { return }
            note(.settingsOutcomeReported, "still APPLYING")
            owesSettingsOutcome = false
        }
    }

    private func checkHeartbeat(
        _ report: AgentToServer, isFirst: Bool, tolerance: Nanoseconds, at now: Instant,
        _ note: (ConformanceRule, @autoclosure () -> String) -> Void
    ) {
        guard !isFirst else { return }
        let isChangeOfCapabilities = report.capabilities != last.capabilities
        if report.saysNothing, !isChangeOfCapabilities, !owesFullState {
            if !report.capabilities.contains(.reportsHeartbeat) { note(.heartbeatsDeclared, "an empty report") }
            if heartbeats.interval == .zero { note(.heartbeatsTurnedOff, "an empty report") }
        }
        if let interval = heartbeats.interval, interval > .zero, report.capabilities.contains(.reportsHeartbeat),
            !isChangeOfCapabilities, let lastSentAt, now - max(lastSentAt, heartbeats.since) > interval + tolerance
        {
            note(.heartbeatInTime, "\(now - lastSentAt) after the last report, interval \(interval)")
        }
    }

    private mutating func checkDebts(
        _ report: AgentToServer, isFirst: Bool, _ note: (ConformanceRule, @autoclosure () -> String) -> Void
    ) {
        guard report.agentDisconnect == nil else { return }
        if owesFullState {
            let parts = report.missingParts(server: server)
            if !parts.isEmpty { note(.fullStateReported, "without \(parts.joined(separator: ", "))") }
        }
        if let components = report.availableComponents {
            if components.hash.isEmpty { note(.componentHash, "no hash") }
            if !components.components.isEmpty, !owesComponents { note(.componentListOnRequest, "not requested") }
            if components == AvailableComponents(hash: last.availableComponents?.hash ?? []), !isFirst, !owesFullState,
                !owesComponents
            {
                note(.unchangedLeftOut, "available components")
            }
        }
        if owesComponents {
            if report.availableComponents?.components.isEmpty ?? true { note(.componentListOnRequest, "not sent") }
            owesComponents = false
        }
    }

    /// What a report on an open connection repeats without need. The list of components may be sent again: it was asked
    /// for.
    private func checkCompression(
        _ report: AgentToServer, _ note: (ConformanceRule, @autoclosure () -> String) -> Void
    ) {
        if report.agentDescription != nil, report.agentDescription == last.agentDescription {
            note(.unchangedLeftOut, "description")
        }
        if report.health != nil, report.health == last.health { note(.unchangedLeftOut, "health") }
        if report.effectiveConfig != nil, report.effectiveConfig == last.effectiveConfig {
            note(.unchangedLeftOut, "effective configuration")
        }
        if report.remoteConfigStatus != nil, report.remoteConfigStatus == last.remoteConfigStatus {
            note(.unchangedLeftOut, "remote configuration status")
        }
        if report.packageStatuses != nil, report.packageStatuses == last.packageStatuses {
            note(.unchangedLeftOut, "package statuses")
        }
        if report.connectionSettingsStatus != nil, report.connectionSettingsStatus == last.connectionSettingsStatus {
            note(.unchangedLeftOut, "connection settings status")
        }
        if report.customCapabilities != nil, report.customCapabilities == last.customCapabilities {
            note(.unchangedLeftOut, "custom capabilities")
        }
    }
}
