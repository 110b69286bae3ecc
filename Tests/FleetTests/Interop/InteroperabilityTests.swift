import Basis
import ControlPlane
import Engine
import Hosting
import Metrics
import Testing

@testable import Fleet

/// Both sides of Muster against implementations that share nothing with it but the specification.
@Suite(
    "Interoperability with Python's websockets and opentelemetry-opamp-client",
    .enabled(if: PythonPeers.isAvailable, Comment(rawValue: PythonPeers.absence)), .takingTurns)
struct InteroperabilityTests {
    static let agents = 30

    /// A run against the strict Python server, steered by `steps`, then ended in order.
    private static func run(
        _ steps: (Conversation) async throws -> Void
    ) async throws -> (record: RunRecord, verdict: ServerVerdict, status: Int32) {
        try await PythonPeer.with("opamp_server.py", []) { server in
            let address = try await server.json(ServerAddress.self)
            var profile = Profile.standard
            profile.agents = agents
            // The steps end the run; this bounds it.
            profile.duration = .seconds(40)
            profile.drain = .seconds(5)
            profile.shards = 2
            profile.cohorts[0].heartbeat.interval = .milliseconds(500)
            profile.server = .url(try ServerURL(address.listening))
            let run = try await FleetRun(profile)
            async let performance = run.perform(as: .test) { _ in }
            do {
                try await steps(Conversation(server: server))
            } catch {
                await run.interrupt()
                _ = await performance
                throw error
            }
            await run.interrupt()
            let record = await performance
            let end = try await server.end()
            let verdict = try PythonPeer.decode(ServerVerdict.self, try #require(end.lines.last))
            return (record, verdict, end.status)
        }
    }

    /// What every run must have left behind, whatever happened in it.
    private static func expectOrder(_ record: RunRecord, _ verdict: ServerVerdict, _ status: Int32) {
        #expect(verdict.violations.isEmpty, "\(verdict.violations.map(\.description))")
        #expect(status == 0)
        #expect(verdict.agents == agents)
        #expect(verdict.connected == 0)
        #expect(UInt64(verdict.reports) == record.summary.counters[.messagesSent])
        #expect(record.summary.counters[.agentsAnswered] == UInt64(agents))
        #expect(record.summary.counters[.malformedAnswer] == 0)
        #expect(record.summary.counters[.malformedFrame] == 0)
        #expect(record.summary.counters[.protocolViolation] == 0)
    }

    @Test(
        "A strict Python server finds no rule broken by a fleet that reports, beats, takes a configuration and leaves")
    func ordinaryLife() async throws {
        let (record, verdict, status) = try await Self.run { conversation in
            try await conversation.wait("all are there and beat") {
                $0.connected == Self.agents && $0.heartbeats > 3 * Self.agents
            }
            #expect(try await conversation.perform("ping") == Self.agents)
            #expect(try await conversation.perform("offer exporters: {debug: {}}") == Self.agents)
            try await conversation.wait("all have applied the offer") {
                $0.configStatusOfOffer["APPLIED"] == Self.agents
            }
            #expect(try await conversation.perform("full-state") == Self.agents)
            let before = try await conversation.status()
            try await conversation.wait("all have gone on") { $0.heartbeats > before.heartbeats + 2 * Self.agents }
        }
        Self.expectOrder(record, verdict, status)
        let counters = record.summary.counters
        #expect(verdict.agentDisconnects == Self.agents)
        #expect(UInt64(verdict.heartbeats) == counters[.heartbeats])
        #expect(counters[.remoteConfigsReceived] == UInt64(Self.agents))
        #expect(counters[.configsApplied] == UInt64(Self.agents))
        #expect(counters[.fullStateReports] == UInt64(Self.agents))
        #expect(counters[.agentDisconnects] == UInt64(Self.agents))
        #expect(counters.errors == 0)
    }

    @Test("A strict Python server finds no rule broken by a fleet that is renamed, cut off, throttled and restarted")
    func disturbedLife() async throws {
        let (record, verdict, status) = try await Self.run { conversation in
            try await conversation.wait("all are there") { $0.connected == Self.agents && $0.reports >= Self.agents }
            #expect(try await conversation.perform("new-uid") == Self.agents)
            try await conversation.waitForHeartbeats()
            #expect(try await conversation.perform("close") == Self.agents)
            try await conversation.waitForHeartbeats()
            #expect(try await conversation.perform("unavailable 1") == Self.agents)
            try await conversation.wait("all have left") { $0.agentDisconnects >= Self.agents }
            try await conversation.waitForHeartbeats()
            #expect(try await conversation.perform("restart") == Self.agents)
            try await conversation.waitForHeartbeats()
        }
        Self.expectOrder(record, verdict, status)
        let counters = record.summary.counters
        #expect(counters[.uidsAssigned] == UInt64(Self.agents))
        #expect(counters[.closedByServer] == UInt64(Self.agents))
        #expect(counters[.throttled] == UInt64(Self.agents))
        #expect(counters[.reconnects] >= UInt64(2 * Self.agents))
    }

    @Test("Python agents, ordinary and odd ones, find nothing wrong with the embedded server", arguments: [1, 2])
    func pythonAgents(shards: Int) async throws {
        let (verdict, status, counts) = try await Self.verdict(
            of: "opamp_clients.py", ["--agents", "30", "--heartbeats", "4", "--interval", "0.3"], scheme: "ws",
            shards: shards)
        #expect(verdict.ok, "\(verdict.complaints)")
        #expect(status == 0)
        #expect(verdict.agents == 30)
        #expect(verdict.checks.count > 30)
        #expect(counts.fullReports >= 30)
        #expect(counts.heartbeats >= 120)
        #expect(counts.malformed > 0)
        #expect(counts.connectionsOpen == 0)
    }

    @Test("OpenTelemetry's own Python client over plain HTTP finds nothing wrong with the embedded server")
    func officialClient() async throws {
        let (verdict, status, counts) = try await Self.verdict(
            of: "opamp_official_client.py", ["--agents", "4", "--seconds", "3"], scheme: "http", shards: 1)
        #expect(verdict.ok, "\(verdict.complaints)")
        #expect(status == 0)
        #expect(verdict.agents == 4)
        #expect(counts.reports >= 4 * 4)
    }

    /// Runs a Python program to its end against an embedded server.
    private static func verdict(
        of program: String, _ arguments: [String], scheme: String, shards: Int
    ) async throws -> (ClientsVerdict, status: Int32, ServerCounts) {
        let server = try OpAMPServer(
            plan: ControlPlane.ServerPlan(), address: .loopback(port: 0), shards: shards, seed: 1,
            wallClockAtZero: WallClock.unixNanoseconds(at: .zero) / 1_000_000)
        do {
            let url = "\(scheme)://\(server.addresses[0])/v1/opamp"
            let (verdict, status) = try await PythonPeer.with(program, [url] + arguments) { clients in
                let end = try await clients.end(within: .seconds(60))
                return (try PythonPeer.decode(ClientsVerdict.self, try #require(end.lines.last)), end.status)
            }
            // The program has ended, and with it every connection; the server is told of that in its own time.
            let deadline = Shard.clock + .seconds(5)
            while await server.counts().connectionsOpen > 0, Shard.clock < deadline {
                try await Task.sleep(for: .milliseconds(20))
            }
            return (verdict, status, await server.stop())
        } catch {
            _ = await server.stop()
            throw error
        }
    }
}

/// Commands to the Python server, and waiting for what they bring about.
private struct Conversation {
    let server: PythonPeer

    /// - Returns: For how many agents or connections it was done.
    func perform(_ command: String) async throws -> Int {
        try server.say(command)
        return try await server.json(Acknowledgement.self).agents
    }

    func status() async throws -> ServerVerdict {
        try server.say("status")
        return try await server.json(ServerVerdict.self)
    }

    /// Waits until the server's own figures fulfil a condition, at most `timeout`.
    func wait(_ what: Comment, until isFulfilled: (ServerVerdict) -> Bool) async throws {
        let deadline = Shard.clock + Self.timeout
        while true {
            let verdict = try await status()
            if isFulfilled(verdict) { return }
            try #require(Shard.clock < deadline, "\(what): not within \(Self.timeout), \(verdict)")
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Waits until every agent is there and has sent two more heartbeats or so.
    func waitForHeartbeats() async throws {
        let before = try await status().heartbeats
        try await wait("all beat again") {
            $0.connected == InteroperabilityTests.agents && $0.heartbeats > before + 2 * InteroperabilityTests.agents
        }
    }

    private static let timeout = Nanoseconds.seconds(20)
}
