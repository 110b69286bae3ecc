import AgentModel
import Basis
import Schema
import Testing

@testable import Fleet

@Suite("Reading a profile")
struct ProfileReaderTests {
    func read(_ text: String) throws -> Profile {
        try ProfileReader().read(text: text, source: "test.yaml")
    }

    func errors(_ text: String) -> [Problem] {
        do {
            _ = try ProfileReader().read(text: text, source: "test.yaml")
            return []
        } catch {
            return error.list
        }
    }

    @Test(
        "The smallest profile has every default",
        arguments: ["{}", "agents: 100", "# nothing but this\nname: unnamed\n", "\u{FEFF}agents: 100"])
    func defaults(text: String) throws {
        #expect(try read(text) == Profile.standard)
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
                """
                1:11: duration: found the bare number '60', wanted a duration such as 500ms, 10s, 1m30s or 2h; \
                write 60s
                """
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
                """
                heartbeat.phase: found 'lock-step', wanted spread or from-connection or lockstep; did you mean \
                'lockstep'?
                """
            ),
            (
                "report: {effective_config: 4096}",
                """
                report.effective_config: found the bare number '4096', wanted a size such as 512B, 4KiB or \
                2MiB; write 4096B
                """
            ),
            ("report: {effective_config: 1000MiB}", "report.effective_config: 1000MiB is out of range"),
            ("report: {health_pipelines: -1}", "report.health_pipelines: -1 is out of range"),
            (
                "reconnect: opamp_go",
                """
                reconnect: found 'opamp_go', wanted opamp-go, long-delay, spec-minimum, exponential or fixed; did you \
                mean 'opamp-go'?
                """
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
                """
                attributes.identifying.a: found '{{zome}}', wanted {{index}}, {{cohort}}, {{zone}}, {{region}}, \
                {{instance_uid}}; did you mean '{{zone}}'?
                """
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
            ("server: {url: \"ws://h:70000\"}", "server.url: '70000' is not a port"),
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
                """
                faults.rates.skipsSequenceNumber: unknown key 'skipsSequenceNumber', did you mean \
                'skipsSequenceNumbers'?
                """
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
                """
                version: no agent ever runs '0.115'; the versions that the cohort starts with or is offered are \
                0.114.0, 0.115.0;
                """
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
            ("? [a]\n: 1", "a key that is not a word is not supported"),
        ])
    func wrong(text: String, message: String) throws {
        let found = errors(text)
        #expect(found.contains { $0.description.contains(message) }, "\(found)")
    }

    @Test(
        "Invalid or unsupported YAML ends the reading with one error",
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
}
