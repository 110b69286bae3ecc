import Foundation
import TestSupport
import Testing

@Suite("Pages by the command")
struct PageCommandTests {
    /// Asks a server for something by bash alone; prints status and body.
    private static let ask = """
        ask() { exec 3<>/dev/tcp/127.0.0.1/$port
            printf '%s %s HTTP/1.1\\r\\nHost: 127.0.0.1:%s\\r\\n' "$1" "$2" "$port" >&3
            printf '%sConnection: close\\r\\n\\r\\n' "$3" >&3
            cat <&3; exec 3<&-; }
        command() { ask POST "$1" $'X-Muster-Command: 1\\r\\nContent-Length: 0\\r\\n'; echo; }

        """

    @Test("--ui serves the page while the run goes on; a mark and a drain by the page are in the results")
    func live() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile(duration: "120s")
            let end = try await muster.shell(
                Self.ask + """
                    $M run p.yaml --out r --plain --ui=:0 > output.txt 2>&1 & p=$!
                    for i in $(seq 200); do
                        port=$(sed -n 's/^live page: http:\\/\\/127.0.0.1:\\([0-9]*\\)\\/$/\\1/p' output.txt)
                        [ -n "$port" ] && break; sleep 0.05
                    done
                    echo "port $port"
                    for i in $(seq 200); do
                        ask GET / > frame.txt; grep -q '^HTTP/1.1 200' frame.txt && break; sleep 0.05
                    done
                    for i in $(seq 200); do
                        ask GET /content > one.txt; ask GET /content > two.txt
                        grep -q 'running for' one.txt && grep -q 'running for' two.txt && break; sleep 0.05
                    done
                    ask GET /other | head -n 1
                    ask POST /command/drain $'Content-Length: 0\\r\\n' | head -n 1
                    command '/command/agents?value=3' | tail -n 1
                    command '/command/mark?value=deploy%20%3Cb%3E' | tail -n 1
                    for i in $(seq 200); do grep -q '^mark: deploy <b>' output.txt && break; sleep 0.05; done
                    command /command/drain | tail -n 1
                    wait $p; echo status $?
                    """, limit: .seconds(110))
            // Any that is free, not the usual one.
            #expect(end.output.contains("port ") && !end.output.contains("port 9470"), "\(end.output)")
            #expect(end.output.contains("404") && end.output.contains("403"), "\(end.output)")
            #expect(end.output.contains("the number of agents can change only where the profile has a population"))
            #expect(end.output.contains("mark: done") && end.output.contains("drain: done"), "\(end.output)")
            #expect(end.output.contains("status 130"), "\(end.output)")
            let frame = try #require(muster.text("frame.txt"))
            #expect(frame.contains("frame-ancestors 'none'") && frame.contains("script-src 'sha256-"))
            #expect(frame.contains("<div id=\"content\"></div>"))
            #expect(muster.text("one.txt")?.contains("agents have connected") == true)
            let summary = try #require(muster.text("r/summary.json"))
            #expect(summary.contains("\"name\" : \"deploy <b>\""), "\(summary.suffix(300))")
            let page = try #require(muster.text("r/report.html"))
            #expect(page.contains("deploy &lt;b&gt;") && !page.contains("deploy <b>"))
            #expect(muster.text("r/series.csv")?.contains("deploy <b>") == true)
        }
    }

    @Test(
        "--ui without an address it can use is refused with what to write",
        arguments: ["--ui=nonsense", "--ui=1.2.3.4", "--ui=:99999"])
    func badAddress(option: String) async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile()
            let end = try await muster.shell("$M run p.yaml \(option) --out r; echo status $?")
            #expect(
                end.output.contains("--ui: '\(option.dropFirst(5))' is not an address to listen on"), "\(end.output)")
            #expect(end.output.contains("status 2"))
        }
    }

    @Test("--ui before the profile is not taken for its address")
    func order() async throws {
        try await Muster.inDirectory { muster in
            let end = try await muster.shell("$M run --ui missing.yaml --out r; echo status $?")
            #expect(end.output.contains("missing.yaml") && end.output.contains("status 2"), "\(end.output)")
        }
    }

    @Test("compare and find-limit write their pages to the file that is named")
    func pages() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile(duration: "2s")
            let end = try await muster.shell(
                """
                $M run p.yaml --out a --quiet > /dev/null && $M run p.yaml --out b --quiet > /dev/null
                $M compare a --html c.html -- b | head -n 1
                $M find-limit p.yaml --until 'heartbeat.response.p99 < 30s' --trial 1s --settle 0s --from 2 --to 4 \
                --budget 20s --html l.html | tail -n 1
                """, limit: .seconds(110))
            #expect(end.output.contains("NO VERDICT"), "\(end.output)")
            #expect(muster.text("c.html")?.contains("<h1>Comparison</h1>") == true)
            #expect(muster.text("l.html")?.contains("<h1>Limit of agents</h1>") == true, "\(end.output)")
        }
    }
}
