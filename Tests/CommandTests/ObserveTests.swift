import TestSupport
import Testing

/// The built command between a fleet and a server, each a process of its own.
@Suite("muster observe")
struct ObserveTests {
    @Test("From a fleet to a profile: what passes is written as a profile that muster check reads")
    func threeCommands() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile(duration: "3s")
            let end = try await muster.shell(
                """
                serve
                $M observe --listen 127.0.0.1:0 --forward ws://$host/v1/opamp --check-conformance > observe.log 2>&1 &
                OBSERVE=$!
                until grep -q '^Ctrl-C' observe.log; do sleep 0.05; done
                PROXY=$(sed -n 's/^passing \\(.*\\) on to .*/\\1/p' observe.log)
                $M run p.yaml --out results --server "$PROXY" > run.log 2>&1
                kill -INT $OBSERVE; wait $OBSERVE; echo "observe $?"
                stop
                $M check observed.yaml
                """, limit: .seconds(120))
            #expect(end.status == 0, "\(end)")
            #expect(end.output.contains("observe 0"), "\(end.output)")
            #expect(end.output.contains("5 agents against ws://127.0.0.1:"), "\(end.output)")
            let text = try #require(muster.text("observed.yaml"))
            #expect(text.contains("# What muster observe saw of 5 agents"))
            #expect(text.contains("No violation of the specification was found."), "\(text.prefix(3_000))")
        }
    }

    @Test(
        "A command that cannot work is refused with its remedy",
        arguments: [
            ("--forward nowhere", "--forward: "), ("--forward ws://127.0.0.1:1 --listen here", "--listen: 'here'"),
            ("--forward ws://127.0.0.1:1 --listen 127.0.0.1:0 --output p.yaml", "p.yaml exists already"),
            ("--forward ws://127.0.0.1:1 --listen 127.0.0.1:0 --watching-limit much", "--watching-limit: "),
        ])
    func refused(_ options: String, _ message: String) async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile()
            let end = try await muster.shell("$M observe \(options)")
            #expect(end.status == 2)
            #expect(end.output.contains(message), "\(end)")
        }
    }
}
