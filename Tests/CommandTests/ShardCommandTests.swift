import Foundation
import TestSupport
import Testing

@Suite("Shards, merge, journal, replay and the server beside the run as commands")
struct ShardCommandTests {
    private static func summary(_ muster: Muster, _ name: String) throws -> [String: Any] {
        let text = try #require(muster.text("\(name)/summary.json"), "\(name)")
        return try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    private static func counters(_ muster: Muster, _ name: String) throws -> [String: Int] {
        try #require(try summary(muster, name)["counters"] as? [String: Int])
    }

    @Test("Four shards have the agents of one run, their merged results its counts, and the server's use is there")
    func shards() async throws {
        try await Muster.inDirectory { muster in
            try muster.write(
                "p.yaml",
                """
                agents: 40\narrival: {ramp: 500ms}\nduration: 4s\ndrain: 1s\nheartbeat: {interval: 500ms}\nshards: 1
                thresholds: [agents.connected >= 100%]
                """)
            let end = try await muster.shell(
                """
                serve; trap 'kill $server' EXIT
                run="$M run p.yaml --server ws://127.0.0.1:$port/v1/opamp --seed 5 --quiet"
                at=@$(($(date +%s) + 4))
                for i in 1 2 3 4; do $run --shard $i/4 --start-at $at --out s$i > s$i.txt 2>&1 & pids="$pids $!"; done
                for pid in $pids; do wait $pid; done
                curl -s http://127.0.0.1:$port/muster/counts > four.json
                $run --out whole > whole.txt; echo whole $?
                curl -s http://127.0.0.1:$port/muster/counts > five.json
                $M merge s1 s2 s3 s4 --out merged > merged.txt; echo merged $?
                $M merge s1 s2 s4 --out missing > /dev/null 2> missing.txt; echo missing $?
                $M merge s1 s1 --out twice 2> twice.txt; echo twice $?
                $M run p.yaml --shard 1/4 2> embedded.txt; echo embedded $?
                """, limit: .seconds(150))
            let states = end.output.split(separator: "\n")
            #expect(states.contains("missing 1") && states.contains("twice 2") && states.contains("embedded 2"))
            #expect(muster.text("missing.txt")?.contains("the results of shard 3/4 are missing") == true)
            #expect(muster.text("twice.txt")?.contains("shard 1/4 is there more than once") == true)
            // A starved machine may make a run tool-bound, whose thresholds are not decided.
            #expect(states.contains("merged 0") || states.contains("merged 4"), "\(end.output)")
            let (merged, whole) = (try Self.counters(muster, "merged"), try Self.counters(muster, "whole"))
            for name in ["agents_started", "agents_connected", "agents_answered", "first_reports", "agent_disconnects"]
            {
                #expect(merged[name] == whole[name], "\(name)")
                let parts = try (1...4).map { try Self.counters(muster, "s\($0)")[name] ?? 0 }
                #expect(parts.allSatisfy { $0 == 10 } && merged[name] == 40, "\(name): \(parts)")
            }
            // The whole run brings no agent that the shards have not brought.
            func known(_ file: String) throws -> Int? {
                let data = Data(try #require(muster.text(file)).utf8)
                return (try JSONSerialization.jsonObject(with: data) as? [String: Any])?["agents_known"] as? Int
            }
            #expect(try known("four.json") == 40)
            #expect(try known("five.json") == 40)
            #expect(muster.text("merged.txt")?.contains("shard 4/4") == true)
            let use = try #require(try Self.summary(muster, "whole")["server_use"] as? [String: Any])
            #expect(use["source"] as? String == "process" && use["pid"] as? Int ?? 0 > 0)
            #expect(use["peak_resident_bytes"] as? Int ?? 0 > 1 << 20)
        }
    }

    @Test("A journal has every change of every agent; replay runs the same again")
    func journal() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile(duration: "2s")
            let end = try await muster.shell(
                """
                $M run p.yaml --seed 77 --journal --out a > a.txt; echo run $?
                $M trace a --agent 3 > trace.txt; echo trace $?
                $M trace a --agent 3 --csv > trace.csv
                $M trace a --agent 5 2> none.txt; echo none $?
                $M replay a --quiet --out b > b.txt; echo replay $?
                $M trace b --agent 1 2> without.txt; echo without $?
                """)
            for line in ["run 0", "trace 0", "none 2", "replay 0", "without 2"] {
                #expect(end.output.contains(line), "\(line) in \(end.output)")
            }
            let lines = try #require(muster.text("trace.csv")).split(separator: "\n")
            #expect(lines.count > 3 && lines.dropFirst().allSatisfy { $0.hasPrefix("3,") })
            #expect(muster.text("trace.txt")?.contains("connecting") == true)
            #expect(muster.text("a.txt")?.contains("changes of state") == true)
            #expect(try Self.summary(muster, "b")["run"].map { ($0 as? [String: Any])?["seed"] as? Int } == 77)
            let (a, b) = (try Self.counters(muster, "a"), try Self.counters(muster, "b"))
            #expect(a["agents_started"] == b["agents_started"])
            #expect(muster.text("without.txt")?.contains("--journal") == true)
        }
    }

    @Test("repeat that is killed leaves no server")
    func killed() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile(duration: "60s")
            let end = try await muster.shell(
                """
                port=$((20000 + RANDOM % 10000))
                $M repeat p.yaml --server ws://127.0.0.1:$port/v1/opamp --sides A="exec $M serve --port $port" \\
                    B="exec $M serve --port $port" --runs 1 --out out > /dev/null 2>&1 & repeat=$!
                for _ in $(seq 200); do curl -s -o /dev/null http://127.0.0.1:$port/ && break; sleep 0.1; done
                curl -s -o /dev/null http://127.0.0.1:$port/ && echo up
                kill -9 $repeat; wait $repeat 2> /dev/null
                for _ in $(seq 150); do curl -s -o /dev/null http://127.0.0.1:$port/ || break; sleep 0.1; done
                curl -s -o /dev/null http://127.0.0.1:$port/ || echo gone
                """)
            #expect(end.output.contains("up\n") && end.output.contains("gone\n"), "\(end.output)")
        }
    }

    @Test("--json prints an object a second; --otlp says how many requests were accepted")
    func exports() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile(duration: "4s")
            let end = try await muster.shell(
                """
                serve; trap 'kill $server' EXIT
                $M run p.yaml --json --out a --otlp http://127.0.0.1:$port > lines.json; echo status $?
                curl -s http://127.0.0.1:$port/muster/counts > counts.json
                $M run p.yaml --otlp ws://127.0.0.1:1 --out b 2> refused.txt; echo refused $?
                """)
            #expect(end.output.contains("status 0") && end.output.contains("refused 2"), "\(end.output)")
            let objects = try #require(muster.text("lines.json")).split(separator: "\n").map { line in
                try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
            }
            #expect(objects.count { $0["event"] as? String == "progress" } >= 3)
            let messages = objects.compactMap { $0["message"] as? String }
            #expect(messages.contains { $0.hasPrefix("OTLP: ") && !$0.contains("not:") }, "\(messages)")
            let counts = Data(try #require(muster.text("counts.json")).utf8)
            let object = try #require(JSONSerialization.jsonObject(with: counts) as? [String: Any])
            #expect(object["telemetry_data_points"] as? Int ?? 0 > 100, "\(object)")
        }
    }

    @Test("--otlp and --scrape work over https with a named authority, a certificate and a token, and not without")
    func secureExports() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile(duration: "4s")
            try muster.write("token", "s3cr3t\n")
            let end = try await muster.shell(
                """
                serve --tls-self-made tls --mtls; side=https://$host; trap 'kill $server' EXIT
                shown="--otlp-cert tls/client.pem --otlp-key tls/client.key"
                $M run p.yaml --json --out a --otlp $side --otlp-ca tls/ca.pem $shown --otlp-token-file token \\
                    --otlp-header 'X-A: b' > a.json; echo status $?
                $M run p.yaml --json --out b --otlp $side > b.json; echo status $?
                $M run p.yaml --json --out c --otlp $side --otlp-ca missing.pem > c.out 2> c.txt; echo refused $?
                $M run p.yaml --out d --otlp http://127.0.0.1:1 --otlp-ca tls/ca.pem > d.out 2> d.txt; echo refused $?
                $M run p.yaml --out e --scrape $side/metrics up --scrape-ca missing.pem &> e.txt; echo refused $?
                """)
            #expect(end.output == "status 0\nstatus 0\nrefused 2\nrefused 2\nrefused 2\n", "\(end.output)")
            let notes = try ["a.json", "b.json"].map { name in
                try #require(muster.text(name)).split(separator: "\n").filter { $0.contains("OTLP: ") }.joined()
            }
            #expect(notes[0].contains("accepted by https://127.0.0.1") && !notes[0].contains("not:"), "\(notes[0])")
            #expect(notes[1].contains("OTLP: 0 requests accepted") && notes[1].contains("authority"), "\(notes[1])")
            #expect(muster.text("c.txt")?.contains("--otlp-ca: missing.pem") == true)
            #expect(muster.text("d.txt")?.contains("only with an https:// address") == true)
            #expect(muster.text("e.txt")?.contains("--scrape-ca: missing.pem") == true)
        }
    }

    /// A page of metrics over TLS for whoever has the token; prints its port.
    private static let securePage = """
        import http.server, ssl
        class Page(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                known = self.path == '/metrics' and self.headers['Authorization'] == 'Bearer s3cr3t'
                self.send_response(200 if known else 401)
                self.send_header('Content-Type', 'text/plain; version=0.0.4')
                self.send_header('Content-Length', '5' if known else '0')
                self.end_headers()
                self.wfile.write(b'up 7\\n' if known else b'')
            def log_message(self, *_): pass
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Page)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain('tls/server.pem', 'tls/server.key')
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """

    private static let python = PeerProgram.path("python3")

    @Test("--scrape reads a page over https with its token", .enabled("no python3") { python != nil })
    func secureScrape() async throws {
        let python = try #require(Self.python)
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile(duration: "4s")
            try muster.write("token", "s3cr3t\n")
            try muster.write("page.py", Self.securePage)
            let end = try await muster.shell(
                """
                serve --tls-self-made tls
                '\(python)' page.py > port.txt & page=$!
                trap 'kill $server $page' EXIT
                for _ in $(seq 100); do [ -s port.txt ] && break; sleep 0.1; done
                url=https://127.0.0.1:$(cat port.txt)
                $M run p.yaml --quiet --out a --scrape $url up --scrape-ca tls/ca.pem --scrape-token-file token > a.txt
                $M run p.yaml --quiet --out b --scrape $url up --scrape-ca tls/ca.pem > b.txt
                """)
            let values = try ["a", "b"].map { name in
                let data = Data(try #require(muster.text("\(name)/summary.json"), "\(end.output)").utf8)
                let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
                let use = object["server_use"] as? [String: Any]
                return (use?["scraped"] as? [[String: Any]])?.first?["last"] as? Double
            }
            #expect(values == [7, nil])
        }
    }

    @Test("The manual page has every command and option of --help")
    func manual() async throws {
        try await Muster.inDirectory { muster in
            let end = try await muster.shell(
                """
                $M man > muster.1; echo status $?
                $M --help > help.txt; $M run --help > run.txt
                if command -v man > /dev/null; then man -l --warnings muster.1 > /dev/null 2> warnings.txt; fi
                """)
            #expect(end.output.contains("status 0"))
            let page = try #require(muster.text("muster.1")).replacing("\\-", with: "-")
            #expect(page.hasPrefix(".TH MUSTER 1"))
            for command in ["run", "merge", "compare", "rehearse", "serve", "trace", "replay", "man"] {
                #expect(page.contains(".SS muster \(command)\n"), "\(command)")
            }
            let options = try #require(muster.text("run.txt")).split { " ,\n".contains($0) }
                .filter { $0.hasPrefix("--") && $0 != "--help" && $0 != "--version" }
            for option in Set(options) where option.allSatisfy({ $0.isLetter || $0 == "-" }) {
                #expect(page.contains(option), "\(option)")
            }
            #expect((muster.text("warnings.txt") ?? "") == "")
        }
    }
}
