import AgentModel
import Basis
import ControlPlane
import Engine
import Hosting
import Metrics
import TestSupport
import Testing
import Transport

/// What real clients do on their connections, as a profile asks for it.
@Suite("Habits of clients")
struct ClientHabitTests {
    private static func server() throws -> OpAMPServer {
        try OpAMPServer(
            plan: ServerPlan(), address: .loopback(port: 0), shards: 1, seed: 1, wallClockAtZero: 1_800_000_000_000)
    }

    @Test("Messages in small frames arrive whole, compressed or not", arguments: [true, false], [1, 100, 4_096])
    func frames(compresses: Bool, size: Int) async throws {
        let server = try Self.server()
        let target = try SmallFleet.target(server.addresses[0]) {
            $0.frameBytes = size
            $0.compression.offersDeflate = compresses
        }
        let fleet = try SmallFleet(3, at: target)
        try await fleet.wait(until: "answers to heartbeats") { $0[.heartbeats] >= 9 }
        await fleet.stop()
        let counts = await server.stop()
        #expect(counts.malformed == 0 && counts.agentsKnown == 3 && counts.fullReports >= 3)
    }

    @Test("Agents reconnect when a server that has upgraded them says nothing")
    func silence() async throws {
        let server = try ScriptedHTTPServer { _ in .upgrades(then: .says([])) }
        let target = try SmallFleet.target(server.address) { $0.silenceTimeout = .milliseconds(100) }
        let fleet = try SmallFleet(2, at: target) { $0.reconnect = .fixed(.milliseconds(10)) }
        try await fleet.wait(until: "several connections of each") { $0[.idleTimeout] >= 4 && $0[.reconnects] >= 4 }
        await fleet.stop()
        await server.stop()
    }

    @Test("Without a limit a silent server keeps its agents")
    func withoutTimeout() async throws {
        let server = try ScriptedHTTPServer { _ in .upgrades(then: .says([])) }
        let fleet = try SmallFleet(2, at: SmallFleet.target(server.address)) { $0.answerTimeout = .milliseconds(100) }
        try await fleet.wait(until: "reports without answers") { $0[.unanswered] >= 6 }
        #expect(fleet.counters[.idleTimeout] == 0 && fleet.counters[.connectionsOpened] == 2)
        await fleet.stop()
        await server.stop()
    }

    @Test("Polling agents share connections, or have one each", arguments: [true, false])
    func connections(isPerAgent: Bool) async throws {
        let server = try ScriptedHTTPServer { _ in .answer() }
        var plan = PollingPlan(connections: 1)
        plan.isPerAgent = isPerAgent
        let fleet = try SmallFleet(5, polling: server.address, plan: plan)
        try await fleet.wait(until: "polls of all") { $0[.agentsAnswered] == 5 && $0[.heartbeats] >= 20 }
        await fleet.stop()
        await server.stop()
        let used = Dictionary(grouping: server.requests) { $0.head.fields["OpAMP-Instance-UID"] ?? "" }
            .mapValues { Set($0.map(\.connection)).count }
        #expect(Set(server.requests.map(\.connection)).count == (isPerAgent ? 5 : 1))
        #expect(used.count == 5 && used.values.allSatisfy { $0 == 1 })
    }
}
