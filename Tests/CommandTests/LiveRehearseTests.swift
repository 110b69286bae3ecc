import TestSupport
import Testing

@Suite("muster rehearse --live", .serialized)
struct LiveRehearseTests {
    private static let plan = """
        name: small
        canary: {size: 30%, soak: 30s}
        gates: [{on: failed, above: 10, of: all}]
        limits: {agent_timeout: 90m}
        on_failure: roll-back
        world: {agents: 100, duration: 2h, begin: 10s, breakages: [{share: 60%, how: fails}]}
        expect: {outcome: stopped-in-canary}
        """

    @Test("A plan runs on real sockets, is set beside its virtual twin, and ends with the code of its expectation")
    func live() async throws {
        try await Muster.inDirectory { muster in
            try muster.write("plan.yaml", Self.plan)
            let end = try await muster.shell(
                "$M rehearse plan.yaml --live --speed 20 --html page.html; echo status $?", limit: .seconds(300))
            #expect(end.output.contains("small was rolled back in stage 1"), "\(end.output)")
            #expect(end.output.contains("beside its virtual twin"), "\(end.output)")
            #expect(end.output.contains("decisions equal") && end.output.contains("status 0"), "\(end.output)")
            #expect(muster.text("page.html")?.contains("rehearsed on real sockets") == true)
            let json = try await muster.shell(
                "$M rehearse plan.yaml --live --speed 20 --json --set expect.outcome=finished; echo status $?",
                limit: .seconds(300))
            #expect(
                json.output.contains("\"decisionsEqual\" : true") && json.output.contains("status 1"), "\(json.output)")
        }
    }

    @Test(
        "What cannot be rehearsed on sockets is refused before anything is sent",
        arguments: [
            ("--speed 2", "--live"), ("--live --speed 0", "--speed"), ("--live --sweep canary.size=5%,20%", "--sweep"),
            ("--live --profile gateway", "muster: "),
        ])
    func refused(options: String, word: String) async throws {
        try await Muster.inDirectory { muster in
            try muster.write("plan.yaml", Self.plan)
            let end = try await muster.shell("$M rehearse plan.yaml \(options) 2>&1; echo status $?")
            #expect(end.output.contains(word) && end.output.contains("status 2"), "\(end.output)")
        }
    }

    /// A server of Muster's own in another process, which the driver makes act by requests.
    private static let driver = """
        driver:
          server: ws://127.0.0.1:PORT/v1/opamp
          revision: "revision: new"
          former: "revision: former"
          offer:
            url: "http://127.0.0.1:PORT/muster/offer?agents={{instance_uids}}"
            headers: {Authorization: Bearer secret}
            body: "{{configuration}}"
        """

    @Test("A driver makes `muster serve` offer, and its rollout is stopped and taken back completely")
    func serve() async throws {
        try await Muster.inDirectory { muster in
            try muster.write("plan.yaml", Self.plan + "\n" + Self.driver)
            try muster.write("token", "secret\n")
            let end = try await muster.shell(
                """
                serve --control-token-file token
                sed -i "s/PORT/$port/g" plan.yaml
                $M rehearse plan.yaml --live --speed 20; echo status $?
                stop
                """, limit: .seconds(300))
            #expect(end.output.contains("small was rolled back in stage 1"), "\(end.output)")
            #expect(
                end.output.contains("rollback         complete") && end.output.contains("0 failed"), "\(end.output)")
            #expect(end.output.contains("wrong version    0 agents"), "\(end.output)")
            #expect(end.output.contains("decisions equal") && end.output.contains("status 0"), "\(end.output)")
        }
    }

    /// A server whose own engine is a script: it offers to ten agents, waits and offers to the others. Another script
    /// ends the server and starts it again.
    private static let engine = """
        name: engine
        world: {agents: 30, duration: 2h, begin: 10s, restarts: [{at: 60s, for: 10s}]}
        expect: {outcome: finished, left: 0}
        driver:
          server: ws://127.0.0.1:PORT/v1/opamp
          revision: "revision: new"
          former: "revision: former"
          quiet: 3m
          start: {run: [sh, engine.sh, "{{instance_uids}}", "{{configuration}}"]}
          restart: {run: [sh, restart.sh]}
        """

    @Test("A server's own engine is started once, judged by what its agents saw, and restarted in the middle")
    func engine() async throws {
        try await Muster.inDirectory { muster in
            try muster.write("plan.yaml", Self.engine)
            try muster.write("token", "secret\n")
            let end = try await muster.shell(
                """
                serve --control-token-file token; echo $server > server.pid
                sed -i "s/PORT/$port/g" plan.yaml
                cat > engine.sh <<EOF
                echo started >> engine.log
                url=http://127.0.0.1:$port/muster/offer
                offer() { curl -sf -H 'Authorization: Bearer secret' -d "\\$2" "\\$url?agents=\\$1"; }
                offer "\\$(echo "\\$1" | cut -d, -f1-10)" "\\$2"
                sleep 1
                offer "\\$(echo "\\$1" | cut -d, -f11-)" "\\$2"
                EOF
                cat > restart.sh <<EOF
                echo restarted >> engine.log
                kill -INT \\$(cat server.pid)
                for i in \\$(seq 100); do kill -0 \\$(cat server.pid) 2> /dev/null || break; sleep 0.1; done
                setsid $M serve --port $port --control-token-file token > served-again 2>&1 &
                echo \\$! > server.pid
                EOF
                $M rehearse plan.yaml --live --speed 20; echo status $?
                cat engine.log; cat served-again; kill -INT $(cat server.pid)
                """, limit: .seconds(300))
            #expect(end.output.contains("engine reached every agent: 30 of 30"), "\(end.output)")
            #expect(end.output.contains("30 of 30 agents were offered"), "\(end.output)")
            #expect(end.output.contains("pushes           30, 1.0 for each"), "\(end.output)")
            #expect(end.output.contains("2 actions, 0 failed") && end.output.contains("status 0"), "\(end.output)")
            #expect(end.output.contains("started\nrestarted\n"), "\(end.output)")
            #expect(end.output.contains("serving OpAMP"), "the server is back: \(end.output)")
        }
    }

    /// Events of the profile that the embedded server would do, done by another server that the driver makes act.
    private static let profile = """
        agents: 20
        arrival: {ramp: 200ms}
        duration: 4s
        drain: 2s
        heartbeat: {interval: 500ms}
        server: ws://127.0.0.1:PORT/v1/opamp
        events:
          - {at: 1s, offer_config: {name: first, files: {a.yaml: "receivers: {}"}, to: 50%}}
          - {at: 1500ms, restart_agents: 100%}
        driver:
          actions:
            offer_config:
              url: "http://127.0.0.1:PORT/muster/offer?agents={{instance_uids}}"
              headers: {Authorization: Bearer secret}
              body: "{{configuration}}"
        """

    @Test("A profile's driver has another server make its offers; events without an action are skipped with a warning")
    func profileDriver() async throws {
        try await Muster.inDirectory { muster in
            try muster.write("p.yaml", Self.profile)
            try muster.write("token", "secret\n")
            let end = try await muster.shell(
                """
                serve --control-token-file token
                sed -i "s/PORT/$port/g" p.yaml
                $M run p.yaml --out out --plain 2>&1; echo status $?
                stop; cat served
                """, limit: .seconds(120))
            #expect(end.output.contains("status 0") && end.output.contains("restart_agents"), "\(end.output)")
            #expect(!end.output.contains("driver-failed"), "\(end.output)")
            // About half of the agents, by the profile's draw: neither none nor all.
            let offers = try #require(end.output.firstMatch(of: /config_offers: ([0-9]+)/)?.output.1)
            #expect((1...19).contains(Int(offers) ?? 0), "\(end.output)")
        }
    }

    @Test("Control without a valid token, of another method, or of what is no agent is refused")
    func control() async throws {
        try await Muster.inDirectory { muster in
            try muster.write("token", "secret\n")
            let end = try await muster.shell(
                """
                serve --control-token-file token
                url=http://$host/muster/offer
                ask() { curl -s -o /dev/null -w '%{http_code} ' "$@"; }
                ask -d a $url; ask -H 'Authorization: Bearer other' -d a $url
                ask -H 'Authorization: Bearer secret' $url; ask -H 'Authorization: Bearer secret' -d a "$url?agents=x"
                ask -H 'Authorization: Bearer secret' -d a "$url"
                stop
                serve
                url=http://$host/muster/offer
                ask -H 'Authorization: Bearer secret' -d a $url
                stop
                """, limit: .seconds(120))
            #expect(end.output.contains("401 401 405 400 204 404"), "\(end.output)")
        }
    }
}
