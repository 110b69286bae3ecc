import Basis
import OpAMP
import Transport

/// The WebSocket of a connection, both directions.
final class WebSocketWatch {
    private var agent: WebSocketReader
    private var server: WebSocketReader
    private let limits: WebSocketLimits
    /// Where the messages of a side refer to earlier ones.
    private var agentInflater: Inflater?
    private var serverInflater: Inflater?

    /// - Parameter deflate: what was agreed on for compression; `nil`: none.
    init(_ deflate: DeflateParameters?, limits: ObservingLimits, _ decoder: MessageDecoder) throws(UnwatchedError) {
        self.limits = WebSocketLimits(messageBytes: limits.messageBytes, frameBytes: limits.messageBytes)
        agent = WebSocketReader(role: .server, limits: self.limits, permessageDeflate: deflate != nil)
        server = WebSocketReader(role: .client, limits: self.limits, permessageDeflate: deflate != nil)
        guard let deflate else { return }
        if !deflate.clientNoContextTakeover {
            agentInflater = decoder.keptInflater(limit: limits.keptDecompressors)
            guard agentInflater != nil else { throw UnwatchedError(reason: .decompressors) }
        }
        if !deflate.serverNoContextTakeover {
            serverInflater = decoder.keptInflater(limit: limits.keptDecompressors)
            guard serverInflater != nil else {
                decoder.releaseInflaters(keptInflaters)
                throw UnwatchedError(reason: .decompressors)
            }
        }
    }

    /// What one takes between messages, in bytes; decompressors not counted.
    static let memory = 2 * MemoryLayout<WebSocketReader>.stride + MemoryLayout<WebSocketLimits>.stride + 32

    /// How many decompressors it has taken.
    var keptInflaters: Int { (agentInflater == nil ? 0 : 1) + (serverInflater == nil ? 0 : 1) }

    /// How many bytes of memory its unfinished messages use.
    var reservedBytes: Int { agent.reservedBytes + server.reservedBytes }

    func readAgent(
        _ bytes: RawSpan, at offset: inout Int, _ now: Instant, _ connection: inout SeenConnection,
        _ fleet: inout FleetObserver, _ decoder: MessageDecoder
    ) throws(UnwatchedError) {
        try read(&agent, by: agentInflater, bytes, at: &offset, decoder) { event in
            switch event {
            case .message(let message, let isCompressed):
                fleet.reported(
                    message, FleetObserver.Sending(isCompressed ? .deflate : .none), on: &connection, at: now)
            case .unreadable: fleet.unreadable += 1
            case .close: connection.sentClose = !connection.closedByServer
            }
        }
    }

    func readServer(
        _ bytes: RawSpan, at offset: inout Int, _ now: Instant, _ connection: inout SeenConnection,
        _ fleet: inout FleetObserver, _ decoder: MessageDecoder
    ) throws(UnwatchedError) {
        try read(&server, by: serverInflater, bytes, at: &offset, decoder) { event in
            switch event {
            case .message(let message, _): fleet.answered(message, on: &connection, at: now)
            case .unreadable: fleet.brokeReadability()
            case .close: connection.closedByServer = !connection.sentClose
            }
        }
    }

    /// What a side has sent.
    private enum Event: ~Escapable {
        case message(RawSpan, isCompressed: Bool)
        /// A text, or a message without the header of OpAMP.
        case unreadable
        case close
    }

    private func read(
        _ reader: inout WebSocketReader, by kept: Inflater?, _ bytes: RawSpan, at offset: inout Int,
        _ decoder: MessageDecoder, _ take: (borrowing Event) -> Void
    ) throws(UnwatchedError) {
        // The buffer is moved out and back, so that its bytes can be borrowed meanwhile.
        var scratch: [UInt8] = []
        swap(&scratch, &decoder.frames)
        defer { swap(&scratch, &decoder.frames) }
        do throws(WebSocketError) {
            while let event = try reader.next(bytes, at: &offset, scratch: &scratch) {
                switch event {
                case .message(let kind, let payload):
                    Self.open(kind, payload.bytes(input: bytes, scratch: scratch), isCompressed: false, take)
                case .compressedMessage(let kind, let payload):
                    try decoder.inflate(
                        kind, payload.bytes(input: bytes, scratch: scratch), by: kept ?? decoder.inflater,
                        limit: limits.messageBytes
                    ) { Self.open(kind, $0, isCompressed: true, take) }
                case .ping, .pong: break
                case .close: take(.close)
                }
            }
        } catch {
            throw UnwatchedError(reason: error.closeCode == .messageTooBig ? .tooLarge : .notUnderstood)
        }
    }

    private static func open(
        _ kind: WebSocketMessageKind, _ message: RawSpan, isCompressed: Bool, _ take: (borrowing Event) -> Void
    ) {
        guard kind == .binary, let body = try? WebSocketMessageHeader.body(of: message) else {
            return take(.unreadable)
        }
        take(.message(body, isCompressed: isCompressed))
    }
}
