import Foundation
import TestSupport
import Testing

@Suite("Thresholds, compare, repeat and find-limit as commands")
struct ThresholdCommandTests {
    @Test("The exit code says what became of the thresholds, and so do the files")
    func exitCodes() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile(duration: "3s")
            let run = "$M run p.yaml --quiet --threshold"
            let end = try await muster.shell(
                """
                \(run) 'heartbeat.response.max < 30s' --out a > /dev/null; echo passed $?
                \(run) 'heartbeats.count > 1000000' --out b > b.txt; echo failed $?
                \(run) 'waves.config.converged.p99 < 1s' --out c --junit c.xml > /dev/null; echo undecided $?
                \(run) 'waves.config.converged.p99 < 1s' --out d --allow-undecided > /dev/null; echo allowed $?
                \(run) 'hartbeat.response.p99 < 1s' --out e 2> e.txt; echo unknown $?
                """)
            let states = end.output.split(separator: "\n")
            // A starved machine may make a run tool-bound, which decides nothing.
            #expect(states.contains("failed 3") || states.contains("failed 4"), "\(end.output)")
            #expect(states.contains("passed 0") || states.contains("passed 4"), "\(end.output)")
            #expect(states.contains("undecided 4") && states.contains("allowed 0"), "\(end.output)")
            #expect(states.contains("unknown 2") && !muster.has("e"), "\(end.output)")
            #expect(muster.text("e.txt")?.contains("did you mean 'heartbeat.response.p99'?") == true)
            let table = try #require(muster.text("b.txt"))
            #expect(table.contains(states.contains("failed 3") ? "FAILED: of 1 threshold" : "NOT DECIDED"))
            #expect(muster.text("c.xml") == muster.text("c/junit.xml"))
            #expect(muster.text("c.xml")?.contains("<error message=\"not decided: ") == true)
            #expect(muster.text("c/summary.json")?.contains("\"passed\" : false") == true)
            #expect(muster.text("d/summary.json")?.contains("\"passed\" : true") == true)
            #expect(muster.text("d/report.html")?.contains("class=\"verdict not_decided\"") == true)
        }
    }

    @Test("A threshold with 'abort after' ends the run early")
    func abort() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile(duration: "120s")
            let end = try await muster.shell(
                "$M run p.yaml --out r --threshold 'heartbeats.count <= 3 abort after 1s'; echo status $?")
            #expect(end.output.contains("ended early: the threshold 'heartbeats.count <= 3 abort after 1s' has failed"))
            #expect(end.output.contains("status 3") || end.output.contains("status 4"), "\(end.output)")
            #expect(muster.text("r/summary.json")?.contains("\"status\" : \"stopped\"") == true)
        }
    }

    @Test("repeat starts and stops each side's server, and the same command makes only the runs that are missing")
    func repeated() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile(duration: "2s")
            let end = try await muster.shell(
                """
                port=$((20000 + RANDOM % 10000))
                sides() {
                    $M repeat p.yaml --server ws://127.0.0.1:$port/v1/opamp --sides A="$M serve --port $port" \\
                        B="echo started >> b.txt; $M serve --port $port" --runs 2 --out out "$@"
                }
                sides > first.txt 2> notes.txt; echo first $?
                rm -r out/B-2
                sides --fail-if worse --json > second.json 2> notes2.txt; echo second $?
                $M compare out/A-1 out/A-2 -- out/B-1 out/B-2 > third.txt; echo third $?
                $M compare out/A-1 -- nothing 2> fourth.txt; echo fourth $?
                """)
            #expect(end.output.contains("first 0"), "\(end.output) \(muster.text("notes.txt") ?? "")")
            // Two runs a side support no verdict.
            #expect(
                end.output.contains("second 4") && end.output.contains("third 0") && end.output.contains("fourth 2"))
            #expect(muster.text("b.txt") == "started\nstarted\nstarted\n")
            let notes = try #require(muster.text("notes.txt")).split(separator: "\n").map { $0.prefix { $0 != "," } }
            #expect(
                notes == ["run 1 of 4: out/A-1", "run 2 of 4: out/B-1", "run 3 of 4: out/B-2", "run 4 of 4: out/A-2"])
            #expect(muster.text("notes2.txt")?.contains("out/B-2") == true)
            #expect(muster.text("second.json")?.contains("\"gate\" : \"none\"") == true)
            #expect(muster.text("third.txt")?.hasPrefix("NO VERDICT: ") == true)
            #expect(muster.text("fourth.txt")?.contains("nothing/summary.json") == true)
        }
    }

    @Test("find-limit says that the limit is not below the greatest load, where every load passes")
    func limit() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile()
            let end = try await muster.shell(
                """
                $M find-limit p.yaml --until 'heartbeat.response.max < 1h' --of agents --from 2 --to 4 --trial 1s \\
                    --settle 0s --budget 15s --json limit.json; echo status $?
                $M find-limit p.yaml --until 'agents.connected > 99%'; echo wrong $?
                """)
            #expect(end.output.contains("trial 1: 2.00 agents for 1 s: "), "\(end.output)")
            #expect(end.output.contains("status 0") || end.output.contains("status 4"), "\(end.output)")
            #expect(end.output.contains("wrong 2"))
            #expect(muster.text("limit.json")?.contains("\"trials\" : [") == true)
            #expect(end.output.contains("The trials show no knee: "), "\(end.output)")
            #expect(muster.text("limit.json")?.contains("\"throughput\" : ") == true)
        }
    }

    @Test("--log-format json prints nothing but JSON, one object a line, the end last")
    func jsonLines() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile(duration: "3s")
            let end = try await muster.shell("$M run p.yaml --log-format json --out r")
            let objects = try end.output.split(separator: "\n").map { line in
                try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
            }
            let events = objects.compactMap { $0["event"] as? String }
            #expect(events.first == "message" && events.contains("progress") && events.last == "finished")
            #expect(objects.last?["outcome"] as? String == "completed")
            #expect((objects.last?["results"] as? String)?.hasSuffix("/r") == true)
        }
    }
}
