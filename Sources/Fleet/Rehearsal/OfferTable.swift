import AgentModel
import Basis
import ControlPlane
import OpAMP
import OrderedCollections
import Rollout

/// The configurations that a rehearsal offers, by entry from 1: the former revision, then the new one once for each
/// time that it may be offered to an agent, since an agent takes no notice of a hash that it knows.
struct OfferTable: Sendable {
    /// The revision of each entry.
    let revisions: [UInt16]
    private let bytes: Int

    /// The entry of the former revision, and the first of the new one.
    static let former = 1
    static let first = 2

    init(_ plan: RolloutPlan) {
        revisions = [0] + Array(repeating: 1, count: min(plan.retry.count, Self.maxRetries) + 1)
        bytes = plan.change.bytes
    }

    private static let maxRetries = 15

    var entries: ClosedRange<Int> { 1...revisions.count }

    /// The revision of an entry; nil: it is none.
    func revision(of entry: Int) -> Revision? {
        revisions.indices.contains(entry - 1) ? Revision(revisions[entry - 1]) : nil
    }

    /// The offer of an entry: of the planned size, with a hash that holds the entry's number.
    func offer(of entry: Int) -> Offer {
        let number = UInt32(clamping: entry)
        let revision = UInt32(revision(of: entry)?.number ?? 0)
        let file = AgentConfigFile(
            body: GeneratedConfig.yaml(bytes: bytes, number: revision), contentType: "text/yaml")
        let config = AgentRemoteConfig(
            config: AgentConfigMap(configMap: ["rollout.yaml": file]), configHash: Self.hash(of: entry))
        return Offer(revision: number, .remoteConfig(config))
    }

    private static func hash(of entry: Int) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: entry >> (56 - 8 * $0)) }
    }

    /// The entry of a configuration by its hash.
    static func entry(_ hash: [UInt8]) -> Int { Int(clamping: hash.offerNumber) }
}
