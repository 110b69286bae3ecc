import AgentModel
import Basis
import ControlPlane
import Foundation
import OpAMP
import OrderedCollections
import Schema
import Testing
import Transport

@testable import Fleet

@Suite("Reading how a profile's connections are made and used")
struct WireReadingTests {
    private static func read(_ text: String) throws -> Profile {
        try ProfileReader().read(text: text, source: "test.yaml")
    }

    @Test("What real clients do on their connections can be asked for, and is written back to the same")
    func clientHabits() throws {
        let profile = try Self.read(
            """
            websocket: {frame_size: 4KiB, silence_timeout: 1m}
            polling: {own_connections: true}
            reconnect: {policy: exponential, start: 2s, factor: 1.2, cap: 1m, jitter: 30%}
            connection_settings: {allow_plaintext_offers: true, allow_unverified_offers: true}
            limits: {checkpoint: never}
            events:
              - {at: 1s, offer_config: {files: {}}}
              - {at: 2s, offer_config: {files: {a.yaml: {path: /large.yaml}}}}
              - {at: 3s, offer_heartbeat: 0s}
              - {at: 4s, offer_connection: {opamp: {endpoint: "ws://h/", heartbeat: 0s}}}
            """)
        #expect(profile.wire.webSocket == WebSocketProfile(frameBytes: 4_096, silenceTimeout: .seconds(60)))
        #expect(profile.wire.polling.isPerAgent && profile.limits.checkpoint == nil)
        let cohort = profile.cohorts[0]
        #expect(
            cohort.reconnect
                == .exponential(initial: .seconds(2), multiplier: 1.2, maximum: .seconds(60), jitter: 0.3))
        #expect(cohort.connectionSettings.allowsPlaintextOffers && cohort.connectionSettings.allowsUnverifiedOffers)
        let plan = CohortPlan(cohort: cohort, limits: profile.limits)
        #expect(plan.connectionSettings.allowsPlaintextEndpoints && plan.connectionSettings.allowsUnverifiedServers)
        #expect(try Self.read(Profile.schema.write(profile)) == profile)
        guard case .offer(let empty, _)? = ServerOrder(profile, event: 0),
            case .remoteConfig(let config) = empty.content
        else {
            Issue.record("no offer of a configuration")
            return
        }
        #expect(config.config == AgentConfigMap() && !empty.hash.isEmpty)
        for event in [2, 3] {
            guard case .offer(let none, _)? = ServerOrder(profile, event: event),
                case .connectionSettings(let settings) = none.content
            else {
                Issue.record("no offer of connection settings")
                return
            }
            #expect(settings.opamp?.heartbeatIntervalSeconds == 0)
        }
        #expect(throws: RunError.self) { try ConfigFiles(profile) }
    }

    @Test("A configuration of more than 64 KiB is read from its file when the run begins")
    func largeConfig() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("muster-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let body = [UInt8](repeating: 0x61, count: 300_000)
        try Data(body).write(to: URL(fileURLWithPath: path))
        let profile = try Self.read("events: [{at: 1s, offer_config: {files: {a: {path: \(path)}}}}]")
        guard case .offer(let offer, _)? = ServerOrder(profile, event: 0, configs: try ConfigFiles(profile)),
            case .remoteConfig(let config) = offer.content
        else {
            Issue.record("no offer of a configuration")
            return
        }
        #expect(config.config?.configMap["a"]?.body == body)
        #expect(Profile.schema.write(profile).utf8.count < 20_000)
    }

    @Test("Every key arrives, and is written back to the same")
    func everyKey() throws {
        let profile = try Self.read(
            """
            server:
              embedded:
                transport: http
                compression: false
                close_connections: true
                idle_timeout: 5s
                largest_message: 64KiB
                credentials: {file: /tokens}
            compression: {websocket: true, requests: zstd, threshold: 1KiB, level: 3}
            polling: {interval: 10s, connections: 64, idle_timeout: 1m, acquire_timeout: 5s, maximum_age: 10m,
              queue: 1000}
            headers: {X-Tenant: acme, X-Agent: "agent {{index}}", X-Api-Key: {env: KEY}}
            auth: {basic: {user: fleet, password: {file: /password}}}
            proxy:
              url: http://127.0.0.1:3128
              headers: {X-From: muster}
              auth: {bearer: {env: PROXY_TOKEN}}
            heartbeat: {enabled: false}
            batch: {window: 200ms, size: 8}
            """)
        guard case .embedded(let server) = profile.server else {
            Issue.record("another server")
            return
        }
        #expect(server.transport == .http && !server.compression && server.closesConnections)
        #expect(server.idleTimeout == .seconds(5) && server.largestMessage == 64 << 10)
        #expect(server.credentials == .file("/tokens"))
        #expect(profile.isPolling)
        let wire = profile.wire
        #expect(wire.compression == CompressionProfile(websocket: true, requests: .zstd, threshold: 1_024, level: 3))
        #expect(
            wire.polling
                == PollingProfile(
                    interval: .seconds(10), connections: 64, idleTimeout: .seconds(60), acquireTimeout: .seconds(5),
                    maximumAge: .seconds(600), queue: 1_000))
        #expect(wire.headers.map(\.name) == ["X-Tenant", "X-Agent", "X-Api-Key"])
        #expect(wire.headers.last?.value == .secret(.environment("KEY")))
        #expect(wire.auth == .basic(user: "fleet", password: .file("/password")))
        #expect(wire.proxy?.url.port == 3_128)
        #expect(wire.proxy?.auth == .bearer(.secret(.environment("PROXY_TOKEN"))))
        #expect(!profile.cohorts[0].heartbeat.enabled)
        #expect(profile.cohorts[0].batch.window == .milliseconds(200))
        #expect(try Self.read(Profile.schema.write(profile)) == profile)
    }

    @Test("Short forms are the usual values", arguments: ["on", "off"])
    func shortForms(word: String) throws {
        #expect(try Self.read("compression: \(word)").wire.compression == (word == "on" ? .on : .off))
        #expect(try Self.read("proxy: http://proxy:3128").wire.proxy?.url.host == "proxy")
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        let text: String
        let says: String
        var testDescription: String { text }

        init(_ text: String, _ says: String) { (self.text, self.says) = (text, says) }
    }

    @Test(
        "Each error has its place and a remedy, and secrets are refused in the open",
        arguments: [
            Mistake("compression: maybe", "wanted on, off or"),
            Mistake("compression: {requests: brotli}", "wanted none or gzip or zstd"),
            Mistake("compression: {level: 20}", "out of range"),
            Mistake("compression: {requests: gzip, level: 12}", "zlib's levels end at 9"),
            Mistake("compression: {threshold: 128}", "wanted a size"),
            Mistake("polling: {connections: 0}", "out of range"),
            Mistake("polling: {interval: 0s}", "out of range"),
            Mistake("polling: {pool: 1}", "unknown key 'pool'"),
            Mistake("headers: {Host: a}", "belongs to the connection"),
            Mistake("headers: {Sec-WebSocket-Key: a}", "belongs to the connection"),
            Mistake("headers: {'X Y': a}", "a header's name"),
            Mistake("headers: {X: \"a\\nb\"}", "control character"),
            Mistake("headers: {X: a, x: b}", "duplicate header"),
            Mistake("headers: {Authorization: Bearer abc}", "{env: NAME} or {file: path}"),
            Mistake("headers: {X: '{{nobody}}'}", "{{nobody}}"),
            Mistake("headers: {X: {env: A, file: b}}", "{env: NAME} or {file: path}"),
            Mistake("headers: {X: {}}", "{env: NAME} or {file: path}"),
            Mistake("auth: {}", "'bearer' or 'basic'"),
            Mistake("auth: {bearer: abc}", "would show in the results"),
            Mistake("auth: {basic: {user: a, password: abc}}", "would show in the results"),
            Mistake("auth: {basic: {user: 'a:b', password: {env: A}}}", "without a colon"),
            Mistake("auth: {basic: {password: {env: A}}}", "'user' is missing"),
            Mistake("{auth: {bearer: {env: A}}, headers: {Authorization: {env: B}}}", "remove one of the two"),
            Mistake("proxy: http://proxy", "write it with its port"),
            Mistake("proxy: 127.0.0.1:3128", "as http://host:3128"),
            Mistake("proxy: 'http://:3128'", "as http://host:3128"),
            Mistake("proxy: socks5://proxy:1080", "socks5"),
            Mistake("proxy: http://user:pass@proxy:3128", "user name or password"),
            Mistake("proxy: {url: 'http://p:1', auth: {bearer: 'a{{index}}'}}", "shared"),
            Mistake("proxy: {headers: {X: a}}", "'url' is missing"),
            Mistake("batch: {size: 0}", "out of range"),
            Mistake("server: {embedded: {transport: http}}\ngateway: {members: 3}", "plain HTTP"),
        ])
    func mistakes(_ mistake: Mistake) {
        do {
            _ = try Self.read(mistake.text)
            Issue.record("taken: \(mistake.text)")
        } catch let errors as Problems {
            let text = "\(errors)"
            #expect(text.contains(mistake.says), "\(text)")
            #expect(text.contains("test.yaml:1:") || text.contains("test.yaml:2:"), "\(text)")
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test("A secret's text is in no resolved profile, and a file's path counts from the profile's folder")
    func secrets() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("wire-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try "s3cret\n".write(to: folder.appendingPathComponent("token.txt"), atomically: true, encoding: .utf8)
        let file = folder.appendingPathComponent("p.yaml")
        try "auth: {bearer: {file: token.txt}}\nagents: 3\n".write(to: file, atomically: true, encoding: .utf8)
        let profile = try ProfileReader().read(path: file.path)
        #expect(!profile.resolvedYAML.contains("s3cret"))
        let setup = try WireSetup(profile.wire, agents: profile.agents)
        #expect(setup.fields["Authorization"] == "Bearer s3cret")
        #expect(try ProfileReader().read(text: Profile.schema.write(profile), source: "resolved") == profile)
    }

    @Test("An error about a missing secret names its source, never its text")
    func missingSecrets() throws {
        var profile = Profile.standard
        profile.agents = 3
        func failure(_ source: SecretSource) -> String {
            profile.wire.auth = .bearer(.secret(source))
            do throws(RunError) {
                _ = try WireSetup(profile.wire, agents: profile.agents)
                return ""
            } catch {
                #expect(error.isUsage)
                return error.description
            }
        }
        #expect(failure(.environment("NO_SUCH_VARIABLE_HERE")).contains("NO_SUCH_VARIABLE_HERE is not set"))
        #expect(failure(.file("/no/such/file")).contains("/no/such/file cannot be read"))
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("tokens-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try "\n\n".write(to: file, atomically: true, encoding: .utf8)
        #expect(failure(.file(file.path)).contains("is empty"))
        try "secret-a\nsecret-b\n".write(to: file, atomically: true, encoding: .utf8)
        let tooFew = failure(.file(file.path))
        #expect(tooFew.contains("2 lines for 3 agents") && !tooFew.contains("secret-a"))
        try "secret\u{7}\n".write(to: file, atomically: true, encoding: .utf8)
        let broken = failure(.file(file.path))
        #expect(broken.contains("control character") && !broken.contains("secret"))
        try "a\nb\nc\nd\n".write(to: file, atomically: true, encoding: .utf8)
        #expect(failure(.file(file.path)).isEmpty)
    }

    @Test("Options replace the profile's values, a header that of its name, and secrets are refused in the open")
    func overrides() throws {
        let text = "{headers: {X-A: one, X-B: two}, auth: {bearer: {env: A}}}"
        let overrides: [Override] = [
            .header("--header", name: "x-a", value: "three"), .compression("--compression", "on"),
            .tokenVariable("MUSTER_TOKEN"), .proxy("--proxy", "http://p:3128"),
        ]
        let changed = try ProfileReader().read(text: text, source: "test", overrides: overrides)
        #expect(changed.wire.headers.map(\.value) == [.text("two"), .text("three")])
        #expect(changed.wire.compression == .on)
        // The environment is used only where nothing else is given.
        #expect(changed.wire.auth == .bearer(.secret(.environment("A"))))
        #expect(changed.wire.proxy?.url.host == "p")
        let bare = try ProfileReader().read(text: "{}", source: "test", overrides: [.tokenVariable("MUSTER_TOKEN")])
        #expect(bare.wire.auth == .bearer(.secret(.environment("MUSTER_TOKEN"))))
        let secret = Override.header("--header", name: "Authorization", value: "Bearer abc")
        let errors = #expect(throws: Problems.self) {
            try ProfileReader().read(text: "{}", source: "test", overrides: [secret])
        }
        #expect(errors.map { "\($0)".contains("--header") && !"\($0)".contains("abc") } == true)
        #expect(errors.map { "\($0)".contains("--token-file") && !"\($0)".contains("in its place") } == true)
    }

    private static let mixed = """
        compression: on
        headers: {X-A: one, X-B: two}
        auth: {bearer: {env: A}}
        proxy: http://p:3128
        cohorts:
          - {name: same}
          - {name: own, compression: {requests: zstd}, headers: {x-a: three, X-C: four},
             auth: {basic: {user: u, password: {env: B}}}, proxy: "http://q:1"}
          - {name: bare, compression: off, auth: none, proxy: none}
        """

    @Test("A cohort has its own compression, headers, credentials and proxy instead of the fleet's, or none")
    func cohorts() throws {
        let profile = try Self.read(Self.mixed)
        let (same, own, bare) = (profile.cohorts[0], profile.cohorts[1], profile.cohorts[2])
        #expect(same.wire == CohortWire() && profile.wire(of: same) == profile.wire)
        let wire = profile.wire(of: own)
        #expect(wire.compression == CompressionProfile(requests: .zstd))
        #expect(wire.headers.map(\.name) == ["X-B", "x-a", "X-C"])
        #expect(wire.auth == .basic(user: "u", password: .environment("B")))
        #expect(wire.proxy?.url.host == "q")
        let none = profile.wire(of: bare)
        #expect(none.compression == .off && none.auth == nil && none.proxy == nil && none.headers.count == 2)
        #expect(try ProfileReader().read(text: Profile.schema.write(profile), source: "resolved") == profile)

        // Options hold for every cohort.
        let changed = try ProfileReader().read(
            text: Self.mixed, source: "test",
            overrides: [
                .compression("--compression", "zstd"), .header("--header", name: "X-A", value: "five"),
                .tokenFile("--token-file", "/tokens"), .proxy("--proxy", "http://r:1"),
            ])
        for cohort in changed.cohorts {
            let wire = changed.wire(of: cohort)
            #expect(wire.compression == CompressionProfile(websocket: true, requests: .zstd))
            #expect(wire.auth == .bearer(.secret(.file("/tokens"))) && wire.proxy?.url.host == "r")
            #expect(wire.headers.first { $0.name == "X-A" }?.value == .text("five"))
            #expect(wire.headers.count == (cohort.name == "own" ? 3 : 2))
        }
    }

    @Test(
        "What contradicts itself in a cohort is reported with its path",
        arguments: [
            ("headers: {Authorization: {env: A}}\ncohorts: [{name: a, auth: {bearer: {env: A}}}]", "cohorts[0].auth"),
            (
                "compression: {level: 19, requests: zstd}\ncohorts: [{name: a, compression: {level: 19}}]",
                "cohorts[0].compression"
            ),
            ("cohorts: [{name: a, auth: open}]", "cohorts[0].auth"), ("auth: none", "auth"), ("proxy: none", "proxy"),
            ("cohorts: [{name: a, polling: {}}]", "cohorts[0].polling"),
            ("cohorts: [{name: a, headers: {Cookie: x}}]", "cohorts[0].headers.Cookie"),
        ])
    func cohortSlips(text: String, path: String) {
        let errors = #expect(throws: Problems.self) { try Self.read(text) }
        #expect(errors.map { $0.list.allSatisfy { $0.path.hasPrefix(path) } } == true, "\(String(describing: errors))")
    }
}
