import Basis
import ControlPlane
import Engine
import OpAMP
import Transport

/// One connection of the embedded server: HTTP first, then a WebSocket, or plain HTTP for as long as it lasts. Confined to its shard.
final class ServerLink: Endpoint, @unchecked Sendable {
    private enum Stage {
        /// Reading requests; the reader stands on the heap and goes once the connection is a WebSocket.
        case http(RequestReading)
        case webSocket
        /// Our Close is sent, the peer's is awaited.
        case closing
        case over
    }

    private unowned(unsafe) let host: ServerHost
    private var stage: Stage
    /// Meaningful while `webSocket` or `closing`.
    private var reader: WebSocketReader
    /// The registry's name for this connection; `nil` before it was told and after it was told of the end.
    var id: ConnectionID?

    init(host: ServerHost) {
        self.host = host
        stage = .http(RequestReading(limits: host.httpLimits))
        reader = WebSocketReader(role: .server, limits: host.webSocketLimits)
        super.init(shard: host.shard)
    }

    // MARK: - What the socket reports

    override func connected() {
        _ = host.accepted(self)
        if case .http = stage {
            idleTimeout = ServerLink.requestPatience
        }
    }

    override func received(_ bytes: RawSpan) {
        var offset = 0
        if case .http(let reading) = stage {
            readRequests(reading, bytes, &offset)
        }
        readFrames(bytes, &offset)
    }

    override func closed(_ cause: CloseCause) {
        let former = stage
        stage = .over
        switch former {
        case .http: ended(cause == .peerClosed ? .clean : .lost)
        case .webSocket: ended(.lost)
        case .closing: ended(.clean)
        case .over: break
        }
    }

    private func ended(_ end: ConnectionEnd) {
        guard let id else { return }
        self.id = nil
        host.closed(id, end)
    }

    // MARK: - HTTP

    private func readRequests(_ reading: RequestReading, _ bytes: RawSpan, _ offset: inout Int) {
        do throws(HTTPError) {
            while case .http = stage, let event = try reading.reader.next(bytes, at: &offset) {
                switch event {
                case .request(let head):
                    reading.began(head)
                    if WebSocketServerHandshake.isUpgrade(head) {
                        upgradeRequested(reading)
                        // What follows the request belongs to the WebSocket, and no client may send it before the 101.
                        return
                    }
                case .body(let range):
                    reading.body.append(bytes.extracting(range))
                case .end(let keepAlive):
                    finished(reading, keepAlive: keepAlive)
                case .informational, .response:
                    break
                }
            }
        } catch {
            HTTPWriter.appendResponse(400, contentLength: 0, keepAlive: false, to: &host.output)
            leave()
        }
    }

    private func upgradeRequested(_ reading: RequestReading) {
        guard let head = reading.head, let id else { return }
        guard host.serves(head.target) else {
            HTTPWriter.appendResponse(404, contentLength: 0, keepAlive: false, to: &host.output)
            return leave()
        }
        host.upgradeRequested(id)
    }

    /// A whole request that is no upgrade: an OpAMP poll, or a mistake.
    private func finished(_ reading: RequestReading, keepAlive: Bool) {
        guard let head = reading.head, let id else { return }
        reading.keepsAlive = keepAlive
        if head.method == .get, head.target == ServerHost.countsPath {
            return host.tellCounts(to: self)
        }
        let isReport = head.fields["Content-Type"] == "application/x-protobuf"
        switch (host.serves(head.target), head.method == .post, isReport) {
        case (false, _, _): respond(404, keepAlive: keepAlive)
        case (true, false, _): respond(405, keepAlive: keepAlive)
        case (true, true, false): respond(415, keepAlive: keepAlive)
        case (true, true, true):
            idleTimeout = nil
            host.received(reading.body.span.bytes, from: id)
        }
        reading.body.removeAll(keepingCapacity: reading.body.count <= 1 << 14)
    }

    private func respond(_ status: UInt16, keepAlive: Bool) {
        HTTPWriter.appendResponse(status, contentLength: 0, keepAlive: keepAlive, to: &host.output)
        if keepAlive {
            flush()
        } else {
            leave()
        }
    }

    // MARK: - Frames

    private func readFrames(_ bytes: RawSpan, _ offset: inout Int) {
        // Taken out and put back, so that the bytes in it can be borrowed while the registry works.
        var scratch: [UInt8] = []
        swap(&scratch, &host.scratch)
        defer { swap(&scratch, &host.scratch) }
        do throws(WebSocketError) {
            while isReading, let event = try reader.next(bytes, at: &offset, scratch: &scratch) {
                switch event {
                case .message(let kind, let payload):
                    message(kind, payload.bytes(input: bytes, scratch: scratch))
                case .compressedMessage, .pong:
                    break
                case .ping(let payload):
                    WebSocketFrame.append(
                        .pong, payload: payload.bytes(input: bytes, scratch: scratch), mask: nil, to: &host.output)
                    flush()
                case .close(let code, _):
                    peerClosed(code)
                }
            }
        } catch {
            WebSocketFrame.appendClose(error.closeCode, mask: nil, to: &host.output)
            leave()
            ended(.lost)
        }
    }

    private var isReading: Bool {
        switch stage {
        case .webSocket, .closing: true
        case .http, .over: false
        }
    }

    private func message(_ kind: WebSocketMessageKind, _ bytes: RawSpan) {
        guard let id else { return }
        guard kind == .binary else {
            return host.receivedMalformed("a text message: OpAMP's are binary", byteCount: bytes.byteCount, from: id)
        }
        do throws(DecodingError) {
            host.received(try WebSocketMessageHeader.body(of: bytes), from: id)
        } catch {
            host.receivedMalformed("the message header is not 0", byteCount: bytes.byteCount, from: id)
        }
    }

    private func peerClosed(_ code: WebSocketCloseCode?) {
        if case .webSocket = stage {
            WebSocketFrame.appendClose(code, mask: nil, to: &host.output)
        }
        leave()
        ended(.clean)
    }

    // MARK: - What the registry asks for

    /// An answer, as one frame or as the body of a 200.
    func send(_ answer: RawSpan) {
        switch stage {
        case .webSocket:
            WebSocketFrame.append(
                .binary, prefix: 0, payload: answer, mask: nil, to: &host.output)
            flush()
        case .http(let reading):
            HTTPWriter.appendResponse(
                200, fields: ServerLink.protobuf, contentLength: answer.byteCount, keepAlive: reading.keepsAlive,
                to: &host.output)
            host.output.append(answer)
            if reading.keepsAlive {
                flush()
            } else {
                leave()
            }
        case .closing, .over:
            break
        }
    }

    /// The server's counts as the body of a 200.
    func send(counts: [UInt8]) {
        guard case .http(let reading) = stage else { return }
        HTTPWriter.appendResponse(
            200, fields: ServerLink.json, contentLength: counts.count, keepAlive: reading.keepsAlive, to: &host.output)
        host.output.append(contentsOf: counts)
        if reading.keepsAlive {
            flush()
        } else {
            leave()
        }
    }

    func upgrade() {
        guard case .http(let reading) = stage, let head = reading.head else { return }
        idleTimeout = nil
        do throws(WebSocketHandshakeError) {
            _ = try WebSocketServerHandshake.accept(head, to: &host.output)
            stage = .webSocket
            flush()
        } catch {
            WebSocketServerHandshake.appendRefusal(of: error, to: &host.output)
            leave()
        }
    }

    /// Answers the request with a refusal. True where that ends the connection.
    func refuse(_ refusal: Refusal) -> Bool {
        guard case .http(let reading) = stage else { return false }
        var fields = HTTPFields()
        if let seconds = refusal.retryAfterSeconds {
            // A number is always a valid field value.
            try? fields.append("Retry-After", String(seconds))
        }
        let keepsAlive = reading.keepsAlive && !(reading.head.map(WebSocketServerHandshake.isUpgrade) ?? true)
        HTTPWriter.appendResponse(
            refusal.status, fields: fields, contentLength: 0, keepAlive: keepsAlive, to: &host.output)
        if keepsAlive {
            flush()
            return false
        }
        leave()
        id = nil
        return true
    }

    func sayClose(_ code: UInt16) {
        if case .webSocket = stage {
            WebSocketFrame.appendClose(WebSocketCloseCode(rawValue: code), mask: nil, to: &host.output)
        }
        leave()
        id = nil
    }

    func drop() {
        stage = .over
        id = nil
        abort()
    }

    // MARK: - Leaving

    /// Sends what is left and ends the connection in order.
    private func leave() {
        flush()
        stage = .over
        closeGracefully(within: ServerLink.farewell)
    }

    private func flush() {
        guard !host.output.isEmpty else { return }
        var output: [UInt8] = []
        swap(&output, &host.output)
        write(output.span.bytes)
        output.removeAll(keepingCapacity: true)
        swap(&output, &host.output)
    }

    /// How long a client may take for its request.
    private static let requestPatience = Nanoseconds.seconds(30)
    /// How long a connection that is over may take to end in order.
    private static let farewell = Nanoseconds.seconds(2)

    private static let protobuf = contentType("application/x-protobuf")
    private static let json = contentType("application/json")

    private static func contentType(_ type: String) -> HTTPFields {
        var fields = HTTPFields()
        // A literal of visible characters is always a valid field value.
        try? fields.append("Content-Type", type)
        return fields
    }
}

/// A request being read.
private final class RequestReading {
    var reader: HTTPReader
    var head: HTTPRequestHead?
    var body: [UInt8] = []
    var keepsAlive = true

    init(limits: HTTPLimits) {
        reader = HTTPReader(.requests, limits: limits)
    }

    func began(_ head: HTTPRequestHead) {
        self.head = head
        body.removeAll(keepingCapacity: true)
    }
}
