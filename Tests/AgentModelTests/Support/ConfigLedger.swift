import OpAMP
import OrderedCollections

@testable import AgentModel

/// Watches what an agent says of its configuration, and holds it against the offers: what is in force is always the
/// local configuration with the offer on top that was last reported as APPLIED, or the local one alone.
struct ConfigLedger {
    /// What was broken, in words.
    private(set) var problems: [String] = []
    /// So many reports said APPLIED.
    private(set) var applied = 0
    private let local: AgentConfigMap
    private var offers: [[UInt8]: AgentConfigMap] = [:]
    private var status = RemoteConfigStatus()
    private var effective: AgentConfigMap?
    private var inForce: AgentConfigMap?
    private var reportsSeen = 0

    init(local: AgentConfigMap) {
        self.local = local
    }

    mutating func received(_ offer: AgentRemoteConfig) {
        offers[offer.configHash] = offer.config ?? AgentConfigMap()
    }

    /// Takes in all that has been reported since the last time.
    mutating func follow(_ script: AgentScript) {
        for sent in script.allSent[reportsSeen...] {
            if let told = sent.report.remoteConfigStatus { status = told }
            if let told = sent.report.effectiveConfig { effective = told.configMap }
            if status.status == .applied {
                applied += 1
                inForce = offers[status.lastRemoteConfigHash]
                if inForce == nil { problems.append("APPLIED of what was not offered") }
            }
            let expected = Self.merge(inForce, onto: local)
            if let effective, effective.configMap.sortedFiles != expected.sortedFiles {
                problems.append("#\(sent.report.sequenceNumber): \(effective.configMap.keys), not \(expected.keys)")
            }
        }
        reportsSeen = script.allSent.count
    }

    /// The rule by itself, apart from the agent's own way of merging: a file of the offer takes the place of the local
    /// one of its name, and a local file without a name gets one in company.
    private static func merge(
        _ offer: AgentConfigMap?, onto local: AgentConfigMap
    ) -> OrderedDictionary<String, AgentConfigFile> {
        guard let offer, !offer.configMap.isEmpty else { return local.configMap }
        var files = offer.configMap
        for (name, file) in local.configMap {
            let kept = name.isEmpty && offer.configMap[""] == nil ? "local.yaml" : name
            if files[kept] == nil { files[kept] = file }
        }
        return files
    }
}

extension OrderedDictionary<String, AgentConfigFile> {
    fileprivate var sortedFiles: [String] {
        map { "\($0.key): \($0.value.contentType) \($0.value.body)" }.sorted()
    }
}
