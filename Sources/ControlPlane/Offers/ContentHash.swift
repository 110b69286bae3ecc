import OpAMP
import OpenSSL
import OrderedCollections

/// The hashes that a server puts into its offers (spec: Calculating Hashes). Each covers what the field's name says,
/// does not depend on the order of a map, and keeps neighbouring texts apart by writing each one's length before it.
extension AgentConfigMap {
    /// For `AgentRemoteConfig.configHash`: names, bodies and content types. Cost: linear in the bodies; allocates.
    func contentHash() -> [UInt8] {
        ContentHash.hash(configMap.count) { hash in
            for (name, file) in configMap.sorted(by: { $0.key < $1.key }) {
                hash.add(name)
                hash.add(file.encoded())
            }
        }
    }
}

extension PackageAvailable {
    /// For `PackageAvailable.hash`: the package's name, type, version and the hash of its file's content. Where the
    /// file is fetched from does not matter.
    func contentHash(name: String) -> [UInt8] {
        ContentHash.hash(Int(type.rawValue)) { hash in
            hash.add(name)
            hash.add(version)
            hash.add(file?.contentHash ?? [])
        }
    }
}

extension PackagesAvailable {
    /// For `PackagesAvailable.allPackagesHash`: every package's name and hash.
    func contentHash() -> [UInt8] {
        ContentHash.hash(packages.count) { hash in
            for (name, package) in packages.sorted(by: { $0.key < $1.key }) {
                hash.add(name)
                hash.add(package.hash)
            }
        }
    }
}

extension AvailableComponents {
    /// For `AvailableComponents.hash`: every component with its details, to any depth.
    func contentHash() -> [UInt8] {
        ContentHash.hash(components.count) { $0.add(components) }
    }
}

extension ConnectionSettingsOffers {
    /// For `ConnectionSettingsOffers.hash`: all the settings in the offer.
    func contentHash() -> [UInt8] {
        var settings = self
        settings.hash = []
        settings.otherConnections = ContentHash.sorted(otherConnections)
        for name in settings.otherConnections.keys {
            if let other = settings.otherConnections[name]?.otherSettings {
                settings.otherConnections[name]?.otherSettings = ContentHash.sorted(other)
            }
        }
        return SHA256.hash(of: settings.encoded())
    }
}

/// A SHA-256 over parts, each preceded by its length.
private struct ContentHash {
    private let sha = SHA256()

    static func hash(_ count: Int, _ body: (ContentHash) -> Void) -> [UInt8] {
        let hash = ContentHash()
        hash.add(count)
        body(hash)
        return hash.sha.finish()
    }

    func add(_ number: Int) {
        sha.add((0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) })
    }

    func add(_ bytes: [UInt8]) {
        add(bytes.count)
        sha.add(bytes)
    }

    func add(_ text: String) {
        add([UInt8](text.utf8))
    }

    func add(_ components: OrderedDictionary<String, ComponentDetails>) {
        add(components.count)
        for (name, details) in components.sorted(by: { $0.key < $1.key }) {
            add(name)
            add(details.metadata.count)
            for attribute in details.metadata { add(attribute.encoded()) }
            add(details.subComponentMap)
        }
    }

    static func sorted<Value>(_ map: OrderedDictionary<String, Value>) -> OrderedDictionary<String, Value> {
        var sorted = map
        sorted.sort { $0.key < $1.key }
        return sorted
    }
}
