internal import OpAMP
internal import OrderedCollections

/// The hashes of what is offered, where the caller gave none (spec: Calculating Hashes).
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
