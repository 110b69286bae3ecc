import OpAMP

extension AgentToServer {
    /// Whether nothing but who reports, its number and its capabilities is there.
    var saysNothing: Bool {
        agentDescription == nil && health == nil && effectiveConfig == nil && remoteConfigStatus == nil
            && packageStatuses == nil && agentDisconnect == nil && flags.isEmpty && connectionSettingsRequest == nil
            && customCapabilities == nil && customMessage == nil && availableComponents == nil
            && connectionSettingsStatus == nil
    }

    /// The same message, its number apart.
    func isSame(as other: AgentToServer) -> Bool {
        var copy = other
        copy.sequenceNumber = sequenceNumber
        return self == copy
    }

    /// The parts that are there and need a capability, and whether that was declared.
    var undeclaredParts: [(part: String, isDeclared: Bool)] {
        [
            ("health", health == nil || capabilities.contains(.reportsHealth)),
            ("effective configuration", effectiveConfig == nil || capabilities.contains(.reportsEffectiveConfig)),
            ("remote configuration status", remoteConfigStatus == nil || capabilities.contains(.reportsRemoteConfig)),
            ("package statuses", packageStatuses == nil || capabilities.contains(.reportsPackageStatuses)),
            ("available components", availableComponents == nil || capabilities.contains(.reportsAvailableComponents)),
            (
                "connection settings status",
                connectionSettingsStatus == nil || capabilities.contains(.reportsConnectionSettingsStatus)
            ),
        ]
    }

    /// What a full report would have and this one has not.
    func missingParts(server: ServerCapabilities?) -> [String] {
        var parts: [String] = []
        if agentDescription == nil { parts.append("description") }
        if health == nil, capabilities.contains(.reportsHealth) { parts.append("health") }
        if effectiveConfig == nil, reportsEffectiveConfig(to: server) { parts.append("effective configuration") }
        if remoteConfigStatus == nil, capabilities.contains(.reportsRemoteConfig) {
            parts.append("remote configuration status")
        }
        if packageStatuses == nil, capabilities.contains(.reportsPackageStatuses),
            server?.contains(.acceptsPackagesStatus) ?? true
        {
            parts.append("package statuses")
        }
        if availableComponents == nil, capabilities.contains(.reportsAvailableComponents) {
            parts.append("available components")
        }
        return parts
    }

    func reportsEffectiveConfig(to server: ServerCapabilities?) -> Bool {
        capabilities.contains(.reportsEffectiveConfig) && (server?.contains(.acceptsEffectiveConfig) ?? true)
    }

    /// Merges `report` into the status as the server knows it; fields that the report does not have stay as they are.
    mutating func take(_ report: AgentToServer) {
        instanceUID = report.instanceUID
        sequenceNumber = report.sequenceNumber
        capabilities = report.capabilities
        agentDescription = report.agentDescription ?? agentDescription
        health = report.health ?? health
        effectiveConfig = report.effectiveConfig ?? effectiveConfig
        remoteConfigStatus = report.remoteConfigStatus ?? remoteConfigStatus
        if let statuses = report.packageStatuses { packageStatuses = statuses }
        if let status = report.connectionSettingsStatus { connectionSettingsStatus = status }
        customCapabilities = report.customCapabilities ?? customCapabilities
        availableComponents = report.availableComponents ?? availableComponents
    }
}

extension PackageStatus {
    /// What does not fit together; `nil` where all does.
    var fieldProblem: String? {
        if agentHasVersion.isEmpty != agentHasHash.isEmpty { return "has a version without a hash, or the reverse" }
        if serverOfferedVersion.isEmpty, !serverOfferedHash.isEmpty { return "was offered a hash without a version" }
        if downloadDetails != nil, status != .downloading { return "download details without a download" }
        if let details = downloadDetails, !details.isPlausible { return "a download of \(details.downloadPercent) %" }
        switch status {
        case .installed:
            if agentHasHash.isEmpty { return "installed, and not there" }
            if !serverOfferedHash.isEmpty, serverOfferedHash != agentHasHash {
                return "installed, but not what was offered"
            }
            return errorMessage.isEmpty ? nil : "installed with an error message"
        case .installing, .downloading:
            if serverOfferedHash.isEmpty { return "is being installed without an offer" }
            return errorMessage.isEmpty ? nil : "is being installed with an error message"
        case .installFailed:
            return serverOfferedHash.isEmpty ? "failed without an offer" : nil
        case .installPending, .unrecognized:
            return nil
        }
    }
}

extension PackageDownloadDetails {
    fileprivate var isPlausible: Bool {
        (0...100).contains(downloadPercent) && downloadBytesPerSecond >= 0 && downloadBytesPerSecond.isFinite
    }
}
