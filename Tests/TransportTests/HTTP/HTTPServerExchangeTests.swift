import Testing
import Transport

@Suite("HTTP server exchange: requests and upgrades on one port")
struct HTTPServerExchangeTests {
    enum Entry: Equatable {
        case request(String, body: String, keepAlive: Bool)
        case upgrade(String)
        case expectsContinue
        case error(HTTPError)
    }

    private func serve(_ bytes: String, limits: HTTPLimits = HTTPLimits()) -> (entries: [Entry], rest: String) {
        func run(_ pieces: [[UInt8]]) -> ([Entry], String) {
            var exchange = HTTPServerExchange(limits: limits)
            var entries: [Entry] = []
            var rest = ""
            do throws(HTTPError) {
                for piece in pieces {
                    var offset = 0
                    while let event = try exchange.next(piece.span.bytes, at: &offset) {
                        switch event {
                        case .request(let head, let keepAlive):
                            entries.append(.request(head.target, body: text(exchange.body), keepAlive: keepAlive))
                            #expect(exchange.isIdle == keepAlive)
                        case .upgrade(let head):
                            entries.append(.upgrade(head.target))
                            rest = text(Array(piece[offset...]))
                            return (entries, rest)
                        case .head(_, let body):
                            #expect(exchange.arriving == .body)
                            if body.awaitsContinue { entries.append(.expectsContinue) }
                        }
                    }
                }
            } catch {
                entries.append(.error(error))
            }
            return (entries, rest)
        }
        let whole = run([utf8(bytes)])
        #expect(run(Splits.single(utf8(bytes))).0 == whole.0)
        return whole
    }

    @Test("A report by POST arrives whole, one after the other")
    func requests() {
        let post = "POST /v1/opamp HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        let get = "GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        #expect(
            serve(post + post + get).entries == [
                .request("/v1/opamp", body: "abc", keepAlive: true),
                .request("/v1/opamp", body: "abc", keepAlive: true),
                .request("/health", body: "", keepAlive: false),
            ])
    }

    @Test(
        "A target in absolute form is the same as its path (RFC 9112, section 3.2.2)",
        arguments: [
            ("http://a:4320/v1/opamp", "/v1/opamp"), ("HTTPS://a/x?y=http://b/", "/x?y=http://b/"), ("http://a", "/"),
            ("http://a?x", "/?x"), ("/x?u=http://b/", "/x?u=http://b/"), ("ftp://a/x", "ftp://a/x"), ("*", "*"),
        ])
    func absoluteForm(target: String, path: String) {
        #expect(HTTPRequestHead(method: .get, target: target).originForm == path)
    }

    @Test("An upgrade is distinguished from a request, and the frames after it are kept")
    func upgrade() {
        let request = "GET /v1/opamp HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\nframes"
        let (entries, rest) = serve(request)
        #expect(entries == [.upgrade("/v1/opamp")])
        #expect(rest == "frames")
    }

    @Test("A client that waits before its body gets 100 Continue; one without a body does not")
    func expectContinue() {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
        #expect(
            serve(head + "Content-Length: 2\r\n\r\nhi").entries
                == [.expectsContinue, .request("/", body: "hi", keepAlive: true)])
        #expect(
            serve(head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n").entries
                == [.expectsContinue, .request("/", body: "", keepAlive: true)])
        #expect(serve(head + "Content-Length: 0\r\n\r\n").entries == [.request("/", body: "", keepAlive: true)])
        var bytes: [UInt8] = []
        HTTPWriter.appendContinue(to: &bytes)
        #expect(text(bytes) == "HTTP/1.1 100 Continue\r\n\r\n")
    }

    @Test("A head is reported before its body, with the size that it announces, and a dropped body is not held")
    func droppedBody() throws {
        for (length, count) in [("Content-Length: 5000", 5_000), ("Transfer-Encoding: chunked", nil)]
            as [(String, Int?)]
        {
            var exchange = HTTPServerExchange()
            var offset = 0
            let head = utf8("POST / HTTP/1.1\r\nHost: a\r\n\(length)\r\n\r\n")
            guard case .head(let request, let body)? = try exchange.next(head.span.bytes, at: &offset) else {
                Issue.record("the head was not reported")
                return
            }
            #expect(request.method == .post)
            #expect(body == HTTPServerExchange.AnnouncedBody(count: count))
            exchange.dropBody()
            let data = utf8(String(repeating: "x", count: 5_000))
            let rest = count == nil ? utf8("1388\r\n") + data + utf8("\r\n0\r\n\r\n") : data
            offset = 0
            let end = try exchange.next(rest.span.bytes, at: &offset)
            #expect(end == .request(request, keepAlive: true))
            #expect(exchange.body.isEmpty)
            #expect(exchange.reservedBytes == 0)
            #expect(exchange.isIdle)
        }
    }

    @Test("Broken and oversized requests are refused with their status")
    func refused() {
        var limits = HTTPLimits()
        limits.bodyBytes = 2
        let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        #expect(serve(post, limits: limits).entries == [.error(.bodyTooLarge(limit: 2))])
        let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n"
        #expect(serve(chunked, limits: limits).entries == [.error(.bodyTooLarge(limit: 2))])
        #expect(serve("\u{16}\u{3}\u{1}").entries == [.error(.badStartLine)])
    }

    @Test("A media type is compared without case and without its parameters")
    func mediaType() throws {
        var fields = HTTPFields()
        #expect(!fields.hasMediaType("application/x-protobuf"))
        try fields.append("content-type", "Application/X-Protobuf ; v=1")
        #expect(fields.hasMediaType("application/x-protobuf"))
        #expect(!fields.hasMediaType("application/json"))
    }
}
