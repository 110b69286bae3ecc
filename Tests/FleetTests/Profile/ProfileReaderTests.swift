import AgentModel
import Basis
import Schema
import Testing

@testable import Fleet

@Suite("Reading a profile")
struct ProfileReaderTests {
    private func read(_ text: String) throws -> Profile {
        try ProfileReader().read(text: text, source: "test.yaml")
    }

    private func errors(_ text: String) -> [Problem] {
        do {
            _ = try ProfileReader().read(text: text, source: "test.yaml")
            return []
        } catch {
            return error.list
        }
    }

    @Test(
        "The least profile gives every default",
        arguments: ["{}", "agents: 100", "# nothing but this\nname: unnamed\n", "\u{FEFF}agents: 100"])
    func defaults(text: String) throws {
        #expect(try read(text) == Profile.standard)
    }

    @Test("Every key arrives where it belongs")
    func everyKey() throws {
        let profile = try read(
            """
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
            arrival: {stages: [{rate: 1/s, to_rate: 3/s, for: 2s}, {hold: 1s}, {population: 50%, for: 1s}, {population: 12, for: 0s}]}
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
            """)
        let embedded = EmbeddedServer(
            port: 4321, answerDelay: .logNormal(median: .milliseconds(20), sigma: 0.5),
            pauses: [.init(at: .share(0.5), length: .seconds(2))],
            throttle: .init(share: 0.05, retryAfter: .seconds(30)),
            refuse: .init(share: 0.01, status: 429, retryAfter: .seconds(2)),
            drop: .init(share: 0.02, after: .exponential(mean: .seconds(5))), heartbeatInterval: .seconds(15))
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
        let wanted = Profile(
            name: "all", description: "everything & more", agents: 12, seed: .max, server: .embedded(embedded),
            duration: .seconds(60), drain: .seconds(3),
            arrival: .stages([
                .rate(from: 1, to: 3, length: .seconds(2)), .hold(length: .seconds(1)),
                .population(.share(0.5), length: .seconds(1)), .population(.agents(12), length: .zero),
            ]),
            cohorts: [one, two],
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
        #expect(profile == wanted)
        #expect(profile.timeline.map(\.at) == [.seconds(1), .seconds(6), .seconds(30)])
    }

    @Test(
        "Each error has its place, its path and the remedy",
        arguments: [
            ("agent: 5", "1:1: agent: unknown key 'agent', did you mean 'agents'?"),
            (
                "agents: 5\nheartbeat:\n  intervall: 5s",
                "3:3: heartbeat.intervall: unknown key 'intervall', did you mean 'interval'?"
            ),
            (
                "heartbeat: {jitters: 5%, wombat: 1}",
                "1:26: heartbeat.wombat: unknown key 'wombat'; allowed here: enabled, interval, jitter, phase"
            ),
            ("agents: many", "1:9: agents: found 'many', wanted a whole number"),
            ("agents: \"5\"", "1:9: agents: found the text '5', wanted a whole number"),
            ("agents: 1.5", "1:9: agents: found '1.5', wanted a whole number"),
            ("agents: [5]", "1:9: agents: found a list, wanted a whole number"),
            ("agents:", "agents: found nothing, wanted a whole number"),
            ("agents: -3", "1:9: agents: -3 is out of range: allowed is 1 to 10000000"),
            ("agents: 0", "agents: 0 is out of range"),
            ("agents: 99999999999999999999999", "agents: 99999999999999999999999 is out of range"),
            ("seed: -1", "1:7: seed: -1 is out of range"),
            ("seed: 18446744073709551616", "seed: 18446744073709551616 is out of range"),
            (
                "duration: 60",
                "1:11: duration: found the bare number '60', wanted a duration such as 500ms, 10s, 1m30s or 2h; write 60s"
            ),
            ("duration: 0s", "duration: 0s is out of range: allowed is 100ms to 744h"),
            ("duration: 9000d", "duration: 9000d is out of range"),
            ("duration: -5s", "duration: found '-5s', wanted a duration"),
            ("heartbeat: {jitter: 120%}", "heartbeat.jitter: 120% is out of range: allowed is 0% to 100%"),
            (
                "heartbeat: {jitter: 5}",
                "heartbeat.jitter: found the bare number '5', wanted a share such as 2% or 0.02; write 5%"
            ),
            ("heartbeat: 10s", "1:12: heartbeat: found '10s', wanted a mapping"),
            (
                "heartbeat: {phase: lock-step}",
                "heartbeat.phase: found 'lock-step', wanted spread or from-connection or lockstep; did you mean 'lockstep'?"
            ),
            (
                "report: {effective_config: 4096}",
                "report.effective_config: found the bare number '4096', wanted a size such as 512B, 4KiB or 2MiB; write 4096B"
            ),
            ("report: {effective_config: 1000MiB}", "report.effective_config: 1000MiB is out of range"),
            ("report: {health_pipelines: -1}", "report.health_pipelines: -1 is out of range"),
            (
                "reconnect: opamp_go",
                "reconnect: found 'opamp_go', wanted opamp-go, long-delay, spec-minimum or fixed; did you mean 'opamp-go'?"
            ),
            ("reconnect: {policy: fixed, delay: 0s}", "reconnect.delay: 0s is out of range"),
            ("reconnect: {policy: opamp-go, delay: 1s}", "reconnect.delay: unknown key 'delay'"),
            ("reconnect: {delay: 1s}", "reconnect.policy: the key 'policy' is missing"),
            (
                "reconnect: {policy: long-delay, minimum: 5s, maximum: 1s}",
                "reconnect.minimum: the minimum of 5s is more than the maximum of 1s"
            ),
            ("mode: shut", "mode: found 'shut', wanted open, closed or {loop: closed, think: 10ms}"),
            ("mode: {loop: open, think: 1s}", "mode.think: unknown key 'think'; allowed here: loop"),
            ("arrival: soon", "arrival: found 'soon', wanted all-at-once, {ramp: 30s}"),
            ("arrival: {}", "arrival: found 'nothing', wanted all-at-once"),
            ("arrival: {ramp: 3s, poisson: 5/s}", "arrival: found 'ramp, poisson', wanted all-at-once"),
            ("arrival: {poisson: 0/s}", "arrival.poisson: 0/s is out of range"),
            ("arrival: {stages: []}", "arrival.stages: a list of 0 stages is out of range"),
            ("arrival: {stages: [{rate: 5/s}]}", "arrival.stages[0].for: the key 'for' is missing"),
            ("arrival: {stages: [{for: 5s}]}", "arrival.stages[0]: found 'for', wanted a stage with one of"),
            (
                "arrival: {stages: [{population: 0.5, for: 5s}]}",
                "arrival.stages[0].population: found '0.5', wanted a whole number"
            ),
            ("arrival: {stages: [{population: 90%, for: 5s}]}", "arrival.stages: 10 of the 100 agents never arrive"),
            (
                "arrival: {stages: [{population: 90%, for: 5s}, {population: 50%, for: 5s}]}",
                "arrival.stages[1].population: 50 is less than the 90 of a stage before"
            ),
            (
                "duration: 5s\narrival: {ramp: 10s}",
                "2:10: arrival: the last agent arrives after 9.9s, but the run lasts 5s"
            ),
            ("cohorts: []", "cohorts: a list of 0 cohorts is out of range"),
            ("cohorts: [{weight: 1}]", "1:11: cohorts[0].name: the key 'name' is missing"),
            ("cohorts: [{name: a}, {name: a}]", "1:29: cohorts[1].name: another cohort is called 'a' too"),
            ("cohorts: [{name: a/b}]", "cohorts[0].name: found 'a/b', wanted letters, digits"),
            ("cohorts: [{name: a, weight: 0}]", "cohorts[0].weight: 0 is out of range"),
            ("cohorts: [{name: a, weight: 1000}, {name: b, weight: 0.001}]", "cohorts: the weights are too fine"),
            ("cohorts: [{name: a, agents: 5}]", "cohorts[0].agents: unknown key 'agents'"),
            (
                "attributes: {identifying: {a: \"{{zome}}\"}}",
                "attributes.identifying.a: found '{{zome}}', wanted {{index}}, {{cohort}}, {{zone}}, {{region}}, {{instance_uid}}; did you mean '{{zone}}'?"
            ),
            (
                "attributes: {identifying: {a: \"{{zone\"}}",
                "attributes.identifying.a: found '{{zone', wanted a '}}' after '{{'"
            ),
            ("attributes: {identifying: {a: [1]}}", "attributes.identifying.a: found a list, wanted text"),
            ("zones: []", "zones: a list of 0 zones is out of range"),
            ("zones: a", "zones: found 'a', wanted a list of zones"),
            (
                "server: localhost:4320",
                "1:9: server: the server address 'localhost:4320' has no scheme; write ws://localhost:4320"
            ),
            ("server: {url: \"ws://h:70000\"}", "server.url: '70000' is no port"),
            (
                "server: {url: \"ws://h\", embedded: {}}",
                "server.embedded: 'embedded' is about a server in the same process"
            ),
            ("server: {uri: \"ws://h\"}", "server.uri: unknown key 'uri', did you mean 'url'?"),
            (
                "server: {embedded: {throttle: {retry_after: 5s}}}",
                "server.embedded.throttle.share: the key 'share' is missing"
            ),
            (
                "server: {embedded: {throttle: {share: 5%, retry_after: 1.5s}}}",
                "server.embedded.throttle.retry_after: 1.5s is out of range: the protocol carries whole seconds"
            ),
            (
                "server: {embedded: {refuse: {share: 5%, status: 500}}}",
                "server.embedded.refuse.status: 500 is out of range"
            ),
            (
                "server: {embedded: {refuse: {share: 5%, status: 430}}}",
                "server.embedded.refuse.status: 430 is out of range: allowed are 429 and 503"
            ),
            (
                "server: {embedded: {answer_delay: {normal: 5ms}}}",
                "server.embedded.answer_delay.normal: unknown key 'normal'"
            ),
            (
                "server: {embedded: {answer_delay: {uniform: [5ms]}}}",
                "server.embedded.answer_delay.uniform: a list of 1 durations is out of range"
            ),
            (
                "server: {embedded: {answer_delay: {uniform: [5ms, 1ms]}}}",
                "server.embedded.answer_delay.uniform: the first is more than the second"
            ),
            ("server: {embedded: {pauses: [{at: 10s}]}}", "server.embedded.pauses[0].for: the key 'for' is missing"),
            (
                "server: {embedded: {pauses: [{at: 2m, for: 1s}]}}",
                "server.embedded.pauses[0].at: at 2m the run of 1m is over"
            ),
            ("server: {embedded: {port: 65536}}", "server.embedded.port: 65536 is out of range"),
            ("events: [{at: 10s}]", "events[0]: an event has one of 'drop_connections'"),
            ("events: [{drop_connections: 5%}]", "events[0].at: the key 'at' is missing"),
            (
                "events: [{at: 10s, drop-connections: 5%}]",
                "events[0].drop-connections: unknown key 'drop-connections', did you mean 'drop_connections'?"
            ),
            ("events: [{at: 61s, drop_connections: 5%}]", "1:15: events[0].at: at 1m1s the run of 1m is over"),
            ("events: {at: 1s}", "events: found a mapping, wanted a list of events"),
            ("limits: {answer_timeout: 1ms}", "limits.answer_timeout: 1ms is out of range"),
            ("sources: [localhost]", "sources[0]: found 'localhost', wanted an IPv4 or IPv6 address"),
            ("shards: 0", "shards: 0 is out of range"),
            ("name: a b", "name: found 'a b', wanted letters"),
            (
                "faults: {rates: {skipsSequenceNumber: 2%}}",
                "faults.rates.skipsSequenceNumber: unknown key 'skipsSequenceNumber', did you mean 'skipsSequenceNumbers'?"
            ),
            (
                "faults: {rates: {chats: 2}}",
                "faults.rates.chats: found the bare number '2'"
            ),
            (
                "faults: {slow_reading: 0B}",
                "faults.slow_reading: 0B is out of range"
            ),
            (
                "faults: {clock_skew: 3}",
                "faults.clock_skew: found the bare number '3'"
            ),
            (
                "health: {check_timeout: 20s}",
                "health.check_timeout: the timeout of a check is at most the interval, which is 10s"
            ),
            (
                "health: {faults: [{share: 5%}]}",
                "health.faults[0]: a health fault has one of"
            ),
            (
                "health: {faults: [{decay: 5s, sudden_death: 5s}]}",
                "health.faults[0]: a health fault has one of"
            ),
            (
                "health: {faults: [{flapping: {up: 5s}}]}",
                "health.faults[0].flapping.down: the key 'down' is missing"
            ),
            (
                "health: {faults: [{decay: 5s, hangs: yes}]}",
                "health.faults[0].hangs: found 'yes', wanted true or false"
            ),
            (
                "health: {faults: [{outage: {from: 2m, for: 1s}}]}",
                "1:35: health.faults[0].outage.from: at 2m the run of 1m is over"
            ),
            (
                "zones: [a]\nhealth: {faults: [{outage: {zone: b, from: 10%, for: 1s}}]}",
                "health.faults[0].outage.zone: no agent is in 'b'; the cohort's zones are a"
            ),
            (
                "zones: [a]\nhealth: {faults: [{decay: 1s, zone: b}]}",
                "2:37: health.faults[0].zone: no agent is in 'b'; the cohort's zones are a"
            ),
            (
                "health: {faults: [{decay: 1s, version: 0.115.0}]}",
                "1:40: health.faults[0].version: no agent ever runs '0.115.0'; the versions that the cohort "
                    + "starts with or is offered are 0.114.0; add `offer_packages` for it, or correct it"
            ),
            (
                "packages: {}\nhealth: {faults: [{outage: {version: 0.115}}]}\n"
                    + "events: [{at: 1s, offer_packages: {packages: {a: {version: 0.115.0}}}}]",
                "version: no agent ever runs '0.115'; the versions that the cohort starts with or is offered are 0.114.0, 0.115.0;"
            ),
            (
                "health: {faults: [{outage: {version: 0.114.0, from: 1s, for: 1s}, version: 0.114.0}]}",
                "health.faults[0].outage.version: 'version' is given beside 'outage' too; remove one of the two"
            ),
            (
                "health: {faults: [{outage: {from: 1s}}]}",
                "health.faults[0].outage.for: the key 'for' is missing"
            ),
            (
                "health: {faults: [{outage: {version: 0.114.0, for: 1s}}]}",
                "health.faults[0].outage.from: the key 'from' is missing"
            ),
            (
                "health: {faults: [{decay: 1s, versions: 1}]}",
                "health.faults[0].versions: unknown key 'versions', did you mean 'version'?"
            ),
            (
                "remote_config: {apply_time: 5}",
                "remote_config.apply_time: found the bare number '5'"
            ),
            (
                "remote_config: {failure_share: 101%}",
                "remote_config.failure_share: 101% is out of range"
            ),
            (
                "remote_config: {allowed_settings: some}",
                "remote_config.allowed_settings: found 'some', wanted a list of settings"
            ),
            (
                "remote_config: {watchers: [{reaction: restart-agent}]}",
                "remote_config.watchers[0].setting: the key 'setting' is missing"
            ),
            (
                "remote_config: {watchers: [{setting: a, reaction: restart}]}",
                "remote_config.watchers[0].reaction: found 'restart', wanted restart-pipelines or restart-agent"
            ),
            (
                "remote_config: {history_limit: 0}",
                "remote_config.history_limit: 0 is out of range"
            ),
            (
                "restart: {form: half}",
                "restart.form: found 'half', wanted supervised or whole"
            ),
            (
                "reconnect_report: all",
                "reconnect_report: found 'all', wanted unconfirmed or changes or full"
            ),
            ("[1, 2]", "1:1: found a list, wanted a mapping"),
            ("just words", "1:1: found 'just words', wanted a mapping"),
            (
                "health: {afflictions: []}",
                "1:10: health.afflictions: unknown key 'afflictions': it is called 'faults' now"
            ),
            ("? [a]\n: 1", "a key that is no word is not supported"),
        ])
    func wrong(text: String, message: String) throws {
        let found = errors(text)
        #expect(found.contains { $0.description.contains(message) }, "\(found)")
    }

    @Test(
        "What is no YAML, or YAML that a profile does without, ends the reading with one error",
        arguments: [
            ("", "the file is empty"), ("# only words\n\n", "the file is empty"), ("~", "the file is empty"),
            ("a: [1, 2", "not YAML"), ("a: b: c", "not YAML"), ("a: \"unclosed", "not YAML"), ("\ta: 1", "not YAML"),
            ("agents: 1\nagents: 2", "1:1: duplicate key 'agents'"),
            ("heartbeat: {interval: 1s, interval: 2s}", "duplicate key 'interval'"),
            ("a: &x 1\nb: x", "1:4: an anchor ('&name') is not supported"),
            ("a: &x 1\nb: *x", "2:4: an alias ('*name') is not supported"),
            ("base: &b\n  x: 1\nc: *b", "1:7: an anchor ('&name') is not supported"),
            ("a: [&x 1, 2]", "an anchor ('&name') is not supported"),
            ("a: *x", "1:4: an alias ('*name') is not supported"),
            ("<<: {a: 1}\n*x : 2", "an alias ('*name') is not supported"),
            ("a: !!binary aGk=", "the tag 'tag:yaml.org,2002:binary' is not supported"),
            ("a: !x {}", "the tag '!x' is not supported"),
            ("a: 1\n---\nb: 2", "a second document is not supported"),
            ("a: \u{E000}", "1:4: the character U+E000 is not supported"),
            ("a: \"\\uE000\"", "the character U+E000 is not supported"),
            ("a: \u{7}", "not YAML"),
        ])
    func notAProfile(text: String, message: String) {
        let found = errors(text)
        #expect(found.count == 1)
        #expect(found.first?.description.contains(message) == true, "\(found)")
    }

    @Test("An ampersand inside a text is only an ampersand")
    func ampersands() throws {
        let profile = try read(
            "description: Q&A at the R & D dept. of *stars* \"&x\"  # a comment with &x and *x\nzones: [\"&z\"]")
        #expect(profile.description == "Q&A at the R & D dept. of *stars* \"&x\"")
        #expect(profile.cohorts.first?.zones == ["&z"])
    }

    @Test("All errors are reported at once, in the order of the text")
    func allAtOnce() {
        let found = errors("duration: 5\nagents: -1\nheartbeat: {interval: x, jitter: 200%}\nwombat: 1")
        #expect(found.map(\.path) == ["duration", "agents", "heartbeat.interval", "heartbeat.jitter", "wombat"])
        let lines = found.map { if case .text(let line, _)? = $0.place { line } else { 0 } }
        #expect(lines == [1, 2, 3, 3, 4])
    }

    @Test("The number of errors reported is bounded, the rest is counted")
    func manyErrors() throws {
        let text = (0..<200).map { "k\($0): 1" }.joined(separator: "\n")
        let errors = try #require(throws: Problems.self) { try read(text) }
        #expect(errors.list.count == Problems.maxKept)
        #expect(errors.omitted == 200 - Problems.maxKept)
        #expect("\(errors)".hasSuffix("and 150 more"))
    }

    @Test("A line of the description is one that editors can jump to")
    func lines() throws {
        let errors = try #require(throws: Problems.self) { try read("agents: x\nseed: y") }
        #expect("\(errors)".split(separator: "\n").map { $0.prefix(14) } == ["test.yaml:1:9:", "test.yaml:2:7:"])
    }

    @Test(
        "Bytes that are no UTF-8 are told by their offset",
        arguments: [[0xFF], [0xC3], [0xE2, 0x82], [0xC0, 0x80], [0xED, 0xA0, 0x80]])
    func notUTF8(bytes: [UInt8]) throws {
        let errors = try #require(throws: Problems.self) {
            try ProfileReader().read(bytes: Array("name: ü\n# ".utf8) + bytes, source: "x")
        }
        #expect(errors.list.map(\.kind) == [.notUTF8(offset: 11)])
    }

    @Test("A file that is too large is not parsed at all")
    func tooLarge() throws {
        let bytes = [UInt8](repeating: UInt8(ascii: "["), count: Tree.maxBytes + 1)
        let errors = try #require(throws: Problems.self) { try ProfileReader().read(bytes: bytes, source: "x") }
        #expect(errors.list.map(\.kind) == [.tooLarge(limit: Tree.maxBytes)])
    }

    @Test("A file that is not there is told so")
    func missingFile() throws {
        let errors = try #require(throws: Problems.self) { try ProfileReader().read(path: "/nonexistent/p.yaml") }
        #expect("\(errors)" == "/nonexistent/p.yaml: cannot be read: no such file or directory; check the path")
    }

    @Test(
        "Nesting is bounded in every form YAML has for it",
        arguments: ["[", "{a: ", "- ", "? ", "a:\n ", "[{", "{{", "{? "])
    func nesting(opening: String) {
        for count in [40, 500, 30_000] {
            let found = errors(String(repeating: opening, count: count))
            #expect(found.count == 1, "\(opening) \(count)")
        }
        #expect(
            errors(String(repeating: "[", count: 40) + String(repeating: "]", count: 40)).map(\.kind) == [
                .tooDeep(limit: 32)
            ])
    }

    @Test("Aliases that would grow without bound are refused before they grow")
    func bomb() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<40 {
            let references = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(references)]\n? *a\(level)\n: 1\n"
        }
        #expect(errors(text).first?.description.contains("an a") == true)
    }
}
