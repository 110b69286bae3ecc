import Basis
import ControlPlane
import Engine
import OpAMP
import Transport

/// One connection of the embedded server: HTTP first, then a WebSocket, or plain HTTP for as long as it lasts. Confined
/// to its shard.
final class ServerLink: Endpoint, @unchecked Sendable {
    enum Stage {
        /// Reading requests.
        case http(RequestReading)
        case webSocket
        /// Our Close is sent, the peer's is awaited.
        case closing
        case over
    }

    let host: ServerHost
    private(set) var stage: Stage
    /// Meaningful while `webSocket` or `closing`.
    var reader: WebSocketReader
    /// What was arriving when bytes last came in, and since when.
    var arriving = Arriving.nothing
    var arrivingSince = Instant.zero
    /// The bytes that this connection has reported to the server's memory budget.
    var accountedBytes = 0
    /// The window of large answers, which are sent compressed (RFC 7692), in bits; 0: none are. Meaningful while
    /// `webSocket`.
    private var deflateWindow = 0
    /// A package's file on its way to the client; rare.
    var sending: FileSending?
    /// The registry's name for this connection; `nil` before the registry knows it and after it knows of the end.
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
            host.wireCounts.connectionsUnused += 1
            idleTimeout = ServerLink.requestTimeout
        }
    }

    override func received(_ bytes: RawSpan) {
        var offset = 0
        // One read can lead to several answers: they are sent together.
        cork()
        var completed = false
        if case .http(let reading) = stage {
            completed = readRequests(reading, bytes, &offset)
        }
        if readFrames(bytes, &offset) { completed = true }
        noteArrival(completed: completed)
    }

    override func drained() {
        goOnSending()
    }

    override func closed(_ cause: CloseCause) {
        sending = nil
        switch cause {
        case .timedOut(.handshake): host.wireCounts.handshakeTimeouts += 1
        case .tls: host.wireCounts.tlsFailures += 1
        case .timedOut(.idle): if case .webSocket = stage { host.wireCounts.silentTimeouts += 1 }
        default: break
        }
        let former = stage
        stage = .over
        releaseBuffers()
        switch former {
        case .http: ended(cause == .peerClosed ? .clean : .lost)
        case .webSocket: ended(.lost)
        case .closing, .over: ended(.clean)
        }
    }

    override func receiveTimedOut() -> Instant? {
        extendDeadline()
    }

    override func timerFired(due: Instant) {
        if sending != nil { return goOnSending() }
        readHeld()
    }

    func ended(_ end: ConnectionEnd) {
        guard let id else { return }
        self.id = nil
        host.closed(id, end)
    }

    // MARK: - Frames

    /// - Returns: whether a message ended in the bytes.
    private func readFrames(_ bytes: RawSpan, _ offset: inout Int) -> Bool {
        var completed = false
        // The buffer is moved out and back, so that its bytes can be borrowed while the registry works.
        var scratch: [UInt8] = []
        swap(&scratch, &host.scratch)
        defer { swap(&scratch, &host.scratch) }
        do throws(WebSocketError) {
            while isReading, let event = try reader.next(bytes, at: &offset, scratch: &scratch) {
                switch event {
                case .message(let kind, let payload):
                    completed = true
                    message(kind, payload.bytes(input: bytes, scratch: scratch))
                case .compressedMessage(let kind, let payload):
                    completed = true
                    try compressedMessage(kind, payload.bytes(input: bytes, scratch: scratch))
                case .pong:
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
            if error.closeCode == .messageTooBig {
                host.wireCounts.messagesTooLarge += 1
            } else {
                host.wireCounts.framesMalformed += 1
            }
            WebSocketFrame.appendClose(error.closeCode, mask: nil, to: &host.output)
            leave()
            ended(.lost)
        }
        return completed
    }

    private var isReading: Bool {
        switch stage {
        case .webSocket, .closing: true
        case .http, .over: false
        }
    }

    private func compressedMessage(_ kind: WebSocketMessageKind, _ payload: RawSpan) throws(WebSocketError) {
        var plain: [UInt8] = []
        try host.deflate.inflater.message(
            kind, payload, limit: host.webSocketLimits.messageBytes, into: &plain)
        host.wireCounts.compressedIn += 1
        host.wireCounts.compressedBytesIn += UInt64(payload.byteCount)
        host.wireCounts.decompressedBytesIn += UInt64(plain.count)
        message(kind, plain.span.bytes)
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
            if deflateWindow != 0, answer.byteCount >= ServerLink.compressionThreshold,
                host.deflate.compress(answer, prefix: 0, windowBits: deflateWindow)
            {
                let packed = host.deflate.compressed
                host.wireCounts.compressedOut += 1
                host.wireCounts.uncompressedBytesOut += UInt64(answer.byteCount + 1)
                host.wireCounts.compressedBytesOut += UInt64(packed.count)
                WebSocketFrame.append(
                    .binary, payload: packed.span.bytes, mask: nil, isCompressed: true, to: &host.output)
                host.deflate.trim()
            } else {
                WebSocketFrame.append(
                    .binary, prefix: 0, payload: answer, mask: nil, to: &host.output)
            }
            flush()
        case .http(let reading):
            respond(with: answer, reading)
        case .closing, .over:
            break
        }
    }

    /// The server's counts as the body of a 200.
    func send(counts: [UInt8]) {
        guard case .http(let reading) = stage else { return }
        respond(200, fields: ServerLink.json, body: counts.span.bytes, reading)
    }

    func upgrade() {
        guard case .http(let reading) = stage, let head = reading.head else { return }
        idleTimeout = host.wire.silentTimeout
        do throws(WebSocketHandshakeError) {
            let policy = host.wire.agreesToDeflate ? DeflatePolicy() : nil
            let agreed = try WebSocketServerHandshake.accept(head, deflate: policy, to: &host.output)
            stage = .webSocket
            if let agreed {
                reader = WebSocketReader(role: .server, limits: host.webSocketLimits, permessageDeflate: true)
                deflateWindow = agreed.windowBits(sentBy: .server)
            }
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
        let isPoll = reading.isAnswering
        if !isPoll { reading.keepsAlive = false }
        let nothing: [UInt8] = []
        respond(refusal.status, fields: fields, body: nothing.span.bytes, reading)
        guard !reading.keepsAlive, !isPoll else { return false }
        id = nil
        return true
    }

    /// The server stops: a WebSocket receives a close frame and may answer it; plain HTTP connections end.
    func goAway() {
        switch stage {
        case .webSocket:
            WebSocketFrame.appendClose(.goingAway, mask: nil, to: &host.output)
            flush()
            stage = .closing
        case .http:
            leave()
            ended(.clean)
        case .closing, .over:
            break
        }
    }

    func sayClose(_ code: UInt16) {
        if case .webSocket = stage {
            WebSocketFrame.appendClose(WebSocketCloseCode(rawValue: code), mask: nil, to: &host.output)
        }
        leave()
        id = nil
    }

    func drop() {
        sending = nil
        stage = .over
        releaseBuffers()
        id = nil
        uncork()
        abort()
    }

    // MARK: - Leaving

    /// Sends what is left and ends the connection in order.
    func leave() {
        sending = nil
        flush()
        stage = .over
        releaseBuffers()
        closeGracefully(within: ServerLink.closeTimeout)
    }

    func flush() {
        guard !host.output.isEmpty else { return }
        var output: [UInt8] = []
        swap(&output, &host.output)
        // Answers that are due at the same time are sent together.
        cork()
        write(output.span.bytes)
        output.removeAll(keepingCapacity: true)
        swap(&output, &host.output)
    }

    /// The idle timeout until the first request.
    static let requestTimeout = Nanoseconds.seconds(30)
    /// How long the peer of an ended connection has to close its side.
    private static let closeTimeout = Nanoseconds.seconds(2)

}
