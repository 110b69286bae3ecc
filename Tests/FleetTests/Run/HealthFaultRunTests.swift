import AgentModel
import Basis
import Metrics
import Testing

@testable import Fleet

/// Whole runs on real sockets whose agents are unhealthy or faulty: the faults are in the results.
@Suite("Runs whose agents are unhealthy or faulty", .takingTurns)
struct HealthFaultRunTests {
    private static func profile(_ cohorts: [CohortProfile], agents: Int, seconds: Int64) -> Profile {
        var profile = Profile.standard
        profile.agents = agents
        profile.duration = .seconds(seconds)
        profile.drain = .seconds(5)
        profile.shards = 2
        profile.arrival = .ramp(over: .milliseconds(200))
        profile.cohorts = cohorts
        for index in profile.cohorts.indices {
            profile.cohorts[index].heartbeat.interval = .milliseconds(200)
            profile.cohorts[index].remoteConfig.applyTime = .constant(.milliseconds(20))
            profile.cohorts[index].packages = PackageProfile(
                accepted: true,
                plan: PackagePlan(downloadTime: .constant(.milliseconds(50)), installTime: .constant(.milliseconds(20)))
            )
            profile.cohorts[index].restart = RestartProfile(form: .whole, downtime: .constant(.milliseconds(50)))
        }
        return profile
    }

    private static func perform(_ profile: Profile) async throws -> RunSummary {
        let run = try await FleetRun(profile)
        return await run.perform(as: .test) { _ in }.summary
    }

    private static func offer(_ version: String) -> TimedEvent.Action {
        .offerPackages(PackageOffer(packages: [.init(name: "collector", version: version)]))
    }

    private static func illWith(_ version: String, zone: String? = nil, zones: [String]) -> CohortProfile {
        let healthFault = HealthProfile.HealthFault(.outage(from: .share(0), length: nil), zone: zone, version: version)
        return CohortProfile(
            name: zones[0], zones: zones,
            health: HealthProfile(
                checkInterval: .milliseconds(100), checkTimeout: .milliseconds(50), failureThreshold: 2,
                healthFaults: [healthFault]))
    }

    @Test("A faulty version makes every agent that runs it unhealthy; with another version they recover")
    func badVersion() async throws {
        var profile = Self.profile([Self.illWith("2.0", zones: ["a"])], agents: 30, seconds: 12)
        profile.events = [
            TimedEvent(at: .after(.seconds(1)), action: Self.offer("2.0")),
            TimedEvent(at: .after(.seconds(6)), action: Self.offer("1.0")),
        ]
        let summary = try await Self.perform(profile)
        #expect(summary.counters[.packageOffersConverged] == 60)
        #expect(summary.healthPeaks[.unhealthy] == 30 && summary.healthPeaks[.degraded] == 0)
        #expect(summary.health[.healthy] == 30 && summary.health.total == 30)
        #expect(summary.counters.errors == 0)
    }

    @Test("With a zone, a version makes only that zone's agents unhealthy, and they do not recover by themselves")
    func badVersionInZone() async throws {
        // Each cohort has one zone, so that the counts are known.
        var profile = Self.profile(
            [
                Self.illWith("2.0", zone: "here", zones: ["here"]),
                CohortProfile(name: "there", zones: ["there"], health: Self.illWith("2.0", zones: ["there"]).health),
                CohortProfile(name: "well"),
            ], agents: 30, seconds: 9)
        profile.cohorts[1].health.healthFaults[0].version = "1.0"
        profile.cohorts[1].packages.plan.installed = [.init(name: "collector", version: "1.0")]
        profile.events = [TimedEvent(at: .after(.seconds(2)), action: Self.offer("2.0"))]
        let summary = try await Self.perform(profile)
        // Ten are ill with the old version and recover, ten others fall ill with the new one.
        #expect(summary.health[.unhealthy] == 10 && summary.health[.healthy] == 20)
        #expect(summary.healthPeaks[.unhealthy] >= 10 && summary.healthPeaks[.unhealthy] <= 20)
    }

    @Test("Every fault is counted under its name each time that it strikes, and all of them together")
    func faults() async throws {
        let faults = Fault.allCases.filter { $0 != .ignoresThrottling }
        var profile = Self.profile(
            faults.map { CohortProfile(name: $0.name, faults: Self.plan($0)) }, agents: 3 * faults.count, seconds: 8)
        profile.events = [
            TimedEvent(at: .after(.seconds(1)), action: Self.offer("2.0")),
            TimedEvent(
                at: .after(.milliseconds(1_500)),
                action: .offerConfig(ConfigOffer(files: [.init(name: "a.yaml", body: .text("receivers: {a: {}}\n"))]))),
            TimedEvent(at: .after(.seconds(3)), action: .restartAgents(.everybody)),
            TimedEvent(at: .after(.seconds(5)), action: .dropConnections(share: 1)),
        ]
        let run = try await FleetRun(profile)
        let record = await run.perform(as: .test) { _ in }
        let summary = record.summary
        for fault in faults { #expect(summary.named["fault_\(fault.name)"] > 0, "\(fault)") }
        #expect(summary.named["fault_ignoresThrottling"] == 0)
        let total = summary.named.sorted.reduce(0) { $0 + ($1.name.hasPrefix("fault_") ? $1.count : 0) }
        #expect(summary.counters[.faults] == total)
        // Three agents have each: all ignore both offers, and each leaves once.
        #expect(summary.named["fault_leavesWithoutAgentDisconnect"] <= 3)
        #expect(summary.named["fault_ignoresOffers"] >= 6)
        #expect(summary.outcome == .completed)
        Self.expectWholeBooks(record, agents: profile.agents)
    }

    /// In each line of the series every agent is in exactly one state, and the steps of all lives lead to the states at
    /// the end.
    private static func expectWholeBooks(_ record: RunRecord, agents: Int) {
        for row in record.series {
            #expect(AgentState.allCases.reduce(0) { $0 + row.states[$1] } == agents)
        }
        #expect(record.series.contains { $0.states[.running] > 0 })
        #expect(record.summary.states[.disconnected] == agents)
        var standing = ["initializing": agents]
        for (step, count) in record.summary.transitions.sorted {
            standing[step.from, default: 0] -= Int(count)
            standing[step.to, default: 0] += Int(count)
        }
        #expect(standing.filter { $0.value != 0 } == ["disconnected": agents])
    }

    @Test("An agent that ignores UNAVAILABLE is counted each time")
    func ignoresThrottling() async throws {
        var profile = Self.profile(
            [
                CohortProfile(name: "deaf", faults: Self.plan(.ignoresThrottling)),
                CohortProfile(name: "good", reconnect: .fixed(.milliseconds(100))),
            ], agents: 20, seconds: 4)
        profile.server = .embedded(EmbeddedServer(throttle: .init(share: 0.2, retryAfter: nil)))
        let summary = try await Self.perform(profile)
        #expect(summary.named["fault_ignoresThrottling"] > 0)
        #expect(summary.counters[.throttled] >= summary.named["fault_ignoresThrottling"])
    }

    @Test("A configuration that steers agents is counted for each agent that it steers")
    func steered() async throws {
        var profile = Self.profile([CohortProfile()], agents: 20, seconds: 8)
        let text = "# muster: fail\nreceivers: {a: {}}\n"
        profile.events = [
            TimedEvent(
                at: .after(.seconds(1)),
                action: .offerConfig(ConfigOffer(files: [.init(name: "a.yaml", body: .text(text))])))
        ]
        let summary = try await Self.perform(profile)
        #expect(summary.named["steered"] == 20 && summary.counters[.configsFailed] == 20)
    }

    /// Everybody has the fault, and it strikes soon and often.
    private static func plan(_ fault: Fault) -> FaultPlan {
        var plan = FaultPlan(
            rates: [fault: 1], recurrence: 0.5, timeToDeath: .constant(.milliseconds(50)),
            timeToRecovery: .constant(.milliseconds(50)), timeBetweenCrashes: .constant(.milliseconds(500)),
            oversizedBytes: 100_000)
        // Only what has failed can recover.
        if fault == .recovers { plan.rates[.failsToApply] = 1 }
        return plan
    }
}
