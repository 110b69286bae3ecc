import AgentModel
import Basis
import ControlPlane
import Engine
import Hosting
import Metrics
import Testing

@testable import Fleet

/// Whole runs on real sockets against the embedded server.
@Suite("Runs against the embedded server", .takingTurns)
struct EmbeddedRunTests {
    private static func profile(agents: Int = 50, duration: Nanoseconds = .seconds(2)) -> Profile {
        var profile = Profile.standard
        profile.agents = agents
        profile.duration = duration
        profile.drain = .seconds(5)
        profile.shards = 2
        profile.cohorts[0].heartbeat.interval = .milliseconds(200)
        return profile
    }

    private static func perform(_ profile: Profile) async throws -> RunRecord {
        let run = try await FleetRun(profile)
        return await run.perform(as: .test) { _ in }
    }

    private static func agentsSeenByServer(_ record: RunRecord) -> UInt64? {
        record.summary.reconciliation.lines.first { $0.what == "agents connected" }?.server
    }

    @Test("A steady run connects, answers and disconnects every agent, and both sides count the same")
    func steadyRun() async throws {
        let record = try await Self.perform(Self.profile())
        let counters = record.summary.counters
        #expect(record.summary.outcome == .completed)
        #expect(counters[.agentsStarted] == 50)
        #expect(counters[.agentsConnected] == 50)
        #expect(counters[.agentsAnswered] == 50)
        #expect(counters[.agentsUnanswered] == 0)
        #expect(counters[.agentDisconnects] == 50)
        #expect(counters[.heartbeats] > 50)
        for error in Counter.errors {
            #expect(counters[error] == 0, "\(error.name)")
        }
        #expect(record.summary.reconciliation.isServerKnown)
        #expect(record.summary.reconciliation.agrees, "\(record.summary.reconciliation)")
    }

    @Test("Agents that die are counted by the health that they report, as many as the profile has it")
    func health() async throws {
        var profile = Self.profile(duration: .seconds(4))
        profile.cohorts[0].health = HealthProfile(
            checkInterval: .milliseconds(200), checkTimeout: .milliseconds(100), failureThreshold: 1,
            healthFaults: [.init(.suddenDeath(after: .constant(.milliseconds(500))), share: 1)])
        let record = try await Self.perform(profile)
        #expect(record.summary.outcome == .completed)
        #expect(record.summary.health[.unhealthy] == 50)
        #expect(record.summary.health.total == 50)
        #expect(record.summary.healthPeaks[.unhealthy] == 50)
        #expect(record.series.last.map { $0.health == record.summary.health } == true)
    }

    @Test("After the whole fleet has lost its connection at one moment, every agent connects again and is known again")
    func reconnectStorm() async throws {
        var profile = Self.profile(duration: .seconds(4))
        profile.events = [TimedEvent(at: .after(.seconds(1)), action: .dropConnections(share: 1))]
        let record = try await Self.perform(profile)
        let counters = record.summary.counters
        #expect(record.summary.outcome == .completed)
        #expect(counters[.reconnects] == 50)
        #expect(counters[.agentDisconnects] == 50)
        #expect(Self.agentsSeenByServer(record) == 50)
    }

    @Test("In closed loop an agent reports again as soon as it is answered")
    func saturatingRun() async throws {
        var profile = Self.profile(agents: 4, duration: .seconds(1))
        profile.cohorts[0].mode = .closedLoop(think: .constant(.zero))
        let record = try await Self.perform(profile)
        // At an open-loop interval of 200 ms four agents would send about twenty.
        #expect(record.summary.counters[.heartbeats] > 200)
        #expect(record.summary.outcome == .completed)
    }

    @Test("A throttling server is obeyed and counted")
    func throttlingServer() async throws {
        var profile = Self.profile(agents: 20)
        var server = EmbeddedServer()
        server.throttle = EmbeddedServer.Throttle(share: 1, retryAfter: .milliseconds(300))
        profile.server = .embedded(server)
        let record = try await Self.perform(profile)
        #expect(record.summary.counters[.throttled] >= 20)
        // An agent that is connected when the run ends sends agent_disconnect, which is never throttled.
        let rows = record.series.filter { $0.phase != "drain" }
        #expect(!rows.isEmpty && rows.allSatisfy { $0.counters[.agentsAnswered] == 0 })
    }

    @Test("An interrupted run disconnects in order and keeps its figures")
    func interruptedRun() async throws {
        let run = try await FleetRun(Self.profile(duration: .seconds(60)))
        let performing = Task { await run.perform(as: .test) { _ in } }
        try await Task.sleep(for: .milliseconds(1_500))
        await run.interrupt()
        let record = await performing.value
        #expect(record.summary.outcome == .interrupted)
        #expect(record.summary.counters[.agentsAnswered] == 50)
        #expect(record.summary.counters[.agentDisconnects] == 50)
    }

    @Test("The same seed gives the same fleet on any number of shards", arguments: [1, 3])
    func sameFleetOnAnyShards(shards: Int) async throws {
        var profile = Self.profile(agents: 12, duration: .seconds(1))
        profile.shards = shards
        let record = try await Self.perform(profile)
        #expect(record.summary.counters[.agentsAnswered] == 12)
        #expect(Self.agentsSeenByServer(record) == 12)
    }

    @Test("A fleet larger than the machine's descriptors is refused with the number that fits")
    func preflightRefuses() async throws {
        var profile = Self.profile(agents: 10_000_000)
        profile.agents = 10_000_000
        let error = await #expect(throws: RunError.self) { _ = try await FleetRun(profile) }
        guard case .tooManyAgents(_, let fit, let remedy) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(fit > 0 && fit < 10_000_000)
        #expect(!remedy.isEmpty)
    }
}
