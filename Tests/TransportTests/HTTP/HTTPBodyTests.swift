import Testing
import Transport

@Suite("HTTP bodies")
struct HTTPBodyTests {
    typealias Entry = HTTPTranscript.Entry

    /// What follows the head in the transcript of a POST with these fields and this rest.
    private func request(_ fields: String, _ rest: String, limits: HTTPLimits = HTTPLimits()) -> [Entry] {
        let bytes = utf8("POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\(rest)")
        let whole = HTTPTranscript([bytes], .requests, limits: limits)
        #expect(HTTPTranscript(Splits.single(bytes), .requests, limits: limits) == whole)
        return whole.entries.filter { if case .request = $0 { false } else { true } }
    }

    private func response(
        _ status: Int, _ fields: String, _ rest: String, to method: HTTPMethod = .get, closing: Bool = false
    ) -> [Entry] {
        let bytes = utf8("HTTP/1.1 \(status) X\r\n\(fields)\r\n\(rest)")
        let whole = HTTPTranscript([bytes], .responses, to: method, closing: closing)
        #expect(HTTPTranscript(Splits.single(bytes), .responses, to: method, closing: closing) == whole)
        return whole.entries.filter { if case .response = $0 { false } else { true } }
    }

    @Test("A body of a known length ends at its last byte")
    func fixedLength() {
        #expect(request("Content-Length: 5\r\n", "hello") == [.body(utf8("hello")), .end(keepAlive: true)])
        #expect(request("Content-Length: 05\r\n", "hello") == [.body(utf8("hello")), .end(keepAlive: true)])
        #expect(request("Content-Length: 5\r\n", "hell") == [.body(utf8("hell"))])
        #expect(request("", "") == [.end(keepAlive: true)])
    }

    @Test(
        "A chunked body is joined; extensions and trailers are skipped",
        arguments: [
            "5\r\nhello\r\n0\r\n\r\n", "2\r\nhe\r\n3\r\nllo\r\n000\r\n\r\n", "5;a=b\r\nhello\r\n0;c\r\n\r\n",
            "5 \t; a=\"b\"\r\nhello\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\n", "0005\r\nhello\r\n0 \r\n\r\n",
        ])
    func chunked(body: String) {
        #expect(request("Transfer-Encoding: Chunked\r\n", body) == [.body(utf8("hello")), .end(keepAlive: true)])
    }

    @Test("Hexadecimal sizes are read in both cases")
    func chunkSizes() {
        let data = String(repeating: "x", count: 0x1A)
        for size in ["1a", "1A"] {
            #expect(
                request("Transfer-Encoding: chunked\r\n", "\(size)\r\n\(data)\r\n0\r\n\r\n")
                    == [.body(utf8(data)), .end(keepAlive: true)])
        }
    }

    static let badChunks: [(String, HTTPError)] = [
        ("\r\n", .badChunkSize), ("g\r\n", .badChunkSize), ("-1\r\n", .badChunkSize), ("0x5\r\n", .badChunkSize),
        (" 5\r\n", .badChunkSize), ("5 5\r\n", .badChunkSize), ("5\n", .badChunkSize), ("5\rx", .badChunkSize),
        ("5;a\u{0}\r\n", .badChunkSize), (";a\r\n", .badChunkSize),
        ("00000000000000001\r\n", .badChunkSize), ("FFFFFFFFFFFFFFFF\r\n", .badChunkSize),
        ("7FFFFFFFFFFFFFFF\r\n", .bodyTooLarge(limit: HTTPLimits.defaultBodyBytes)),
        ("4000001\r\n", .bodyTooLarge(limit: HTTPLimits.defaultBodyBytes)),
        ("1\r\nab\r\n", .badChunkEnd), ("1\r\na\n", .badChunkEnd), ("1\r\na\rb", .badChunkEnd),
        ("0\r\nX: 1\n", .badTrailer), ("0\r\nX: \u{0}\r\n", .badTrailer), ("0\r\n\rX", .badTrailer),
    ]

    @Test("Every way to break a chunk has its error, however it arrives", arguments: badChunks)
    func brokenChunks(body: String, error: HTTPError) {
        #expect(request("Transfer-Encoding: chunked\r\n", body).last == .error(error))
    }

    @Test("Chunk lines, extensions, trailers and bodies are held to their limits")
    func chunkLimits() {
        var limits = HTTPLimits()
        limits.chunkLineBytes = 10
        let chunked = "Transfer-Encoding: chunked\r\n"
        #expect(request(chunked, "1;aaaaaaa\r\nx", limits: limits).last == .body(utf8("x")))
        #expect(request(chunked, "1;aaaaaaaaa", limits: limits).last == .error(.chunkLineTooLong(limit: 10)))
        limits.chunkExtensionBytes = 12
        let chunk = "1;aaaa\r\nx\r\n"
        #expect(request(chunked, chunk + chunk, limits: limits).last == .body(utf8("xx")))
        #expect(
            request(chunked, chunk + chunk + chunk, limits: limits).last
                == .error(.chunkExtensionsTooLong(limit: 12)))
        limits = HTTPLimits()
        limits.headBytes = 80
        #expect(
            request(chunked, "0\r\n" + String(repeating: "X: 1\r\n", count: 20), limits: limits).last
                == .error(.headTooLarge(limit: 80)))
        limits = HTTPLimits()
        limits.bodyBytes = 3
        #expect(request(chunked, "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", limits: limits).last == .end(keepAlive: true))
        #expect(request(chunked, "2\r\nab\r\n2\r\n", limits: limits).last == .error(.bodyTooLarge(limit: 3)))
        #expect(request("Content-Length: 3\r\n", "abc", limits: limits).last == .end(keepAlive: true))
        #expect(request("Content-Length: 4\r\n", "", limits: limits).last == .error(.bodyTooLarge(limit: 3)))
    }

    static let badFraming: [(String, HTTPError)] = [
        ("Content-Length: 1\r\nContent-Length: 2\r\n", .conflictingContentLength),
        ("Content-Length: 1, 1\r\n", .badContentLength),
        ("Content-Length: +1\r\n", .badContentLength),
        ("Content-Length: -1\r\n", .badContentLength),
        ("Content-Length: 0x1\r\n", .badContentLength),
        ("Content-Length: 1 1\r\n", .badContentLength),
        ("Content-Length:\r\n", .badContentLength),
        ("Content-Length: 99999999999999999999\r\n", .bodyTooLarge(limit: HTTPLimits.defaultBodyBytes)),
        ("Content-Length: 18446744073709551617\r\n", .bodyTooLarge(limit: HTTPLimits.defaultBodyBytes)),
        ("Content-Length: 99999999999999999999x\r\n", .badContentLength),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", .contentLengthWithTransferEncoding),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", .contentLengthWithTransferEncoding),
        ("Transfer-Encoding: identity\r\nContent-Length: 5\r\n", .contentLengthWithTransferEncoding),
        ("Transfer-Encoding: gzip, chunked\r\n", .unsupportedTransferEncoding),
        ("Transfer-Encoding: chunked, chunked\r\n", .unsupportedTransferEncoding),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", .unsupportedTransferEncoding),
        ("Transfer-Encoding: xchunked\r\n", .unsupportedTransferEncoding),
        ("Transfer-Encoding:\r\n", .unsupportedTransferEncoding),
    ]

    @Test("Every ambiguous or malformed framing is refused, in requests and responses", arguments: badFraming)
    func ambiguousFraming(fields: String, error: HTTPError) {
        #expect(request(fields, "") == [.error(error)])
        #expect(response(200, fields, "") == [.error(error)])
    }

    @Test("The same length twice is one length")
    func repeatedLength() {
        #expect(
            request("Content-Length: 2\r\nContent-Length: 2\r\n", "ab") == [.body(utf8("ab")), .end(keepAlive: true)])
    }

    @Test("A transfer coding in HTTP/1.0 is refused")
    func codingInHTTP10() {
        let head = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(HTTPTranscript(head, .requests).error == .unsupportedTransferEncoding)
    }

    @Test("A response without a length ends with the connection")
    func untilClose() {
        #expect(response(200, "", "hello", closing: true) == [.body(utf8("hello")), .end(keepAlive: false)])
        #expect(response(200, "", "", closing: true) == [.end(keepAlive: false)])
        #expect(response(200, "", "hello") == [.body(utf8("hello"))])
        var limits = HTTPLimits()
        limits.bodyBytes = 4
        let bytes = "HTTP/1.1 200 X\r\n\r\nhello"
        #expect(HTTPTranscript(bytes, .responses, limits: limits).error == .bodyTooLarge(limit: 4))
    }

    @Test("Statuses that have no body end at their head", arguments: [204, 304])
    func noBody(status: Int) {
        #expect(response(status, "Content-Length: 5\r\n", "") == [.end(keepAlive: true)])
    }

    @Test("A response to HEAD ends at its head, whatever length it names")
    func head() {
        #expect(response(200, "Content-Length: 5\r\n", "", to: .head) == [.end(keepAlive: true)])
        #expect(response(200, "Transfer-Encoding: chunked\r\n", "", to: .head) == [.end(keepAlive: true)])
    }

    @Test("After a successful CONNECT the following bytes belong to the tunnel; a refusal is an ordinary response")
    func connect() {
        #expect(response(200, "Content-Length: 2\r\n", "\u{16}\u{3}", to: .connect) == [.rest(utf8("\u{16}\u{3}"))])
        #expect(
            response(407, "Content-Length: 2\r\n", "no", to: .connect) == [.body(utf8("no")), .end(keepAlive: true)])
    }

    @Test("After a 101 the following bytes belong to the new protocol")
    func switchingProtocols() {
        #expect(response(101, "", "frames") == [.rest(utf8("frames"))])
    }

    @Test("Informational responses come before the final one, within a limit")
    func informational() {
        let hint = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        let final = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        let transcript = HTTPTranscript(hint + "HTTP/1.1 100 Continue\r\n\r\n" + final, .responses)
        #expect(transcript.entries.count == 4)
        guard case .informational(let first) = transcript.entries[0] else {
            Issue.record("the first entry is not informational")
            return
        }
        #expect(first.status == 103)
        #expect(transcript.entries.last == .end(keepAlive: true))
        let many = String(repeating: hint, count: 17)
        #expect(HTTPTranscript(many + final, .responses).error == .tooManyInformational(limit: 16))
    }

    @Test(
        "Keep-alive follows the version and the Connection field",
        arguments: [
            ("1.1", "", true), ("1.1", "Connection: close\r\n", false), ("1.1", "Connection: x, CLOSE\r\n", false),
            ("1.0", "", false), ("1.0", "Connection: Keep-Alive\r\n", true),
            ("1.0", "Connection: keep-alive, close\r\n", false), ("1.2", "", true),
        ])
    func keepAlive(version: String, fields: String, kept: Bool) {
        let head = "HTTP/\(version) 200 OK\r\nContent-Length: 0\r\n\(fields)\r\n"
        let rest = "HTTP/1.1 204 X\r\n\r\n"
        let entries = HTTPTranscript(head + rest, .responses).entries
        #expect(entries[1] == .end(keepAlive: kept))
        #expect((entries.last == .rest(utf8(rest))) == !kept)
    }

    @Test(
        "A connection that closes inside a message cut it; between messages it did not",
        arguments: [
            ("", nil), ("HTTP/1.1 2", .truncated), ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na", .truncated),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", nil), ("HTTP/1.1 100 X\r\n\r\n", .truncated),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", .truncated),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", .truncated),
        ] as [(String, HTTPError?)])
    func closed(bytes: String, error: HTTPError?) {
        #expect(HTTPTranscript(bytes, .responses, closing: true).error == error)
    }

    @Test("Every error tells a server what to answer and has a name of its own")
    func statusesAndNames() {
        #expect(HTTPError.bodyTooLarge(limit: 1).responseStatus == 413)
        #expect(HTTPError.headTooLarge(limit: 1).responseStatus == 431)
        #expect(HTTPError.unsupportedVersion.responseStatus == 505)
        #expect(HTTPError.unsupportedTransferEncoding.responseStatus == 501)
        #expect(HTTPError.contentLengthWithTransferEncoding.responseStatus == 400)
        let faults = (HTTPHeadTests.badRequests + Self.badChunks + Self.badFraming).map(\.1)
        #expect(Set(faults.map(\.name)).count == Set(faults).count)
    }
}
