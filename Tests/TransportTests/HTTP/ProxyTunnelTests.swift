import Basis
import Testing
import Transport

/// HTTP CONNECT from the client's side (RFC 9110, section 9.3.6).
@Suite("A proxy's tunnel")
struct ProxyTunnelTests {
    /// What came of an answer: whether the tunnel is open, or why not.
    private static func outcome(_ answer: [UInt8], in pieces: [[UInt8]]? = nil) -> Result<Bool, ProxyError> {
        var tunnel = ProxyTunnel()
        var isOpen = false
        for piece in pieces ?? [answer] {
            var offset = 0
            do throws(ProxyError) {
                isOpen = try tunnel.next(piece.span.bytes, at: &offset)
            } catch {
                return .failure(error)
            }
            if isOpen { break }
        }
        return .success(isOpen)
    }

    @Test("The request names the server, and carries what is for the proxy alone")
    func request() throws {
        var fields = HTTPFields()
        try fields.append("Proxy-Authorization", "Basic dTpw")
        var bytes: [UInt8] = []
        ProxyTunnel().appendRequest(authority: "opamp.example.com:4320", fields: fields, to: &bytes)
        #expect(
            text(bytes) == "CONNECT opamp.example.com:4320 HTTP/1.1\r\nHost: opamp.example.com:4320\r\n"
                + "Proxy-Authorization: Basic dTpw\r\n\r\n")
    }

    @Test(
        "Any 2xx opens the tunnel, whatever body its fields speak of",
        arguments: [
            "HTTP/1.1 200 Connection established\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Length: 12\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 Fine\r\n\r\n",
        ])
    func opened(answer: String) {
        let bytes = utf8(answer)
        #expect(Self.outcome(bytes) == .success(true))
        #expect(Self.outcome(bytes, in: Splits.single(bytes)) == .success(true))
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let answer: String
        let name: String
        var testDescription: String { name }
    }

    @Test(
        "Every other answer is refused under its own name",
        arguments: [
            Refusal(answer: "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", name: "proxy_refused_407"),
            Refusal(answer: "HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n", name: "proxy_refused_502"),
            Refusal(answer: "HTTP/1.1 301 There\r\nLocation: /\r\n\r\n", name: "proxy_refused_301"),
            Refusal(answer: "HTTP/1.1 101 Switch\r\n\r\n", name: "proxy_refused_101"),
            Refusal(answer: "HTTP/1.1 200 OK\r\n\r\nhello", name: "proxy_early_bytes"),
        ])
    func refused(_ refusal: Refusal) {
        guard case .failure(let error) = Self.outcome(utf8(refusal.answer)) else {
            Issue.record("a tunnel where there is none")
            return
        }
        #expect(error.name == refusal.name)
    }

    @Test("An invalid HTTP response is a failure of the proxy", arguments: ["hello\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n"])
    func noHTTP(answer: String) {
        guard case .failure(.http) = Self.outcome(utf8(answer)) else {
            Issue.record("not found to be wrong: \(answer)")
            return
        }
    }

    @Test("The close cause shows whether the proxy had begun to answer")
    func closed() throws {
        #expect(ProxyTunnel().transportClosed() == .closed)
        var tunnel = ProxyTunnel()
        var offset = 0
        #expect(try !tunnel.next(utf8("HTTP/1.1 2").span.bytes, at: &offset))
        #expect(tunnel.transportClosed() == .http(.truncated))
    }

    @Test(
        "Mutated answers, cut anywhere, end the same as whole, and never in a crash", arguments: 0..<4 as Range<UInt64>)
    func fuzz(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let examples = [
            "HTTP/1.1 200 OK\r\nVia: 1.1 x\r\n\r\n", "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\n\r\n",
            "HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        ]
        for _ in 0..<FuzzLength.rounds(500) {
            var bytes = utf8(examples[random.index(below: examples.count)])
            for _ in 0...random.index(below: 3) {
                bytes[random.index(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            let whole = Self.outcome(bytes)
            let cut = Self.outcome(bytes, in: Splits.random(bytes, longest: 7, &random))
            // Bytes behind the head can only be seen to be early where they come with it.
            if case .failure(.earlyBytes) = whole { continue }
            #expect(whole == cut, "seed \(seed): \(text(bytes).debugDescription)")
        }
    }
}
