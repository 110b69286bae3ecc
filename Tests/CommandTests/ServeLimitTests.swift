import TestSupport
import Testing

/// The options of `muster serve` that bound what clients can make it hold.
@Suite("Limits of muster serve")
struct ServeLimitTests {
    @Test("The options for agents and memory are the server's limits, and what is beyond them is counted")
    func limits() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile()
            let end = try await muster.shell(
                """
                start() {
                  $M serve --port 0 "$@" > served & server=$!
                  for i in $(seq 300); do grep -q 'serving OpAMP' served && break; sleep 0.1; done
                  host=$(sed -n 's,.*//\\(127.0.0.1:[0-9]*\\)/.*,\\1,p' served | head -1)
                }
                stop() { kill -INT $server; wait $server; cat served; }
                go() { $M run p.yaml --server ws://$host/v1/opamp --seed $1 --quiet --out r$1 >/dev/null 2>&1; }
                body() {
                  printf 'POST /v1/opamp HTTP/1.1\\r\\nHost: x\\r\\nContent-Type: application/x-protobuf\\r\\n'
                  printf 'Content-Length: 60000\\r\\n\\r\\n'; head -c 50000 /dev/zero
                }
                start --max-agents 2 --largest-message 64KiB --max-buffered 64KiB; go 1
                exec 8<>/dev/tcp/${host/://} 9<>/dev/tcp/${host/://}; body >&8; sleep 0.5; body >&9; head -1 <&9
                stop
                start --forget-after 1s; go 2; sleep 2; go 3; stop
                """)
            for part in ["registry_full: ", "HTTP/1.1 503 ", "buffers_full: 1", "agents_forgotten: 5"] {
                #expect(end.output.contains(part), "\(part) in\n\(end.output)")
            }
        }
    }
}
