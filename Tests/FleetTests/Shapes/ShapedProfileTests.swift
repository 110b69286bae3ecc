import AgentModel
import Basis
import Engine
import Hosting
import Metrics
import Report
import Testing

@testable import Fleet

/// The profiles of load that changes, each in a short form with what it is to show.
@Suite("Profiles of load that changes, run in short", .takingTurns)
struct ShapedProfileTests {
    private static func perform(_ name: String, _ settings: [String]) async throws -> RunRecord {
        let run = try await FleetRun(try ShapedRunTests.short(name, settings))
        return await run.perform(as: .test) { _ in }
    }

    private static func online(_ record: RunRecord) -> [Int] { record.series.map(\.states.online) }

    @Test("autoscale: grows, shrinks, grows again; nobody who left is seen again, some leave half-open")
    func autoscale() async throws {
        let record = try await Self.perform(
            "autoscale",
            [
                "agents=60", "duration=9s",
                "population=[{to: 50%, over: 1s}, {hold: 1s}, {to: 100%, over: 1s}, {hold: 1s}, "
                    + "{to: 50%, over: 1s, leave: agent-disconnect, first: last}, {hold: 500ms}, "
                    + "{to: 90%, over: 1s}, {hold: 500ms}, "
                    + "{to: 10%, over: 1s, first: {zone: eu-west-1a}, leave: {by: {fin: 50%, silent: 50%}}}]",
            ])
        let counters = record.summary.counters
        #expect(record.summary.outcome == .completed)
        #expect(counters[.agentsStarted] == 84)
        #expect(counters[.agentsLeft] == 78)
        #expect(counters[.agentDisconnects] == 36)
        #expect(counters[.connectionsHalfOpen] > 0 && counters[.connectionsHalfOpen] < 48)
        // Rows are a second apart, and later on a busy machine: the highest number may fall between two.
        #expect((31...60).contains(Self.online(record).max() ?? 0))
    }

    @Test("mass-leave: most leave in order, the others are lost and come back")
    func massLeave() async throws {
        let record = try await Self.perform(
            "mass-leave",
            [
                "agents=60", "duration=6s", "arrival={ramp: 500ms}",
                "events.1.leave.then={back: {uniform: [300ms, 600ms]}}",
            ])
        let counters = record.summary.counters
        #expect(record.summary.outcome == .completed)
        #expect((18...54).contains(counters[.agentsLeft]))
        #expect(counters[.agentsAway] > 0 && counters[.agentsAway] == counters[.reconnects])
        #expect(counters[.connectionsHalfOpen] > 0)
        // Those that left said so, and those that were there at the end.
        #expect(counters[.agentDisconnects] == 60)
        #expect(record.summary.phases.count { $0.label.hasPrefix("leave") } == 2)
    }

    @Test("rolling-restart: every agent restarts once in the parts and once with its zone, and reports all")
    func rollingRestart() async throws {
        let record = try await Self.perform(
            "rolling-restart",
            [
                "agents=40", "duration=9s", "arrival={ramp: 500ms}", "restart.downtime=100ms",
                "events=[{at: 1s, restart: {each: 5%, every: 100ms}}, "
                    + "{at: 5s, restart: {by_zone: true, every: 500ms}}, {at: 8s, report_status: components}]",
            ])
        let counters = record.summary.counters
        #expect(record.summary.outcome == .completed)
        #expect(counters[.agentsStarted] == 40)
        #expect(counters[.reconnects] == 80)
        #expect(counters[.agentDisconnects] == 120)
        #expect(counters[.statusReports] >= 40)
        // On a busy machine an agent may not wait for the end of its closing handshake, and the run says so.
        let gaveUp = record.summary.named["closeTimedOut"] > 0
        #expect(
            record.summary.reconciliation.lines.allSatisfy { $0.agrees || gaveUp && $0.remark != nil },
            "\(record.summary.reconciliation)")
    }

    @Test("partition: a zone goes on over its connections, half of the fleet notices and connects again")
    func partition() async throws {
        let record = try await Self.perform(
            "partition",
            [
                "agents=60", "duration=8s", "arrival={ramp: 500ms}", "reconnect={policy: fixed, delay: 100ms}",
                "events=[{at: 1s, partition: {zone: eu-west-1a, for: 1s}}, "
                    + "{at: 4s, partition: {share: 50%, for: 2s, then: notice, notice_after: 500ms}}]",
            ])
        let counters = record.summary.counters
        #expect(record.summary.outcome == .completed)
        let partitions = record.summary.named["partitions"]
        let noticed = counters[.idleTimeout]
        #expect(noticed > 10 && noticed < 50)
        #expect(partitions > noticed)
        // Those of the zone kept their connections.
        #expect(counters[.reconnects] == noticed)
    }

    @Test("daily: the number goes up to the high and down to the low each day")
    func daily() async throws {
        let record = try await Self.perform(
            "daily",
            [
                "agents=60", "duration=8s",
                "population=[{daily: {low: 20%, high: 100%, day: 4s, leave: {by: {agent_disconnect: 60%, fin: 40%}}}}]",
            ])
        let counters = record.summary.counters
        #expect(record.summary.outcome == .completed)
        // At noon and at midnight an agent may turn round on its way.
        #expect((92...96).contains(counters[.agentsLeft]))
        #expect((104...108).contains(counters[.agentsStarted]))
        // Once a second, so not just at noon.
        #expect((30...60).contains(Self.online(record).max() ?? 0))
    }

    @Test("incidents: the events of the file happen as if they were written in the profile")
    func incidents() async throws {
        let record = try await Self.perform(
            "incidents",
            [
                "agents=60", "duration=12s", "arrival={ramp: 500ms}", "restart.downtime=100ms",
                "reconnect={policy: fixed, delay: 100ms}",
            ])
        let counters = record.summary.counters
        #expect(record.summary.outcome == .completed)
        // All lose their connections; those that left or were restarted connect again once more.
        #expect(counters[.agentsAway] > 0 && counters[.agentsAway] < 40)
        #expect(counters[.reconnects] > 60)
        #expect(counters[.statusReports] >= 60)
        let phases = record.summary.phases.map(\.label)
        for label in ["storm", "leave", "restart"] { #expect(phases.contains { $0.hasPrefix(label) }, "\(phases)") }
    }

    @Test("spot-fleet: the fleet keeps its size while its agents are replaced")
    func spotFleet() async throws {
        let record = try await Self.perform(
            "spot-fleet",
            [
                "agents=60", "duration=6s", "arrival={ramp: 500ms}", "lifetime={exponential: 1s}",
                "leave.then={replaced: 50ms}", "connection_age={uniform: [500ms, 700ms]}",
            ])
        let counters = record.summary.counters
        #expect(record.summary.outcome == .completed)
        #expect(counters[.agentsReplaced] > 100)
        #expect(counters[.agentsStarted] == 60 + counters[.agentsReplaced])
        #expect(record.summary.named["connections_aged"] > 50)
        let middle = record.series.filter { $0.start > .seconds(2) && $0.start < .seconds(5) }
        #expect(middle.allSatisfy { $0.states.online <= 60 })
        #expect((middle.map(\.states.online).max() ?? 0) > 40)
    }

    @Test("slow-network: those behind slow networks wait longer, nobody is lost, and the results say what was added")
    func slowNetwork() async throws {
        let record = try await Self.perform(
            "slow-network",
            [
                "agents=40", "duration=8s", "arrival={ramp: 500ms}", "reconnect={policy: fixed, delay: 50ms}",
                // Answers that overlap are matched within bounds only, unless the latency is the same for all.
                "cohorts.1.heartbeat={interval: 2s}",
            ])
        let summary = record.summary
        #expect(summary.outcome == .completed)
        #expect(summary.counters[.agentsAnswered] == 40)
        // On a busy machine one may not be connected yet when the connections are dropped.
        #expect((30...40).contains(summary.counters[.reconnects]))
        #expect(summary.counters[.unanswered] == 0)
        // Those that waited when the connections were dropped are cut; none is lost on the way.
        let sent = try #require(summary.reconciliation.lines.first { $0.what == "reports sent" })
        #expect(sent.server == sent.tool && sent.tool == summary.counters.reportsSent)
        let cohorts = Dictionary(uniqueKeysWithValues: summary.cohorts.map { ($0.name, $0) })
        let (office, satellite) = (try #require(cohorts["office"]), try #require(cohorts["satellite"]))
        #expect(office.counters[.linkSegments] == 0)
        for name in ["mobile", "satellite"] { #expect((cohorts[name]?.counters[.linkSegments] ?? 0) > 0) }
        // 280 ms each way, 10 ms less at most.
        #expect(satellite.service.count > 0 && satellite.service.min >= .milliseconds(530))
        #expect(satellite.counters[.linkMicroseconds] >= satellite.counters[.linkSegments] * 270_000)
        let table = ClosingTable.lines(for: record.summary, width: 200, style: .plain)
        #expect(table.contains { $0.contains("slow links") && $0.contains("satellite") })
    }
}
