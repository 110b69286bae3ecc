import Transport

/// The HTTP side of a connection of the embedded server: the request that is arriving or being answered. On the heap,
/// and freed once the connection is a WebSocket.
final class RequestReading {
    var exchange: HTTPServerExchange
    var head: HTTPRequestHead?
    /// The status that the request is refused with, known from its head; its body is dropped.
    var refusal: UInt16?
    var keepsAlive = true
    /// A request waits for its answer; what follows it on the connection waits too.
    var isAnswering = false
    /// What a client has sent beyond the request that is being answered.
    var held: [UInt8] = []
    /// Own telemetry was received on this connection.
    var bringsTelemetry = false
    /// A package's file was asked for on this connection.
    var fetchesFiles = false
    /// No request has been received yet.
    var isUnused = true
    /// How the answer may be encoded.
    var coding = ContentCoding.identity

    init(limits: HTTPLimits) {
        exchange = HTTPServerExchange(limits: limits)
    }

    func began(_ head: HTTPRequestHead, keepAlive: Bool, on wire: ServerWire) {
        self.head = head
        keepsAlive = keepAlive && !wire.closesAfterAnswer
        isAnswering = true
        coding = AcceptEncoding(head.fields).best(of: wire.codings)
    }

    /// A request that is refused by its head keeps its connection where its body is no larger than this: the body is
    /// read and dropped. After a larger one, or one of unknown size, the connection is closed.
    static let droppedBodyLimit = 64 << 10
    /// A client that sends more than this ahead of its answers is not read from until it has them.
    static let heldLimit = 64 << 10
}
