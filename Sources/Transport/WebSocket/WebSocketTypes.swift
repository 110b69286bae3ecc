/// Which end of the connection we are. A client masks what it sends, a server must not (RFC 6455, section 5.1).
public enum WebSocketRole: UInt8, Sendable {
    case client
    case server
}

/// What a data message says of its payload.
public enum WebSocketMessageKind: UInt8, Sendable {
    /// UTF-8 text. OpAMP does not use it.
    case text = 1
    case binary = 2
}

/// The opcodes of RFC 6455, section 5.2. All others are reserved and refused.
public enum WebSocketOpcode: UInt8, Sendable {
    case continuation = 0
    case text = 1
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10

    /// Control frames are short, whole, and may occur between the fragments of a message.
    @inline(__always)
    var isControl: Bool { rawValue & 8 != 0 }
}

/// The limits of what a peer's messages may use. Above them the connection is closed with 1009.
public struct WebSocketLimits: Hashable, Sendable {
    /// The longest message, all its fragments together, in bytes; for a compressed message, as sent on the wire.
    public var messageBytes: UInt32
    /// The longest payload of one frame, in bytes.
    public var frameBytes: UInt32

    /// 64 MiB: far above the largest full report or configuration that a server may sensibly send, and small enough
    /// that one hostile peer does not exhaust the machine.
    public static let defaultMessageBytes: UInt32 = 64 << 20

    public init(messageBytes: UInt32 = defaultMessageBytes, frameBytes: UInt32 = defaultMessageBytes) {
        self.messageBytes = messageBytes
        self.frameBytes = frameBytes
    }
}

/// Where the payload of an event is; valid until the reader is called again.
public enum WebSocketPayload: Hashable, Sendable {
    /// In the bytes that were given to the reader, untouched.
    case input(Range<Int>)
    /// In the caller's scratch buffer: unmasked or assembled.
    case scratch(Range<Int>)

    /// How many bytes.
    @inlinable
    public var count: Int {
        switch self {
        case .input(let range), .scratch(let range): range.count
        }
    }

    /// The payload itself, borrowed from the input or the buffer: the same two that were given to the reader.
    @inlinable
    @_lifetime(copy input, borrow scratch)
    public func bytes(input: RawSpan, scratch: borrowing [UInt8]) -> RawSpan {
        switch self {
        case .input(let range): input.extracting(range)
        case .scratch(let range): scratch.span.bytes.extracting(range)
        }
    }
}

/// What a reader found.
public enum WebSocketEvent: Hashable, Sendable {
    /// A whole message, its fragments joined; text is well-formed UTF-8.
    case message(WebSocketMessageKind, WebSocketPayload)
    /// A whole message under permessage-deflate: for `Inflater.message`. Appears only where that was agreed.
    case compressedMessage(WebSocketMessageKind, WebSocketPayload)
    /// To be answered with a pong of the same payload (RFC 6455, section 5.5.2), at most 125 bytes.
    case ping(WebSocketPayload)
    /// An answer to a ping, or unsolicited.
    case pong(WebSocketPayload)
    /// The peer closes; to be answered with a close unless we sent ours. The reader reads nothing after it.
    case close(WebSocketCloseCode?, reason: String)
}
