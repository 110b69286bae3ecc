import AgentModel
import Basis
import Foundation
import Metrics
import Testing

@testable import Fleet

/// Runs in which every message is held against the specification's agent side.
@Suite("Conformance on real sockets", .takingTurns)
struct ConformanceRunTests {
    private static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("profiles")

    /// The shipped profile, small and short; what it says in shares of the run moves along.
    private static func profile(_ name: String, agents: Int = 60) throws -> Profile {
        let path = folder.appendingPathComponent("\(name).yaml").path
        var profile = try ProfileReader().read(
            bytes: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))), source: path)
        let shrink = Nanoseconds.seconds(4).seconds / profile.duration.seconds
        profile.agents = agents
        profile.duration = .seconds(4)
        profile.drain = .seconds(4)
        profile.shards = 2
        profile.arrival = .ramp(over: .milliseconds(500))
        profile.events = profile.events.map { event in
            guard case .after(let time) = event.at else { return event }
            return TimedEvent(at: .after(time.scaled(by: shrink)), action: event.action)
        }
        for index in profile.cohorts.indices {
            profile.cohorts[index].heartbeat.interval = .milliseconds(250)
            profile.cohorts[index].remoteConfig.applyTime = .uniform(.milliseconds(10), .milliseconds(200))
            profile.cohorts[index].packages.plan.downloadTime = .uniform(.milliseconds(10), .milliseconds(200))
            profile.cohorts[index].packages.plan.installTime = .uniform(.milliseconds(10), .milliseconds(100))
        }
        return profile
    }

    private static func perform(_ profile: Profile) async throws -> (RunRecord, [String]) {
        let run = try await FleetRun(profile, checksConformance: true)
        let record = await run.perform(as: .test) { _ in }
        return (record, await run.violations)
    }

    @Test(
        "Well-behaved agents break no rule",
        arguments: [
            "steady", "reconnect-storm", "unhealthy-fleet", "gateway", "config-push", "package-rollout", "compressed",
            "connection-move", "mtls", "certificates", "http-polling",
        ])
    func wellBehaved(name: String) async throws {
        let (record, examples) = try await Self.perform(try Self.profile(name))
        #expect(record.summary.counters[.agentsAnswered] == 60)
        #expect(record.summary.named.sorted.contains { $0 == ("conformance_violations", 0) })
        #expect(examples.isEmpty, "\(examples)")
    }

    @Test("What bad agents break is counted under the rule's name")
    func badAgents() async throws {
        var profile = try Self.profile("bad-agents")
        profile.cohorts[1].faults = FaultPlan(rates: [.skipsSequenceNumbers: 1, .sendsMalformed: 1], recurrence: 0.5)
        let (record, examples) = try await Self.perform(profile)
        #expect(record.summary.named["violates_sequence"] > 0)
        #expect(record.summary.named["violates_readable"] > 0)
        let total = record.summary.named.sorted.reduce(0) { $0 + ($1.name.hasPrefix("violates_") ? $1.count : 0) }
        #expect(record.summary.named["conformance_violations"] == total)
        #expect(examples.contains { $0.contains("sequence") })
    }

    @Test("A run that does not ask for it says nothing of conformance")
    func off() async throws {
        let run = try await FleetRun(try Self.profile("bad-agents", agents: 20))
        let record = await run.perform(as: .test) { _ in }
        #expect(
            !record.summary.named.sorted.contains { $0.name.hasPrefix("conformance") || $0.name.hasPrefix("violates") })
        #expect(await run.violations.isEmpty)
    }
}
