import AgentModel
import Basis
import Hosting
import Metrics
import OpAMP
import Rollout
import Schema
import Testing

@testable import Fleet

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

    @Test("Each agent gets the files of its layers from the embedded server, when it connects and once")
    func layers() async throws {
        var profile = Self.profile([], seconds: 3)
        profile.cohorts[0].zones = ["here"]
        profile.cohorts.append(CohortProfile(name: "elsewhere", zones: ["there"]))
        var base = ServedLayer(name: "base")
        base.files = [.init(name: "a.yaml", body: .text("receivers: {a: {}}\n"))]
        // Agents of one zone alone get a file that they cannot apply.
        var zone = ServedLayer(name: "zone")
        zone.selector.attributes = [Named("cloud.availability_zone", ["here"])]
        zone.files = [.init(name: "b.yaml", body: .text("# muster: fail\nreceivers: {b: {}}\n"))]
        var server = EmbeddedServer()
        server.served.layers = [base, zone]
        profile.server = .embedded(server)
        let counters = try await Self.perform(profile).counters
        #expect(counters[.remoteConfigsReceived] == 40)
        #expect([counters[.configsFailed], counters[.configsConverged]] == [20, 20])
    }

    @Test("A configuration that says so fails at every agent, and counts as failed")
    func failingConfig() async throws {
        let summary = try await Self.perform(
            Self.profile([(1_000, Self.config("bad", "# muster: fail\nreceivers: {a: {}}\n"))], seconds: 3))
        #expect(summary.counters[.configsFailed] == 40)
        #expect(summary.counters[.configsConverged] == 0)
    }

    @Test("Packages are installed by every agent that accepts them, and offered to no other agent")
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
            ], seconds: 60)
        profile.cohorts[0].customAbilities = [.pause]
        profile.cohorts[0].restart = RestartProfile(form: .whole, downtime: .constant(.milliseconds(100)))
        // It ends once all are back, however busy the machine is.
        let control = RunControl()
        let run = try await FleetRun(profile)
        let summary = await run.perform(as: .test, control: control) { snapshot in
            if snapshot.counters[.reconnects] >= 40 { try? control.send(.drain) }
        }.summary
        #expect(summary.outcome == .interrupted)
        #expect(summary.counters[.restartsCommanded] == 40)
        #expect(
            summary.counters[.reconnects] == 40,
            "\(Counter.allCases.filter { summary.counters[$0] > 0 }.map { "\($0.name) \(summary.counters[$0])" })")
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

    @Test("The times of a wave count from the moment of the event, and each agent is in the wave that reached it")
    func waves() async throws {
        let summary = try await Self.perform(
            Self.profile(
                [
                    (1_000, Self.config("v1", "receivers: {a: {}}\n", to: EventTarget(share: 0.5))),
                    (2_500, Self.config("v2", "receivers: {b: {}}\n")), (4_500, .withdrawConfig(name: "v2")),
                ], seconds: 7))
        #expect(summary.waves.map(\.wave.label).prefix(2) == ["config-push (v1)", "config-push #2 (v2)"])
        #expect(summary.waves.dropFirst(2).allSatisfy { $0.wave.label.hasPrefix("config-rollback") })
        #expect(summary.waves.allSatisfy { $0.wave.clock == .event && $0.wave.kind == .remoteConfig })
        let counts = summary.waves.reduce(0) { $0 + $1.count(.received) }
        #expect(counts == summary.counters[.remoteConfigsReceived])
        #expect(summary.waves.reduce(0) { $0 + $1.count(.converged) } == summary.counters[.configsConverged])
        for wave in summary.waves where wave.count(.converged) > 0 {
            // Before anything is applied it has been received, and the clock began before both.
            #expect(wave[.received].lowest <= wave[.converged].lowest)
            #expect(wave[.received].highest <= wave[.converged].highest)
            #expect(wave.start >= .seconds(1))
        }
        // Counted from the event, it is never less than from the agent's own receipt.
        let longest = summary.waves.compactMap(\.lastConverged).max() ?? .zero
        #expect(longest >= summary[.configConverged].max)
    }

    private static func connection(_ endpoint: String, to target: EventTarget = .everybody) -> TimedEvent.Action {
        .offerConnection(
            ConnectionOffer(
                opamp: .init(
                    destination: .init(endpoint: endpoint, headers: [.init(name: "X-Moved", value: "yes")]),
                    heartbeat: .seconds(1)),
                target: target))
    }

    @Test("Agents that are offered another address of the server try it, keep it, and stay the agents that they were")
    func moved() async throws {
        // Another address as far as agents can tell.
        let summary = try await Self.perform(
            Self.profile([(1_000, Self.connection("ws://{{server}}/v1/opamp?moved"))], seconds: 4))
        #expect(summary.outcome == .completed)
        #expect(summary.counters[.settingsOffered] == 40)
        #expect(summary.counters[.settingsCommitted] == 40)
        #expect(summary.counters[.settingsReverted] == 0 && summary.counters[.settingsRejected] == 0)
        #expect(summary.counters[.reconnects] == 40)
        #expect(summary.waves.map(\.wave.label) == ["connection-offer"])
        #expect(summary.waves[0].count(.received) == 40)
        #expect(summary.waves[0].count(.applying) == 40)
        #expect(summary.waves[0].count(.converged) == 40)
        #expect(summary.reconciliation.lines.first { $0.what == "agents connected" }?.server == 40)
    }

    @Test("A share of the fleet moves, an unreachable address is tried and dropped, and no agent is lost")
    func movedInVain() async throws {
        let summary = try await Self.perform(
            Self.profile(
                [(1_000, Self.connection("ws://127.0.0.1:1/v1/opamp", to: EventTarget(share: 0.5)))], seconds: 4))
        let offered = summary.counters[.settingsOffered]
        #expect((8...32).contains(offered))
        #expect(summary.counters[.settingsReverted] == offered)
        #expect(summary.counters[.settingsCommitted] == 0)
        #expect(summary.counters[.reconnects] == offered)
        #expect(summary.counters[.agentsAnswered] == 40)
        #expect(summary.waves[0].count(.failed) == offered)
        #expect(
            summary.transitions.sorted.contains {
                $0.transition.from == "connecting" && $0.transition.cause == "connect failed: refused"
                    && $0.count == offered
            })
    }

    @Test("Own telemetry goes where it was offered, and both sides count the same")
    func ownTelemetry() async throws {
        var profile = Self.profile(
            [
                (
                    1_000,
                    .offerConnection(
                        ConnectionOffer(
                            ownMetrics: .init(
                                endpoint: "http://{{server}}/v1/metrics",
                                headers: [.init(name: "X-Token", value: "t")]),
                            ownTraces: .init(endpoint: "http://{{server}}/v1/traces"),
                            ownLogs: .init(endpoint: "http://{{server}}/v1/logs")))
                ), (2_000, .dropConnections(share: 1)),
            ], seconds: 5)
        profile.cohorts[0].ownTelemetry = OwnTelemetryProfile(
            signals: [.metrics, .traces, .logs], interval: .milliseconds(500))
        let summary = try await Self.perform(profile)
        #expect(summary.counters[.telemetryRequests] > 40)
        #expect(summary.counters[.telemetryItems] > 400)
        #expect(summary.counters[.telemetryRefused] == 0 && summary.counters[.telemetryDropped] == 0)
        let line = try #require(summary.reconciliation.lines.first { $0.what == "telemetry items" })
        #expect(line.agrees, "\(line)")
        let connections = summary.reconciliation.lines.first { $0.what == "connections opened" }
        #expect(connections?.agrees == true, "\(String(describing: connections))")
        // Their heartbeats continue unchanged.
        #expect(summary.counters[.unanswered] == 0)
    }

    @Test("An unreachable telemetry destination is counted and does not disturb the fleet")
    func telemetryInVain() async throws {
        var profile = Self.profile(
            [
                (
                    500,
                    .offerConnection(
                        ConnectionOffer(
                            ownMetrics: .init(endpoint: "http://127.0.0.1:1/v1/metrics"),
                            ownLogs: .init(endpoint: "http://{{server}}/no/such/place")))
                ), (1_500, .dropConnections(share: 1)),
            ], seconds: 4)
        profile.cohorts[0].ownTelemetry = OwnTelemetryProfile(signals: [.metrics, .logs], interval: .milliseconds(500))
        let summary = try await Self.perform(profile)
        #expect(summary.counters[.telemetryUnreachable] > 0)
        #expect(summary.counters[.telemetryRefused] > 0)
        #expect(summary.named["telemetry_status_404"] == summary.counters[.telemetryRefused])
        #expect(summary.counters[.telemetryItems] == 0)
        #expect(summary.counters[.agentsAnswered] == 40)
    }

    @Test("Capabilities change while the agents run, and are reported to the server")
    func capabilities() async throws {
        var profile = Self.profile([(2_000, Self.config("v1", "receivers: {a: {}}\n"))], seconds: 4)
        profile.cohorts[0].capabilityChanges = [
            CapabilityChangeProfile(after: .milliseconds(500), removes: [.acceptsRemoteConfig])
        ]
        profile.cohorts.append(CohortProfile(name: "constant", heartbeat: profile.cohorts[0].heartbeat))
        let summary = try await Self.perform(profile)
        // Half of the fleet does not take configurations any more, has said so, and is not offered any.
        #expect(summary.counters[.remoteConfigsReceived] == 20)
        #expect(summary.counters[.protocolViolation] == 0)
    }

    @Test("Each step of the traced agents' lives is written down with its cause and time")
    func traced() async throws {
        var profile = Self.profile([(1_000, .dropConnections(share: 1))], seconds: 3)
        profile.agents = 20
        let run = try await FleetRun(profile, options: FleetRunOptions(tracedAgents: 5))
        let record = await run.perform(as: .test) { _ in }
        #expect(Set(record.trace.map(\.agent)) == [0, 4, 8, 12, 16])
        #expect(record.trace.map(\.at) == record.trace.map(\.at).sorted())
        let first = record.trace.filter { $0.agent == 8 }.map(\.transition)
        #expect(first.first == Transition(from: "initializing", cause: "started", to: "connecting"))
        #expect(first.contains(Transition(from: "running", cause: "stormed", to: "backing off")))
        #expect(first.last?.to == "disconnected")
        let steps = record.summary.transitions
        #expect(steps[Transition(from: "running", cause: "stormed", to: "backing off")] == 20)
        #expect(steps[Transition(from: "initializing", cause: "started", to: "connecting")] == 20)
    }
}
