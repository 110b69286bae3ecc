public import Basis

/// The time that a client of the embedded server has to send a head or a message, however often bytes arrive, and the
/// memory that unfinished messages may use.
public struct ReceiveLimits: Sendable {
    /// From the accept to the end of the TLS handshake.
    public var handshake = Nanoseconds.seconds(30)
    /// From the first byte of a request's head to its last.
    public var head = Nanoseconds.seconds(20)
    /// From the first byte of a body, or of a WebSocket message with all its fragments, to its last, for a message of
    /// no bytes. Each `bytesPerSecond` that have arrived add a second.
    public var message = Nanoseconds.seconds(30)
    /// How fast a large message has to arrive, bytes a second.
    public var bytesPerSecond = 64 << 10
    /// How many bytes of memory the unfinished messages of all connections may use together. Above it a connection
    /// that uses more than `ownBytes` is refused: 503 over HTTP, close code 1013 over WebSocket. Never less than a
    /// message may have.
    public var totalBytes = 256 << 20
    /// How many bytes an unfinished message may use even when `totalBytes` is used up, so that small messages still
    /// pass.
    public var ownBytes = 16 << 10

    public init() {}

    /// How long a message may take when this many bytes have arrived.
    func timeout(forBytes count: Int) -> Nanoseconds {
        message + Nanoseconds.seconds(Int64(count / max(bytesPerSecond, 1)))
    }
}
