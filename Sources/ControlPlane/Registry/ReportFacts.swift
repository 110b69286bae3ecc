internal import OpAMP
internal import OrderedCollections

/// The facts that the server reads from one report. Sub-messages are reduced to fingerprints in the borrowed bytes;
/// only the rare ones that must be processed are copied.
struct ReportFacts {
    var uid: InstanceUID
    var sequenceNumber: UInt64
    var capabilities: AgentCapabilities
    var requestsUID: Bool
    var parts: Parts = []

    var description = Fingerprint.nothing
    var health = Fingerprint.nothing
    var effectiveConfig = Fingerprint.nothing
    var components = Fingerprint.nothing
    var isHealthy = false
    var hasComponentDetails = false

    var remoteConfig = OfferStatus()
    var packages = OfferStatus()
    var settings = OfferStatus()

    /// The parts whose fingerprints were computed, if they are kept.
    var encodedDescription: [UInt8] = []
    var encodedHealth: [UInt8] = []
    var encodedEffectiveConfig: [UInt8] = []

    var labels: AgentDescription?
    var customCapabilities: [String] = []
    var customMessage: CustomMessage?
    var certificateRequest: [UInt8]?

    /// What an agent says about an offer.
    struct OfferStatus {
        var hash = Fingerprint.nothing
        var stage: OfferStage?
    }

    struct Parts: OptionSet {
        var rawValue: UInt16

        static let description = Parts(rawValue: 1 << 0)
        static let health = Parts(rawValue: 1 << 1)
        static let effectiveConfig = Parts(rawValue: 1 << 2)
        static let remoteConfigStatus = Parts(rawValue: 1 << 3)
        static let packageStatuses = Parts(rawValue: 1 << 4)
        static let agentDisconnect = Parts(rawValue: 1 << 5)
        static let settingsRequest = Parts(rawValue: 1 << 6)
        static let customCapabilities = Parts(rawValue: 1 << 7)
        static let customMessage = Parts(rawValue: 1 << 8)
        static let components = Parts(rawValue: 1 << 9)
        static let settingsStatus = Parts(rawValue: 1 << 10)

        /// What belongs to the agent's state and may be left out while it is unchanged (spec: Agent Status
        /// Compression).
        static let state: Parts = [
            .description, .health, .effectiveConfig, .remoteConfigStatus, .packageStatuses, .customCapabilities,
            .components, .settingsStatus,
        ]
    }

    /// Nothing but the uid: a poll or a heartbeat at its barest (spec: Plain HTTP Transport), which has no number.
    var isBare: Bool { parts.isEmpty && sequenceNumber == 0 && capabilities.isEmpty }

    /// Whether a part that the agent declares to report was left out, or the description, which every agent has.
    var isCompressed: Bool {
        var expected: Parts = .description
        if capabilities.contains(.reportsEffectiveConfig) { expected.insert(.effectiveConfig) }
        if capabilities.contains(.reportsHealth) { expected.insert(.health) }
        if capabilities.contains(.reportsRemoteConfig) { expected.insert(.remoteConfigStatus) }
        if capabilities.contains(.reportsPackageStatuses) { expected.insert(.packageStatuses) }
        return !expected.isSubset(of: parts)
    }
}

extension ReportFacts {
    /// - Parameters:
    ///   - uid: The report's instance uid, found well-formed.
    ///   - view: The report.
    ///   - bytes: What `view` is a view of.
    ///   - needsLabels: Whether the description is to be understood.
    ///   - keepsMessages: Whether the description, the health and the effective config are to be copied out.
    ///   - decoder: For the parts that have to be understood.
    init(
        uid: InstanceUID, _ view: borrowing AgentToServerView, in bytes: RawSpan, needsLabels: Bool,
        keepsMessages: Bool, _ decoder: inout CopyableArenaDecoder
    ) {
        self.uid = uid
        sequenceNumber = view.sequenceNumber
        capabilities = view.capabilities
        requestsUID = view.flags.contains(.requestInstanceUID)
        guard !view.isHeartbeat else { return }
        let present = view.present
        if present.contains(.agentDescription) { parts.insert(.description) }
        if present.contains(.health) {
            parts.insert(.health)
            isHealthy = view.isHealthy ?? false
        }
        if present.contains(.effectiveConfig) { parts.insert(.effectiveConfig) }
        if !parts.isEmpty { takeFingerprints(of: view, keeping: keepsMessages) }
        if present.contains(.remoteConfigStatus) {
            parts.insert(.remoteConfigStatus)
            remoteConfig.hash = Fingerprint(view.lastRemoteConfigHash)
            remoteConfig.stage = OfferStage(view.remoteConfigStatuses ?? .unset)
        }
        if present.contains(.agentDisconnect) { parts.insert(.agentDisconnect) }
        let needsDescription = needsLabels && present.contains(.agentDescription)
        guard needsDescription || !present.isDisjoint(with: Self.understood) else { return }
        decoder.withDecoder { decoder in
            do throws(DecodingError) {
                try decoder.withAgentToServer(bytes) { report in
                    if needsDescription { labels = report.agentDescription?.copied() }
                    take(report)
                }
            } catch {
                assertionFailure("checked bytes could not be read: \(error)")
            }
        }
    }

    /// The parts of a report that are looked into beyond what a view shows.
    private static let understood: AgentToServerView.Fields = [
        .packageStatuses, .connectionSettingsStatus, .connectionSettingsRequest, .customCapabilities, .customMessage,
        .availableComponents,
    ]

    private mutating func take(_ report: borrowing ArenaReference<AgentToServerRecord>) {
        if let statuses = report.packageStatuses {
            parts.insert(.packageStatuses)
            packages.hash = Fingerprint(statuses.serverProvidedAllPackagesHash)
            packages.stage = OfferStage(statuses)
        }
        if let status = report.connectionSettingsStatus {
            parts.insert(.settingsStatus)
            settings.hash = Fingerprint(status.lastConnectionSettingsHash)
            settings.stage = OfferStage(status.status)
        }
        if let request = report.connectionSettingsRequest {
            parts.insert(.settingsRequest)
            certificateRequest = request.opamp?.certificateRequest?.csr.copied()
        }
        if let capabilities = report.customCapabilities {
            parts.insert(.customCapabilities)
            customCapabilities = capabilities.capabilities.texts()
        }
        if let message = report.customMessage {
            parts.insert(.customMessage)
            customMessage = message.copied()
        }
        if let reported = report.availableComponents {
            parts.insert(.components)
            components = Fingerprint(reported.hash)
            hasComponentDetails = reported.components.count > 0
        }
    }

    private mutating func takeFingerprints(of view: borrowing AgentToServerView, keeping: Bool) {
        view.forEachPart { field, content in
            switch field {
            case .agentDescription:
                description = Fingerprint(content, after: description)
                if keeping { encodedDescription += content.copied() }
            case .health:
                health = Fingerprint(content, after: health)
                if keeping { encodedHealth += content.copied() }
            case .effectiveConfig:
                effectiveConfig = Fingerprint(content, after: effectiveConfig)
                if keeping { encodedEffectiveConfig += content.copied() }
            default: break
            }
        }
    }
}
