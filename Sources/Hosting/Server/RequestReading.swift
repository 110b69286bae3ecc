import Transport

/// The HTTP side of a connection of the embedded server: the request that is arriving or being answered. It stands on the heap and
/// goes once the connection is a WebSocket.
final class RequestReading {
    var exchange: HTTPServerExchange
    var head: HTTPRequestHead?
    var keepsAlive = true
    /// A request waits for its answer; what follows it on the connection waits too.
    var isAnswering = false
    /// What a client has sent beyond the request that is being answered.
    var held: [UInt8] = []
    /// Own telemetry has come on this connection.
    var bringsTelemetry = false
    /// A package's file was asked for on this connection.
    var fetchesFiles = false
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

    /// A client that sends more than this ahead of its answers is not read from until it has them.
    static let heldLimit = 64 << 10
}
