import Basis
import OpAMP
import OrderedCollections
import Testing

@testable import AgentModel

@Suite("Remote configuration (spec: Configuration, RemoteConfigStatus Message)")
struct RemoteConfigTests {
    static func offer(
        _ hash: [UInt8], _ body: String = "service: {}\n", type: String = "text/yaml", file: String = "remote.yaml"
    ) -> ServerToAgent {
        ServerToAgent(
            remoteConfig: AgentRemoteConfig(
                config: AgentConfigMap(configMap: [file: AgentConfigFile(body: Array(body.utf8), contentType: type)]),
                configHash: hash))
    }

    static func plan(_ change: (inout CohortPlan) -> Void = { _ in }) -> CohortPlan {
        .with {
            $0.heartbeat = HeartbeatPlan(interval: .seconds(1000), phase: .fromConnection)
            $0.remoteConfig = RemoteConfigPlan(applyTime: .constant(.seconds(2)), watchers: [])
            change(&$0)
        }
    }

    @Test("An offer is reported as APPLYING at once, then as APPLIED with the effective configuration the moment it is")
    func applies() throws {
        var script = AgentScript(Self.plan())
        script.run()
        script.receive(Self.offer([1, 2, 3]))
        #expect(script.sent.map(\.kind) == [.status])
        #expect(
            script.sent.first?.report.remoteConfigStatus
                == RemoteConfigStatus(lastRemoteConfigHash: [1, 2, 3], status: .applying))
        #expect(script.sent.first?.report.effectiveConfig == nil)
        #expect(script.agent.state == .configuring)
        script.acknowledge()
        let sent = script.pass(.seconds(2))
        #expect(sent.count == 1)
        let report = try #require(sent.first).report
        #expect(sent.first?.at == Instant.zero + .seconds(2))
        #expect(report.remoteConfigStatus == RemoteConfigStatus(lastRemoteConfigHash: [1, 2, 3], status: .applied))
        let files = try #require(report.effectiveConfig?.configMap?.configMap)
        #expect(files["remote.yaml"]?.body == Array("service: {}\n".utf8))
        #expect(files[""] == nil && files["local.yaml"] != nil)
        #expect(report.agentDescription == nil)
        #expect(script.agent.state == .running)
    }

    @Test("A file of the offer replaces a local one of the same name")
    func merge() throws {
        var script = AgentScript(Self.plan())
        script.run()
        script.receive(Self.offer([1], "a: 1\n", file: ""))
        script.pass(.seconds(2))
        script.receive(ServerToAgent(flags: .reportFullState))
        let files = try #require(script.sent.first?.report.effectiveConfig?.configMap?.configMap)
        #expect(files.count == 1)
        #expect(files[""]?.body == Array("a: 1\n".utf8))
    }

    @Test(
        "Only a single file has no name: with others, the local one is called local.yaml (spec: Configuration Files)",
        arguments: [
            (["remote.yaml"], ["local.yaml", "remote.yaml"]), (["a", "b"], ["a", "b", "local.yaml"]), ([""], [""]),
            (["local.yaml"], ["local.yaml"]), (["", "a"], ["", "a"]),
        ])
    func names(offered: [String], effective: [String]) throws {
        var script = AgentScript(Self.plan { $0.remoteConfig.applyTime = .constant(.zero) })
        script.run()
        let file = AgentConfigFile(body: Array("a: 1\n".utf8), contentType: "text/yaml")
        script.receive(
            ServerToAgent(
                remoteConfig: AgentRemoteConfig(
                    config: AgentConfigMap(
                        configMap: OrderedDictionary(uniqueKeysWithValues: offered.map { ($0, file) })),
                    configHash: [1])))
        let files = try #require(script.sent.first?.report.effectiveConfig?.configMap?.configMap)
        #expect(files.keys.sorted() == effective)
        #expect(offered.allSatisfy { files[$0] == file })
    }

    @Test(
        "The hash of an offer is opaque: any bytes are accepted and sent in every status (spec: AgentRemoteConfig)",
        arguments: [[1], [0, 0], Array(0..<32), [UInt8](repeating: 255, count: 200)] as [[UInt8]])
    func opaqueHash(_ hash: [UInt8]) {
        var script = AgentScript(Self.plan())
        script.run()
        script.receive(Self.offer(hash))
        let told = script.sent + script.pass(.seconds(2))
        #expect(told.map(\.report.remoteConfigStatus?.lastRemoteConfigHash) == [hash, hash])
        script.receive(ServerToAgent(flags: .reportFullState))
        #expect(script.sent.first?.report.remoteConfigStatus?.lastRemoteConfigHash == hash)
    }

    @Test(
        "An agent with one configuration file reports it as the only entry, without a name (spec: Configuration Files)")
    func singleFile() throws {
        var script = AgentScript()
        script.run()
        let files = try #require(script.allSent.first?.report.effectiveConfig?.configMap?.configMap)
        #expect(files.keys.elements == [""])
        #expect(files[""]?.body.isEmpty == false)
        #expect(files[""]?.contentType == "text/yaml")
    }

    @Test("Without a time to apply, one report says it all")
    func appliesAtOnce() {
        var script = AgentScript(Self.plan { $0.remoteConfig.applyTime = .constant(.zero) })
        script.run()
        script.receive(Self.offer([9]))
        #expect(script.sent.count == 1)
        #expect(script.sent.first?.report.remoteConfigStatus?.status == .applied)
        #expect(script.sent.first?.report.effectiveConfig != nil)
    }

    @Test("An offer with the hash that the agent already has is not processed again, in any state of the first one")
    func repeated() {
        var script = AgentScript(Self.plan())
        script.run()
        script.receive(Self.offer([1]))
        script.receive(Self.offer([1]))
        #expect(script.sent.isEmpty)
        script.pass(.seconds(2))
        script.receive(Self.offer([1]))
        #expect(script.sent.isEmpty)
        #expect(script.counts(.offerRepeated) == 2)

        var failing = AgentScript(Self.plan { $0.remoteConfig.failureOdds = 1 })
        failing.run()
        failing.receive(Self.offer([1]))
        failing.pass(.seconds(2))
        failing.receive(Self.offer([1]))
        #expect(failing.sent.isEmpty)
    }

    @Test("A failure is reported with a message, and the agent keeps its former configuration")
    func fails() throws {
        var script = AgentScript(Self.plan())
        script.run()
        script.receive(Self.offer([1], "good: 1\n"))
        script.pass(.seconds(2))
        script.receive(Self.offer([2], "bad: 1\n# muster: fail\n"))
        let sent = script.pass(.seconds(2))
        let status = try #require(sent.first?.report.remoteConfigStatus)
        #expect(status.status == .failed)
        #expect(status.lastRemoteConfigHash == [2])
        #expect(!status.errorMessage.isEmpty)
        #expect(sent.first?.report.effectiveConfig == nil)
        script.receive(ServerToAgent(flags: .reportFullState))
        let files = try #require(script.sent.first?.report.effectiveConfig?.configMap?.configMap)
        #expect(files["remote.yaml"]?.body == Array("good: 1\n".utf8))
    }

    @Test(
        "What cannot be applied fails at once, with the reason",
        arguments: [
            ("exporters: {}\n", "text/yaml", "may not be set"), ("a: 1\nexporters:\n", "", "may not be set"),
            ("\"exporters\": {}\n", "text/yaml", "may not be set"), ("exporters:\t{}\n", "text/yaml", "may not be set"),
            ("a: {x: 'it''s {'}\nexporters: {}\n", "text/yaml", "may not be set"),
            ("a: {x: [\n1, '}',\n\"\\\"}\"]}\nexporters: {}\n", "text/yaml", "may not be set"),
            ("a: it's {\nexporters: {}\n", "text/yaml", "may not be set"),
        ])
    func invalid(body: String, type: String, reason: String) throws {
        var script = AgentScript(Self.plan { $0.remoteConfig.allowedSettings = ["receivers", "service", "a"] })
        script.run()
        script.receive(Self.offer([7], body, type: type))
        let status = try #require(script.sent.first?.report.remoteConfigStatus)
        #expect(status.status == .failed)
        #expect(status.errorMessage.contains(reason), "\(status.errorMessage)")
        #expect(script.agent.state == .running)
    }

    @Test(
        "An empty configuration is a configuration: one empty file, or none at all, is applied",
        arguments: [true, false])
    func empty(hasFile: Bool) throws {
        var script = AgentScript(Self.plan { $0.remoteConfig.applyTime = .constant(.zero) })
        script.run()
        let files: OrderedDictionary<String, AgentConfigFile> =
            hasFile ? ["": AgentConfigFile(body: [], contentType: "text/yaml")] : [:]
        script.receive(
            ServerToAgent(
                remoteConfig: AgentRemoteConfig(config: AgentConfigMap(configMap: files), configHash: [9])))
        let statuses =
            script.sent.compactMap(\.report.remoteConfigStatus)
            + script.pass(.seconds(2)).compactMap(\.report.remoteConfigStatus)
        let status = try #require(statuses.last)
        #expect(status.status == .applied, "\(status.errorMessage)")
        #expect(status.lastRemoteConfigHash == [9])
    }

    @Test("Bytes that are not UTF-8 fail where text is claimed, and pass where it is not")
    func notUTF8() {
        for (type, expected) in [
            ("text/plain", RemoteConfigStatuses.failed), ("", .failed), ("application/octet-stream", .applied),
        ] {
            var script = AgentScript(Self.plan { $0.remoteConfig.applyTime = .constant(.zero) })
            script.run()
            script.receive(
                ServerToAgent(
                    remoteConfig: AgentRemoteConfig(
                        config: AgentConfigMap(
                            configMap: ["x": AgentConfigFile(body: [0xFF, 0xFE, 0x41], contentType: type)]),
                        configHash: [5])))
            #expect(script.sent.first?.report.remoteConfigStatus?.status == expected, "\(type)")
        }
    }

    @Test("Another offer while one is applied takes its place")
    func superseded() {
        var script = AgentScript(Self.plan())
        script.run()
        script.receive(Self.offer([1]))
        script.pass(.seconds(1))
        script.receive(Self.offer([2]))
        #expect(script.allSteps.offers.contains { $0.stage == .superseded && $0.number == 1 })
        let sent = script.pass(.seconds(10))
        #expect(sent.compactMap { $0.report.remoteConfigStatus?.lastRemoteConfigHash } == [[2]])
        #expect(sent.last?.at == Instant.zero + .seconds(3))
    }

    @Test("Convergence is measured: offered, applying, applied, converged, each once and since the offer")
    func convergence() {
        var script = AgentScript(Self.plan())
        script.run()
        script.receive(Self.offer([0, 0, 0, 0, 0, 0, 1, 2, 99]))
        script.now += .milliseconds(5)
        script.pass(.seconds(3))
        script.receive(ServerToAgent(flags: .reportFullState))
        let stages = script.allSteps.offers
        #expect(stages.map(\.stage) == [.received, .applying, .applied, .converged])
        #expect(stages.allSatisfy { $0.number == 0x102 })
        #expect(stages.map(\.elapsed) == [.zero, .zero, .seconds(2), .seconds(2)])
    }

    @Test("A status that changes while the agent is offline is reported when it is back")
    func appliedOffline() throws {
        var script = AgentScript(Self.plan { $0.reconnect = .fixed(.seconds(60)) })
        script.run()
        script.receive(Self.offer([1]))
        script.lost()
        #expect(script.pass(.seconds(60)).isEmpty)
        script.opened()
        let report = try #require(script.sent.first).report
        #expect(report.remoteConfigStatus?.status == .applied)
        #expect(report.effectiveConfig != nil)
        #expect(report.agentDescription == nil)
        script.acknowledge()
        #expect(script.agent.state == .running)
        #expect(script.allSteps.offers.last?.elapsed == .seconds(60))
    }

    @Test("An agent that does not accept remote configuration ignores it (spec: AcceptsRemoteConfig)")
    func undeclared() {
        var script = AgentScript(Self.plan { $0.capabilities.remove(.acceptsRemoteConfig) })
        script.run()
        script.receive(Self.offer([1]))
        #expect(script.sent.isEmpty)
        #expect(script.counts(.undeclaredCapabilityUsed) == 1)
    }

    @Test("An agent that does not report remote configuration applies it in silence")
    func silent() {
        var script = AgentScript(Self.plan { $0.capabilities.remove(.reportsRemoteConfig) })
        script.run()
        script.receive(Self.offer([1]))
        #expect(script.sent.isEmpty)
        let sent = script.pass(.seconds(2))
        #expect(sent.count == 1)
        #expect(sent.first?.report.remoteConfigStatus == nil)
        #expect(sent.first?.report.effectiveConfig != nil)
    }

    @Test("The odds of failure are the plan's")
    func odds() {
        let cohort = Cohort(Self.plan { $0.remoteConfig.failureOdds = 0.25 }, seed: 8, unixOrigin: 0)
        var failed = 0
        for index in 0..<1000 {
            var script = AgentScript(agent: Agent(index: UInt64(index), cohort: cohort), now: .zero)
            script.run()
            script.receive(Self.offer([1]))
            let sent = script.pass(.seconds(2))
            if sent.last?.report.remoteConfigStatus?.status == .failed { failed += 1 }
        }
        // Five standard deviations of 1000 draws at a quarter are 68.
        #expect(abs(failed - 250) < 68)
    }

    @Test("The history of working configurations is limited")
    func history() {
        var script = AgentScript(
            Self.plan { $0.remoteConfig = RemoteConfigPlan(applyTime: .constant(.zero), historyLimit: 3) })
        script.run()
        for number in 0..<20 { script.receive(Self.offer([UInt8(number)], "a: \(number)\n")) }
        #expect(script.agent.configuration?.history.map(\.hash) == [[17], [18], [19]])
    }

    @Test("A configuration that crashes the agent is rolled back to the last working one, and reported as failed")
    func rollback() throws {
        var script = AgentScript(Self.plan())
        script.run()
        script.receive(Self.offer([1], "good: 1\n"))
        script.pass(.seconds(2))
        script.receive(Self.offer([2], "bad: 1\n# muster: die 30s\n"))
        script.pass(.seconds(2))
        #expect(script.allSent.last?.report.remoteConfigStatus?.status == .applied)
        script.pass(.seconds(29))
        #expect(script.agent.state == .running)
        script.pass(.seconds(1))
        #expect(script.agent.state == .restarting)
        #expect(script.allSteps.aborts == 1)
        script.pass(.seconds(3))
        #expect(script.agent.state == .connecting)
        script.opened()
        let report = try #require(script.sent.first).report
        #expect(script.sent.first?.kind == .first)
        #expect(report.sequenceNumber == 0)
        #expect(report.remoteConfigStatus?.status == .failed)
        #expect(report.remoteConfigStatus?.lastRemoteConfigHash == [2])
        #expect(report.effectiveConfig?.configMap?.configMap["remote.yaml"]?.body == Array("good: 1\n".utf8))
    }

    @Test("The differences between two configurations are found by entry")
    func difference() {
        func entries(_ body: String) -> ConfigEntries {
            ConfigEntries(AgentConfigMap(configMap: ["": AgentConfigFile(body: Array(body.utf8))]))
        }
        let difference = entries("a: 1\nb:\n  x: 1\nc: 3\n").difference(to: entries("a: 1\nb:\n  x: 2\nd: 4\n"))
        #expect(difference.added == ["d"])
        #expect(difference.changed == ["b"])
        #expect(difference.removed == ["c"])
    }

    @Test("Watchers of a setting react to its change, and only to that")
    func watchers() {
        let watchers = [
            ConfigWatcher(setting: "service", reaction: .restartPipelines),
            ConfigWatcher(setting: "extensions", reaction: .restartAgent),
        ]
        var script = AgentScript(
            Self.plan { $0.remoteConfig = RemoteConfigPlan(applyTime: .constant(.seconds(2)), watchers: watchers) })
        script.run()
        script.receive(Self.offer([1], "service: {a: 1}\nextensions: {}\n", file: ""))
        script.pass(.seconds(2))
        #expect(script.counts(.watcherNotified) == 2)
        #expect(script.agent.state == .closing)

        var calm = AgentScript(
            Self.plan {
                $0.remoteConfig = RemoteConfigPlan(
                    applyTime: .constant(.seconds(2)),
                    watchers: [.init(setting: "service", reaction: .restartPipelines)])
            })
        calm.run()
        calm.receive(Self.offer([1], "service: {a: 1}\n"))
        let started = calm.allSent[0].report.health?.startTimeUnixNano ?? 0
        let sent = calm.pass(.seconds(2))
        #expect(sent.count == 1)
        #expect(sent.first?.report.health?.startTimeUnixNano == started + 2_000_000_000)
        calm.receive(Self.offer([2], "service: {a: 1}\nother: 1\n"))
        #expect(calm.pass(.seconds(2)).first?.report.health == nil)
    }

    @Test("An offer to many agents of a shard is read and kept once")
    func shared() {
        let cohort = Cohort(Self.plan(), seed: 1, unixOrigin: 0)
        var effects = Effects()
        var configs: [ReceivedConfig?] = []
        for index in 0..<3 {
            var agent = Agent(index: UInt64(index), cohort: cohort)
            agent.start(at: .zero, &effects)
            agent.connected(at: .zero, &effects)
            agent.received(Self.offer([1]), at: .zero, &effects)
            effects.removeAll()
            configs.append(agent.configuration?.lastOffer)
        }
        #expect(configs[0] != nil && configs[0] === configs[1] && configs[1] === configs[2])
    }
}

extension [Effect] {
    var offers: [OfferStep] {
        compactMap { if case .offer(let step) = $0 { step } else { nil } }
    }

    func faults(_ wanted: Fault) -> Int {
        filter { if case .fault(wanted) = $0 { true } else { false } }.count
    }
}
