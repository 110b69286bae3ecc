import AgentModel
import Basis
import Schema
import Testing

@testable import Fleet

/// A profile with every key, and the values that are read from it.
extension ProfileReaderTests {
    @Test("Every key sets its value")
    func everyKey() throws {
        let profile = try read(Self.textWithEveryKey)
        #expect(profile == (try Self.profileWithEveryKey()))
        #expect(profile.timeline.map(\.at) == [.seconds(1), .seconds(6), .seconds(30)])
    }

    private static let textWithEveryKey = """
        name: all
        description: "everything & more"
        agents: 12
        seed: 18446744073709551615
        server:
          embedded:
            port: 4321
            answer_delay: {log_normal: {median: 20ms, sigma: 0.5}}
            pauses: [{at: 50%, for: 2s}]
            throttle: {share: 5%, retry_after: 30s}
            refuse: {share: 1%, status: 429, retry_after: 2s}
            drop: {share: 2%, after: {exponential: 5s}}
            heartbeat_interval: 15s
        duration: 1m
        drain: 3s
        arrival: {stages: [{rate: 1/s, to_rate: 3/s, for: 2s}, {hold: 1s},
          {population: 50%, for: 1s}, {population: 12, for: 0s}]}
        zones: [a, b]
        attributes: {identifying: {service.name: x}, non_identifying: {n: 7, z: "{{zone}}"}}
        heartbeat: {interval: 5s, jitter: 10%, phase: lockstep}
        report: {effective_config: 64KiB, available_components: 3, health_pipelines: 4}
        reconnect: fixed
        reconnect_report: changes
        mode: closed
        remote_config:
          apply_time: {uniform: [1s, 5s]}
          failure_share: 3%
          allowed_settings: [receivers, service]
          history_limit: 2
          watchers: [{setting: service, reaction: restart-agent}]
        health:
          check_interval: 4s
          check_timeout: 2s
          failure_threshold: 3
          faults:
            - {flapping: {up: 10s, down: 1s}, share: 5%, hangs: true}
            - {decay: {exponential: 1m}}
            - {sudden_death: 5s, share: 1%}
            - {outage: {zone: a, from: 50%, for: 3s}}
            - {outage: {from: 1s, for: 2s}}
            - {outage: {version: 0.115.0}, zone: a}
            - {outage: {from: 10%}, version: 0.115.0}
            - {decay: 9s, zone: a, version: "0.114.0"}
        packages: {accepted: true}
        faults:
          rates: {chats: 2%, isClone: 1%, crashes: 0%}
          recurrence: 10%
          time_to_death: 1s
          time_to_recovery: 2s
          time_between_crashes: 3h
          clock_skew: 5m
          slow_reading: 1KiB
          oversized: 65MiB
        restart: {form: whole, downtime: 4s}
        cohorts:
          - {name: one}
          - name: two
            weight: 2.5
            zones: [a, c]
            faults: {rates: {chats: 0%, crashes: 4%}}
            attributes: {non_identifying: {n: "{{ index }}", m: "{{cohort}}{{instance_uid}}{{region}}"}}
            heartbeat: {phase: from-connection}
            report: {health_pipelines: 0}
            reconnect: {policy: long-delay, minimum: 1s, maximum: 2s}
            mode: {loop: closed, think: {uniform: [1ms, 3ms]}}
        events:
          - {at: 30s, drop_connections: 100%}
          - {at: 10%, drop_connections: 0.5}
          - {at: 1s, offer_packages: {packages: {agent: {version: 0.115.0}}}}
        limits: {connect_timeout: 1s, answer_timeout: 2s, message_size: 2MiB}
        sources: [127.0.0.2, "::1"]
        shards: 3
        """

    private static func profileWithEveryKey() throws -> Profile {
        let embedded = EmbeddedServer(
            port: 4321, answerDelay: .logNormal(median: .milliseconds(20), sigma: 0.5),
            pauses: [.init(at: .share(0.5), length: .seconds(2))],
            throttle: .init(share: 0.05, retryAfter: .seconds(30)),
            refuse: .init(share: 0.01, status: 429, retryAfter: .seconds(2)),
            drop: .init(share: 0.02, after: .exponential(mean: .seconds(5))), heartbeatInterval: .seconds(15))
        return Profile(
            name: "all", description: "everything & more", agents: 12, seed: .max, server: .embedded(embedded),
            duration: .seconds(60), drain: .seconds(3),
            arrival: .stages([
                .rate(from: 1, to: 3, length: .seconds(2)), .hold(length: .seconds(1)),
                .population(.share(0.5), length: .seconds(1)), .population(.agents(12), length: .zero),
            ]),
            cohorts: try cohortsWithEveryKey(),
            events: [
                TimedEvent(at: .after(.seconds(30)), action: .dropConnections(share: 1)),
                TimedEvent(at: .share(0.1), action: .dropConnections(share: 0.5)),
                TimedEvent(
                    at: .after(.seconds(1)),
                    action: .offerPackages(PackageOffer(packages: [.init(name: "agent", version: "0.115.0")]))),
            ],
            limits: ProfileLimits(
                connectTimeout: .seconds(1), answerTimeout: .seconds(2), messageBytes: 2 << 20),
            sources: ["127.0.0.2", "::1"],
            shards: 3)
    }

    private static func cohortsWithEveryKey() throws -> [CohortProfile] {
        var one = CohortProfile(
            name: "one", identifying: [.init(key: "service.name", text: "x")],
            nonIdentifying: [.init(key: "n", text: "7"), .init(key: "z", text: "{{zone}}")], zones: ["a", "b"],
            heartbeat: HeartbeatProfile(interval: .seconds(5), jitter: 0.1, phase: .lockstep),
            report: ReportSizes(effectiveConfigBytes: 65_536, healthPipelines: 4, availableComponents: 3),
            reconnect: .fixed(.seconds(1)), mode: .closedLoop(think: .constant(.zero)))
        one.reconnectReport = .changes
        one.remoteConfig = RemoteConfigPlan(
            applyTime: .uniform(.seconds(1), .seconds(5)), failureOdds: 0.03,
            allowedSettings: ["receivers", "service"],
            historyLimit: 2, watchers: [ConfigWatcher(setting: "service", reaction: .restartAgent)])
        one.health = HealthProfile(
            checkInterval: .seconds(4), checkTimeout: .seconds(2), failureThreshold: 3,
            healthFaults: [
                .init(.flapping(up: .constant(.seconds(10)), down: .constant(.seconds(1))), share: 0.05, hangs: true),
                .init(.decay(each: .exponential(mean: .seconds(60)))),
                .init(.suddenDeath(after: .constant(.seconds(5))), share: 0.01),
                .init(.outage(from: .share(0.5), length: .seconds(3)), zone: "a"),
                .init(.outage(from: .after(.seconds(1)), length: .seconds(2))),
                .init(.outage(from: .share(0), length: nil), zone: "a", version: "0.115.0"),
                .init(.outage(from: .share(0.1), length: nil), version: "0.115.0"),
                .init(.decay(each: .constant(.seconds(9))), zone: "a", version: "0.114.0"),
            ])
        one.faults = FaultPlan(
            rates: [.chats: 0.02, .isClone: 0.01], recurrence: 0.1, timeToDeath: .constant(.seconds(1)),
            timeToRecovery: .constant(.seconds(2)), timeBetweenCrashes: .constant(.seconds(10_800)),
            clockSkew: .seconds(300), slowReadingRate: 1_024, oversizedBytes: 65 << 20)
        one.packages = PackageProfile(accepted: true)
        one.restart = RestartProfile(form: .whole, downtime: .constant(.seconds(4)))
        var two = one
        two.name = "two"
        two.weight = try #require(CohortWeight("2.5"))
        two.zones = ["a", "c"]
        two.faults.rates = [.isClone: 0.01, .crashes: 0.04]
        two.nonIdentifying = [
            .init(key: "n", text: "{{ index }}"), .init(key: "z", text: "{{zone}}"),
            .init(key: "m", text: "{{cohort}}{{instance_uid}}{{region}}"),
        ]
        two.heartbeat.phase = .fromConnection
        two.report.healthPipelines = 0
        two.reconnect = .longRandomDelay(minimum: .seconds(1), maximum: .seconds(2))
        two.mode = .closedLoop(think: .uniform(.milliseconds(1), .milliseconds(3)))
        return [one, two]
    }
}
