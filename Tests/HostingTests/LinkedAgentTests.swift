import AgentModel
import Basis
import ControlPlane
import Engine
import Metrics
import TestSupport
import Testing

@testable import Hosting

/// Agents behind slow networks, on sockets. Times are asserted from below only.
@Suite("Agents behind slow networks")
struct LinkedAgentTests {
    private static let agents = 10
    private static let latency = Nanoseconds.milliseconds(30)

    private static func server() throws -> OpAMPServer {
        try OpAMPServer(
            plan: ServerPlan(), address: .loopback(port: 0), shards: 1, seed: 5, wallClockAtZero: 1_800_000_000_000)
    }

    private static func plan(_ amend: (inout LinkPlan) -> Void = { _ in }) -> LinkPlan {
        var plan = LinkPlan(seed: 3)
        plan.latency = .constant(latency)
        amend(&plan)
        return plan
    }

    private static func fleet(
        at server: OpAMPServer, transport: AgentTransport = .webSocket, _ plan: LinkPlan,
        _ amend: (inout CohortPlan) -> Void = { _ in }
    ) async throws -> SmallFleet {
        let target = try SmallFleet.target(server.addresses[0], transport: transport) { $0.link = plan }
        let fleet = try SmallFleet(agents, at: target, amend)
        try await fleet.wait(until: "all answered") { $0[.agentsAnswered] >= UInt64(agents) }
        return fleet
    }

    private static func wait(
        _ server: OpAMPServer, until what: String, _ condition: (ServerCounts) -> Bool
    ) async throws {
        for _ in 0..<1_000 {
            if condition(await server.counts()) { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("did not happen: \(what); \(await server.counts())")
    }

    enum Way: CaseIterable {
        case webSocket, pool, ownConnections

        var transport: AgentTransport {
            var plan = PollingPlan(connections: 4)
            switch self {
            case .webSocket: return .webSocket
            case .pool: return .polling(plan)
            case .ownConnections:
                plan.isPerAgent = true
                return .polling(plan)
            }
        }
    }

    @Test(
        "Every time that an agent measures has the link's round trip in it, and both sides count the same",
        arguments: Way.allCases)
    func shifted(way: Way) async throws {
        let server = try Self.server()
        let fleet = try await Self.fleet(at: server, transport: way.transport, Self.plan()) {
            $0.pollingInterval = .milliseconds(100)
        }
        let count = UInt64(Self.agents)
        try await fleet.wait(until: "heartbeats") { $0[.heartbeatsAnsweredInTime] >= 5 * count }
        fleet.drain(waiting: .seconds(5))
        try await Self.wait(server, until: "all left") { $0.agentDisconnects == count }
        let counts = await server.counts()
        await fleet.stop()
        #expect(fleet.counters.reportsSent == counts.reports)
        #expect(counts.gaps == 0 && counts.repeats == 0)
        #expect(fleet.counters.errors == 0)
        var measures: [Measure] = [.connect, .firstReport, .heartbeatResponse, .heartbeatService, .ready]
        if way == .webSocket { measures.append(.upgrade) }
        for measure in measures {
            let figures = fleet.measures[measure.index]
            // A histogram's values are known within 1 %.
            #expect(
                figures.count > 0 && figures.min >= (Self.latency * 2).scaled(by: 0.99), "\(measure): \(figures.min)")
        }
        let link = fleet.measures[Measure.linkDelay.index]
        #expect(link.min >= Self.latency.scaled(by: 0.99) && link.count == fleet.counters[.linkSegments])
        #expect(fleet.counters[.linkSegments] >= 2 * counts.reports)
        #expect(fleet.counters[.linkMicroseconds] >= fleet.counters[.linkSegments] * 30_000)
        #expect(fleet.counters[.linkLosses] == 0)
        _ = await server.stop()
    }

    @Test("Over a link with jitter, losses and little bandwidth nothing is lost and nothing is out of order")
    func everything() async throws {
        let server = try Self.server()
        let plan = Self.plan {
            $0.latency = .uniform(.milliseconds(1), .milliseconds(40))
            $0.jitter = .milliseconds(20)
            $0.lossShare = 0.1
            $0.retransmission = .milliseconds(20)
            $0.bytesUp = 200_000
            $0.bytesDown = 100_000
        }
        let fleet = try await Self.fleet(at: server, plan)
        let count = UInt64(Self.agents)
        try await fleet.wait(until: "heartbeats") { $0[.heartbeatsAnsweredInTime] >= 20 * count }
        fleet.drain(waiting: .seconds(10))
        try await Self.wait(server, until: "all left") { $0.agentDisconnects == count }
        let counts = await server.counts()
        await fleet.stop()
        #expect(fleet.counters.reportsSent == counts.reports)
        #expect(counts.gaps == 0 && counts.repeats == 0 && counts.connectionsAccepted == count)
        #expect(fleet.counters[.linkLosses] > 0)
        _ = await server.stop()
    }

    @Test("What an agent sent before it leaves arrives, whatever the way", arguments: LeaveMethod.allCases)
    func leaves(method: LeaveMethod) async throws {
        let server = try Self.server()
        let fleet = try await Self.fleet(at: server, Self.plan())
        let count = UInt64(Self.agents)
        fleet.perform(.report(.all))
        fleet.perform(.leave(LeavePlan(method)))
        try await fleet.wait(until: "all left") { $0[.agentsLeft] == count }
        if method == .silent {
            try await fleet.go(for: .milliseconds(200))
            #expect(await server.counts().connectionsOpen == count)
        } else {
            try await Self.wait(server, until: "no connection is open") { $0.connectionsOpen == 0 }
        }
        let counts = await server.counts()
        #expect(fleet.counters.reportsSent == counts.reports)
        #expect(counts.agentDisconnects == (method == .agentDisconnect ? count : 0))
        await fleet.stop()
        _ = await server.stop()
    }

    @Test("After a partition connections go on where they were, behind a link too")
    func partition() async throws {
        let server = try Self.server()
        let fleet = try await Self.fleet(at: server, Self.plan())
        let count = UInt64(Self.agents)
        fleet.perform(.partition(PartitionPlan(length: .seconds(2))))
        try await fleet.go(for: .milliseconds(500))
        let during = await server.counts()
        try await fleet.go(for: .milliseconds(300))
        #expect(await server.counts().reports == during.reports)
        let answered = fleet.counters[.answersReceived]
        try await fleet.wait(until: "answers again") { $0[.answersReceived] > answered + 5 * count }
        fleet.drain(waiting: .seconds(5))
        try await Self.wait(server, until: "all left") { $0.agentDisconnects == count }
        let counts = await server.counts()
        #expect(counts.connectionsAccepted == count && counts.gaps == 0 && counts.repeats == 0)
        await fleet.stop()
        #expect(fleet.counters.reportsSent == counts.reports)
        _ = await server.stop()
    }

    @Test("What is still on its way at the end is no fault of the server")
    func withheld() async throws {
        let server = try Self.server()
        let fleet = try await Self.fleet(at: server, Self.plan { $0.latency = .constant(.milliseconds(300)) }) {
            $0.heartbeat = HeartbeatPlan(interval: .milliseconds(100))
        }
        try await fleet.wait(until: "heartbeats") { $0[.heartbeats] >= UInt64(10 * Self.agents) }
        fleet.drain(waiting: .milliseconds(50))
        try await fleet.wait(until: "given up") { $0[.agentDisconnects] == UInt64(Self.agents) }
        await fleet.stop()
        #expect(fleet.counters[.reportsWithheld] > 0)
        #expect(fleet.counters[.unanswered] == 0)
        _ = await server.stop()
    }

    @Test("All connections of a fleet behind a gateway and a link are dropped and made again")
    func reconnects() async throws {
        let server = try Self.server()
        let fleet = try await Self.fleet(at: server, Self.plan()) {
            $0.gatewayMembers = 4
            $0.reconnect = .fixed(.milliseconds(20))
        }
        fleet.dropConnections()
        try await fleet.wait(until: "back") { $0[.reconnects] == 2 }
        try await Self.wait(server, until: "known again") { $0.agentsConnected == UInt64(Self.agents) }
        await fleet.stop()
        _ = await server.stop()
    }
}
