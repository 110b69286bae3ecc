import Testing
import Transport

@Suite("HTTP exchange: the client's side of polling")
struct HTTPExchangeTests {
    /// One connection, driven by texts.
    struct Connection {
        var exchange = HTTPExchange()
        var sent = ""
        var rest = ""

        mutating func poll(_ method: HTTPMethod = .post, body: String? = "report") {
            var bytes: [UInt8] = []
            if let body {
                let content = utf8(body)
                exchange.begin(
                    method, target: "/v1/opamp", host: "a", fields: HTTPFields(), body: content.span.bytes, to: &bytes)
            } else {
                exchange.begin(method, target: "/", host: "a", fields: HTTPFields(), body: nil, to: &bytes)
            }
            sent = text(bytes)
        }

        /// Feeds `response` whole, or byte by byte.
        mutating func receive(
            _ response: String, single: Bool = false
        ) throws(HTTPExchangeError) -> [HTTPExchange.Response] {
            var responses: [HTTPExchange.Response] = []
            for piece in single ? Splits.single(utf8(response)) : [utf8(response)] {
                var offset = 0
                while let response = try exchange.next(piece.span.bytes, at: &offset) {
                    responses.append(response)
                }
                rest = text(Array(piece[offset...]))
            }
            return responses
        }
    }

    static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanswer"

    @Test("A request carries its body and length; one without a body carries neither")
    func requests() {
        var connection = Connection()
        connection.poll()
        #expect(connection.sent == "POST /v1/opamp HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nreport")
        var other = Connection()
        other.poll(.get, body: nil)
        #expect(other.sent == "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    }

    @Test(
        "A kept-alive connection carries exchange after exchange, however the responses arrive",
        arguments: [true, false])
    func reuse(single: Bool) throws {
        var connection = Connection()
        for round in 1...5 {
            #expect(connection.exchange.isReady)
            connection.poll()
            #expect(!connection.exchange.isReady)
            let responses = try connection.receive(Self.ok, single: single)
            #expect(responses.count == 1)
            #expect(responses.first?.head.status == 200)
            #expect(responses.first?.keepAlive == true)
            #expect(text(connection.exchange.body) == "answer")
            #expect(connection.exchange.responseCount == UInt32(round))
        }
        #expect(connection.exchange.transportClosed() == .idle)
        #expect(!connection.exchange.isReady)
    }

    @Test("A chunked body is joined; an empty one is empty, and the last one is forgotten")
    func bodies() throws {
        var connection = Connection()
        connection.poll()
        _ = try connection.receive(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nan\r\n4\r\nswer\r\n0\r\n\r\n")
        #expect(text(connection.exchange.body) == "answer")
        connection.poll()
        let responses = try connection.receive("HTTP/1.1 429 X\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")
        #expect(connection.exchange.body.isEmpty)
        #expect(responses.first.map { HTTPRefusal($0.head).retryAfter } == .seconds(7))
        connection.poll()
        #expect(try connection.receive("HTTP/1.1 204 X\r\n\r\n").count == 1)
        #expect(connection.exchange.isReady)
    }

    @Test(
        "A response that says close ends the connection's use",
        arguments: ["1.1 200 OK\r\nConnection: close", "1.0 200 OK"])
    func connectionClose(head: String) throws {
        var connection = Connection()
        connection.poll()
        let responses = try connection.receive("HTTP/\(head)\r\nContent-Length: 6\r\n\r\nanswer")
        #expect(responses.first?.keepAlive == false)
        #expect(!connection.exchange.isReady)
        #expect(try connection.receive("more").isEmpty)
        #expect(connection.exchange.transportClosed() == .idle)
    }

    @Test("A response without a length ends with the connection")
    func untilClose() throws {
        var connection = Connection()
        connection.poll()
        #expect(try connection.receive("HTTP/1.1 200 OK\r\n\r\nans").isEmpty)
        #expect(try connection.receive("wer").isEmpty)
        guard case .response(let head) = connection.exchange.transportClosed() else {
            Issue.record("no response")
            return
        }
        #expect(head.status == 200)
        #expect(text(connection.exchange.body) == "answer")
    }

    @Test("A connection that served before and closes without a byte lost the race: the request may be sent again")
    func lostRace() throws {
        var connection = Connection()
        connection.poll()
        _ = try connection.receive(Self.ok)
        connection.poll()
        #expect(connection.exchange.transportClosed() == .lostRace)
    }

    @Test("A fresh connection that closes without a byte is unanswered, not a race")
    func unanswered() {
        var connection = Connection()
        connection.poll()
        #expect(connection.exchange.transportClosed() == .unanswered)
    }

    @Test(
        "A close inside a response cut it, however little had arrived",
        arguments: [
            "H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanswe", "HTTP/1.1 100 X\r\n\r\n",
        ])
    func truncated(bytes: String) throws {
        var connection = Connection()
        connection.poll()
        _ = try connection.receive(Self.ok)
        connection.poll()
        #expect(try connection.receive(bytes).isEmpty)
        #expect(connection.exchange.transportClosed() == .truncated)
    }

    @Test("Bytes while no request is in flight are the server's error")
    func unsolicited() throws {
        var connection = Connection()
        #expect(throws: HTTPExchangeError.unsolicited) { try connection.receive("HTTP/1.1 408 X\r\n\r\n") }
        #expect(!connection.exchange.isReady)
        var other = Connection()
        other.poll()
        #expect(throws: HTTPExchangeError.unsolicited) { try other.receive(Self.ok + Self.ok) }
    }

    @Test("What breaks HTTP is the server's error, under HTTP's names")
    func broken() {
        var connection = Connection()
        connection.poll()
        #expect(throws: HTTPExchangeError.http(.badStartLine)) { try connection.receive("SSH-2.0") }
        #expect(HTTPExchangeError.http(.badStartLine).name == "http_bad_start_line")
        #expect(connection.exchange.transportClosed() == .idle)
    }

    @Test("Informational responses come before the response and are not it")
    func informational() throws {
        var connection = Connection()
        connection.poll()
        let responses = try connection.receive("HTTP/1.1 100 Continue\r\n\r\n" + Self.ok)
        #expect(responses.map(\.head.status) == [200])
    }

    @Test(
        "After a successful CONNECT the following bytes belong to the tunnel; after a refusal the connection is usable")
    func connect() throws {
        var connection = Connection()
        connection.poll(.connect, body: nil)
        let responses = try connection.receive("HTTP/1.1 200 Established\r\n\r\ntunnel")
        #expect(responses.map(\.head.status) == [200])
        #expect(connection.rest == "tunnel")
        var refused = Connection()
        refused.poll(.connect, body: nil)
        let refusals = try refused.receive("HTTP/1.1 407 X\r\nContent-Length: 2\r\n\r\nno")
        #expect(refusals.map(\.head.status) == [407])
        #expect(refused.exchange.isReady)
    }

    @Test("A body beyond the limit is refused")
    func bodyLimit() {
        var limits = HTTPLimits()
        limits.bodyBytes = 5
        var connection = Connection(exchange: HTTPExchange(limits: limits))
        connection.poll()
        #expect(throws: HTTPExchangeError.http(.bodyTooLarge(limit: 5))) { try connection.receive(Self.ok) }
    }
}
