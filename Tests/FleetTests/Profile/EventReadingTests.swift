import AgentModel
import Basis
import Foundation
import Metrics
import OpAMP
import Schema
import Testing

@testable import Fleet

@Suite("Reading the events of a profile")
struct EventReadingTests {
    private func errors(_ text: String) -> String {
        do {
            _ = try ProfileReader().read(text: text, source: "test.yaml")
            return ""
        } catch {
            return error.list.map(\.description).joined(separator: "\n")
        }
    }

    private static let textWithEveryAction = """
        duration: 2m
        packages:
          download_time: 3s
          size: 1MiB
          progress_interval: 1s
          install_time: {exponential: 2s}
          requires_signature: true
          failures: {download: 1%, content_hash: 2%, signature: 3%, install: 4%}
          installed: [{name: collector, version: 0.1}, {name: x, version: "1", type: addon}]
          dependencies: {b: [a, c]}
        connection_settings: {opamp: true, other: true}
        custom_capabilities: [pause, echo]
        own_telemetry: {signals: [metrics, logs], interval: 5s}
        capability_changes: [{after: 30s, add: [accepts-packages], remove: [reports-health]}]
        cohorts:
          - {name: one}
          - {name: two, packages: {accepted: false}, connection_settings: {opamp: false},
             custom_capabilities: []}
        events:
          - {at: 10s, drop_connections: 5%}
          - at: 20s
            offer_config:
              name: v1
              files: {a.yaml: "x: 1", b.yaml: {size: 4KiB}}
              content_type: text/plain
              to: {share: 10%, attributes: {zone: z, n: 7}}
          - {at: 21s, offer_config: {files: {"": "y: {}"}}}
          - {at: 30s, withdraw_config: v1}
          - at: 40s
            offer_packages:
              name: p1
              packages: {a: {version: 1.2}, b: {version: "2", type: addon, signed: true}}
              to: 50%
          - {at: 50s, withdraw_packages: p1}
          - {at: 60s, offer_heartbeat: 15s}
          - {at: 61s, offer_heartbeat: {interval: 5s, to: 10%}}
          - at: 61s
            offer_connection:
              name: c1
              opamp: {endpoint: "ws://{{server}}/v1/opamp", headers: {Authorization: Bearer x}, heartbeat: 20s}
              own_metrics: http://m:4318/v1/metrics
              own_logs: {endpoint: "http://{{server}}/v1/logs", headers: {A: b}}
              other: {kafka: {endpoint: "k:9092", settings: {topic: t}}}
              to: 30%
          - {at: 61s, offer_connection: {opamp: ws://h:1}}
          - {at: 61s, withdraw_connection: c1}
          - {at: 62s, restart_agents: 20%}
          - {at: 63s, restart_agents: {attributes: {zone: z}}}
          - {at: 64s, send_custom: pause}
          - {at: 65s, send_custom: {message: echo, to: 1%}}
        """

    private static let everyActionInOrder: [TimedEvent.Action] = [
        .dropConnections(share: 0.05),
        .offerConfig(
            ConfigOffer(
                name: "v1",
                files: [
                    .init(name: "a.yaml", body: .text("x: 1")),
                    .init(name: "b.yaml", body: .generated(bytes: 4_096)),
                ], contentType: "text/plain",
                target: EventTarget(
                    share: 0.1, attributes: [.init(key: "zone", text: "z"), .init(key: "n", text: "7")]))),
        .offerConfig(ConfigOffer(files: [.init(name: "", body: .text("y: {}"))])),
        .withdrawConfig(name: "v1"),
        .offerPackages(
            PackageOffer(
                name: "p1",
                packages: [
                    .init(name: "a", version: "1.2"),
                    .init(name: "b", version: "2", form: .addon, isSigned: true),
                ], target: EventTarget(share: 0.5))),
        .withdrawPackages(name: "p1"),
        .offerHeartbeat(interval: .seconds(15), to: .everybody),
        .offerHeartbeat(interval: .seconds(5), to: EventTarget(share: 0.1)),
        .offerConnection(
            ConnectionOffer(
                name: "c1",
                opamp: .init(
                    destination: .init(
                        endpoint: "ws://{{server}}/v1/opamp",
                        headers: [.init(name: "Authorization", value: "Bearer x")]), heartbeat: .seconds(20)),
                ownMetrics: .init(endpoint: "http://m:4318/v1/metrics"),
                ownLogs: .init(endpoint: "http://{{server}}/v1/logs", headers: [.init(name: "A", value: "b")]),
                others: [
                    .init(
                        name: "kafka", destination: .init(endpoint: "k:9092"),
                        settings: [.init(name: "topic", value: "t")])
                ], target: EventTarget(share: 0.3))),
        .offerConnection(ConnectionOffer(opamp: .init(destination: .init(endpoint: "ws://h:1")))),
        .withdrawConnection(name: "c1"),
        .restartAgents(EventTarget(share: 0.2)),
        .restartAgents(EventTarget(attributes: [.init(key: "zone", text: "z")])),
        .sendCustom(.pause, to: .everybody), .sendCustom(.echo, to: EventTarget(share: 0.01)),
    ]

    @Test("Every action and each of its keys is read, and written back unchanged")
    func everyAction() throws {
        let profile = try ProfileReader().read(
            text: Self.textWithEveryAction, source: "test.yaml")
        #expect(profile.events.map(\.action) == Self.everyActionInOrder)
        let plan = PackagePlan(
            installed: [
                .init(name: "collector", version: "0.1"), .init(name: "x", version: "1", type: .addon),
            ], downloadTime: .constant(.seconds(3)), fileBytes: 1 << 20, progressInterval: .seconds(1),
            installTime: .exponential(mean: .seconds(2)),
            odds: .init(download: 0.01, contentHash: 0.02, signature: 0.03, install: 0.04), requiresSignature: true,
            dependencies: ["b": ["a", "c"]])
        let (one, two) = (profile.cohorts[0], profile.cohorts[1])
        #expect(one.packages == PackageProfile(accepted: true, plan: plan))
        #expect(one.connectionSettings == ConnectionSettingsProfile(opamp: true, other: true))
        #expect(one.customAbilities == [.pause, .echo])
        #expect(one.ownTelemetry == OwnTelemetryProfile(signals: [.metrics, .logs], interval: .seconds(5)))
        #expect(
            one.capabilityChanges == [
                CapabilityChangeProfile(after: .seconds(30), adds: [.acceptsPackages], removes: [.reportsHealth])
            ])
        #expect(two.packages == PackageProfile(accepted: false, plan: plan))
        #expect(two.connectionSettings == ConnectionSettingsProfile(opamp: false, other: true))
        #expect(two.customAbilities.isEmpty)
        #expect(try ProfileReader().read(text: Profile.schema.write(profile), source: "resolved") == profile)
    }

    @Test(
        "Each error has its place, its path and the remedy",
        arguments: [
            ("events: [{at: 1s}]", "1:10: events[0]: an event has one of 'drop_connections', 'leave'"),
            ("events: [{at: 1s, restart_agents: 5%, send_custom: echo}]", "events[0]: an event has one of"),
            ("events: [{at: 1s, offer_config: {}}]", "events[0].offer_config.files: the key 'files' is missing"),
            (
                "events: [{at: 1s, offer_config: {files: {a: {}}}}]",
                """
                events[0].offer_config.files.a: found 'nothing', wanted the file's text, {size: 4KiB}, {file: path} \
                or {path: path}
                """
            ),
            (
                "events: [{at: 1s, offer_config: {files: {a: {size: 4KiB, file: b}}}}]",
                "found 'size, file', wanted the file's text"
            ),
            (
                "events: [{at: 1s, offer_config: {files: {a: {size: 1B}}}}]",
                "files.a.size: 1B is out of range: allowed is 64B"
            ),
            (
                "events: [{at: 1s, offer_config: {files: {a: {file: /etc/hosts}}}}]",
                "files.a.file: files are read only for a profile that is a file itself"
            ),
            ("events: [{at: 1s, offer_config: {files: {a: b}, too: 1%}}]", "unknown key 'too', did you mean 'to'?"),
            ("events: [{at: 1s, offer_config: {files: {a: b}, to: 10}}]", "found the bare number '10'"),
            ("events: [{at: 1s, offer_config: {files: {a: b}, to: {zone: a}}}]", "to.zone: unknown key 'zone'"),
            (
                "events: [{at: 1s, withdraw_config: v1}]",
                "events[0].withdraw_config: no offer_config before it is called 'v1'; give one that name"
            ),
            (
                "events: [{at: 2s, offer_config: {name: v, files: {a: b}}}, {at: 1s, withdraw_config: v}]",
                "events[1].withdraw_config: no offer_config before it"
            ),
            (
                "events: [{at: 1s, offer_config: {name: v, files: {a: b}}}, {at: 2s, withdraw_packages: v}]",
                "no offer_packages before it"
            ),
            (
                """
                events: [{at: 1s, offer_config: {name: v, files: {a: b}}}, {at: 2s, withdraw_config: v}, \
                {at: 3s, withdraw_config: v}]
                """, "events[2].withdraw_config: 'v' has been withdrawn already"
            ),
            (
                """
                events: [{at: 1s, offer_config: {name: v, files: {a: b}}}, {at: 2s, offer_config: {name: v, \
                files: {a: c}}}]
                """,
                "events[1].offer_config: another offer is called 'v' too"
            ),
            (
                "events: [{at: 1s, offer_packages: {packages: {a: {version: 1.0}}}}]",
                "events[0].offer_packages: no cohort accepts packages; add `packages: {accepted: true}` to one"
            ),
            (
                "packages: {}\nevents: [{at: 1s, offer_packages: {packages: {a: {type: addon}}}}]",
                "packages.a.version: the key 'version' is missing"
            ),
            (
                """
                packages: {}\nevents: [{at: 1s, offer_packages: {packages: {a: {version: \"1\"}, b: {version: \
                \"1\"}}}}]
                """,
                "an agent has one top-level package"
            ),
            (
                "connection_settings: {opamp: false}\nevents: [{at: 1s, offer_heartbeat: 5s}]",
                "events[0].offer_heartbeat: no cohort accepts connection settings"
            ),
            (
                "events: [{at: 1s, offer_connection: {to: 5%}}]",
                "events[0].offer_connection: an offer has at least one of 'opamp', 'own_metrics'"
            ),
            (
                "events: [{at: 1s, offer_connection: {own_traces: http://h/v1/traces}}]",
                """
                events[0].offer_connection: no cohort reports its own traces; add `own_telemetry: {signals: \
                [traces]}` to one
                """
            ),
            (
                "connection_settings: {opamp: false}\nevents: [{at: 1s, offer_connection: {opamp: ws://h}}]",
                "events[0].offer_connection: no cohort accepts connection settings"
            ),
            (
                "events: [{at: 1s, offer_connection: {other: {k: {endpoint: a}}}}]",
                "no cohort accepts settings of other connections; add `connection_settings: {other: true}` to one"
            ),
            (
                "own_telemetry: {signals: [logs]}\nevents: [{at: 1s, offer_connection: {own_logs: {headers: {a: b}}}}]",
                "own_logs.endpoint: the key 'endpoint' is missing"
            ),
            (
                "events: [{at: 1s, offer_connection: {opamp: {heartbeat: 1500ms}}}]",
                "the protocol carries whole seconds here"
            ),
            (
                "events: [{at: 1s, offer_connection: {opamp: ws://h}}, {at: 2s, withdraw_connection: c}]",
                "events[1].withdraw_connection: no offer_connection before it is called 'c'"
            ),
            ("own_telemetry: {signals: [metric]}", "did you mean 'metrics'?"),
            ("own_telemetry: {signals: [logs, logs]}", "own_telemetry.signals[1]: duplicate logs in the list"),
            ("own_telemetry: {interval: 1ms}", "own_telemetry.interval"),
            (
                "capability_changes: [{add: [reports-health]}]",
                "capability_changes[0].after: the key 'after' is missing"
            ),
            ("capability_changes: [{after: 1s, add: [reports-helth]}]", "did you mean 'reports-health'?"),
            ("events: [{at: 1s, offer_heartbeat: 1500ms}]", "the protocol carries whole seconds here"),
            (
                "events: [{at: 1s, offer_heartbeat: {to: 5%}}]",
                "offer_heartbeat.interval: the key 'interval' is missing"
            ),
            (
                "events: [{at: 1s, send_custom: find-services}]",
                "events[0].send_custom: no cohort understands it; add `custom_capabilities: [discovery]` to one"
            ),
            ("events: [{at: 1s, send_custom: pauze}]", "did you mean 'pause'?"),
            ("custom_capabilities: [echo, echo]", "custom_capabilities[1]: duplicate echo in the list"),
            ("custom_capabilities: [fly]", "custom_capabilities[0]: found 'fly', wanted echo or pause or discovery"),
            ("packages: {installed: [{name: a}]}", "packages.installed[0].version: the key 'version' is missing"),
        ])
    func wrong(text: String, message: String) {
        let errors = errors(text)
        #expect(errors.contains(message), "\(errors)")
    }

    @Test("Offers of heartbeat intervals and of connections share one limit, because a server remembers both together")
    func sharedLimit() {
        func events(_ count: Int) -> String {
            let lines = (0..<count).map { number in
                number % 2 == 0
                    ? "  - {at: \(number)ms, offer_heartbeat: 5s}"
                    : "  - {at: \(number)ms, offer_connection: {opamp: ws://h}}"
            }
            return (["events:"] + lines).joined(separator: "\n")
        }
        #expect(!errors(events(60)).contains("offers of one kind"))
        #expect(errors(events(61)).contains("more than 60 offers of one kind"))
    }

    @Test(
        "In a run against another server, events that need the embedded server are skipped with a warning"
    )
    func serverOverride() throws {
        let text = """
            events:
              - {at: 1s, drop_connections: 10%}
              - {at: 2s, offer_config: {name: canary, files: {a.yaml: {size: 1KiB}}}}
              - {at: 3s, restart_agents: 5%}
            """
        let embedded = try ProfileReader().read(text: text, source: "p.yaml")
        #expect(embedded.skippedEvents.isEmpty && embedded.steps(from: .zero).count == 3)
        let profile = try ProfileReader().read(
            text: text, source: "p.yaml", overrides: [.key("--server", "ws://h:1")])
        #expect(profile.steps(from: .zero).map(\.phase) == ["storm"])
        let warnings = profile.skippedEvents
        #expect(warnings.map(\.rule) == ["skipped-event", "skipped-event"])
        #expect(warnings.first?.message.hasPrefix("offer_config 'canary' at 2s was skipped: ") == true, "\(warnings)")
        #expect(warnings.first?.remedy.contains("`muster serve --offer-config FILE`") == true)
        #expect(PlanSummary(profile).text().contains("at 2s: skipped, needs the embedded server: "))
    }

    @Test("More text than a profile can hold is refused, however it is spread over files and offers")
    func texts() {
        let text = String(repeating: "x", count: 60 << 10)
        let files = (0..<3).map { "f\($0): \(text)" }.joined(separator: ", ")
        #expect(errors("events: [{at: 1s, offer_config: {files: {\(files)}}}]").contains("more than 128KiB of text"))
        let long = String(repeating: "x", count: (64 << 10) + 1)
        #expect(
            errors("events: [{at: 1s, offer_config: {files: {a: \(long)}}}]").contains("65537 bytes is out of range"))
    }

    @Test("A file that is named is read from the profile's folder, and the resolved profile has its text")
    func namedFiles() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("muster-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let body = "receivers: {otlp: {}} # & \"so\"\n"
        try Data(body.utf8).write(to: folder.appendingPathComponent("c.yaml"))
        try Data([0xFF]).write(to: folder.appendingPathComponent("bytes"))
        try Data(count: (64 << 10) + 1).write(to: folder.appendingPathComponent("large"))
        func read(_ file: String) throws -> Profile {
            let path = folder.appendingPathComponent("p.yaml")
            try Data("events: [{at: 1s, offer_config: {files: {a: {file: \(file)}}}}]\n".utf8).write(to: path)
            return try ProfileReader().read(path: path.path)
        }
        let profile = try read("c.yaml")
        #expect(
            profile.events.map(\.action)
                == [.offerConfig(ConfigOffer(files: [.init(name: "a", body: .text(body))]))])
        #expect(try ProfileReader().read(text: Profile.schema.write(profile), source: "resolved") == profile)
        for (file, message) in [
            ("bytes", "is not UTF-8"), ("large", "is larger than 64KiB"), ("missing", "is not a readable file"),
            (".", "is not a readable file"),
        ] {
            let errors = try #require(throws: Problems.self) { try read(file) }
            #expect("\(errors)".contains(message), "\(errors)")
        }
    }
}
