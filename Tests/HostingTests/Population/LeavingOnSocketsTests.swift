import AgentModel
import Basis
import ControlPlane
import Engine
import Metrics
import TestSupport
import Testing

@testable import Hosting

/// What a server believes of agents that leave, beside what the fleet counts.
@Suite("Agents that leave, on sockets")
struct LeavingOnSocketsTests {
    private static let agents = 20

    private static func server() throws -> OpAMPServer {
        try OpAMPServer(
            plan: ServerPlan(), address: .loopback(port: 0), shards: 1, seed: 5, wallClockAtZero: 1_800_000_000_000)
    }

    private static func fleet(
        at server: OpAMPServer, _ amend: (inout CohortPlan) -> Void = { _ in }
    ) async throws -> SmallFleet {
        let fleet = try SmallFleet(agents, at: try SmallFleet.target(server.addresses[0]), amend)
        try await fleet.wait(until: "all answered") { $0[.agentsAnswered] >= UInt64(agents) }
        return fleet
    }

    private static func wait(
        _ server: OpAMPServer, until what: String, _ condition: (ServerCounts) -> Bool
    ) async throws {
        for _ in 0..<500 {
            if condition(await server.counts()) { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("did not happen: \(what); \(await server.counts())")
    }

    @Test("A server learns of each way to leave what the protocol lets it know", arguments: LeaveMethod.allCases)
    func believed(method: LeaveMethod) async throws {
        let server = try Self.server()
        let fleet = try await Self.fleet(at: server)
        fleet.perform(.leave(LeavePlan(method)))
        try await fleet.wait(until: "all left") { $0[.agentsLeft] == UInt64(Self.agents) }
        let count = UInt64(Self.agents)
        switch method {
        case .agentDisconnect, .close:
            try await Self.wait(server, until: "closed") { $0.connectionsOpen == 0 }
            let counts = await server.counts()
            #expect(counts.agentsConnected == 0)
            #expect(counts.agentDisconnects == (method == .agentDisconnect ? count : 0))
            #expect(counts.agentsLost == (method == .agentDisconnect ? 0 : count))
        case .fin, .reset:
            try await Self.wait(server, until: "lost") { $0.connectionsOpen == 0 }
            #expect(await server.counts().agentsLost == count)
        case .silent:
            // Long enough for three heartbeats that do not come.
            try await fleet.go(for: .milliseconds(300))
            let counts = await server.counts()
            #expect(counts.connectionsOpen == count && counts.agentsConnected == count)
            #expect(fleet.counters[.connectionsHalfOpen] == count)
            let reports = counts.reports
            try await fleet.go(for: .milliseconds(300))
            #expect(await server.counts().reports == reports)
        }
        await fleet.stop()
        try await Self.wait(server, until: "nothing is left open") { $0.connectionsOpen == 0 }
        _ = await server.stop()
    }

    @Test("A server with a timeout for silence ends half-open connections, and no others")
    func silentTimeout() async throws {
        var wire = ServerWire()
        wire.silentTimeout = .seconds(2)
        let server = try OpAMPServer(
            plan: ServerPlan(), address: .loopback(port: 0), wire: wire, shards: 1, seed: 5,
            wallClockAtZero: 1_800_000_000_000)
        let silent = try await Self.fleet(at: server)
        let other = try await Self.fleet(at: server)
        let count = UInt64(Self.agents)
        silent.perform(.leave(LeavePlan(.silent)))
        try await Self.wait(server, until: "the silent ones are ended") { $0.silentTimeouts == count }
        let counts = await server.counts()
        #expect(counts.connectionsOpen == count && counts.agentsLost == count)
        #expect(other.counters[.reset] == 0 && other.counters[.peerClosed] == 0)
        await silent.stop()
        await other.stop()
        _ = await server.stop()
    }

    @Test("Agents come back as themselves, or are replaced by others", arguments: LeaveMethod.allCases)
    func sequels(method: LeaveMethod) async throws {
        let server = try Self.server()
        let fleet = try await Self.fleet(at: server)
        let count = UInt64(Self.agents)
        fleet.perform(.leave(LeavePlan(method, then: .back(.constant(.milliseconds(50))))))
        try await fleet.wait(until: "all back") { $0[.reconnects] == count && $0[.agentsAway] == count }
        try await Self.wait(server, until: "known again") { $0.agentsConnected >= count }
        // To the server one that was silent is there still: who comes under its uid is given another.
        let renamed = method == .silent ? count : 0
        #expect(await server.counts().agentsRenamed == renamed)
        fleet.perform(.leave(LeavePlan(method, then: .replaced(.constant(.milliseconds(50))))))
        try await fleet.wait(until: "all replaced") { $0[.agentsReplaced] == count && $0[.agentsAnswered] == 2 * count }
        #expect(await server.counts().agentsKnown == 2 * count + renamed)
        #expect(fleet.counters[.agentsLeft] == count)
        await fleet.stop()
        _ = await server.stop()
    }

    @Test("After a partition connections go on where they were, and no report is lost")
    func resumes() async throws {
        let server = try Self.server()
        let fleet = try await Self.fleet(at: server)
        fleet.perform(.partition(PartitionPlan(length: .seconds(3))))
        try await fleet.go(for: .milliseconds(200))
        let during = await server.counts()
        try await fleet.go(for: .milliseconds(300))
        #expect(await server.counts().reports == during.reports)
        #expect(during.connectionsOpen == UInt64(Self.agents) && during.agentsConnected == UInt64(Self.agents))
        let answered = fleet.counters[.answersReceived]
        try await fleet.wait(until: "answers again") { $0[.answersReceived] > answered + UInt64(5 * Self.agents) }
        fleet.drain(waiting: .seconds(2))
        try await Self.wait(server, until: "all left") { $0.agentDisconnects == UInt64(Self.agents) }
        let counts = await server.counts()
        #expect(counts.connectionsAccepted == UInt64(Self.agents) && counts.gaps == 0 && counts.repeats == 0)
        await fleet.stop()
        #expect(fleet.named["partitions"] == UInt64(Self.agents))
        #expect(fleet.counters[.reconnects] == 0)
        #expect(fleet.counters[.unanswered] == 0 && fleet.counters[.pushes] == 0)
        #expect(fleet.counters.reportsSent == counts.reports)
        _ = await server.stop()
    }

    @Test("Agents that notice a partition connect again once it is over; the server still had the old connections")
    func notices() async throws {
        let server = try Self.server()
        let fleet = try await Self.fleet(at: server) { $0.reconnect = .fixed(.milliseconds(50)) }
        let count = UInt64(Self.agents)
        fleet.perform(.partition(PartitionPlan(length: .seconds(3), notice: .constant(.milliseconds(200)))))
        try await fleet.wait(until: "noticed") { $0[.idleTimeout] == count }
        let during = await server.counts()
        #expect(during.connectionsOpen == count && during.connectionsAccepted == count)
        #expect(fleet.counters[.reportsWithheld] > 0)
        #expect(fleet.counters[.heartbeatsWithheld] == fleet.counters[.reportsWithheld])
        #expect(fleet.counters[.answersLost] == 0 && fleet.counters[.unanswered] == 0)
        try await fleet.wait(until: "back") { $0[.reconnects] == count }
        try await Self.wait(server, until: "the old connections are reset") {
            $0.connectionsOpen == count && $0.connectionsAccepted == 2 * count
        }
        #expect(await server.counts().agentsKnown == count)
        await fleet.stop()
        _ = await server.stop()
    }

    @Test("An agent that leaves during a partition leaves the server with a connection until it is over")
    func leavesWhileCutOff() async throws {
        let server = try Self.server()
        let fleet = try await Self.fleet(at: server)
        let count = UInt64(Self.agents)
        fleet.perform(.partition(PartitionPlan(length: .seconds(2))))
        fleet.perform(.leave(LeavePlan(.reset)))
        try await fleet.wait(until: "left") { $0[.agentsLeft] == count }
        #expect(await server.counts().connectionsOpen == count)
        try await Self.wait(server, until: "the network is whole again") { $0.connectionsOpen == 0 }
        await fleet.stop()
        _ = await server.stop()
    }

    @Test("Lifetimes end agents, connection ages end connections, and what is gone is released")
    func lifetimes() async throws {
        let server = try Self.server()
        let fleet = try await Self.fleet(at: server) {
            $0.lifetime = TimedLeave(
                after: .uniform(.milliseconds(50), .milliseconds(150)),
                LeavePlan(.reset, then: .replaced(.constant(.zero))))
        }
        try await fleet.wait(until: "many generations") { $0[.agentsReplaced] > 1_000 }
        fleet.drain()
        await fleet.stop()
        #expect(fleet.counters[.agentsStarted] == UInt64(Self.agents) + fleet.counters[.agentsReplaced])
        let aged = try await Self.fleet(at: server) {
            $0.connectionAge = TimedLeave(after: .constant(.milliseconds(80)), LeavePlan(.fin))
        }
        try await aged.wait(until: "aged") { $0[.reconnects] > 100 }
        #expect(aged.named["connections_aged"] > 100)
        #expect(aged.counters[.agentsLeft] == 0)
        await aged.stop()
        _ = await server.stop()
    }

    @Test("Agents that poll leave and are cut off too", arguments: LeaveMethod.allCases)
    func polling(method: LeaveMethod) async throws {
        let server = try Self.server()
        let fleet = try SmallFleet(Self.agents, polling: server.addresses[0]) {
            $0.pollingInterval = .milliseconds(100)
        }
        let count = UInt64(Self.agents)
        try await fleet.wait(until: "all answered") { $0[.agentsAnswered] >= count }
        fleet.perform(.partition(PartitionPlan(length: .seconds(3))))
        try await fleet.go(for: .milliseconds(150))
        let before = await server.counts().reports
        try await fleet.go(for: .milliseconds(150))
        #expect(await server.counts().reports == before)
        try await Self.wait(server, until: "polls again") { $0.reports > before + count }
        fleet.perform(.leave(LeavePlan(method)))
        try await fleet.wait(until: "all left") { $0[.agentsLeft] == count }
        try await fleet.go(for: .milliseconds(50))
        let reports = await server.counts()
        #expect(reports.agentDisconnects == (method == .agentDisconnect ? count : 0))
        try await fleet.go(for: .milliseconds(300))
        #expect(await server.counts().reports == reports.reports)
        await fleet.stop()
        _ = await server.stop()
    }
}
