import Basis
import ControlPlane
import OpAMP
import OrderedCollections
import Testing

@Suite("What the server knows and asks of its agents")
struct KnowledgeTests {
    let uid = InstanceUID.number(7)

    @Test("What is retained can be looked up, as it was last reported")
    func retained() throws {
        var plan = ServerPlan()
        plan.retention = .encoded(limit: 1 << 20)
        var server = Rehearsal(plan)
        let id = server.connect()
        var report = AgentToServer.full(uid, 1)
        report.effectiveConfig = EffectiveConfig(configMap: AgentRemoteConfig.named("a").config)
        _ = server.send(report, over: id)
        _ = server.send(.heartbeat(uid, 2), over: id)
        let knowledge = try #require(server.registry.knowledge(of: uid))
        #expect(knowledge.description == report.agentDescription)
        #expect(knowledge.effectiveConfig == report.effectiveConfig)
        #expect(knowledge.health == report.health)
        #expect(knowledge.isHealthy)
        #expect(knowledge.sequenceNumber == 2)
        #expect(knowledge.connection == id)
        report.sequenceNumber = 3
        report.health = ComponentHealth(healthy: false, lastError: "disk full")
        _ = server.send(report, over: id)
        #expect(server.registry.knowledge(of: uid)?.health?.lastError == "disk full")
        #expect(server.registry.knowledge(of: uid)?.isHealthy == false)
    }

    @Test("Retention has a limit; beyond it only fingerprints are kept, and room is given back")
    func retentionLimit() {
        var plan = ServerPlan()
        plan.retention = .encoded(limit: 30_000)
        var server = Rehearsal(plan)
        let id = server.connect()
        func send(_ number: UInt64, _ sequence: UInt64, size: Int) {
            var report = AgentToServer.full(.number(number), sequence)
            report.effectiveConfig = EffectiveConfig(configMap: AgentRemoteConfig.named("\(number)", size: size).config)
            _ = server.send(report, over: id)
        }
        for number in 0..<10 as Range<UInt64> { send(number, 1, size: 10_000) }
        func kept() -> Int {
            (0..<10).filter { server.registry.knowledge(of: .number(UInt64($0)))?.effectiveConfig != nil }.count
        }
        #expect(kept() == 2)
        for number in 0..<10 as Range<UInt64> { send(number, 2, size: 1_000) }
        #expect(kept() == 10)
    }

    @Test("Without retention nothing of the messages is kept")
    func fingerprintsOnly() {
        var server = Rehearsal()
        let id = server.connect()
        _ = server.send(.full(uid, 1), over: id)
        #expect(server.registry.knowledge(of: uid)?.description == nil)
        #expect(server.registry.knowledge(of: .number(99)) == nil)
    }

    @Test(
        "Components are requested if their hash is new, not if it is known (spec: AvailableComponents)"
    )
    func components() {
        var plan = ServerPlan()
        plan.asksForComponents = true
        var server = Rehearsal(plan)
        let capabilities: AgentCapabilities = [.reportsStatus, .reportsAvailableComponents]
        func send(_ number: UInt64, _ sequence: UInt64, details: Bool, hash: UInt8 = 1) -> ServerToAgentFlags? {
            let id = server.connect()
            var report = AgentToServer.full(.number(number), sequence, capabilities)
            report.availableComponents = AvailableComponents(
                components: details ? ["receiver": ComponentDetails()] : [:], hash: [hash])
            return server.send(report, over: id).answer?.flags
        }
        #expect(send(1, 1, details: false) == [.reportAvailableComponents])
        #expect(send(1, 2, details: true) == [])
        #expect(send(2, 1, details: false) == [])
        #expect(send(3, 1, details: false, hash: 2) == [.reportAvailableComponents])
        #expect(server.counts.componentRequests == 2)
    }

    @Test("An agent that changes its capabilities is offered what it accepts now (spec: AgentToServer.capabilities)")
    func capabilitiesChange() throws {
        var server = Rehearsal()
        let id = server.connect()
        _ = try server.perform { registry, now, effects in
            try registry.offer(Offer(revision: 1, .remoteConfig(.named("a"))), at: now, &effects)
        }
        #expect(server.send(.full(uid, 1, [.reportsStatus]), over: id).answer?.remoteConfig == nil)
        #expect(server.send(.heartbeat(uid, 2), over: id).answer?.remoteConfig != nil)
        #expect(server.send(.heartbeat(uid, 3, [.reportsStatus]), over: id).answer?.remoteConfig == nil)
        let next = try server.perform { registry, now, effects in
            try registry.offer(Offer(revision: 2, .remoteConfig(.named("b"))), at: now, &effects)
        }
        #expect(next.sent.isEmpty)
    }
}
