public import OpAMP
import OrderedCollections
public import Rollout
import Synchronization

/// What a server offers agents that no other offer is for: configurations in layers, packages by channel. Immutable,
/// and shared by all shards; a change makes another one.
///
/// Agents with the same layers share one offer, which is merged when the first of them needs it.
public final class StandingOffers: Sendable {
    public struct Layer: Sendable {
        public var name: String
        public var selection: Selection
        public var content: LayerContent

        public init(_ name: String, for selection: Selection, _ content: LayerContent) {
            self.name = name
            self.selection = selection
            self.content = content
        }
    }

    /// A channel with its packages; nil: it has none, and its agents are offered nothing.
    public struct Channel: Sendable {
        public var name: String
        public var selection: Selection
        public var packages: PackagesAvailable?

        public init(_ name: String, for selection: Selection, _ packages: PackagesAvailable?) {
            self.name = name
            self.selection = selection
            self.packages = packages
        }
    }

    /// The most layers: an agent's are a bit each.
    public static let maxLayers = 64
    /// The most merged configurations that are kept; more combinations of layers are merged again when they are needed.
    static let maxMerged = 256

    let revision: UInt32
    private let layers: [Layer]
    private let channels: [Channel]
    /// The offers of the channels; nil where there is nothing to offer.
    private let packages: [Offer?]
    private let merged = Mutex<[UInt64: Offer]>([:])

    /// - Parameters:
    ///   - revision: the number of all these offers; later ones have a higher one.
    ///   - layers: in their order; those beyond `maxLayers` are not served.
    public init(revision: UInt32, layers: [Layer], channels: [Channel] = []) {
        self.revision = revision
        self.layers = Array(layers.prefix(Self.maxLayers))
        self.channels = channels
        packages = channels.map { channel in channel.packages.map { Offer(revision: revision, .packages($0)) } }
    }

    /// The offer that an agent is to have; nil: none.
    func offer(_ kind: OfferKind, for uid: InstanceUID, label: (String) -> String?) -> Offer? {
        switch kind {
        case .remoteConfig: configuration(of: place(of: uid, label: label))
        case .packages: channel(of: uid, label: label).flatMap { packages[$0] }
        case .connectionSettings: nil
        }
    }

    /// The layers that an agent has, a bit each.
    private func place(of uid: InstanceUID, label: (String) -> String?) -> UInt64 {
        var place: UInt64 = 0
        for (index, layer) in layers.enumerated() where layer.selection.contains(uid, label: label) {
            place |= 1 << index
        }
        return place
    }

    /// The agent's channel: the last one that it meets.
    private func channel(of uid: InstanceUID, label: (String) -> String?) -> Int? {
        channels.lastIndex { $0.selection.contains(uid, label: label) }
    }

    /// The names of the layers and of the channel that an agent has.
    func names(for uid: InstanceUID, label: (String) -> String?) -> (layers: [String], channel: String?) {
        let place = place(of: uid, label: label)
        let names = layers.indices.filter { place & 1 << $0 != 0 }.map { layers[$0].name }
        return (names, channel(of: uid, label: label).map { channels[$0].name })
    }

    /// Whether the layer or channel is for the agent.
    func isMet(_ name: VersionBook.Name, by uid: InstanceUID, label: (String) -> String?) -> Bool {
        switch name.kind {
        case .layer: layers.contains { $0.name == name.text && $0.selection.contains(uid, label: label) }
        case .channel: channel(of: uid, label: label).map { channels[$0].name == name.text } ?? false
        }
    }

    private func configuration(of place: UInt64) -> Offer? {
        guard place != 0 else { return nil }
        return merged.withLock { merged in
            if let known = merged[place] { return known }
            let contents = layers.indices.filter { place & 1 << $0 != 0 }.map { layers[$0].content }
            var map = AgentConfigMap()
            for (name, body) in LayerContent.merged(contents).sorted(by: { $0.key < $1.key }) {
                map.configMap[name] = AgentConfigFile(body: body, named: name)
            }
            let offer = Offer(revision: revision, .remoteConfig(AgentRemoteConfig(config: map)))
            if merged.count >= Self.maxMerged { merged.removeAll() }
            merged[place] = offer
            return offer
        }
    }
}

extension AgentConfigFile {
    /// A file whose content type follows from the end of its name.
    public init(body: [UInt8], named name: String) {
        let type =
            switch name.split(separator: ".", omittingEmptySubsequences: false).last.map(String.init) {
            case "yaml", "yml": "text/yaml"
            case "json": "application/json"
            default: "text/plain"
            }
        self.init(body: body, contentType: type)
    }
}
