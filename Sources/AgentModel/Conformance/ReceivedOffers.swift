import Basis
import OpAMP
import OrderedCollections

/// The latest offers of each kind that an agent has received. Its reports may only refer to these.
struct ReceivedOffers {
    /// What an offer of packages said: the hash of each by its name.
    private struct PackageOffer: Hashable {
        let hash: [UInt8]
        let packages: [String: [UInt8]]
    }

    private(set) var configs: OrderedDictionary<[UInt8], AgentConfigMap> = [:]
    private var packages: OrderedSet<PackageOffer> = []
    private var settings: OrderedSet<[UInt8]> = []

    /// So many offers of a kind are remembered at most; an agent answers the last ones.
    private static let limit = 64

    mutating func take(_ answer: ServerToAgent) {
        if let offer = answer.remoteConfig {
            configs[offer.configHash] = offer.config ?? AgentConfigMap()
            if configs.count > Self.limit { configs.removeFirst() }
        }
        if let offer = answer.packagesAvailable {
            let hashes = Dictionary(uniqueKeysWithValues: offer.packages.map { ($0.key, $0.value.hash) })
            packages.append(PackageOffer(hash: offer.allPackagesHash, packages: hashes))
            if packages.count > Self.limit { packages.removeFirst() }
        }
        if let offer = answer.connectionSettings {
            settings.append(offer.hash)
            if settings.count > Self.limit { settings.removeFirst() }
        }
    }

    func hasSettings(_ hash: [UInt8]) -> Bool { settings.contains(hash) }

    func hasPackages(_ hash: [UInt8]) -> Bool { packages.contains { $0.hash == hash } }

    /// Whether the package was offered with that hash.
    func hasPackage(_ name: String, _ hash: [UInt8]) -> Bool { packages.contains { $0.packages[name] == hash } }

    /// Whether an offer left the package out, so that it may be gone.
    func mayBeGone(_ name: String) -> Bool { packages.contains { $0.packages[name] == nil } }

    /// Whether a server offered several files, one of them without a name.
    var haveUnnamedFileAmongOthers: Bool { configs.values.contains { $0.hasUnnamedFileAmongOthers } }
}

extension AgentConfigMap {
    /// Only a file that is alone may have no name (Configuration Files).
    var hasUnnamedFileAmongOthers: Bool { configMap.count > 1 && configMap[""] != nil }
}

/// The heartbeat interval that the server has set, as far as the messages show it.
struct ExpectedHeartbeats {
    /// `nil` while none was offered, or while it is not known which one is in force.
    private(set) var interval: Nanoseconds?
    /// When it was offered.
    private(set) var since: Instant = .zero
    private var lastHash: [UInt8] = []
    /// It was offered with settings of another connection, on which nothing has been reported yet.
    private var isOnTrial = false

    mutating func offered(_ offer: ConnectionSettingsOffers, at now: Instant) {
        // An offer with the hash of the last one is not applied again.
        guard offer.hash.isEmpty || offer.hash != lastHash else { return }
        lastHash = offer.hash
        guard let opamp = offer.opamp else { return }
        isOnTrial = opamp.changesTheConnection
        interval = .seconds(Int64(clamping: opamp.heartbeatIntervalSeconds))
        since = now
    }

    /// The agent has reported the outcome of the settings. Where they were dropped, either interval may be in force:
    /// the former where they were tried, the offered one where the agent accepts no other connections.
    mutating func settled(_ wereKept: Bool, hash: [UInt8]) {
        guard isOnTrial, hash == lastHash else { return }
        isOnTrial = false
        if !wereKept { interval = nil }
    }

    /// - Parameter tellsOutcomes: whether the agent reports the outcome of settings that it tries.
    mutating func connectionOpened(tellsOutcomes: Bool) {
        if isOnTrial, !tellsOutcomes { interval = nil }
    }
}
