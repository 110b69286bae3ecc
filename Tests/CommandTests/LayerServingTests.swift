import TestSupport
import Testing

/// What `muster serve --layers` does over HTTP, as a tester uses it.
@Suite("muster serve --layers", .serialized)
struct LayerServingTests {
    private static let layers = """
        layers:
          - {name: base, files: {a.yaml: {file: a.yaml}}}
          - {name: eu, where: {zone: [eu]}, files: {b.yaml: "limit: 1\\n"}}
        channels:
          - {name: stable, offer: [collector-0.114.0.tar.gz]}
          - {name: beta, where: {zone: [eu]}, offer: [collector-0.115.0.tar.gz]}
        """

    private static let profile = """
        agents: 20
        arrival: {ramp: 200ms}
        duration: 20s
        drain: 2s
        zones: [eu, us]
        heartbeat: {interval: 1s}
        attributes: {non_identifying: {zone: "{{zone}}"}}
        """

    /// How the server is started and asked.
    private static let start = """
        start() { serve --layers layers.yaml --versions versions --packages . --control-token-file token; }
        ask() { path=$1; shift; curl -s -H 'Authorization: Bearer secret' "$@" "http://$host/muster/$path"; }
        """

    private static func prepare(_ muster: Muster) throws {
        try muster.write("layers.yaml", layers)
        try muster.write("a.yaml", "receivers: {}\n")
        for version in ["0.114.0", "0.115.0"] { try muster.write("collector-\(version).tar.gz", version) }
        try muster.write("token", "secret\n")
    }

    @Test("A layer gets a version, is compared and rolled back, and its history survives a restart of the server")
    func versions() async throws {
        try await Muster.inDirectory { muster in
            try Self.prepare(muster)
            let end = try await muster.shell(
                """
                \(Self.start)
                start
                ask layers/eu --data-binary 'limit: 2\n'; ask 'layers/eu?dry_run=true' --data-binary 'limit: 9\n'
                ask 'layers/eu?file=c.yaml' --data-binary $'c: 1\\n'
                ask 'layers/eu/diff?from=1&to=3'
                stop; cp layers.yaml before; start
                ask 'layers/eu?version=3'; ask layers/eu/rollback?to=1 -X POST; ask layers/eu/rollback?to=1 -X POST
                stop; start
                ask layers/eu; ask layers/none; ask layers/eu/diff?from=77; ask layers/eu?remove=zzz -X POST
                stop; grep kept served
                """, limit: .seconds(120))
            let output = end.output
            for part in [
                #""changed":true,"former":1,"meant":0,"name":"eu","touched":0,"trial":false,"version":2"#,
                #""trial":true,"version":3"#, "--- b.yaml\tversion 1\n+++ b.yaml\tversion 3", "-limit: 1\n+limit: 2",
                "+++ c.yaml\tversion 3", #""c.yaml":"c: 1\n""#, #""changed":true,"former":3"#,
                #""changed":false,"former":4"#, #""cause":"rolled back to version 1""#, #""current":4"#,
                "there is no layer 'none'; there are: base, eu", "has no version 77", "there is no 'zzz' in it",
                "versions of layers and channels were kept",
            ] {
                #expect(output.contains(part), "\(part) in\n\(output)")
            }
        }
    }

    @Test("The lock of a server that was killed stops nobody, and its versions are there")
    func killed() async throws {
        try await Muster.inDirectory { muster in
            try Self.prepare(muster)
            let end = try await muster.shell(
                """
                \(Self.start)
                start
                ask layers/eu --data-binary 'limit: 2'
                kill -KILL $server; wait $server; echo "status $?"; ls versions.lock
                start
                ask layers/eu; stop; echo "status $?"; [ -e versions.lock ] || echo "let go"
                """, limit: .seconds(120))
            let output = end.output
            for part in ["status 137", "versions.lock", #""current":2"#, "status 0", "let go"] {
                #expect(output.contains(part), "\(part) in\n\(output)")
            }
        }
    }

    @Test("Agents get the files of their layers; a change and a promotion reach the agents that they are for")
    func agents() async throws {
        try await Muster.inDirectory { muster in
            try Self.prepare(muster)
            try muster.write("p.yaml", Self.profile)
            let end = try await muster.shell(
                """
                \(Self.start)
                start
                $M run p.yaml --server ws://$host/v1/opamp --out out --plain > run 2>&1 & run=$!
                for i in $(seq 100); do
                  ask 'layers/eu?dry_run=true' --data-binary x | grep -q '"meant":10' && break; sleep 0.1
                done
                ask layers/eu --data-binary 'limit: 3'
                ask 'channels/beta/promote?to=stable' -X POST; ask channels/stable/diff
                ask 'channels/stable/rollback' -X POST
                kill -INT $run; wait $run; stop; cat served
                """, limit: .seconds(120))
            let output = end.output
            #expect(output.contains(#""meant":10,"name":"eu","touched":10"#), "\(output)")
            // A promotion is for the agents of the other channel.
            #expect(output.contains(#""meant":10,"name":"stable","touched":10"#), "\(output)")
            #expect(output.contains("-file: collector-0.114.0.tar.gz\n+file: collector-0.115.0.tar.gz"), "\(output)")
            let offers = try #require(output.firstMatch(of: /config_offers: ([0-9]+)/)?.output.1)
            // 20 when the agents came, 10 for the change.
            #expect(Int(offers) == 30, "\(output)")
        }
    }

    @Test("Layers without a token, of another method, or that cannot be read are refused")
    func refused() async throws {
        try await Muster.inDirectory { muster in
            try Self.prepare(muster)
            try muster.write("twice.yaml", "layers: [{name: a}, {name: a}]")
            let end = try await muster.shell(
                """
                \(Self.start)
                start
                status() { curl -s -o /dev/null -w '%{http_code} ' "$@"; }
                status http://$host/muster/layers; status -d x http://$host/muster/layers/eu
                ok='Authorization: Bearer secret'
                status -H "$ok" http://$host/muster/layers; status -H "$ok" -X PUT -d x http://$host/muster/layers/eu
                status -H "$ok" http://$host/muster/nothing; status -H "$ok" http://$host/muster/served?agent=x
                echo
                $M serve --port 0 --layers layers.yaml --packages . --versions versions; echo "status $?"
                stop
                $M serve --port 0 --layers layers.yaml; echo "status $?"
                $M serve --port 0 --layers twice.yaml; echo "status $?"
                $M serve --port 0 --versions versions; echo "status $?"
                """, limit: .seconds(120))
            let text = end.output + end.errors
            #expect(text.contains("401 401 200 405 404 400"), "\(text)")
            for part in [
                "another server uses versions", "add --packages DIR", "the name 'a' is there twice",
                "add --layers FILE",
            ] {
                #expect(text.contains(part), "\(part) in\n\(text)")
            }
            #expect(text.split(separator: "\n").count { $0 == "status 2" } == 4, "\(text)")
        }
    }
}
