public import Protobuf

/// The header before the Protocol Buffers bytes in each WebSocket message: a variable-length number that is zero in
/// this version of the protocol (spec: WebSocket Message Format). Plain HTTP bodies have no such header.
public enum WebSocketMessageHeader {
    /// The size of the header that is written here.
    public static let byteCount = 1

    /// Appends the header. No allocation while `bytes` has room.
    @inlinable
    public static func append(to bytes: inout [UInt8]) {
        bytes.append(0)
    }

    /// The size of the header at the start of `message`; 1 but for a sender that writes zero in more bytes than needed.
    /// - Throws: `.truncated` or `.overlongVarint` where the header does not end, `.unknownHeader` where it is not
    ///   zero.
    public static func length(in message: RawSpan) throws(DecodingError) -> Int {
        for index in 0..<min(message.byteCount, Varint.maxSize) {
            let byte = message.unsafeLoad(fromByteOffset: index, as: UInt8.self)
            guard byte & 0x7F == 0 else { throw DecodingError(.unknownHeader, offset: index) }
            if byte == 0 { return index + 1 }
        }
        let fault: DecodingError.Fault = message.byteCount < Varint.maxSize ? .truncated : .overlongVarint
        throw DecodingError(fault, offset: min(message.byteCount, Varint.maxSize))
    }

    /// The bytes of `message` after its header: an `AgentToServer` or a `ServerToAgent`, possibly empty.
    @_lifetime(copy message)
    public static func body(of message: RawSpan) throws(DecodingError) -> RawSpan {
        message.extracting(droppingFirst: try length(in: message))
    }
}
