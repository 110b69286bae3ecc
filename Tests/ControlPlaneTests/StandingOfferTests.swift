import Basis
import ControlPlane
import OpAMP
import OrderedCollections
import Rollout
import Testing

@Suite("Layers and channels of a server")
struct StandingOfferTests {
    private static func content(_ files: [String: String], without: Set<String> = []) -> LayerContent {
        LayerContent(files: files.mapValues { Array($0.utf8) }, without: without)
    }

    private static func layers(_ number: UInt32, eu: String) -> StandingOffers {
        StandingOffers(
            revision: number,
            layers: [
                StandingOffers.Layer("base", for: .all, content(["a.yaml": "base", "b.json": "{}"])),
                StandingOffers.Layer(
                    "eu", for: .values("service.version", of: ["2", "3"]),
                    content(["a.yaml": eu], without: ["b.json"])),
            ])
    }

    private static func server(_ labels: [String] = ["service.version"]) -> Rehearsal {
        var plan = ServerPlan()
        plan.labels = labels
        return Rehearsal(plan)
    }

    private static func files(_ message: ServerToAgent?) -> [String: String]? {
        message?.remoteConfig?.config.map { config in
            Dictionary(config.configMap.map { ($0.key, String(decoding: $0.value.body, as: UTF8.self)) }) { $1 }
        }
    }

    private static func stand(_ server: inout Rehearsal, _ standing: StandingOffers) throws -> Rehearsal.Outcome {
        try server.perform { registry, now, effects in try registry.stand(standing, at: now, &effects) }
    }

    private static func applied(_ uid: InstanceUID, _ sequence: UInt64, _ hash: [UInt8]) -> AgentToServer {
        var report = AgentToServer.heartbeat(uid, sequence)
        report.remoteConfigStatus = RemoteConfigStatus(lastRemoteConfigHash: hash, status: .applied)
        return report
    }

    @Test("Each agent gets the merged files of the layers that it is of, with the content types of their names")
    func merged() throws {
        var server = Self.server()
        _ = try Self.stand(&server, Self.layers(1, eu: "eu"))
        for (number, version) in ["1", "2", "3"].enumerated() {
            let id = server.connect()
            let answer = server.send(.full(.number(UInt64(number)), 1, version: version), over: id).answer
            let expected = version == "1" ? ["a.yaml": "base", "b.json": "{}"] : ["a.yaml": "eu"]
            #expect(Self.files(answer) == expected)
            #expect(answer?.remoteConfig?.config?.configMap["a.yaml"]?.contentType == "text/yaml")
            let served = try #require(server.registry.served(.number(UInt64(number))))
            #expect(served.layers == (version == "1" ? ["base"] : ["base", "eu"]))
        }
    }

    @Test("A change of a layer is offered to the agents whose files it changes, and to no others")
    func changed() throws {
        var server = Self.server()
        _ = try Self.stand(&server, Self.layers(1, eu: "eu"))
        for number in 0..<6 {
            let id = server.connect()
            let uid = InstanceUID.number(UInt64(number))
            let offered = server.send(.full(uid, 1, version: number < 2 ? "2" : "1"), over: id).answer
            _ = server.send(Self.applied(uid, 2, offered?.remoteConfig?.configHash ?? []), over: id)
        }
        let changed = Self.layers(2, eu: "other")
        let touched = server.registry.touched(by: changed, VersionBook.Name(.layer, "eu"))
        #expect(touched.meant == 2 && touched.changed == 2)
        let base = server.registry.touched(by: changed, VersionBook.Name(.layer, "base"))
        #expect(base.meant == 6 && base.changed == 2)
        let sent = try Self.stand(&server, changed).sent
        #expect(sent.count == 2 && sent.allSatisfy { Self.files($0.message) == ["a.yaml": "other"] })
    }

    @Test("Equal files have an equal hash, and an agent that has them is offered nothing")
    func equal() throws {
        var server = Self.server()
        _ = try Self.stand(&server, Self.layers(1, eu: "eu"))
        let id = server.connect()
        let first = server.send(.full(.number(0), 1, version: "2"), over: id).answer
        let hash = try #require(first?.remoteConfig?.configHash)
        _ = server.send(Self.applied(.number(0), 2, hash), over: id)
        #expect(try Self.stand(&server, Self.layers(2, eu: "eu")).sent.isEmpty)
        // Another content, and back: the same hash again.
        let other = try Self.stand(&server, Self.layers(3, eu: "x")).sent.first?.message.remoteConfig
        _ = server.send(Self.applied(.number(0), 3, try #require(other).configHash), over: id)
        let back = try Self.stand(&server, Self.layers(4, eu: "eu")).sent.first?.message.remoteConfig
        #expect(back?.configHash == hash && back == first?.remoteConfig)
    }

    @Test("An agent whose attributes change gets the files of its new layers")
    func moved() throws {
        var server = Self.server()
        _ = try Self.stand(&server, Self.layers(1, eu: "eu"))
        let id = server.connect()
        _ = server.send(.full(.number(0), 1, version: "1"), over: id)
        #expect(Self.files(server.send(.full(.number(0), 2, version: "3"), over: id).answer) == ["a.yaml": "eu"])
    }

    @Test("An offer of its own comes before the layers, and after it is withdrawn they hold again")
    func own() throws {
        var server = Self.server()
        let id = server.connect()
        _ = server.send(.full(.number(0), 1), over: id)
        _ = try Self.stand(&server, Self.layers(1, eu: "eu"))
        let config = AgentRemoteConfig(
            config: AgentConfigMap(configMap: ["own.yaml": AgentConfigFile(body: [1], named: "own.yaml")]))
        let own = try server.perform { registry, now, effects in
            try registry.offer(Offer(revision: 7, .remoteConfig(config)), to: .all, at: now, &effects)
        }
        #expect(own.sent.count == 1)
        #expect(try Self.stand(&server, Self.layers(2, eu: "new")).sent.isEmpty)
        let after = try server.perform { registry, now, effects in
            try registry.withdraw(.remoteConfig, revision: 7, at: now, &effects)
        }
        #expect(after.sent.map { Self.files($0.message) } == [["a.yaml": "base", "b.json": "{}"]])
    }

    @Test("Of two changes that arrive in the wrong order the later one is served")
    func order() throws {
        var server = Self.server()
        let id = server.connect()
        _ = server.send(.full(.number(0), 1, version: "2"), over: id)
        #expect(try Self.stand(&server, Self.layers(5, eu: "late")).sent.count == 1)
        #expect(try Self.stand(&server, Self.layers(4, eu: "early")).sent.isEmpty)
    }

    @Test("Whatever the layers are, each agent has the files of a merge one by one, and gets them once")
    func random() throws {
        var random = SeededRandom(seed: 27)
        for _ in 0..<40 {
            var server = Self.server()
            let uids = (0..<12).map { InstanceUID.number(UInt64($0)) }
            let versions = uids.map { _ in "\(random.index(below: 4))" }
            var has: [[String: String]?] = uids.map { _ in nil }
            for (number, uid) in uids.enumerated() {
                let id = server.connect()
                _ = server.send(.full(uid, 1, version: versions[number]), over: id)
            }
            for revision in UInt32(1)...5 {
                let layers = (0..<(1 + random.index(below: 6))).map { number in
                    let values = Set((0..<2).map { _ in "\(random.index(below: 4))" })
                    let files = ["a", "b"].filter { _ in random.chance(0.6) }.map { ($0, "\(random.index(below: 2))") }
                    return (
                        name: "\(number)", values: random.chance(0.3) ? nil : values,
                        content: Self.content(
                            Dictionary(files) { $1 }, without: random.chance(0.2) ? ["a"] : [])
                    )
                }
                let standing = StandingOffers(
                    revision: revision,
                    layers: layers.map { layer in
                        StandingOffers.Layer(
                            layer.name, for: layer.values.map { .values("service.version", of: $0) } ?? .all,
                            layer.content)
                    })
                let sent = try Self.stand(&server, standing).sent
                var received: [InstanceUID: [String: String]] = [:]
                for message in sent {
                    if case .uid(let uid) = message.message.instanceUID { received[uid] = Self.files(message.message) }
                }
                #expect(received.count == sent.count)
                for (number, uid) in uids.enumerated() {
                    let own = layers.filter { $0.values?.contains(versions[number]) ?? true }
                    let merged = LayerContent.merged(own.map(\.content))
                        .mapValues { String(decoding: $0, as: UTF8.self) }
                    let isNew = !own.isEmpty && has[number] != merged
                    #expect(received[uid] == (isNew ? merged : nil))
                    if isNew { has[number] = merged }
                }
            }
        }
    }

    private static func packages(_ version: String) -> PackagesAvailable {
        PackagesAvailable(packages: ["collector": PackageAvailable(version: version)])
    }

    @Test("An agent gets the packages of its channel, the last one that it meets; a promotion is offered to the others")
    func channels() throws {
        func standing(_ revision: UInt32, stable: String) -> StandingOffers {
            StandingOffers(
                revision: revision, layers: [],
                channels: [
                    StandingOffers.Channel("stable", for: .all, Self.packages(stable)),
                    StandingOffers.Channel(
                        "beta", for: .values("service.version", of: ["2"]), Self.packages("0.115.0")),
                ])
        }
        var server = Self.server()
        _ = try Self.stand(&server, standing(1, stable: "0.114.0"))
        let capabilities: AgentCapabilities = [.reportsStatus, .acceptsPackages, .reportsPackageStatuses]
        for (number, version) in ["1", "2"].enumerated() {
            let id = server.connect()
            let answer = server.send(
                .full(.number(UInt64(number)), 1, capabilities, version: version), over: id
            ).answer
            let offered = answer?.packagesAvailable?.packages["collector"]?.version
            #expect(offered == (version == "1" ? "0.114.0" : "0.115.0"))
        }
        let promoted = standing(2, stable: "0.115.0")
        let touched = server.registry.touched(by: promoted, VersionBook.Name(.channel, "stable"))
        #expect(touched.meant == 1 && touched.changed == 1)
        let sent = try Self.stand(&server, promoted).sent
        #expect(sent.map { $0.message.packagesAvailable?.packages["collector"]?.version } == ["0.115.0"])
        #expect(server.registry.served(.number(1))?.channel == "beta")
    }

    @Test("A server that does not offer configurations serves no layers")
    func undeclared() throws {
        var plan = ServerPlan()
        plan.capabilities = [.acceptsStatus]
        var server = Rehearsal(plan)
        #expect(throws: OfferError.notDeclared(.remoteConfig)) { try Self.stand(&server, Self.layers(1, eu: "x")) }
    }
}
