import Basis
import OpAMP
import Testing

@testable import ControlPlane

@Suite("What agents name is bounded, and those that are gone are forgotten")
struct BoundsTests {
    /// One report over plain HTTP, on a connection of its own.
    private func poll(_ server: inout Rehearsal, _ report: AgentToServer) -> ServerToAgent? {
        let id = server.accept().id
        defer { _ = server.close(id, .clean) }
        return server.send(report, over: id).answer
    }

    @Test(
        "Endless new uids fill the registry to its limit and replace disconnected agents, never connected ones",
        arguments: [1, 2])
    func endlessUIDs(shards: Int) {
        var plan = ServerPlan()
        plan.agentLimit = 200
        let directory = shards > 1 ? AgentDirectory(stripes: 1, limit: plan.agentLimit) : nil
        var server = Rehearsal(plan, directory: directory)
        let id = server.connect()
        let connected = InstanceUID.number(1)
        _ = server.send(.full(connected, 1), over: id)
        for number in 2..<2_000 {
            server.now += .milliseconds(1)
            #expect(poll(&server, .full(.number(UInt64(number)), 1))?.errorResponse == nil)
        }
        #expect(server.counts.registryFull == 0)
        #expect(server.counts.agentsForgotten == 1_999 - 200)
        #expect((directory?.count ?? server.registry.agentUIDs.count) == 200)
        #expect(server.send(.heartbeat(connected, 2), over: id).answer == ServerToAgent(instanceUID: .uid(connected)))
    }

    @Test(
        "An agent that is disconnected for longer than the limit is forgotten, and is new when it returns",
        arguments: [1, 2])
    func longGone(shards: Int) {
        var plan = ServerPlan()
        plan.forgetsAfter = .seconds(60)
        let directory = shards > 1 ? AgentDirectory(stripes: 1, forgetsAfter: plan.forgetsAfter) : nil
        var server = Rehearsal(plan, directory: directory)
        for number in 0..<10 { _ = poll(&server, .full(.number(UInt64(number)), 1)) }
        server.now += .seconds(59)
        for number in 100..<110 { _ = poll(&server, .full(.number(UInt64(number)), 1)) }
        #expect(server.counts.agentsForgotten == 0)
        server.now += .seconds(2)
        for number in 200..<220 { _ = poll(&server, .full(.number(UInt64(number)), 1)) }
        #expect(server.counts.agentsForgotten == 10)
        #expect(server.counts.agentsReturned == 0)
        // The server asks a new agent for its state.
        #expect(poll(&server, .heartbeat(.number(3), 2))?.flags.contains(.reportFullState) == true)
        #expect(server.counts.agentsKnown == 41)
        #expect(server.counts.agentsReturned == 0)
        // An agent that has reported since then is still known.
        #expect(poll(&server, .heartbeat(.number(105), 2))?.flags.contains(.reportFullState) == false)
        #expect(server.counts.agentsKnown == 41)
    }

    @Test("A large list of custom capabilities is not kept, a small one is")
    func customCapabilities() {
        var server = Rehearsal()
        let id = server.connect()
        let uid = InstanceUID.number(1)
        var report = AgentToServer.full(uid, 1)
        report.customCapabilities = CustomCapabilities(capabilities: (0..<100_000).map { "c\($0)" })
        _ = server.send(report, over: id)
        #expect(server.counts.namesDiscarded == 1)
        #expect(server.registry.knowledge(of: uid)?.customCapabilities == [])
        report.sequenceNumber = 2
        report.customCapabilities = CustomCapabilities(capabilities: ["io.muster.echo"])
        _ = server.send(report, over: id)
        #expect(server.counts.namesDiscarded == 1)
        #expect(server.registry.knowledge(of: uid)?.customCapabilities == ["io.muster.echo"])
    }

    @Test("Rows are stored once, limited in number and bytes, and unused ones are removed")
    func rows() throws {
        var table = RowTable<String>(.init(rows: 10, bytesPerRow: 1_000, bytes: 4_000)) { $0.utf8.count }
        let row = table.shared(["a", "b"])
        let first = try #require(row)
        let again = table.shared(["a", "b"])
        let large = table.shared([String(repeating: "x", count: 1_000)])
        #expect(again === first && large == nil)
        var held = (0..<20).map { table.shared(["row \($0)"]) }
        #expect(held.count { $0 != nil } == 9)
        #expect(table.count == 10)
        held = []
        // Unused rows stay until room is needed.
        let next = (0..<30).map { table.shared(["next \($0)"]) }
        #expect(next.count { $0 != nil } >= 8)
        #expect(table.count <= 10 && table.byteCount <= 4_000)
        let last = table.shared(["a", "b"])
        #expect(last === first)
    }

    @Test("Rows of many bytes are bounded by their bytes")
    func bytes() {
        var table = RowTable<String>(.init(rows: 1_000, bytesPerRow: 1_000, bytes: 4_000)) { $0.utf8.count }
        let held = (0..<100).map { table.shared([String(repeating: "x", count: 500) + "\($0)"]) }
        #expect(table.byteCount <= 4_000)
        #expect((1..<8).contains(held.count { $0 != nil }))
    }

    @Test("The labels of an agent go with it to another shard")
    func labelsElsewhere() throws {
        var plan = ServerPlan()
        plan.labels = ["service.version"]
        let directory = AgentDirectory()
        var servers = (0..<2).map { Rehearsal(plan, shard: UInt16($0), directory: directory) }
        for number in 0..<20 {
            let id = servers[0].connect()
            _ = servers[0].send(.full(.number(UInt64(number)), 1, version: "v\(number)"), over: id)
            _ = servers[0].close(id)
        }
        let config = AgentRemoteConfig(config: AgentConfigMap(), configHash: [1])
        for index in servers.indices {
            _ = try servers[index].perform { registry, now, effects in
                try registry.offer(
                    Offer(revision: 1, .remoteConfig(config)), to: .attribute("service.version", equals: "v7"), at: now,
                    &effects)
            }
        }
        let id = servers[1].connect()
        #expect(servers[1].send(.heartbeat(.number(7), 2), over: id).answer?.remoteConfig?.configHash == [1])
        let other = servers[1].connect()
        #expect(servers[1].send(.heartbeat(.number(8), 2), over: other).answer?.remoteConfig == nil)
    }

    @Test("A certificate signing request that no key needs is refused")
    func largeRequest() {
        var plan = ServerPlan()
        plan.issuesCertificates = true
        var server = Rehearsal(plan)
        let id = server.connect()
        var report = AgentToServer.full(.number(1), 1, AgentToServer.usual.union(.acceptsOpAMPConnectionSettings))
        report.connectionSettingsRequest = ConnectionSettingsRequest(
            opamp: OpAMPConnectionSettingsRequest(
                certificateRequest: CertificateRequest(csr: [UInt8](repeating: 65, count: 17 << 10))))
        #expect(server.send(report, over: id).sent.last?.message.errorResponse?.type == .badRequest)
    }
}
