import OpAMP
import OpenSSL
import OrderedCollections
import Testing

@testable import ControlPlane

@Suite("Hashes of offers")
struct HashTests {
    @Test("A config's hash covers names, bodies and types, and not the order of the files")
    func configHash() {
        let first = AgentConfigFile(body: [1, 2], contentType: "text/yaml")
        let second = AgentConfigFile(body: [3], contentType: "text/yaml")
        let hash = AgentConfigMap(configMap: ["a": first, "b": second]).contentHash()
        #expect(hash.count == SHA256.byteCount)
        #expect(AgentConfigMap(configMap: ["b": second, "a": first]).contentHash() == hash)
        let others: [OrderedDictionary<String, AgentConfigFile>] = [
            ["a": second, "b": first], ["a": first], ["a": first, "c": second], [:],
            ["a": first, "b": AgentConfigFile(body: [3], contentType: "text/json")],
            ["a": AgentConfigFile(body: [1], contentType: "text/yaml"), "b": AgentConfigFile(body: [2, 3])],
        ]
        for other in others { #expect(AgentConfigMap(configMap: other).contentHash() != hash) }
    }

    @Test("A package's hash covers its name, type, version and content, and not where it is fetched")
    func packageHash() {
        let package = PackageAvailable(
            type: .addon, version: "1", file: DownloadableFile(downloadURL: "http://a", contentHash: [1]))
        let hash = package.contentHash(name: "p")
        var moved = package
        moved.file?.downloadURL = "http://b"
        #expect(moved.contentHash(name: "p") == hash)
        #expect(package.contentHash(name: "q") != hash)
        var changed = package
        changed.version = "2"
        #expect(changed.contentHash(name: "p") != hash)
        changed = package
        changed.type = .topLevel
        #expect(changed.contentHash(name: "p") != hash)
        changed = package
        changed.file?.contentHash = [2]
        #expect(changed.contentHash(name: "p") != hash)
    }

    @Test("The hash over all packages covers each one's name and hash, in any order")
    func allPackagesHash() {
        let (first, second) = (PackageAvailable(hash: [1]), PackageAvailable(hash: [2]))
        let hash = PackagesAvailable(packages: ["a": first, "b": second]).contentHash()
        #expect(PackagesAvailable(packages: ["b": second, "a": first]).contentHash() == hash)
        #expect(PackagesAvailable(packages: ["a": second, "b": first]).contentHash() != hash)
        #expect(PackagesAvailable(packages: ["a": first]).contentHash() != hash)
    }

    @Test("The hash over components covers every level, in any order")
    func componentsHash() {
        let leaf = ComponentDetails(metadata: [KeyValue("k", "v")])
        let (left, right) = (ComponentDetails(subComponentMap: ["x": leaf, "y": leaf]), ComponentDetails())
        let hash = AvailableComponents(components: ["l": left, "r": right]).contentHash()
        let swapped = ComponentDetails(subComponentMap: ["y": leaf, "x": leaf])
        #expect(AvailableComponents(components: ["r": right, "l": swapped]).contentHash() == hash)
        var changed = left
        changed.subComponentMap["y"]?.metadata = [KeyValue("k", "w")]
        #expect(AvailableComponents(components: ["l": changed, "r": right]).contentHash() != hash)
    }

    @Test("The hash over connection settings covers the settings and not the hash itself")
    func settingsHash() {
        let one = OtherConnectionSettings(destinationEndpoint: "1", otherSettings: ["a": "1", "b": "2"])
        let two = OtherConnectionSettings(destinationEndpoint: "2")
        let offers = ConnectionSettingsOffers(
            opamp: OpAMPConnectionSettings(heartbeatIntervalSeconds: 30), otherConnections: ["one": one, "two": two])
        let hash = offers.contentHash()
        var same = offers
        same.hash = hash
        same.otherConnections = [
            "two": two, "one": OtherConnectionSettings(destinationEndpoint: "1", otherSettings: ["b": "2", "a": "1"]),
        ]
        #expect(same.contentHash() == hash)
        var changed = offers
        changed.opamp?.heartbeatIntervalSeconds = 31
        #expect(changed.contentHash() != hash)
    }

}
