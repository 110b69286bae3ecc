import Foundation
import Schema
import Testing

@testable import Fleet

@Suite("docs/profiles.md")
struct ProfileDocumentationTests {
    static let text: String = {
        let file = ProfileFilesTests.folder.deletingLastPathComponent().appendingPathComponent("docs/profiles.md")
        return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    }()

    static var examples: [String] {
        text.components(separatedBy: "```yaml\n").dropFirst().compactMap { $0.components(separatedBy: "```").first }
    }

    @Test("Its examples are read without an error", arguments: examples)
    func valid(example: String) {
        #expect(throws: Never.self) { try ProfileReader().read(text: example, source: "docs/profiles.md") }
    }

    @Test("There are examples to read")
    func thereAreExamples() {
        #expect(Self.examples.count >= 8)
    }

    /// Places in a profile where an unknown key makes the reader name all allowed ones.
    static let sections = [
        "{?}", "{heartbeat: {?}}", "{report: {?}}", "{attributes: {?}}", "{limits: {?}}", "{server: {?}}",
        "{tls: {?}}", "{server: {embedded: {tls: {?}}}}", "{client_certificate: {per: agent, ?}}",
        "{server: {embedded: {?}}}", "{server: {embedded: {throttle: {share: 1%, ?}}}}",
        "{server: {embedded: {refuse: {share: 1%, ?}}}}", "{server: {embedded: {drop: {share: 1%, ?}}}}",
        "{server: {embedded: {pauses: [{at: 1s, for: 1s, ?}]}}}", "{server: {embedded: {answer_delay: {?}}}}",
        "{server: {embedded: {answer_delay: {log_normal: {median: 1s, ?}}}}}", "{arrival: {?}}",
        "{arrival: {stages: [{rate: 1/s, for: 1s, ?}]}}", "{cohorts: [{name: a, ?}]}", "{mode: {loop: open, ?}}",
        "{reconnect: {policy: fixed, ?}}", "{reconnect: {policy: long-delay, ?}}", "{events: [{at: 1s, ?}]}",
        "{remote_config: {?}}", "{remote_config: {watchers: [{setting: a, ?}]}}", "{health: {?}}",
        "{health: {faults: [{decay: 1s, ?}]}}", "{health: {faults: [{flapping: {up: 1s, down: 1s, ?}}]}}",
        "{health: {faults: [{outage: {from: 1s, for: 1s, ?}}]}}", "{faults: {?}}", "{faults: {rates: {?}}}",
        "{restart: {?}}", "{gateway: {members: 1, ?}}", "{packages: {?}}", "{packages: {failures: {?}}}",
        "{packages: {installed: [{name: a, version: b, ?}]}}", "{connection_settings: {?}}",
        "{packages: {download: {?}}}", "{packages: {download: {sandbox: {?}}}}",
        "{server: {embedded: {packages: {?}}}}",
        "{server: {embedded: {packages: {break: {share: 1%, ?}}}}}",
        "{server: {embedded: {packages: {credentials: {env: A, ?}}}}}",
        "{events: [{at: 1s, offer_config: {files: {a: b}, ?}}]}",
        "{events: [{at: 1s, offer_config: {files: {a: {size: 4KiB, ?}}}}]}",
        "{events: [{at: 1s, offer_config: {files: {a: b}, to: {?}}}]}",
        "{events: [{at: 1s, offer_packages: {packages: {a: {version: b}}, ?}}]}",
        "{events: [{at: 1s, offer_packages: {packages: {a: {version: b, ?}}}}]}",
        "{events: [{at: 1s, offer_heartbeat: {interval: 5s, ?}}]}",
        "{events: [{at: 1s, send_custom: {message: echo, ?}}]}", "{events: [{at: 1s, rotate_certificates: {?}}]}",
        "{compression: {?}}", "{polling: {?}}", "{batch: {?}}", "{auth: {bearer: {env: A, ?}}}",
        "{auth: {basic: {user: a, password: {env: A}, ?}}}", "{auth: {bearer: {env: A}, ?}}",
        "{proxy: {url: 'http://a:1', ?}}", "{server: {embedded: {credentials: {env: A, ?}}}}",
        "{events: [{at: 1s, offer_connection: {opamp: a, ?}}]}",
        "{events: [{at: 1s, offer_connection: {opamp: {endpoint: a, ?}}}]}",
        "{events: [{at: 1s, offer_connection: {own_logs: {endpoint: a, ?}}}]}",
        "{events: [{at: 1s, offer_connection: {other: {a: {endpoint: a, ?}}}}]}", "{own_telemetry: {?}}",
        "{capability_changes: [{after: 1s, ?}]}",
    ]

    @Test("It has every key that is allowed", arguments: sections)
    func everyKey(section: String) throws {
        let text = section.replacingOccurrences(of: "?", with: "no_such_key: 1")
        let errors = try #require(throws: Problems.self) { try ProfileReader().read(text: text, source: "test") }
        let allowed = errors.list.flatMap { error -> [String] in
            if case .unknownKey("no_such_key", let allowed) = error.kind { return allowed }
            return []
        }
        #expect(!allowed.isEmpty)
        for key in allowed {
            let isThere = ["`\(key)", ".\(key)`", "\(key):", "{\(key)", ", \(key)"].contains { Self.text.contains($0) }
            #expect(isThere, "\(key) of \(section)")
        }
    }
}
