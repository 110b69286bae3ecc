import AgentModel
import Basis
import ControlPlane
import Engine
import Foundation
import Hosting
import Metrics
import Schema
import Testing

@testable import Fleet

/// Runs whose agents come and go, on real sockets against the embedded server.
@Suite("Runs whose agents come and go", .takingTurns)
struct ShapedRunTests {
    private static func read(_ text: String) throws -> Profile {
        try ProfileReader().read(text: "shards: 2\nheartbeat: {interval: 200ms}\ndrain: 5s\n" + text, source: "test")
    }

    /// A profile that comes with Muster, shorter and smaller.
    static func short(_ name: String, _ settings: [String]) throws -> Profile {
        let path = ProfileFilesTests.folder.appendingPathComponent("\(name).yaml").path
        let all = settings + ["heartbeat.interval=200ms", "shards=2", "drain=5s"]
        let overrides = try all.map { setting throws(Problem) in try Override.setting(setting, option: "--set") }
        return try ProfileReader().read(path: path, overrides: overrides)
    }

    private static func perform(_ profile: Profile) async throws -> RunRecord {
        let run = try await FleetRun(profile)
        return await run.perform(as: .test) { _ in }
    }

    private static func seenByServer(_ record: RunRecord) -> UInt64? {
        record.summary.reconciliation.lines.first { $0.what == "agents connected" }?.server
    }

    /// How many agents there were at the end of the second that begins at each.
    private static func present(_ record: RunRecord) -> [Int] {
        record.series.map { $0.states.total - $0.states[.disconnected] - $0.states[.initializing] }
    }

    @Test("The number of agents follows its stages, and the server has seen each of them once")
    func population() async throws {
        let profile = try Self.read(
            """
            agents: 60
            duration: 6s
            population:
              - {to: 100%, over: 1s}
              - {hold: 1s}
              - {to: 20, over: 1s, leave: reset}
              - {hold: 1s}
              - {to: 40}
            """)
        let record = try await Self.perform(profile)
        let counters = record.summary.counters
        #expect(record.summary.outcome == .completed)
        #expect(counters[.agentsStarted] == 80)
        #expect(counters[.agentsLeft] == 40)
        #expect(Self.seenByServer(record) == 80)
        #expect(counters[.agentDisconnects] == 40)
        #expect(counters[.agentsLeftUnanswered] == 0)
        // 60 came, 40 of them left, and 20 more came after that: another order has more than 60 at once.
        #expect((41...60).contains(Self.present(record).max() ?? 0))
    }

    @Test("Agents that come without an end are as many as rate and lifetimes say")
    func littlesLaw() async throws {
        let profile = try Self.read(
            """
            agents: 200
            duration: 8s
            arrival: {endless: 100/s}
            lifetime: {exponential: 500ms}
            leave: reset
            """)
        let record = try await Self.perform(profile)
        let churn = try #require(record.summary.churn)
        #expect(churn.length > .seconds(4))
        #expect(abs(churn.expected - 50) < 1.5)
        #expect(abs(churn.deviation) < 4, "\(churn)")
        #expect(record.summary.counters[.agentsStarted] > 600)
        #expect(record.summary.outcome == .completed)
        #expect(record.summary.states.total == Int(record.summary.counters[.agentsStarted]))
    }

    @Test("An event that waits for the fleet's recovery happens after it, and one whose condition is never met is told")
    func conditions() async throws {
        let profile = try Self.read(
            """
            agents: 20
            duration: 7s
            reconnect: {policy: fixed, delay: 300ms}
            events:
              - {at: 1s, name: storm, drop_connections: 100%}
              - {after: {event: storm, is: recovered, plus: 500ms}, name: second, leave: 50%}
              - {after: {event: second, is: begun}, report_status: health}
              - {after: {event: never, timeout: 2s, otherwise: skip}, leave: 100%}
              - {at: 6900ms, name: never, leave: {share: 0%}}
            """)
        let record = try await Self.perform(profile)
        let labels = record.summary.phases.map(\.label)
        let storm = try #require(labels.firstIndex(of: "storm"))
        let leave = try #require(labels.firstIndex(of: "leave"))
        #expect(storm < leave)
        #expect(labels.contains("status-report"))
        #expect((1...19).contains(record.summary.counters[.agentsLeft]))
        #expect(record.summary.warnings.count { $0.rule == "event-not-reached" } == 1)
    }

    @Test("An event that repeats happens at each of its times")
    func repeats() async throws {
        let profile = try Self.read(
            """
            agents: 10
            duration: 4s
            events:
              - {at: 1s, every: 500ms, until: 2900ms, report_status: health}
            """)
        let record = try await Self.perform(profile)
        #expect(record.summary.phases.count { $0.label.hasPrefix("status-report") } == 4)
        #expect(record.summary.counters[.statusReports] == 40)
    }

    @Test("A faster pace sends more heartbeats, in a phase of its own")
    func pace() async throws {
        let profile = try Self.read(
            """
            agents: 20
            duration: 6s
            pace: [{at: 3s, factor: 4}]
            """)
        let record = try await Self.perform(profile)
        let paced = try #require(record.summary.phases.first { $0.label == "pace x4" })
        let before = record.summary.phases.filter { $0.label == "arrival" || $0.label == "steady" }
            .reduce(0) { $0 + $1.counters[.heartbeats] }
        #expect(paced.counters[.heartbeats] > 2 * before)
    }

    @Test("A cohort of its own population beside one that stays")
    func cohorts() async throws {
        let profile = try Self.read(
            """
            agents: 40
            duration: 4s
            cohorts:
              - {name: stays}
              - name: pods
                population: [{to: 100%, over: 500ms}, {hold: 1s}, {to: 0, leave: fin}]
            """)
        let record = try await Self.perform(profile)
        #expect(record.summary.counters[.agentsStarted] == 40)
        #expect(record.summary.counters[.agentsLeft] == 20)
        #expect(record.summary.cohorts.first { $0.name == "stays" }?.counters[.agentsLeft] == 0)
    }
}
