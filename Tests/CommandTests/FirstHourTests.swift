import Foundation
import TestSupport
import Testing

@Suite("Profiles by name")
struct ProfileNameTests {
    @Test("A profile runs by its name, and the names are listed with a sentence each")
    func byName() async throws {
        try await Muster.inDirectory { muster in
            let list = try await muster.shell("$M profiles")
            #expect(list.status == 0)
            for name in ["steady", "demo", "reconnect-storm"] {
                #expect(list.output.split(separator: "\n").contains { $0.hasPrefix("\(name) ") }, "\(list.output)")
            }
            let run = try await muster.shell(
                """
                $M run steady --agents 5 --duration 35s --seed 3 --plain --out r & p=$!; for i in $(seq 100); \
                do [ -f r/.lock ] && break; sleep 0.1; done; sleep 1; kill -INT $p; wait $p; echo status $?
                """
            )
            #expect(run.output.contains("status 130"), "\(run.output)")
            #expect(muster.text("r/profile.yaml")?.contains("name: steady") == true)
        }
    }

    @Test("An unknown name gets the nearest one; a file of that name goes first")
    func unknown() async throws {
        try await Muster.inDirectory { muster in
            let unknown = try await muster.shell("$M run stedy")
            #expect(unknown.status == 2 && unknown.output.contains("did you mean steady?"), "\(unknown.output)")
            try muster.write("steady", "agents: 7\n")
            let check = try await muster.shell("$M check steady --resolved")
            #expect(check.status == 0 && check.output.contains("agents: 7"), "\(check.output)")
        }
    }
}

@Suite("A server that cannot be reached")
struct UnreachableServerTests {
    @Test("It is said at once, and the run ends with exit 1 and its results")
    func refused() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile(duration: "60s")
            let end = try await muster.shell(
                "$M run p.yaml --server ws://127.0.0.1:1 --out r --plain", limit: .seconds(120))
            #expect(end.status == 1)
            #expect(
                end.output.contains("nothing listens at ws://127.0.0.1:1/v1/opamp; waiting for 5s, --wait to continue"),
                "\(end.output)")
            #expect(end.output.contains("the run failed: nothing listens at ws://127.0.0.1:1"), "\(end.output)")
            #expect(muster.text("r/summary.json")?.contains("nothing listens at") == true)
        }
    }

    @Test("With --wait the run continues")
    func waits() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile(duration: "8s")
            let end = try await muster.shell(
                "$M run p.yaml --server ws://127.0.0.1:1 --wait --out r --plain", limit: .seconds(120))
            #expect(end.status == 1 && end.output.contains("waiting (--wait)"), "\(end.output)")
            #expect(end.output.contains("no agent received a response"), "\(end.output)")
        }
    }

    @Test("A name that cannot be resolved ends the run before its start, without a results directory")
    func unknownHost() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile()
            let end = try await muster.shell("$M run p.yaml --server ws://no-such-host.invalid:4320 --out r")
            #expect(end.status == 1 && end.output.contains("no-such-host.invalid"), "\(end.output)")
            #expect(!muster.has("r"))
        }
    }
}

@Suite("Two runs against one server")
struct SharedSeedTests {
    /// Two runs, the second started during the first; the output of the second.
    private func second(_ options: String) async throws -> PeerProgram.End {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile(duration: "4s")
            let line = """
                serve; url=ws://$host/v1/opamp
                $M run p.yaml --server $url --out a --quiet \(options) >first & a=$!
                for i in $(seq 100); do [ -f a/.lock ] && break; sleep 0.05; done
                $M run p.yaml --server $url --out b --plain \(options); b=$?
                wait $a; stop; exit $b
                """
            return try await muster.shell(line)
        }
    }

    @Test("The second draws another seed where none was given, and says which")
    func drawn() async throws {
        let end = try await second("")
        #expect(end.status == 0 && end.output.contains("so this run uses seed "), "\(end.output)")
        #expect(end.output.contains("warnings about these results"))
    }

    @Test("A seed that was given is kept, with a warning")
    func given() async throws {
        let end = try await second("--seed 9")
        #expect(end.output.contains("the server cannot tell them apart"), "\(end.output)")
        #expect(end.output.contains("seed 9 "))
    }
}

@Suite("Profiles of the repository against a server apart")
struct ForeignServerTests {
    /// Those in which something is done by the embedded server.
    static let names = [
        "config-push", "package-rollout", "connection-move", "packages-real", "compressed", "unhealthy-fleet",
        "gateway",
    ]

    @Test("Events that only the embedded server can do are skipped, with a warning in every output", arguments: names)
    func skipped(name: String) async throws {
        try await Muster.inDirectory { muster in
            let check = try await muster.shell("$M check \(name) --server ws://127.0.0.1:1")
            #expect(check.status == 0, "\(check.output)")
        }
    }

    @Test("The warnings name the event and the command that makes the server do it")
    func warnings() async throws {
        try await Muster.inDirectory { muster in
            try muster.write(
                "p.yaml",
                """
                agents: 5
                arrival: {ramp: 200ms}
                duration: 2s
                drain: 1s
                heartbeat: {interval: 200ms}
                events:
                  - {at: 1s, offer_config: {name: canary, files: {c.yaml: {size: 1KiB}}}}
                  - {at: 1500ms, restart_agents: 50%}
                """)
            let line = """
                serve; $M run p.yaml --server ws://$host/v1/opamp --out r --plain; b=$?
                stop; exit $b
                """
            let end = try await muster.shell(line)
            #expect(end.status == 0, "\(end.output)")
            let summary = muster.text("r/summary.json") ?? ""
            let page = muster.text("r/report.html") ?? ""
            for output in [end.output, summary, page].map({
                $0.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            }) {
                #expect(output.contains("offer_config"), "\(output)")
                #expect(output.contains("muster serve --offer-config FILE"))
                #expect(output.contains("restart_agents"))
            }
            #expect(summary.contains("skipped-event"))
        }
    }
}
