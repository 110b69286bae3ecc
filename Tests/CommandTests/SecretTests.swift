import Foundation
import TestSupport
import Testing

@Suite("Credentials in outputs")
struct SecretTests {
    /// What each credential below has in it.
    private static let mark = "s3cr3t"

    /// Credentials in every place of a profile that can hold one.
    private static let profile = """
        agents: 5
        arrival: {ramp: 200ms}
        duration: 3s
        drain: 1s
        shards: 1
        headers: {X-Scope: s3cr3t-header, X-Each: 's3cr3t-template-{{index}}', X-Env: {env: HEADER}, User-Agent: shown}
        auth: {bearer: 's3cr3t-bearer-{{index}}'}
        cohorts:
          - name: c
            heartbeat: {interval: 200ms}
            connection_settings: {other: true}
            headers: {X-Cohort: s3cr3t-cohort}
            own_telemetry: {signals: [metrics], interval: 1s}
        events:
          - at: 1s
            offer_connection:
              opamp: {headers: {X-Offered: s3cr3t-offered}}
              own_metrics:
                endpoint: 'http://{{server}}/v1/metrics?key=s3cr3t-destination'
                headers: {X-Api: s3cr3t-api}
              other:
                backend:
                  endpoint: 'http://user:s3cr3t-user@127.0.0.1/'
                  settings: {password: s3cr3t-setting}
        """

    /// Every file below the directory with its text, but for those of `inputs`.
    private static func files(in muster: Muster) throws -> [(name: String, text: String)] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: muster.folder)
        return names.filter { !$0.hasPrefix("in/") && $0 != "in" }.compactMap { name in
            guard let data = FileManager.default.contents(atPath: "\(muster.folder)/\(name)") else { return nil }
            return (name, String(decoding: data, as: UTF8.self))
        }
    }

    private static func check(_ muster: Muster, _ output: String, at least: Int) throws {
        let files = try files(in: muster)
        #expect(files.count >= least, "\(files.map(\.name))")
        for (name, text) in files + [("the output", output)] {
            let lines = text.split(separator: "\n").filter { $0.contains(mark) }
            #expect(lines.isEmpty, "\(name): \(lines.prefix(3))")
        }
    }

    @Test("A run leaves no credential in its files, its output or the list of processes")
    func run() async throws {
        try await Muster.inDirectory { muster in
            try FileManager.default.createDirectory(atPath: "\(muster.folder)/in", withIntermediateDirectories: false)
            try muster.write("in/p.yaml", Self.profile)
            let end = try await muster.shell(
                """
                export HEADER=s3cr3t-env MUSTER_TOKEN=s3cr3t-token
                $M run in/p.yaml --out r --plain --check-conformance --trace-agents 5 \
                --header 'X-Option: s3cr3t-option' --set headers.X-Set=s3cr3t-set \
                --header='X-Second: s3cr3t-second' --otlp 'http://127.0.0.1:1/v1?x=s3cr3t-otlp' \
                --otlp-header 'X-O: s3cr3t-otlp-header' --scrape 'http://127.0.0.1:1/m?x=s3cr3t-scrape' up \
                --scrape-header 'X-S: s3cr3t-scrape-header' > output.txt 2>&1 & p=$!
                for i in $(seq 100); do [ -f r/.lock ] && break; sleep 0.05; done
                tr '\\0' '\\n' < /proc/$p/cmdline > cmdline.txt
                wait $p; echo status $?
                """)
            #expect(end.output.contains("status 0"), "\(end.output) \(muster.text("output.txt") ?? "")")
            let arguments = try #require(muster.text("cmdline.txt"))
            #expect(arguments.contains("--check-conformance") && arguments.contains("X-Option:xxxx"), "\(arguments)")
            try Self.check(muster, end.output, at: 8)
            let kept = try #require(muster.text("r/profile.yaml"))
            #expect(kept.contains("User-Agent: shown") && kept.contains("[redacted]"), "\(kept)")
        }
    }

    @Test("The query and the user of an address are in no output, error or list of processes")
    func addresses() async throws {
        try await Muster.inDirectory { muster in
            try FileManager.default.createDirectory(atPath: "\(muster.folder)/in", withIntermediateDirectories: false)
            try muster.write("in/p.yaml", "agents: 2\nduration: 1s\ndrain: 1s\n")
            let end = try await muster.shell(
                """
                $M run in/p.yaml --server 'ws://127.0.0.1:1/path?token=s3cr3t-query' --out r --plain \
                    > output.txt 2>&1 & p=$!
                for i in $(seq 100); do [ -f r/.lock ] && break; sleep 0.05; done
                tr '\\0' '\\n' < /proc/$p/cmdline > cmdline.txt
                wait $p; echo status $?
                for url in 'ws://user:s3cr3t-a@host/' 'ws://user:s3/s3cr3t-b@host' 'user:s3cr3t-c@host' \
                    'ws://h/a b?s3cr3t-d' \
                    'gopher://u:s3cr3t-e@h/' 'ws://u:s3cr3t f@h/' 'ws://h:99999?s3cr3t-g'; do
                    $M check in/p.yaml --server "$url"; $M check in/p.yaml --proxy "$url"
                done
                """, limit: .seconds(90))
            #expect(end.output.contains("status 1"), "\(end.output) \(muster.text("output.txt") ?? "")")
            #expect(muster.text("r/summary.json")?.contains("ws://127.0.0.1:1/path?[redacted]") == true)
            #expect(muster.text("cmdline.txt")?.contains("ws://127.0.0.1:1/path?xxxx") == true)
            try Self.check(muster, end.output, at: 5)
        }
    }

    @Test("`muster check` shows and repeats no credential, not even a wrong one")
    func check() async throws {
        try await Muster.inDirectory { muster in
            try FileManager.default.createDirectory(atPath: "\(muster.folder)/in", withIntermediateDirectories: false)
            try muster.write("in/p.yaml", Self.profile)
            let wrong = [
                "headers: s3cr3t-a", "headers: [s3cr3t-b]", "headers: {X-A: {env: 's3cr3t=c'}}", "auth: s3cr3t-d",
                "auth: {bearer: s3cr3t-e}", "auth: {basic: {user: 's3cr3t:f', password: s3cr3t-g}}",
                "headers: {X-A: 's3cr3t-h {{nobody}}'}", "headers: {X-A: 's3cr3t-i {{'}", "headers: {Cookie: s3cr3t-j}",
                "headers: {X-A: \"s3cr3t-k\\n\"}", "proxy: 'http://u:s3cr3t-l@h:1'",
                "proxy: {url: 'http://h:1', auth: s3cr3t-m}", "server: {embedded: {credentials: s3cr3t-n}}",
                "events: [{at: 0s, offer_connection: {opamp: {headers: s3cr3t-o}}}]",
            ]
            for (index, text) in wrong.enumerated() { try muster.write("in/wrong\(index).yaml", "\(text)\n") }
            let end = try await muster.shell(
                """
                $M check in/p.yaml; $M check in/p.yaml --resolved > resolved.yaml; cat resolved.yaml
                $M check in/p.yaml --explain headers.X-Scope; $M check in/p.yaml --explain auth
                for i in $(seq 0 \(wrong.count - 1)); do $M check in/wrong$i.yaml; echo wrong $?; done
                $M check --set s3cr3t-p; $M check --set headers=s3cr3t-q
                $M check resolved.yaml; echo again $?
                """)
            #expect(end.output.components(separatedBy: "wrong 2").count == wrong.count + 1, "\(end.output)")
            #expect(end.output.contains("again 2"), "\(end.output)")
            #expect(end.output.contains("a credential was left out here when the profile was printed"), "\(end.output)")
            try Self.check(muster, end.output, at: 1)
        }
    }
}
