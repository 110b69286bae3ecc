import OpAMP
import OrderedCollections

/// The parts of the status, each by itself.
extension ObservedAgent {
    func checkStatuses(_ report: AgentToServer, _ note: (ConformanceRule, @autoclosure () -> String) -> Void) {
        if let health = report.health { checkHealth(health, "the agent", note) }
        if let files = report.effectiveConfig?.configMap, files.hasUnnamedFileAmongOthers,
            !offers.haveUnnamedFileAmongOthers
        {
            note(.configFilesNamed, "a file without a name beside others")
        }
        if let status = report.remoteConfigStatus { checkConfig(status, in: report, note) }
        if let statuses = report.packageStatuses { checkPackages(statuses, note) }
        if let status = report.connectionSettingsStatus {
            if let problem = Self.problem(
                hash: status.lastConnectionSettingsHash, isSet: status.status != .unset,
                hasFailed: status.status == .failed, message: status.errorMessage)
            {
                note(.statusFields, "connection settings status: \(problem)")
            }
            if !status.lastConnectionSettingsHash.isEmpty, !offers.hasSettings(status.lastConnectionSettingsHash) {
                note(.settingsHashEchoed, "a hash that was not offered")
            }
        }
        if let request = report.connectionSettingsRequest,
            request.opamp?.certificateRequest?.csr.isEmpty ?? true
        {
            note(.requestActionable, "a request for nothing")
        }
        for capability in report.customCapabilities?.capabilities ?? [] where !Self.isReverseName(capability) {
            note(.customCapabilityNamed, capability)
        }
        let declared = (report.customCapabilities ?? last.customCapabilities)?.capabilities ?? []
        if let message = report.customMessage, !declared.contains(message.capability) {
            note(.customCapabilityDeclared, message.capability)
        }
    }

    /// The limit of the depth of the trees that are checked.
    private static let healthDepth = 16

    private func checkHealth(
        _ health: ComponentHealth, _ name: String, extended: Int = 0,
        _ note: (ConformanceRule, @autoclosure () -> String) -> Void
    ) {
        if !health.healthy, health.lastError.isEmpty { note(.unhealthyHasReason, name) }
        if health.healthy, health.startTimeUnixNano == 0 { note(.healthyHasStarted, name) }
        guard extended < Self.healthDepth else { return }
        for (name, component) in health.componentHealthMap {
            checkHealth(component, name, extended: extended + 1, note)
        }
    }

    private func checkConfig(
        _ status: RemoteConfigStatus, in report: AgentToServer,
        _ note: (ConformanceRule, @autoclosure () -> String) -> Void
    ) {
        if let problem = Self.problem(
            hash: status.lastRemoteConfigHash, isSet: status.status != .unset, hasFailed: status.status == .failed,
            message: status.errorMessage)
        {
            note(.statusFields, "remote configuration status: \(problem)")
        }
        guard !status.lastRemoteConfigHash.isEmpty else { return }
        guard let offered = offers.configs[status.lastRemoteConfigHash] else {
            return note(.configHashEchoed, "a hash that was not offered")
        }
        let effective = (report.effectiveConfig ?? last.effectiveConfig)?.configMap?.configMap ?? [:]
        if status.status == .applied, report.reportsEffectiveConfig(to: server),
            !offered.configMap.allSatisfy({ effective[$0.key] == $0.value })
        {
            note(.effectiveConfigMatches, "APPLIED without what was offered")
        }
    }

    /// What does not fit together in the status of an offer; `nil` where all does. A hash may be missing: a server need
    /// not send one.
    private static func problem(hash: [UInt8], isSet: Bool, hasFailed: Bool, message: String) -> String? {
        if !isSet, !hash.isEmpty { return "an offer without a status" }
        if !message.isEmpty, !hasFailed { return "an error message without a failure" }
        return nil
    }

    /// Whether a capability's name begins with a domain in reverse (CustomCapabilities): labels with dots between them,
    /// and at most a version after a slash.
    private static func isReverseName(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard let domain = parts.first, parts.count <= 2, !parts.contains(where: \.isEmpty) else { return false }
        let labels = domain.split(separator: ".", omittingEmptySubsequences: false)
        return labels.count >= 2 && !labels.contains(where: \.isEmpty)
    }

    private func checkPackages(
        _ statuses: PackageStatuses, _ note: (ConformanceRule, @autoclosure () -> String) -> Void
    ) {
        let hash = statuses.serverProvidedAllPackagesHash
        if !hash.isEmpty, !offers.hasPackages(hash) { note(.packageHashEchoed, "a hash that was not offered") }
        for (key, status) in statuses.packages {
            if status.name != key { note(.packageNames, "\"\(status.name)\" under \"\(key)\"") }
            if let problem = status.fieldProblem { note(.packageFields, "\(key): \(problem)") }
            if !status.serverOfferedHash.isEmpty, !offers.hasPackage(key, status.serverOfferedHash) {
                note(.packageHashEchoed, "\(key): a hash that was not offered")
            }
        }
        for (name, status) in last.packageStatuses?.packages ?? [:]
        where statuses.packages[name] == nil && !offers.mayBeGone(name) && !status.agentHasHash.isEmpty {
            note(.packagesComplete, "\"\(name)\" is no longer reported")
        }
    }
}
