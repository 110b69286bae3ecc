public import OpAMP
internal import OrderedCollections

/// One revision of an offer: immutable, encoded once, shared by all agents and shards.
public final class Offer: Sendable {
    /// What is offered.
    public enum Content: Equatable, Sendable {
        /// An empty `configHash` is filled in.
        case remoteConfig(AgentRemoteConfig)
        /// Empty package hashes and an empty `allPackagesHash` are filled in (spec: Calculating Hashes).
        case packages(PackagesAvailable)
        /// An empty `hash` is filled in. Each agent gets the parts that it declares to accept.
        case connectionSettings(ConnectionSettingsOffers)
    }

    /// The caller's number for it, by which it can be withdrawn.
    public let revision: UInt32
    public let content: Content
    /// The hash by which agents distinguish offers.
    public let hash: [UInt8]
    let fingerprint: Fingerprint
    /// The content's message, without tag and length.
    let encoded: [UInt8]

    public init(revision: UInt32, _ content: Content) {
        self.revision = revision
        self.content = OfferHashes.filled(content)
        switch self.content {
        case .remoteConfig(let config): (hash, encoded) = (config.configHash, config.encoded())
        case .packages(let packages): (hash, encoded) = (packages.allPackagesHash, packages.encoded())
        case .connectionSettings(let settings): (hash, encoded) = (settings.hash, settings.encoded())
        }
        fingerprint = Fingerprint(hash)
    }

    public var kind: OfferKind {
        switch content {
        case .remoteConfig: .remoteConfig
        case .packages: .packages
        case .connectionSettings: .connectionSettings
        }
    }

    /// The encoded part of it for agents with these capabilities; nil if there is none.
    func encoded(for capabilities: AgentCapabilities) -> [UInt8]? {
        switch content {
        case .remoteConfig: return capabilities.contains(.acceptsRemoteConfig) ? encoded : nil
        case .packages: return capabilities.contains(.acceptsPackages) ? encoded : nil
        case .connectionSettings(let settings):
            let wanted = Self.parts(of: settings)
            guard !wanted.isSubset(of: capabilities) else { return encoded }
            guard !wanted.isDisjoint(with: capabilities) else { return nil }
            var reduced = settings
            if !capabilities.contains(.acceptsOpAMPConnectionSettings) { reduced.opamp = nil }
            if !capabilities.contains(.reportsOwnMetrics) { reduced.ownMetrics = nil }
            if !capabilities.contains(.reportsOwnTraces) { reduced.ownTraces = nil }
            if !capabilities.contains(.reportsOwnLogs) { reduced.ownLogs = nil }
            if !capabilities.contains(.acceptsOtherConnectionSettings) { reduced.otherConnections = [:] }
            return reduced.encoded()
        }
    }

    /// The capabilities that the parts of the settings call for (spec: Connection Settings Management).
    private static func parts(of settings: ConnectionSettingsOffers) -> AgentCapabilities {
        var parts: AgentCapabilities = []
        if settings.opamp != nil { parts.insert(.acceptsOpAMPConnectionSettings) }
        if settings.ownMetrics != nil { parts.insert(.reportsOwnMetrics) }
        if settings.ownTraces != nil { parts.insert(.reportsOwnTraces) }
        if settings.ownLogs != nil { parts.insert(.reportsOwnLogs) }
        if !settings.otherConnections.isEmpty { parts.insert(.acceptsOtherConnectionSettings) }
        return parts
    }
}

/// The hashes of an offer for which the caller gave none (spec: Calculating Hashes).
enum OfferHashes {
    static func filled(_ content: Offer.Content) -> Offer.Content {
        switch content {
        case .remoteConfig(var config):
            if config.configHash.isEmpty { config.configHash = (config.config ?? AgentConfigMap()).contentHash() }
            return .remoteConfig(config)
        case .packages(var packages):
            for (name, package) in packages.packages where package.hash.isEmpty {
                packages.packages[name]?.hash = package.contentHash(name: name)
            }
            if packages.allPackagesHash.isEmpty { packages.allPackagesHash = packages.contentHash() }
            return .packages(packages)
        case .connectionSettings(var settings):
            if settings.hash.isEmpty { settings.hash = settings.contentHash() }
            return .connectionSettings(settings)
        }
    }
}

/// The stage of one agent with one kind of offer.
struct OfferProgress: Sendable {
    /// The hash that the agent last reported.
    var reported = Fingerprint.nothing
    /// The hash of what was last sent on the present connection.
    var sent = Fingerprint.nothing
    /// How often in a row it was sent there.
    var times: UInt8 = 0
    /// The stage that the agent has reported; `nil`: none yet.
    var stage: OfferStage?
}
