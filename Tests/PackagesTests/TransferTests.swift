import Testing
import Transport

@testable import Packages

@Suite("Fetching a file over HTTP: redirects, resumption, limits")
struct TransferTests {
    /// One transfer and what came of it.
    struct Script {
        var transfer: FileTransfer
        var file: [UInt8] = []
        var events: [FileTransfer.Event] = []
        var requests: [String] = []

        init(
            _ url: String = "http://files.example:8080/a/p.tar", blind: Bool = true, bytes: Int = 1_000,
            redirects: Int = 2
        )
            throws
        {
            var fields = HTTPFields()
            try fields.append("Authorization", "Bearer secret")
            transfer = FileTransfer(
                url: try #require(FileURL(url)), fields: fields,
                limits: .init(bytes: bytes, redirects: redirects), canResumeBlindly: blind)
        }

        /// One connection: the request, the response, and its end.
        mutating func connect(_ response: String, closes: Bool = true) {
            var request: [UInt8] = []
            transfer.begin(appendingRequestTo: &request)
            requests.append(String(decoding: request, as: UTF8.self))
            let bytes = Array(response.utf8)
            var offset = 0
            while let event = transfer.next(bytes.span.bytes, at: &offset) {
                if case .body(let range) = event {
                    file += bytes[range]
                } else {
                    if event == .startedOver { file = [] }
                    events.append(event)
                }
            }
            if closes, let event = transfer.connectionEnded() { events.append(event) }
        }

        var text: String { String(decoding: file, as: UTF8.self) }
    }

    static func ok(_ body: String, length: Int? = nil, fields: String = "ETag: \"v1\"\r\n") -> String {
        "HTTP/1.1 200 OK\r\n\(fields)Content-Length: \(length ?? body.utf8.count)\r\n\r\n\(body)"
    }

    @Test("A proxy gets the file's full address and its own credentials; 407 is a failure of the proxy")
    func absoluteForm() throws {
        var proxy = HTTPFields()
        try proxy.append("Proxy-Authorization", "Basic dTpw")
        var transfer = FileTransfer(
            url: try #require(FileURL("http://[::1]:8080/a?b=c")), fields: HTTPFields(), limits: .init(),
            canResumeBlindly: true)
        for (status, failure) in [(407, TransferFailure.proxyRefused(status: 407)), (502, .refused(status: 502))] {
            var request: [UInt8] = []
            transfer.begin(askingProxy: proxy, appendingRequestTo: &request)
            let text = String(decoding: request, as: UTF8.self)
            #expect(text.hasPrefix("GET http://[::1]:8080/a?b=c HTTP/1.1\r\nHost: [::1]:8080\r\n"))
            #expect(text.contains("\r\nProxy-Authorization: Basic dTpw\r\n"))
            let answer = Array("HTTP/1.1 \(status) No\r\nContent-Length: 0\r\n\r\n".utf8)
            var offset = 0
            #expect(transfer.next(answer.span.bytes, at: &offset) == .failed(failure))
        }
        var direct: [UInt8] = []
        transfer.begin(appendingRequestTo: &direct)
        #expect(String(decoding: direct, as: UTF8.self).hasPrefix("GET /a?b=c HTTP/1.1\r\n"))
        let answer = Array("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n".utf8)
        var offset = 0
        #expect(transfer.next(answer.span.bytes, at: &offset) == .failed(.refused(status: 407)))
    }

    @Test("The request is a GET of the file with the offer's headers, without a coding, for one response")
    func request() throws {
        var script = try Script()
        script.connect(Self.ok("0123456789"))
        let request = try #require(script.requests.first)
        #expect(request.hasPrefix("GET /a/p.tar HTTP/1.1\r\nHost: files.example:8080\r\n"))
        for line in ["Authorization: Bearer secret", "Accept-Encoding: identity", "Connection: close"] {
            #expect(request.contains("\r\n\(line)\r\n"), "\(line)")
        }
        #expect(!request.contains("Range"))
        #expect(script.events == [.finished] && script.text == "0123456789" && script.transfer.total == 10)
    }

    @Test("A broken transfer is resumed where it stopped, held to the same entity tag")
    func resumes() throws {
        var script = try Script()
        script.connect(Self.ok("0123", length: 10))
        #expect(script.events == [.failed(.broken)])
        script.connect(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4-9/10\r\nContent-Length: 6\r\n\r\n456789")
        #expect(script.requests[1].contains("\r\nRange: bytes=4-\r\nIf-Range: \"v1\"\r\n"))
        #expect(script.events == [.failed(.broken), .resumed, .finished])
        #expect(script.text == "0123456789")
    }

    @Test("A server that sends the whole file again restarts the download")
    func startsOver() throws {
        var script = try Script()
        script.connect(Self.ok("0123", length: 10))
        script.connect(Self.ok("abcdefghij", fields: "ETag: \"v2\"\r\n"))
        #expect(script.events == [.failed(.broken), .startedOver, .finished])
        #expect(script.text == "abcdefghij")
    }

    @Test(
        "Without a strong validator a piece is requested only if the hash can verify it",
        arguments: [("ETag: W/\"v1\"\r\n", true), ("ETag: W/\"v1\"\r\n", false), ("", true), ("", false)])
    func blind(fields: String, blind: Bool) throws {
        var script = try Script(blind: blind)
        script.connect(Self.ok("0123", length: 10, fields: fields))
        script.connect(Self.ok("0123456789", fields: fields))
        #expect(script.requests[1].contains("Range: bytes=4-") == blind)
        #expect(!script.requests[1].contains("If-Range"))
        #expect(script.text == "0123456789")
    }

    @Test("A date serves as validator where there is no tag")
    func date() throws {
        var script = try Script(blind: false)
        script.connect(Self.ok("0123", length: 10, fields: "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"))
        script.connect(Self.ok("0123456789"))
        #expect(script.requests[1].contains("If-Range: Sun, 06 Nov 1994 08:49:37 GMT"))
    }

    @Test(
        "Another piece than the requested one is rejected, and the next attempt requests the whole file",
        arguments: [
            "bytes 3-9/10", "bytes 5-9/10", "bytes 4-9/11", "bytes 4-8/10", "bytes 4-9", "items 4-9/10", "bytes 9-4/10",
            "bytes */10", "bytes 4-9/5", "bytes -4-9/10",
        ])
    func otherPiece(range: String) throws {
        var script = try Script()
        script.connect(Self.ok("0123", length: 10))
        script.connect("HTTP/1.1 206 Partial Content\r\nContent-Range: \(range)\r\nContent-Length: 6\r\n\r\n456789")
        #expect(script.events.last == .failed(.malformed("http_bad_content_range")))
        script.connect(Self.ok("0123456789"))
        #expect(!script.requests[2].contains("Range: bytes"))
        #expect(script.events.last == .finished)
    }

    @Test("An unexpected 206, and a 416, restart the download")
    func unasked() throws {
        var script = try Script()
        script.connect("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-3/4\r\nContent-Length: 4\r\n\r\n0123")
        #expect(script.events == [.failed(.malformed("http_bad_content_range"))])
        script.connect(Self.ok("0123", length: 10))
        script.connect("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n")
        #expect(script.events.last == .failed(.broken))
        script.connect(Self.ok("0123456789"))
        #expect(!script.requests[3].contains("Range: bytes"))
    }

    @Test("Redirects are followed, the offer's headers only to the offer's own server")
    func redirects() throws {
        var script = try Script()
        script.connect("HTTP/1.1 302 Found\r\nLocation: /b/q.tar\r\nContent-Length: 3\r\n\r\nabc")
        script.connect(
            "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://mirror.example/q.tar\r\nContent-Length: 0\r\n\r\n")
        script.connect(Self.ok("x"))
        #expect(script.events == [.redirected, .redirected, .finished])
        #expect(script.requests[1].hasPrefix("GET /b/q.tar") && script.requests[1].contains("secret"))
        #expect(script.requests[2].contains("Host: mirror.example\r\n") && !script.requests[2].contains("secret"))
        #expect(script.text == "x")
    }

    @Test("Redirects end: too many, to nowhere, from https to http")
    func badRedirects() throws {
        var script = try Script(redirects: 1)
        for _ in 0..<2 { script.connect("HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n") }
        #expect(script.events.last == .failed(.tooManyRedirects(limit: 1)))
        for location in ["", "Location: ftp://x/y\r\n", "Location: http://user@x/\r\n", "Location: http://\r\n"] {
            var script = try Script()
            script.connect("HTTP/1.1 301 Moved\r\n\(location)Content-Length: 0\r\n\r\n")
            #expect(script.events == [.failed(.badRedirect)], "\(location)")
        }
        var secure = try Script("https://files.example/p")
        secure.connect("HTTP/1.1 302 Found\r\nLocation: http://files.example/p\r\nContent-Length: 0\r\n\r\n")
        #expect(secure.events == [.failed(.badRedirect)])
    }

    @Test(
        "A status other than success is a failure, tried again where a retry can help",
        arguments: [
            (404, false), (401, false), (403, false), (410, false), (429, true), (408, true), (500, true), (503, true),
            (204, false),
        ])
    func refused(status: UInt16, isWorthRetrying: Bool) throws {
        var script = try Script()
        script.connect("HTTP/1.1 \(status) No\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")
        #expect(script.events == [.failed(.refused(status: status))])
        #expect(TransferFailure.refused(status: status).isWorthRetrying == isWorthRetrying)
        #expect(script.transfer.retryAfter == .seconds(7))
    }

    @Test("A file beyond the limit is refused by its announced length, or as soon as it is too long")
    func tooLarge() throws {
        var announced = try Script(bytes: 9)
        announced.connect(Self.ok("0123456789"))
        #expect(announced.events == [.failed(.tooLarge(limit: 9))] && announced.file.isEmpty)
        var chunked = try Script(bytes: 9)
        chunked.connect("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n")
        #expect(chunked.events == [.failed(.tooLarge(limit: 9))])
        var endless = try Script(bytes: 9)
        endless.connect("HTTP/1.1 200 OK\r\n\r\n0123456789")
        #expect(endless.events == [.failed(.tooLarge(limit: 9))])
    }

    @Test("Without a length the close is the file's end; a coding, a cut and garbage are failures")
    func bodies() throws {
        var script = try Script()
        script.connect("HTTP/1.1 200 OK\r\n\r\n01234")
        #expect(script.events == [.finished] && script.text == "01234")
        for (response, failure) in [
            ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", TransferFailure.encoded),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n012", .broken),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n012", .malformed("http_bad_chunk_size")),
            ("SSH-2.0-OpenSSH\r\n", .malformed("http_bad_start_line")), ("", .broken),
        ] {
            var script = try Script()
            script.connect(response)
            #expect(script.events == [.failed(failure)], "\(response)")
        }
    }
}

@Suite("Addresses and ranges of package files")
struct FileURLTests {
    @Test(
        "An address is read with its usual port, without fragment and dots",
        arguments: [
            ("http://Files.Example/p", "http://files.example:80/p"), ("https://x", "https://x:443/"),
            ("http://x/\r\nHost: y", "http://x:80/%0D%0AHost:%20y"),
            ("http://x/a b/\u{E9}%20?q=\u{FC}|", "http://x:80/a%20b/%C3%A9%20?q=%C3%BC%7C"),
            ("http://x:8080?a=b", "http://x:8080/?a=b"), ("HTTP://[::1]:81/a#f", "http://[::1]:81/a"),
            ("http://x/a/./b/../c?d=/../e", "http://x:80/a/c?d=/../e"), ("http://x/../..", "http://x:80/"),
        ])
    func reads(text: String, result: String) {
        #expect(FileURL(text)?.description == result)
    }

    @Test(
        "An address without http or https is invalid",
        arguments: [
            "", "p", "/p", "ftp://x/p", "file:///etc/passwd", "http:/x", "http://", "http://:80/", "http://u:p@x/",
            "http://x:0/", "http://x:99999/", "http://x:8a/", "http://[::1/", "http://x y/", "http://é/",
            "http://x\r\n/",
        ])
    func refuses(text: String) {
        #expect(FileURL(text) == nil)
    }

    @Test(
        "A redirect is followed from where the file was (RFC 3986, section 5.2)",
        arguments: [
            ("q", "http://x:80/a/q"), ("./q", "http://x:80/a/q"), ("../q", "http://x:80/q"),
            ("/q?r", "http://x:80/q?r"), ("/a b\u{E9}", "http://x:80/a%20b%C3%A9"),
            ("?r", "http://x:80/a/p?r"), ("//y/q", "http://y:80/q"), ("https://y/q", "https://y:443/q"),
            ("#f", "http://x:80/a/p?o"),
        ])
    func follows(location: String, result: String) throws {
        #expect(try #require(FileURL("http://x/a/p?o")).following(location)?.description == result)
    }

    @Test(
        "A range of a file of ten bytes",
        arguments: [
            (nil, RangeRequest.whole), ("bytes=0-", .part(0..<10)), ("bytes=4-", .part(4..<10)),
            ("bytes=4-5", .part(4..<6)),
            ("bytes=9-99", .part(9..<10)), ("bytes=-3", .part(7..<10)), ("bytes=-99", .part(0..<10)),
            ("bytes=10-", .unsatisfiable), ("bytes=-0", .unsatisfiable), ("bytes=5-4", .whole),
            ("bytes=1-2,4-5", .whole),
            ("items=1-2", .whole), ("bytes=", .whole), ("bytes=-", .whole), ("bytes=a-b", .whole),
            ("bytes=99999999999999999999-", .whole),
        ])
    func ranges(text: String?, range: RangeRequest) {
        #expect(RangeRequest(text, size: 10) == range)
    }
}
