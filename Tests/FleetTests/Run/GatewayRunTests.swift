import Basis
import Engine
import Metrics
import Testing

@testable import Fleet

@Suite("Gateways: many agents on one connection, on real sockets", .takingTurns)
struct GatewayRunTests {
    /// 60 agents behind gateways of ten, beside 20 with connections of their own.
    private static func profile(duration: Nanoseconds = .seconds(2)) -> Profile {
        var profile = Profile.standard
        profile.agents = 80
        profile.duration = duration
        profile.drain = .seconds(5)
        profile.shards = 2
        profile.cohorts = [
            CohortProfile(
                name: "edge", weight: CohortWeight(whole: 3),
                heartbeat: HeartbeatProfile(interval: .milliseconds(200)), gatewayMembers: 9),
            CohortProfile(name: "direct", heartbeat: HeartbeatProfile(interval: .milliseconds(200))),
        ]
        return profile
    }

    private static func perform(_ profile: Profile) async throws -> RunRecord {
        let run = try await FleetRun(profile)
        return await run.perform(as: .test) { _ in }
    }

    @Test("Every agent is answered and counted on both sides, and ten of them share a connection")
    func steady() async throws {
        let record = try await Self.perform(Self.profile())
        let counters = record.summary.counters
        #expect(record.summary.outcome == .completed)
        #expect(counters[.agentsStarted] == 80)
        #expect(counters[.agentsConnected] == 80)
        #expect(counters[.agentsAnswered] == 80)
        #expect(counters[.connectionsOpened] == 26)
        #expect(counters[.firstReports] == 80)
        #expect(counters[.agentDisconnects] == 80)
        #expect(counters[.heartbeats] > 80)
        for error in Counter.errors { #expect(counters[error] == 0, "\(error.name)") }
        #expect(record.summary.reconciliation.isServerKnown)
        #expect(record.summary.reconciliation.agrees, "\(record.summary.reconciliation)")
    }

    @Test("When the gateways' connections are cut, their members come back over them and are the agents that they were")
    func cut() async throws {
        var profile = Self.profile(duration: .seconds(4))
        profile.events = [TimedEvent(at: .after(.seconds(1)), action: .dropConnections(share: 1))]
        let record = try await Self.perform(profile)
        let counters = record.summary.counters
        #expect(record.summary.outcome == .completed)
        #expect(counters[.connectionsCut] == 26)
        #expect(counters[.reconnects] == 26)
        #expect(counters[.agentDisconnects] == 80)
        #expect(record.summary.reconciliation.lines.first { $0.what == "agents connected" }?.server == 80)
    }

    @Test("Members that arrive later join the gateway that is there")
    func late() async throws {
        var profile = Self.profile()
        profile.arrival = .ramp(over: .seconds(1))
        let record = try await Self.perform(profile)
        #expect(record.summary.counters[.agentsAnswered] == 80)
        #expect(record.summary.counters[.connectionsOpened] == 26)
        #expect(record.summary.reconciliation.agrees, "\(record.summary.reconciliation)")
    }
}
