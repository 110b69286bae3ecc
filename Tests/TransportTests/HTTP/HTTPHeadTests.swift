import Testing
import Transport

@Suite("HTTP heads")
struct HTTPHeadTests {
    private static func fields(_ pairs: [(String, String)]) throws -> HTTPFields {
        var fields = HTTPFields()
        for (name, value) in pairs { try fields.append(name, value) }
        return fields
    }

    @Test("A request's parts are read as they stand")
    func request() throws {
        let head =
            """
            POST /v1/opamp?a=b HTTP/1.1\r\nHost: example\r\nX-Empty:\r\nX-Padded: \t two words \
            \t\r\nContent-Length: 0\r\n\r\n
            """
        let fields = try Self.fields([
            ("Host", "example"), ("X-Empty", ""), ("X-Padded", "two words"), ("Content-Length", "0"),
        ])
        let request = HTTPRequestHead(method: .post, target: "/v1/opamp?a=b", fields: fields)
        #expect(HTTPTranscript(head, .requests).entries == [.request(request), .end(keepAlive: true)])
        #expect(request.path == "/v1/opamp")
    }

    @Test("A response's parts are read as they stand, with or without a reason")
    func response() throws {
        let length = try Self.fields([("Content-Length", "0")])
        for (line, reason) in [
            ("HTTP/1.1 503 Come back later", "Come back later"), ("HTTP/1.1 503 ", ""), ("HTTP/1.1 503", ""),
        ] {
            let response = HTTPResponseHead(status: 503, reason: reason, fields: length)
            #expect(
                HTTPTranscript("\(line)\r\nContent-Length: 0\r\n\r\n", .responses).entries
                    == [.response(response), .end(keepAlive: true)])
        }
    }

    @Test("Field names are found without case, values in order")
    func lookup() throws {
        let fields = try Self.fields([
            ("Connection", "keep-alive, Upgrade"), ("X-A", "1"), ("x-a", "2"), ("connection", "x"),
        ])
        #expect(fields["x-A"] == "1")
        #expect(fields["X-B"] == nil)
        #expect(fields.values(of: "X-a") == ["1", "2"])
        #expect(fields.contains("CONNECTION", token: "upgrade"))
        #expect(fields.contains("CONNECTION", token: "X"))
        #expect(!fields.contains("CONNECTION", token: "keep"))
        #expect(!fields.contains("X-A", token: ""))
        #expect(fields.count(of: "x-a") == 2)
        #expect(fields.count == 4)
    }

    @Test(
        "A value that continues on the next line is one value (RFC 9112, section 5.2)",
        arguments: ["HTTP/1.1 204 No\r\n", "GET / HTTP/1.1\r\nHost: a\r\n"])
    func folded(start: String) throws {
        let direction: HTTPDirection = start.hasPrefix("GET") ? .requests : .responses
        let head = start + "X-A: one\r\n two\r\n\t three \r\nX-B:\r\n  four\r\nX-C: \r\n \r\nX-D: five\r\n\r\n"
        for pieces in [[utf8(head)], Splits.single(utf8(head))] {
            let transcript = HTTPTranscript(pieces, direction)
            let fields: HTTPFields
            switch try #require(transcript.entries.first) {
            case .request(let head): fields = head.fields
            case .response(let head): fields = head.fields
            default: throw HTTPError.badStartLine
            }
            #expect(fields["X-A"] == "one   two  \t three")
            #expect(fields["X-B"] == "four")
            #expect(fields["X-C"] == "")
            #expect(fields["X-D"] == "five")
        }
        let length = start + "Content-Length: 1\r\n 2\r\n\r\n"
        #expect(HTTPTranscript(length, .requests).error == (direction == .requests ? .badContentLength : .badStartLine))
    }

    @Test("An empty line before a request is skipped once")
    func emptyLineFirst() {
        let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(HTTPTranscript("\r\n" + request, .requests).error == nil)
        #expect(HTTPTranscript("\r\n\r\n" + request, .requests).error == .badStartLine)
        #expect(HTTPTranscript("\r\nHTTP/1.1 200 OK\r\n\r\n", .responses).error == .badStartLine)
    }

    @Test("Requests may follow each other in one input")
    func pipelined() {
        let one = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
        let two = "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyz"
        let entries = HTTPTranscript(one + two + one, .requests).entries
        #expect(entries.count == 7)
        #expect(entries[3] == .body(utf8("xyz")))
        #expect(entries.filter { $0 == .end(keepAlive: true) }.count == 3)
    }

    static let badRequests: [(String, HTTPError)] = [
        ("GET  / HTTP/1.1\r\n", .badStartLine),
        ("GET / HTTP/1.1 \r\n", .badStartLine),
        ("GET /\r\n", .badStartLine),
        (" GET / HTTP/1.1\r\n", .badStartLine),
        ("G(T / HTTP/1.1\r\n", .badStartLine),
        ("GET /\u{7F} HTTP/1.1\r\n", .badStartLine),
        ("GET /é HTTP/1.1\r\n", .badStartLine),
        ("GET /\t HTTP/1.1\r\n", .badStartLine),
        ("GET / http/1.1\r\n", .badStartLine),
        ("GET / HTTP/1.1x\r\n", .badStartLine),
        ("GET / HTTP/2.0\r\n", .unsupportedVersion),
        ("GET / HTTP/0.9\r\n", .unsupportedVersion),
        ("GET / HTTP/1.1\n", .bareLineFeed),
        ("GET / HTTP/1.1\r\nHost: a\n", .bareLineFeed),
        ("GET /\r HTTP/1.1\r\n", .bareCarriageReturn),
        ("GET / HTTP/1.1\r\nHost: a\rb\r\n", .bareCarriageReturn),
        ("GET / HTTP/1.1\r\n Host: a\r\n", .obsoleteFolding),
        ("GET / HTTP/1.1\r\nHost : a\r\n", .badFieldName),
        ("GET / HTTP/1.1\r\n: a\r\n", .badFieldName),
        ("GET / HTTP/1.1\r\nno colon\r\n", .badFieldName),
        ("GET / HTTP/1.1\r\nna(me: a\r\n", .badFieldName),
        ("GET / HTTP/1.1\r\nnäme: a\r\n", .badFieldName),
        ("GET / HTTP/1.1\r\nHost: a\u{0}b\r\n", .badFieldValue),
        ("GET / HTTP/1.1\r\nHost: a\u{1B}b\r\n", .badFieldValue),
        ("GET / HTTP/1.1\r\nHost: a\u{7F}b\r\n", .badFieldValue),
        ("GET / HTTP/1.1\r\n\r\n", .badHost),
        ("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", .badHost),
        ("\u{16}\u{3}\u{1}", .badStartLine),
    ]

    @Test("Every way to break a request's head has its error, however it arrives", arguments: badRequests)
    func brokenRequest(head: String, error: HTTPError) {
        #expect(HTTPTranscript(head, .requests).error == error)
        #expect(HTTPTranscript(Splits.single(utf8(head)), .requests).error == error)
    }

    static let badResponses: [(String, HTTPError)] = [
        ("SSH-2.0-OpenSSH", .badStartLine),
        ("H2", .badStartLine),
        ("<html>", .badStartLine),
        ("HTTP/1.1 20 OK\r\n", .badStartLine),
        ("HTTP/1.1 2000 OK\r\n", .badStartLine),
        ("HTTP/1.1 099 OK\r\n", .badStartLine),
        ("HTTP/1.1 600 OK\r\n", .badStartLine),
        ("HTTP/1.1 2x0 OK\r\n", .badStartLine),
        ("HTTP/1.1  200 OK\r\n", .badStartLine),
        ("HTTP/1.1 200\tOK\r\n", .badStartLine),
        ("HTTP/1.1 200 O\u{1}K\r\n", .badStartLine),
        ("HTTP/1.1\r\n", .badStartLine),
        ("HTTP/x.1 200 OK\r\n", .badStartLine),
        ("HTTP/2.0 200 OK\r\n", .unsupportedVersion),
        ("HTTP/1.1 200 OK\n", .bareLineFeed),
    ]

    @Test("Every way to break a status line has its error, as early as it can be known", arguments: badResponses)
    func brokenResponse(head: String, error: HTTPError) {
        #expect(HTTPTranscript(head, .responses).error == error)
        #expect(HTTPTranscript(Splits.single(utf8(head)), .responses).error == error)
    }

    @Test("The limits on line, head and field count hold to the byte, however the head arrives")
    func limits() {
        let request = "GET / HTTP/1.1\r\nHost: abcdefghij\r\nX-Y: 12\r\n\r\n"
        func error(_ change: (inout HTTPLimits) -> Void) -> HTTPError? {
            var limits = HTTPLimits()
            change(&limits)
            let whole = HTTPTranscript(request, .requests, limits: limits)
            #expect(HTTPTranscript(Splits.single(utf8(request)), .requests, limits: limits) == whole)
            return whole.error
        }
        #expect(error { $0.lineBytes = 18 } == nil)
        #expect(error { $0.lineBytes = 17 } == .lineTooLong(limit: 17))
        #expect(error { $0.lineBytes = 15 } == .lineTooLong(limit: 15))
        let size = UInt32(request.utf8.count)
        #expect(error { $0.headBytes = size } == nil)
        #expect(error { $0.headBytes = size - 1 } == .headTooLarge(limit: size - 1))
        #expect(error { $0.fieldCount = 2 } == nil)
        #expect(error { $0.fieldCount = 1 } == .tooManyFields(limit: 1))
    }

    @Test("A line without an end is refused at the limit, not held for ever")
    func endlessLine() {
        let line = "GET /" + String(repeating: "a", count: Int(HTTPLimits.defaultLineBytes))
        #expect(HTTPTranscript(line, .requests).error == .lineTooLong(limit: HTTPLimits.defaultLineBytes))
    }

    @Test("Names and values that would break a head cannot be written")
    func fieldsToWrite() throws {
        var fields = HTTPFields()
        #expect(throws: HTTPFieldError.badName("")) { try fields.append("", "a") }
        #expect(throws: HTTPFieldError.badName("a b")) { try fields.append("a b", "a") }
        #expect(throws: HTTPFieldError.badName("a:")) { try fields.append("a:", "a") }
        #expect(throws: HTTPFieldError.badValue(of: "a")) { try fields.append("a", "b\r\nc: d") }
        #expect(throws: HTTPFieldError.badValue(of: "a")) { try fields.append("a", "b\nc") }
        #expect(throws: HTTPFieldError.badValue(of: "a")) { try fields.append("a", "\u{0}") }
        #expect(fields.count == 0)
        #expect(!"\(HTTPFieldError.badValue(of: "Authorization"))".contains("\n"))
        try fields.append("X", "  padded\t")
        #expect(fields["x"] == "padded")
    }

    @Test("Written heads read back as they were meant")
    func roundTrip() throws {
        let fields = try Self.fields([("Authorization", "Bearer x"), ("Accept-Encoding", "gzip")])
        var bytes: [UInt8] = []
        HTTPWriter.appendRequest(
            .post, target: "/v1/opamp", host: "server:4320", fields: fields, contentLength: 2, to: &bytes)
        #expect(
            text(bytes)
                == "POST /v1/opamp HTTP/1.1\r\nHost: server:4320\r\nAuthorization: Bearer x\r\n"
                + "Accept-Encoding: gzip\r\nContent-Length: 2\r\n\r\n")
        bytes = []
        HTTPWriter.appendResponse(429, fields: fields, contentLength: 0, keepAlive: false, to: &bytes)
        #expect(
            text(bytes)
                == "HTTP/1.1 429 Too Many Requests\r\nAuthorization: Bearer x\r\nAccept-Encoding: gzip\r\n"
                + "Content-Length: 0\r\nConnection: close\r\n\r\n")
    }

    @Test("A target or host with line ends, spaces or other text cannot begin a second line")
    func hostileTarget() {
        var bytes: [UInt8] = []
        HTTPWriter.appendRequest(.get, target: "/a b\r\nX: y\u{7F}é", host: "h\r\nX: z", to: &bytes)
        #expect(text(bytes) == "GET /a%20b%0D%0AX:%20y%7F%C3%A9 HTTP/1.1\r\nHost: h%0D%0AX:%20z\r\n\r\n")
        bytes = []
        HTTPWriter.appendRequest(.get, target: "", host: "h", to: &bytes)
        #expect(text(bytes).hasPrefix("GET / HTTP/1.1\r\n"))
    }
}
