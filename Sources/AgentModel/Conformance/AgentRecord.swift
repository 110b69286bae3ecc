import Basis
import OpAMP
import OrderedCollections

/// What the checker knows of one agent: what it said last, what it was told, what it owes.
struct AgentRecord {
    /// The uid that the server has told it to take.
    var assignedUID: InstanceUID?
    private(set) var isOnConnection = false
    private(set) var saidGoodbye = false
    private var isKnown = false
    private var nextSequenceNumber: UInt64?
    private var last = AgentToServer()
    private var lastSentAt: Instant?
    private var lastMessage = AgentToServer()
    private var customCapabilities: [String] = []
    /// What the server can do, once it said so on this connection.
    private var server: ServerCapabilities?
    private var owesFullState = false
    private var owesComponents = false
    private var wasBadRequest = false
    private var isUnavailable = false
    /// The interval that the server offered; `nil` while it offered none.
    private var interval: Nanoseconds?
    private var intervalSince: Instant = .zero
    private var offeredConfigs: OrderedDictionary<[UInt8], AgentConfigMap> = [:]
    private var offeredPackages: OrderedSet<[UInt8]> = []
    private var offeredSettings: OrderedSet<[UInt8]> = []

    /// So many offers are remembered at most; an agent answers the last ones.
    private static let offerLimit = 64

    mutating func connectionOpened() {
        isOnConnection = false
        saidGoodbye = false
        server = nil
        owesFullState = false
        owesComponents = false
        isUnavailable = false
        wasBadRequest = false
        lastSentAt = nil
    }

    mutating func processRestarted() {
        nextSequenceNumber = nil
        isKnown = false
        interval = nil
        last = AgentToServer()
    }

    // MARK: What the agent hears

    mutating func hear(_ answer: ServerToAgent, at now: Instant) {
        if let error = answer.errorResponse {
            switch error.type {
            case .badRequest: wasBadRequest = true
            case .unavailable: isUnavailable = true
            case .unknown, .unrecognized: break
            }
            return
        }
        if !answer.capabilities.isEmpty { server = answer.capabilities }
        // What the server asks for now may well be said in the same words again.
        if !answer.flags.isEmpty || answer.customMessage != nil || answer.remoteConfig != nil { wasBadRequest = false }
        if answer.command != nil, last.capabilities.contains(.acceptsRestartCommand) { return }
        if answer.flags.contains(.reportFullState) { owesFullState = true }
        if answer.flags.contains(.reportAvailableComponents), last.capabilities.contains(.reportsAvailableComponents) {
            owesComponents = true
        }
        if let uid = answer.agentIdentification?.newInstanceUID.uid, uid.high | uid.low != 0 {
            assignedUID = uid == last.instanceUID.uid ? nil : uid
        }
        if let offer = answer.remoteConfig {
            offeredConfigs[offer.configHash] = offer.config ?? AgentConfigMap()
            if offeredConfigs.count > Self.offerLimit { offeredConfigs.removeFirst() }
        }
        if let offer = answer.packagesAvailable { Self.remember(offer.allPackagesHash, in: &offeredPackages) }
        if let offer = answer.connectionSettings {
            Self.remember(offer.hash, in: &offeredSettings)
            if let opamp = offer.opamp {
                interval = .seconds(Int64(clamping: opamp.heartbeatIntervalSeconds))
                intervalSince = now
            }
        }
    }

    private static func remember(_ hash: [UInt8], in offers: inout OrderedSet<[UInt8]>) {
        offers.append(hash)
        if offers.count > offerLimit { offers.removeFirst() }
    }

    // MARK: What the agent says

    mutating func check(
        _ report: AgentToServer, uid: InstanceUID, tolerance: Nanoseconds, at now: Instant, _ found: inout [Violation]
    ) {
        func note(_ rule: ConformanceRule, _ detail: @autoclosure () -> String) {
            found.append(Violation(rule: rule, detail: "\(uid) #\(report.sequenceNumber): \(detail())"))
        }
        let isFirst = !isOnConnection
        isOnConnection = true
        if saidGoodbye { note(.disconnectIsLast, "another report after AgentDisconnect") }
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
        for (part, isDeclared) in report.undeclaredParts where !isDeclared { note(.declaredBeforeUsed, part) }
        if let server { checkServer(report, server, note) }
        checkHeartbeat(report, isFirst: isFirst, tolerance: tolerance, at: now, note)
        checkDebts(report, note)
        if !isFirst, !owesFullState { checkCompression(report, note) }
        checkStatuses(report, note)
        if wasBadRequest, lastMessage.isSame(as: report), !report.saysNothing {
            note(.badRequestNotRepeated, "the same message again")
        }
        wasBadRequest = false
        saidGoodbye = report.agentDisconnect != nil
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

    private func checkHeartbeat(
        _ report: AgentToServer, isFirst: Bool, tolerance: Nanoseconds, at now: Instant,
        _ note: (ConformanceRule, @autoclosure () -> String) -> Void
    ) {
        guard !isFirst else { return }
        let isChangeOfCapabilities = report.capabilities != last.capabilities
        if report.saysNothing, !isChangeOfCapabilities, !owesFullState {
            if !report.capabilities.contains(.reportsHeartbeat) { note(.heartbeatsDeclared, "an empty report") }
            if interval == .zero { note(.heartbeatsTurnedOff, "an empty report") }
        }
        if let interval, interval > .zero, report.capabilities.contains(.reportsHeartbeat), !isChangeOfCapabilities,
            let lastSentAt, now - max(lastSentAt, intervalSince) > interval + tolerance
        {
            note(.heartbeatInTime, "\(now - lastSentAt) after the last report, interval \(interval)")
        }
    }

    private mutating func checkDebts(
        _ report: AgentToServer, _ note: (ConformanceRule, @autoclosure () -> String) -> Void
    ) {
        guard report.agentDisconnect == nil else { return }
        if owesFullState {
            let parts = report.missingParts(server: server)
            if !parts.isEmpty { note(.fullStateReported, "without \(parts.joined(separator: ", "))") }
        }
        if let components = report.availableComponents {
            if components.hash.isEmpty { note(.componentHash, "no hash") }
            if !components.components.isEmpty, !owesComponents { note(.componentListOnRequest, "not asked for") }
        }
        if owesComponents {
            if report.availableComponents?.components.isEmpty ?? true { note(.componentListOnRequest, "not sent") }
            owesComponents = false
        }
    }

    /// What a report on an open connection repeats without need. Health and the list of components may be sent again: the
    /// first carries times, the second was asked for.
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
    }

    private mutating func checkStatuses(
        _ report: AgentToServer, _ note: (ConformanceRule, @autoclosure () -> String) -> Void
    ) {
        if let health = report.health, !health.healthy, health.lastError.isEmpty { note(.unhealthyHasReason, "health") }
        if let status = report.remoteConfigStatus, !status.lastRemoteConfigHash.isEmpty {
            if let offered = offeredConfigs[status.lastRemoteConfigHash] {
                let effective = (report.effectiveConfig ?? last.effectiveConfig)?.configMap?.configMap ?? [:]
                if status.status == .applied, report.reportsEffectiveConfig(to: server),
                    !offered.configMap.allSatisfy({ effective[$0.key] == $0.value })
                {
                    note(.effectiveConfigMatches, "APPLIED without what was offered")
                }
            } else {
                note(.configHashEchoed, "a hash that was not offered")
            }
        }
        if let statuses = report.packageStatuses { checkPackages(statuses, note) }
        if let status = report.connectionSettingsStatus, !status.lastConnectionSettingsHash.isEmpty,
            !offeredSettings.contains(status.lastConnectionSettingsHash)
        {
            note(.settingsHashEchoed, "a hash that was not offered")
        }
        if let capabilities = report.customCapabilities { customCapabilities = capabilities.capabilities }
        if let message = report.customMessage, !customCapabilities.contains(message.capability) {
            note(.customCapabilityDeclared, message.capability)
        }
    }

    private func checkPackages(
        _ statuses: PackageStatuses, _ note: (ConformanceRule, @autoclosure () -> String) -> Void
    ) {
        let hash = statuses.serverProvidedAllPackagesHash
        if !hash.isEmpty, !offeredPackages.contains(hash) { note(.packageHashEchoed, "a hash that was not offered") }
        for (key, status) in statuses.packages {
            if status.name != key { note(.packageNames, "\"\(status.name)\" under \"\(key)\"") }
            if let problem = status.fieldProblem { note(.packageFields, "\(key): \(problem)") }
        }
    }
}
