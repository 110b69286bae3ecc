import AgentModel
import Basis
import Fleet
import Hosting
import Metrics
import Testing

/// Whole runs on real sockets in which the embedded server offers and commands something.
@Suite("Runs in which the server offers something", .takingTurns)
struct OfferedRunTests {
    private static func profile(_ events: [(at: Int64, action: TimedEvent.Action)], seconds: Int64) -> Profile {
        var profile = Profile.standard
        profile.agents = 40
        profile.duration = .seconds(seconds)
        profile.drain = .seconds(5)
        profile.shards = 2
        profile.cohorts[0].heartbeat.interval = .milliseconds(500)
        profile.cohorts[0].remoteConfig.applyTime = .uniform(.milliseconds(20), .milliseconds(200))
        profile.events = events.map { TimedEvent(at: .after(.milliseconds($0.at)), action: $0.action) }
        return profile
    }

    private static func perform(_ profile: Profile) async throws -> RunSummary {
        let run = try await FleetRun(profile)
        return await run.perform(as: .test) { _ in }.summary
    }

    private static func config(
        _ name: String, _ text: String, to target: EventTarget = .everybody
    ) -> TimedEvent.Action {
        .offerConfig(ConfigOffer(name: name, files: [.init(name: "a.yaml", body: .text(text))], target: target))
    }

    @Test("Every agent converges to what is offered, again to the next offer, and back when that is withdrawn")
    func configWaves() async throws {
        let summary = try await Self.perform(
            Self.profile(
                [
                    (1_000, Self.config("v1", "receivers: {a: {}}\n")),
                    (2_500, Self.config("v2", "receivers: {b: {}}\n")), (4_000, .withdrawConfig(name: "v2")),
                ], seconds: 6))
        #expect(summary.outcome == .completed)
        #expect(
            summary.phases.map(\.label).filter { $0.hasPrefix("config") } == [
                "config-push", "config-push #2", "config-rollback",
            ])
        let counters = summary.counters
        #expect(counters[.remoteConfigsReceived] == 120)
        // On a machine that is too busy the next offer may come before all have taken the one before it.
        #expect(counters[.configsConverged] + counters[.configsSuperseded] == 120)
        #expect(counters[.configsConverged] >= 40)
        #expect(counters[.configsFailed] == 0 && counters.errors == 0)
        #expect(summary[.configConverged].count == counters[.configsConverged])
    }

    @Test(
        "An offer to a share or to a zone reaches those agents alone",
        arguments: [
            (EventTarget(share: 0.5), 8...32),
            (EventTarget(attributes: [.init(key: "cloud.availability_zone", text: "here")]), 20...20),
        ])
    func targets(target: EventTarget, reached: ClosedRange<UInt64>) async throws {
        var profile = Self.profile([(1_000, Self.config("some", "receivers: {a: {}}\n", to: target))], seconds: 3)
        profile.cohorts[0].zones = ["here"]
        profile.cohorts.append(CohortProfile(name: "elsewhere", zones: ["there"]))
        let summary = try await Self.perform(profile)
        #expect(reached.contains(summary.counters[.remoteConfigsReceived]))
    }

    @Test("A configuration that says so fails at every agent, and counts as failed")
    func failingConfig() async throws {
        let summary = try await Self.perform(
            Self.profile([(1_000, Self.config("bad", "# muster: fail\nreceivers: {a: {}}\n"))], seconds: 3))
        #expect(summary.counters[.configsFailed] == 40)
        #expect(summary.counters[.configsConverged] == 0)
    }

    @Test("Packages are installed by every agent that accepts them, and nobody else is offered any")
    func packages() async throws {
        let offer = PackageOffer(packages: [
            .init(name: "collector", version: "2"), .init(name: "extra", version: "1", form: .addon),
        ])
        var profile = Self.profile([(1_000, .offerPackages(offer))], seconds: 4)
        profile.cohorts[0].packages = PackageProfile(
            accepted: true,
            plan: PackagePlan(
                downloadTime: .constant(.milliseconds(200)), installTime: .constant(.milliseconds(100))))
        profile.cohorts.append(CohortProfile(name: "fixed"))
        let summary = try await Self.perform(profile)
        #expect(summary.phases.contains { $0.label == "package-rollout" })
        #expect(summary.counters[.packageOffers] == 20)
        #expect(summary.counters[.packagesInstalled] == 40)
        #expect(summary.counters[.packageOffersConverged] == 20)
        #expect(summary[.packagesConverged].count == 20)
    }

    @Test("Commanded restarts, heartbeat offers and custom messages reach every agent")
    func commands() async throws {
        var profile = Self.profile(
            [
                (1_000, .offerHeartbeat(interval: .seconds(1), to: .everybody)),
                (1_500, .sendCustom(.pause, to: .everybody)),
                (2_000, .restartAgents(.everybody)),
            ], seconds: 4)
        profile.cohorts[0].customAbilities = [.pause]
        profile.cohorts[0].restart = RestartProfile(form: .whole, downtime: .constant(.milliseconds(100)))
        let summary = try await Self.perform(profile)
        #expect(summary.outcome == .completed)
        #expect(summary.counters[.reconnects] == 40)
        // Each agent says that it has the settings, and that it is paused.
        #expect(summary.counters[.statusReports] >= 80)
        let labels = Set(summary.phases.map(\.label))
        #expect(labels.isSuperset(of: ["heartbeat-offer", "custom-message", "restart"]))
    }

    @Test("The server's pauses count from the run's start, however long the preparation took before it")
    func pauses() async throws {
        var profile = Self.profile([], seconds: 3)
        profile.server = .embedded(EmbeddedServer(pauses: [.init(at: .after(.zero), length: .seconds(2))]))
        let run = try await FleetRun(profile)
        try await Task.sleep(for: .seconds(2))
        let summary = await run.perform(as: .test) { _ in }.summary
        #expect(summary[.ready].max > .seconds(1))
        #expect(summary.counters[.agentsAnswered] == 40)
    }
}
