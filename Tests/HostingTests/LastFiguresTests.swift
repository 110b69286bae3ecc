import Basis
import ControlPlane
import Engine
import Hosting
import Metrics
import TestSupport
import Testing

@Suite("The last figures of a shard")
struct LastFiguresTests {
    @Test("They are complete where the collector has not read what was handed over before them")
    func unreadFigures() async throws {
        let server = try OpAMPServer(
            plan: ServerPlan(), address: .loopback(port: 0), shards: 1, seed: 1, wallClockAtZero: 1_800_000_000_000)
        let fleet = try SmallFleet(5, at: SmallFleet.target(server.addresses[0]))
        try await fleet.wait(until: "heartbeats") {
            $0[.agentsAnswered] == 5 && $0[.heartbeatsAnsweredInTime] >= 10
        }
        await fleet.handOver()
        // All leave in the shard's next block, whatever they wait for.
        fleet.drain()
        await fleet.stop()
        _ = await server.stop()
        #expect(fleet.counters[.agentDisconnects] == 5)
        let ends: [Counter] = [
            .heartbeatsAnsweredInTime, .heartbeatsLate, .heartbeatsUnanswered, .heartbeatsCut, .heartbeatsRefused,
        ]
        #expect(ends.reduce(0) { $0 + fleet.counters[$1] } == fleet.counters[.heartbeats])
    }
}
