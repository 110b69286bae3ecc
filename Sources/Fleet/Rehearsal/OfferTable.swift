import AgentModel
import Basis
import ControlPlane
import OpAMP
import OrderedCollections
import Rollout

/// The configurations that a rehearsal offers, by entry from 1: the former revision, then the new one once for each
/// time that it may be offered to an agent, since an agent takes no notice of a hash that it knows.
///
/// Where the plan changes a layer, agents with other layers get other files: each entry is an offer for each variant,
/// with a number of its own.
struct OfferTable: Sendable {
    /// The revision of each entry.
    let revisions: [UInt16]
    private let bytes: Int
    private let layers: LayeredFleet?
    /// The combinations of layers of the fleet; one, where no layer is changed.
    private let variants: [LayeredFleet.Place]

    /// The entry of the former revision, and the first of the new one.
    static let former = 1
    static let first = 2
    /// The most offers: what a server remembers of a kind.
    static let maxOffers = 64

    init(_ plan: RolloutPlan, fleet: RolloutFleet = RolloutFleet(count: 0)) {
        revisions = [0] + Array(repeating: 1, count: min(plan.retry.count, Self.maxRetries) + 1)
        bytes = plan.change.bytes
        // A driver has texts of its own.
        layers = plan.driver == nil ? LayeredFleet(plan, fleet: fleet) : nil
        if let layers {
            let members = fleet.members ?? Array(0..<UInt32(fleet.count))
            variants = Set(members.map { layers.place(of: $0) }).sorted()
        } else {
            variants = [0]
        }
    }

    private static let maxRetries = 15

    var entries: ClosedRange<Int> { 1...revisions.count }

    /// How many offers there are.
    var offerCount: Int { variants.count * revisions.count }

    /// The revision of an entry; nil: it is none.
    func revision(of entry: Int) -> Revision? {
        revisions.indices.contains(entry - 1) ? Revision(revisions[entry - 1]) : nil
    }

    /// The numbers of the offers of an entry, one for each variant.
    func numbers(of entry: Int) -> [Int] { variants.indices.map { $0 * revisions.count + entry } }

    /// The entry of an offer by its number.
    func entry(ofNumber number: Int) -> Int { number > 0 ? (number - 1) % revisions.count + 1 : number }

    /// The variant that an agent gets, from 0.
    func variant(of agent: UInt32) -> Int {
        guard variants.count > 1, let layers else { return 0 }
        return variants.firstIndex(of: layers.place(of: agent)) ?? 0
    }

    /// An offer, with a hash that holds its number.
    func offer(ofNumber number: Int) -> Offer {
        let revision = UInt32(revision(of: entry(ofNumber: number))?.number ?? 0)
        var map = AgentConfigMap()
        if let layers {
            let files = layers.files(of: variants[(number - 1) / revisions.count], changed: revision > 0)
            for (name, body) in files.sorted(by: { $0.key < $1.key }) {
                map.configMap[name] = AgentConfigFile(body: body, named: name)
            }
        } else {
            map.configMap["rollout.yaml"] = AgentConfigFile(
                body: GeneratedConfig.yaml(bytes: bytes, number: revision), named: "rollout.yaml")
        }
        let config = AgentRemoteConfig(config: map, configHash: Self.hash(of: number))
        return Offer(revision: UInt32(clamping: number), .remoteConfig(config))
    }

    private static func hash(of number: Int) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
    }

    /// The entry of a configuration by its hash.
    func entry(_ hash: [UInt8]) -> Int { entry(ofNumber: Int(clamping: hash.offerNumber)) }
}
