import AgentModel
import Basis
import ControlPlane
import Engine
import Metrics
import TestSupport
import Testing

@testable import Hosting

/// Servers that name in each answer the report that it is to, on sockets.
@Suite("Servers that name the reports that they answer")
struct NumberedAnswerTests {
    private static let agents = 10
    private static let delay = Nanoseconds.milliseconds(250)

    private static func server(echoes: Bool) throws -> OpAMPServer {
        var plan = ServerPlan()
        plan.echoesSequence = echoes
        plan.answerDelay = .constant(delay)
        return try OpAMPServer(
            plan: plan, address: .loopback(port: 0), shards: 1, seed: 5, wallClockAtZero: 1_800_000_000_000)
    }

    private static func run(
        against server: OpAMPServer, asks: Bool, transport: AgentTransport = .webSocket
    ) async throws -> SmallFleet {
        let target = try SmallFleet.target(server.addresses[0], transport: transport)
        let fleet = try SmallFleet(agents, at: target) {
            $0.heartbeat = HeartbeatPlan(interval: .milliseconds(100))
            if asks {
                $0.custom = CustomPlan(responders: [.numberedAnswers(capability: CustomCapability.sequence)])
            }
        }
        try await fleet.wait(until: "heartbeats") { $0[.heartbeatsAnsweredInTime] >= UInt64(20 * agents) }
        fleet.drain(waiting: .seconds(5))
        try await fleet.wait(until: "left") { $0[.agentDisconnects] == UInt64(agents) }
        await fleet.stop()
        return fleet
    }

    @Test("Every answer is certain, although it comes after the next reports")
    func certain() async throws {
        let server = try Self.server(echoes: true)
        let fleet = try await Self.run(against: server, asks: true)
        #expect(fleet.counters[.answersAmbiguous] == 0 && fleet.counters[.pushes] == 0)
        #expect(fleet.counters[.unanswered] == 0 && fleet.counters.errors == 0)
        let service = fleet.measures[Measure.heartbeatService.index]
        #expect(service.count > 0 && service.ambiguous == 0 && service.min >= Self.delay.scaled(by: 0.99))
        #expect(await server.counts().customIgnored == 0)
        _ = await server.stop()
    }

    @Test("Only agents that ask are told, and agents that ask go on without where the server does not say")
    func onlyBoth() async throws {
        for (echoes, asks) in [(true, false), (false, true)] {
            let server = try Self.server(echoes: echoes)
            let fleet = try await Self.run(against: server, asks: asks)
            #expect(fleet.named["unknownCustomMessage"] == 0)
            #expect(fleet.counters[.heartbeatsAnsweredInTime] >= UInt64(20 * Self.agents))
            _ = await server.stop()
        }
    }
}
