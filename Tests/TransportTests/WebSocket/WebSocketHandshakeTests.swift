import Basis
import Testing
import Transport

@Suite("WebSocket handshake")
struct WebSocketHandshakeTests {
    /// The nonce whose base64 is the key of RFC 6455, section 1.3: "the sample nonce".
    static let nonce: (UInt64, UInt64) = (0x7468_6520_7361_6D70, 0x6C65_206E_6F6E_6365)
    static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    private func outcome(
        _ response: String, offer: DeflateOffer? = nil
    ) -> Result<WebSocketAgreement?, WebSocketHandshakeError> {
        func run(_ pieces: [[UInt8]]) -> Result<WebSocketAgreement?, WebSocketHandshakeError> {
            var handshake = WebSocketClientHandshake(nonce: Self.nonce, offer: offer)
            do throws(WebSocketHandshakeError) {
                for piece in pieces {
                    var offset = 0
                    if let agreement = try handshake.next(piece.span.bytes, at: &offset) { return .success(agreement) }
                }
                return .success(nil)
            } catch {
                return .failure(error)
            }
        }
        let whole = run([utf8(response)])
        #expect(run(Splits.single(utf8(response))) == whole)
        return whole
    }

    private func response(
        _ upgrade: String = "Upgrade: websocket\r\n", _ connection: String = "Connection: Upgrade\r\n",
        accept: String = "Sec-WebSocket-Accept: \(accept)\r\n", more: String = ""
    ) -> String {
        "HTTP/1.1 101 Switching Protocols\r\n\(upgrade)\(connection)\(accept)\(more)\r\n"
    }

    @Test("The request carries what RFC 6455 asks for, and the caller's fields")
    func request() throws {
        var fields = HTTPFields()
        try fields.append("Authorization", "Bearer t")
        var bytes: [UInt8] = []
        WebSocketClientHandshake(nonce: Self.nonce).appendRequest(
            target: "/v1/opamp", host: "server:4320", fields: fields, to: &bytes)
        #expect(
            text(bytes)
                == "GET /v1/opamp HTTP/1.1\r\nHost: server:4320\r\nAuthorization: Bearer t\r\nUpgrade: websocket\r\n"
                + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                + "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
    }

    @Test("The response of RFC 6455's example is accepted in any case of its words; frames after it are kept")
    func accepted() throws {
        #expect(try outcome(response()).get()?.deflate == nil)
        #expect(try outcome(response("upgrade: WebSocket\r\n", "CONNECTION: x, upgrade\r\n")).get() != nil)
        var handshake = WebSocketClientHandshake(nonce: Self.nonce)
        let bytes = utf8(response()) + [0x89, 0]
        var offset = 0
        let agreement = try handshake.next(bytes.span.bytes, at: &offset)
        #expect(agreement != nil)
        #expect(offset == bytes.count - 2)
    }

    /// One of the variations that decide whether a response is read in one pass or piece by piece.
    private func varied(_ random: inout SeededRandom) -> [UInt8] {
        let lines = [
            "Upgrade: websocket", "upgrade:WEBSOCKET ", "Upgrade: websocket, h2c", "Connection: Upgrade",
            "CONNECTION:  upgrade", "Connection: keep-alive, Upgrade", "Connection:\tUpgrade", "Server: a b/c",
            "Sec-WebSocket-Accept: \(Self.accept)", "sec-websocket-accept:\(Self.accept)", "Date: x",
            "Sec-WebSocket-Accept: \(Self.accept.dropLast())+", "Sec-WebSocket-Protocol: p", "Content-Length: 3",
            "Sec-WebSocket-Extensions: permessage-deflate", "X-Long: \(String(repeating: "x", count: 40))", ": x",
            " folded", "No colon", "Bad name: x", "Sec-WebSocket-Version: 13", "Upgrades: x", "Connections: y",
        ]
        var chosen = [lines[0], lines[3], lines[8]]
        for _ in 0..<random.index(below: 4) {
            chosen.insert(lines[random.index(below: lines.count)], at: random.index(below: chosen.count + 1))
        }
        if random.chance(0.2) { chosen.remove(at: random.index(below: chosen.count)) }
        let statuses = ["HTTP/1.1 101 Switching Protocols", "HTTP/1.1 101", "HTTP/1.1 101 ", "HTTP/1.0 101 x"]
        let status = random.chance(0.8) ? statuses[0] : statuses[random.index(below: statuses.count)]
        var bytes = utf8(([status] + chosen + ["", "\u{1}"]).joined(separator: "\r\n"))
        if random.chance(0.3) { bytes[random.index(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next()) }
        if random.chance(0.1) { bytes.removeLast(random.index(below: bytes.count)) }
        return bytes
    }

    @Test("A response is judged alike in one piece and byte by byte, and as much of it is read")
    func judgedAlike() {
        var random = SeededRandom(seed: 17)
        var (accepted, refused) = (0, 0)
        for _ in 0..<FuzzLength.rounds(5_000) {
            let bytes = varied(&random)
            func run(_ pieces: [[UInt8]]) -> (Result<WebSocketAgreement?, WebSocketHandshakeError>, Int) {
                var handshake = WebSocketClientHandshake(nonce: Self.nonce)
                var read = 0
                do throws(WebSocketHandshakeError) {
                    for piece in pieces {
                        var offset = 0
                        let agreement = try handshake.next(piece.span.bytes, at: &offset)
                        read += offset
                        if let agreement { return (.success(agreement), read) }
                    }
                    return (.failure(handshake.transportClosed()), read)
                } catch {
                    return (.failure(error), 0)
                }
            }
            let (whole, cut) = (run([bytes]), run(Splits.single(bytes)))
            guard whole.0 == cut.0, whole.1 == cut.1 else {
                Issue.record("\(text(bytes)): \(whole), in pieces \(cut)")
                return
            }
            if case .success = whole.0 { accepted += 1 } else { refused += 1 }
        }
        #expect(accepted > 500 && refused > 500)
    }

    @Test("Of a response within its limits one byte less is not allowed", arguments: [true, false])
    func limits(cut: Bool) throws {
        let bytes = utf8(response(more: "X: \(String(repeating: "x", count: 60))\r\n"))
        func run(_ change: (inout HTTPLimits) -> Void) throws(WebSocketHandshakeError) -> Bool {
            var limits = HTTPLimits()
            change(&limits)
            var handshake = WebSocketClientHandshake(nonce: Self.nonce, limits: limits)
            for piece in cut ? Splits.single(bytes) : [bytes] {
                var offset = 0
                if try handshake.next(piece.span.bytes, at: &offset) != nil { return true }
            }
            return false
        }
        let size = UInt32(bytes.count)
        #expect(try run { $0.headBytes = size } && run { $0.lineBytes = 65 } && run { $0.fieldCount = 4 })
        #expect(throws: WebSocketHandshakeError.http(.headTooLarge(limit: size - 1))) {
            try run { $0.headBytes = size - 1 }
        }
        #expect(throws: WebSocketHandshakeError.http(.lineTooLong(limit: 64))) { try run { $0.lineBytes = 64 } }
        #expect(throws: WebSocketHandshakeError.http(.tooManyFields(limit: 3))) { try run { $0.fieldCount = 3 } }
    }

    @Test("A handshake that is over reads nothing more", arguments: [true, false])
    func overIsOver(cut: Bool) throws {
        var handshake = WebSocketClientHandshake(nonce: Self.nonce)
        let bytes = utf8(response())
        for piece in cut ? Splits.single(bytes) : [bytes] {
            var offset = 0
            _ = try handshake.next(piece.span.bytes, at: &offset)
        }
        var offset = 0
        #expect(try handshake.next(bytes.span.bytes, at: &offset) == nil)
        #expect(offset == 0)
    }

    @Test("Informational responses before the 101 are skipped")
    func informationalFirst() throws {
        #expect(try outcome("HTTP/1.1 103 Early Hints\r\n\r\n" + response()).get() != nil)
    }

    @Test("Each thing missing from the response or wrong in it has its error")
    func wrongResponses() {
        #expect(outcome(response("")) == .failure(.missingUpgrade))
        #expect(outcome(response("Upgrade: h2c\r\n")) == .failure(.missingUpgrade))
        #expect(outcome(response("Upgrade: websocket\r\n", "")) == .failure(.missingConnection))
        #expect(outcome(response("Upgrade: websocket\r\n", "Connection: close\r\n")) == .failure(.missingConnection))
        #expect(outcome(response(accept: "")) == .failure(.wrongAccept))
        #expect(
            outcome(response(accept: "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
                == .failure(.wrongAccept))
        let twice = "Sec-WebSocket-Accept: \(Self.accept)\r\n"
        #expect(outcome(response(accept: twice + twice)) == .failure(.wrongAccept))
        #expect(
            outcome(response(more: "Sec-WebSocket-Protocol: x\r\n")) == .failure(.unexpectedSubprotocol))
        #expect(
            outcome(response(more: "Sec-WebSocket-Extensions: permessage-deflate\r\n"))
                == .failure(.unexpectedExtension))
        #expect(outcome("HTTP/1.1 101\r\nbad\r\n\r\n") == .failure(.http(.badFieldName)))
        #expect(outcome("garbage") == .failure(.http(.badStartLine)))
    }

    @Test(
        "Another status is a refusal, with when to come back where the server says so",
        arguments: [
            ("503 Service Unavailable", "Retry-After: 30\r\n", .seconds(30)),
            (
                "429 Too Many Requests", "retry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
                .date(unixSeconds: 784_111_777)
            ),
            ("401 Unauthorized", "", nil), ("200 OK", "Retry-After: soon\r\n", nil),
            ("302 Found", "Location: /\r\n", nil),
        ] as [(String, String, RetryAfter?)])
    func refusals(status: String, fields: String, retryAfter: RetryAfter?) {
        guard case .failure(.refused(let refusal)) = outcome("HTTP/1.1 \(status)\r\n\(fields)\r\n") else {
            Issue.record("not refused")
            return
        }
        #expect(refusal.status == UInt16(status.prefix(3)))
        #expect(refusal.reason == status.dropFirst(4))
        #expect(refusal.retryAfter == retryAfter)
        #expect(WebSocketHandshakeError.refused(refusal).name == "upgrade_refused_\(status.prefix(3))")
    }

    private static let request = HTTPRequestParts()

    struct HTTPRequestParts {
        var line = "GET /v1/opamp HTTP/1.1"
        var upgrade = "Upgrade: websocket\r\n"
        var connection = "Connection: keep-alive, Upgrade\r\n"
        var version = "Sec-WebSocket-Version: 13\r\n"
        var key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        var more = ""

        var head: HTTPRequestHead? {
            let bytes = "\(line)\r\nHost: a\r\n\(upgrade)\(connection)\(version)\(key)\(more)\r\n"
            guard case .request(let head) = HTTPTranscript(bytes, .requests).entries.first else { return nil }
            return head
        }
    }

    private func serve(
        deflate: DeflatePolicy? = nil, _ change: (inout HTTPRequestParts) -> Void
    ) throws -> (Result<DeflateParameters?, WebSocketHandshakeError>, String) {
        var parts = HTTPRequestParts()
        change(&parts)
        let head = try #require(parts.head)
        var bytes: [UInt8] = []
        do throws(WebSocketHandshakeError) {
            let agreed = try WebSocketServerHandshake.accept(head, deflate: deflate, to: &bytes)
            return (.success(agreed), text(bytes))
        } catch {
            #expect(bytes.isEmpty)
            WebSocketServerHandshake.appendRefusal(of: error, to: &bytes)
            return (.failure(error), text(bytes))
        }
    }

    @Test("The server answers RFC 6455's example with its accept key")
    func serverAccepts() throws {
        let (result, answer) = try serve { _ in }
        #expect(result == .success(nil))
        #expect(
            answer
                == "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: \(Self.accept)\r\n\r\n")
    }

    @Test("Each thing missing from a request or wrong in it has its error and status")
    func serverRefuses() throws {
        func check(
            _ error: WebSocketHandshakeError, _ status: Int, _ change: (inout HTTPRequestParts) -> Void,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let (result, answer) = try serve(change)
            #expect(result == .failure(error), sourceLocation: sourceLocation)
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), sourceLocation: sourceLocation)
            #expect(HTTPTranscript(answer, .responses).entries.last == .end(keepAlive: false))
        }
        try check(.badRequest, 400) { $0.line = "POST / HTTP/1.1" }
        try check(.badRequest, 400) { $0.line = "GET / HTTP/1.0" }
        try check(.missingUpgrade, 426) { $0.upgrade = "" }
        try check(.missingConnection, 400) { $0.connection = "Connection: keep-alive\r\n" }
        try check(.unsupportedVersion, 426) { $0.version = "" }
        try check(.unsupportedVersion, 426) { $0.version = "Sec-WebSocket-Version: 8\r\n" }
        try check(.badKey, 400) { $0.key = "" }
        try check(.badKey, 400) { $0.key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n" }
        try check(.badKey, 400) { $0.key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ!==\r\n" }
        try check(.badKey, 400) { $0.key += $0.key }
        let (_, answer) = try serve { $0.version = "" }
        #expect(answer.contains("Sec-WebSocket-Version: 13\r\n"))
    }

    @Test("Client and server agree with each other, for any nonce", arguments: 0..<20 as Range<UInt64>)
    func bothEnds(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var client = WebSocketClientHandshake(nonce: (random.next(), random.next()), offer: DeflateOffer())
        var request: [UInt8] = []
        client.appendRequest(target: "/v1/opamp", host: "a", to: &request)
        guard case .request(let head) = HTTPTranscript([request], .requests).entries.first else {
            Issue.record("the request does not parse")
            return
        }
        #expect(WebSocketServerHandshake.isUpgrade(head))
        var answer: [UInt8] = []
        let agreed = try WebSocketServerHandshake.accept(head, deflate: DeflatePolicy(), to: &answer)
        var offset = 0
        let agreement = try client.next(answer.span.bytes, at: &offset)
        #expect(agreement?.deflate == agreed)
        #expect(agreed?.clientNoContextTakeover == true)
        #expect(offset == answer.count)
    }

    @Test("A connection that closes during the handshake ends it, before the answer or inside it")
    func closedDuringHandshake() throws {
        var handshake = WebSocketClientHandshake(nonce: Self.nonce)
        #expect(handshake.transportClosed() == .closed)
        var offset = 0
        let bytes = utf8("HTTP/1.1 101 Sw")
        let agreement = try handshake.next(bytes.span.bytes, at: &offset)
        #expect(agreement == nil)
        #expect(handshake.transportClosed() == .http(.truncated))
    }

    @Test("Every error has a name, a description and a refusal of its own status")
    func namesAndRefusals() {
        let refusal = HTTPRefusal(HTTPResponseHead(status: 503, reason: "Busy"))
        let errors: [(WebSocketHandshakeError, String, Int)] = [
            (.refused(refusal), "upgrade_refused_503", 503),
            (.http(.headTooLarge(limit: 1)), "http_head_too_large", 431),
            (.closed, "upgrade_closed", 400), (.missingUpgrade, "upgrade_missing_upgrade", 426),
            (.missingConnection, "upgrade_missing_connection", 400), (.wrongAccept, "upgrade_wrong_accept", 400),
            (.unexpectedSubprotocol, "upgrade_unexpected_subprotocol", 400),
            (.unexpectedExtension, "upgrade_unexpected_extension", 400),
            (.badDeflate(.contextTakeoverRefused), "upgrade_bad_deflate", 400),
            (.badRequest, "upgrade_bad_request", 400), (.badKey, "upgrade_bad_key", 400),
            (.unsupportedVersion, "upgrade_unsupported_version", 426),
        ]
        for (error, name, status) in errors {
            #expect(error.name == name)
            var bytes: [UInt8] = []
            WebSocketServerHandshake.appendRefusal(of: error, to: &bytes)
            #expect(text(bytes).hasPrefix("HTTP/1.1 \(status) "))
            #expect(HTTPTranscript([bytes], .responses).entries.last == .end(keepAlive: false))
        }
        #expect(Set(errors.map { $0.0.description }).count == errors.count)
    }

    @Test("Compression that was not agreed on rightly fails the handshake, with the reason")
    func badDeflate() {
        let wrong = response(more: "Sec-WebSocket-Extensions: permessage-deflate; what\r\n")
        #expect(outcome(wrong, offer: DeflateOffer()) == .failure(.badDeflate(.badParameter("what"))))
        let two = response(more: "Sec-WebSocket-Extensions: permessage-deflate, permessage-deflate\r\n")
        #expect(outcome(two, offer: DeflateOffer()) == .failure(.unexpectedExtension))
    }
}
