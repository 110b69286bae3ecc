import AgentModel
import Basis
import ControlPlane
import OpAMP
import OrderedCollections
import Schema
import Testing

@testable import Fleet

@Suite("What events ask of the embedded server")
struct ServerOrderTests {
    private static func profile(_ actions: [TimedEvent.Action]) -> Profile {
        var profile = Profile.standard
        profile.events = actions.enumerated().map {
            TimedEvent(at: .after(.seconds(Int64($0.offset))), action: $0.element)
        }
        return profile
    }

    private static func config(_ body: ConfigOffer.Body, name: String? = nil, to target: EventTarget = .everybody)
        -> TimedEvent.Action
    {
        .offerConfig(ConfigOffer(name: name, files: [.init(name: "a", body: body)], target: target))
    }

    @Test("An offered configuration has its files, their type and a hash; two generated ones of a size differ")
    func configs() throws {
        let profile = Self.profile([
            Self.config(.text("x: 1")), Self.config(.generated(bytes: 500)), Self.config(.generated(bytes: 500)),
        ])
        var hashes: Set<[UInt8]> = []
        for index in 0..<3 {
            guard case .offer(let offer, .all)? = ServerOrder(profile, event: index),
                case .remoteConfig(let config) = offer.content
            else {
                Issue.record("no offer to all")
                return
            }
            #expect(offer.revision == UInt32(index + 1))
            hashes.insert(config.configHash)
            let file = config.config?.configMap.values.first
            #expect(file?.contentType == "text/yaml")
            #expect(file?.body.count == (index == 0 ? 4 : 500))
        }
        #expect(hashes.count == 3 && !hashes.contains([]))
    }

    @Test("A withdrawal names the offer of that name, of its kind")
    func withdrawals() {
        let packages = PackageOffer(name: "v", packages: [.init(name: "p", version: "1")])
        let profile = Self.profile([
            .offerPackages(packages), Self.config(.text("x"), name: "v"), .withdrawConfig(name: "v"),
            .withdrawPackages(name: "v"), .withdrawConfig(name: "w"),
        ])
        guard case .withdraw(.remoteConfig, 2)? = ServerOrder(profile, event: 2),
            case .withdraw(.packages, 1)? = ServerOrder(profile, event: 3), ServerOrder(profile, event: 4) == nil
        else {
            Issue.record("other withdrawals")
            return
        }
    }

    @Test("The shares of offers nest, those of commands are drawn each time; all attributes have to match")
    func selections() {
        let tenth = EventTarget(share: 0.1)
        let profile = Self.profile([
            Self.config(.text("x"), to: tenth), .offerHeartbeat(interval: .seconds(5), to: tenth),
            .restartAgents(tenth), .restartAgents(tenth),
        ])
        func selection(_ index: Int) -> Selection? {
            switch ServerOrder(profile, event: index) {
            case .offer(_, let selection)?, .restart(let selection)?, .send(_, let selection)?: selection
            case .withdraw?, .rotateCertificates?, .revokeCertificates?, nil: nil
            }
        }
        #expect(selection(0) == selection(1) && selection(0) != nil)
        #expect(selection(2) != selection(3) && selection(2) != selection(0))
        let both = EventTarget(share: 0.5, attributes: [.init(key: "a", text: "1"), .init(key: "b", text: "2")])
        #expect(
            Selection(both, salt: 3)
                == .both(.both(.share(0.5, salt: 3), .attribute("a", equals: "1")), .attribute("b", equals: "2")))
        #expect(Selection(.everybody, salt: 3) == .all)
        #expect(
            Selection(EventTarget(attributes: [.init(key: "a", text: "1")]), salt: 3) == .attribute("a", equals: "1"))
    }

    @Test("The server's plan has what the events need of it: the attributes to select by and the custom capabilities")
    func plan() {
        let target = EventTarget(attributes: [.init(key: "zone", text: "a")])
        let events = Self.profile([
            .restartAgents(target), Self.config(.text("x"), to: target), .sendCustom(.pause, to: target),
            .sendCustom(.resume, to: .everybody), .sendCustom(.echo, to: .everybody),
        ]).events
        let plan = ServerPlan(embedded: EmbeddedServer(), duration: .seconds(60), runStart: .zero, events: events)
        #expect(plan.labels == ["zone"])
        #expect(plan.customCapabilities == [CustomCapability.pause, CustomCapability.echo])
    }

    @Test("Packages bear hashes that change with the version, an address, and a signature where they are signed")
    func packages() throws {
        func offered(_ version: String) throws -> PackageAvailable {
            let offer = PackageOffer(packages: [
                .init(name: "p", version: version, form: .addon, isSigned: version == "2")
            ])
            guard case .offer(let made, _)? = ServerOrder(Self.profile([.offerPackages(offer)]), event: 0),
                case .packages(let packages) = made.content, let package = packages.packages.values.first
            else { throw Problem(.empty) }
            return package
        }
        let (first, second) = (try offered("1"), try offered("2"))
        #expect(first.hash != second.hash && first.file?.contentHash != second.file?.contentHash)
        #expect(first.type == .addon && first.file?.downloadURL.hasPrefix("https://") == true)
        #expect(first.file?.signature == [] && second.file?.signature != [])
        // What no URL may hold is encoded.
        #expect(try offered("1 b\u{E9}").file?.downloadURL == "https://packages.invalid/p/1%20b%C3%A9")
    }

    @Test(
        "A generated configuration is YAML of exactly the given size",
        arguments: [64, 65, 100, 200, 333, 400, 401, 4_096, 100_000])
    func generated(bytes: Int) throws {
        let body = GeneratedConfig.yaml(bytes: bytes, number: 3)
        #expect(body.count == bytes)
        #expect(body != GeneratedConfig.yaml(bytes: bytes, number: 4))
        guard case .mapping(let entries) = try Tree(yaml: body).shape else {
            Issue.record("no mapping")
            return
        }
        #expect(entries.contains { $0.key == "receivers" })
    }
}
