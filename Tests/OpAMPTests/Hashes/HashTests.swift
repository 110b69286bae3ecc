import OpAMP
import OrderedCollections
import Testing

@Suite("Hashes of offers")
struct HashTests {
    /// Known answers: of FIPS 180-4's examples, and of lengths around a block's end made with Python's hashlib.
    static let known: [(String, String)] = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (String(repeating: "m", count: 55), "3376424373aba5558fe0d6fb4de3b937b5cc23e38bf978d47a792423bb77a235"),
        (String(repeating: "m", count: 56), "433433c89b6417aafffa5b2361b4912dbb11e4a796207bf7ca3a1dcc116ea994"),
        (String(repeating: "m", count: 63), "6e80a1cca9ce209522c092413cd97b7b71b18c8c3e90b2e0d5fe59b97c37ad18"),
        (String(repeating: "m", count: 64), "55d24d1e5bb5c78ff659439718f787646160ce78ff2f48952745723fe61d06e6"),
        (String(repeating: "m", count: 65), "676fc2b538902dd46ab4f093f1cfd8d218dfa9624fc3d539cad3cba6a3eb07f5"),
        (String(repeating: "m", count: 119), "4f1fca6f9f81f68cd9b37209a7bf1eebece7533f47acfe55e204736ea05c26b6"),
        (String(repeating: "m", count: 120), "864bacb2b3f3b4c49e904e197a03783d6825bc7738ce9e945b14c75dca2b3ff7"),
        (String(repeating: "m", count: 128), "a7061f12c459e9a58c2368fad32b8bd799483e6f145b22cdaf6b0bc14ad384eb"),
        (String(repeating: "m", count: 1000), "2084d99a684fdfa598f61fe4464d8d58b37bbd0533a9d1fb598dfb4603023669"),
    ]

    @Test("SHA-256 gives the known answers, however the bytes are cut", arguments: known)
    func sha256(text: String, expected: String) {
        let bytes = Array(text.utf8)
        #expect(hexadecimal(SHA256.hash(of: bytes)) == expected)
        for size in [1, 3, 63, 64, 65] {
            var hash = SHA256()
            for start in stride(from: 0, to: bytes.count, by: size) {
                hash.update(Array(bytes[start..<min(start + size, bytes.count)]))
            }
            #expect(hexadecimal(hash.finish()) == expected)
        }
    }

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

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
