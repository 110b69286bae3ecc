/// How a peer broke the framing of RFC 6455. Always the peer's fault; the remedy is to tell it `closeCode` and to
/// close.
public enum WebSocketError: Error, Hashable, Sendable {
    /// Reserved bits are set that no agreed extension gives a meaning to.
    case reservedBits(UInt8)
    case unknownOpcode(UInt8)
    /// A control frame without the final bit.
    case fragmentedControlFrame
    /// A control frame of more than 125 bytes.
    case longControlFrame
    /// A client sent a frame without a mask.
    case unmaskedFrame
    /// A server sent a frame with a mask.
    case maskedFrame
    /// A length written in more bytes than it needs.
    case lengthNotMinimal
    /// A length with its highest bit set.
    case lengthOutOfRange
    /// A continuation where no message is open.
    case unexpectedContinuation
    /// A new data message before the open one ended.
    case interruptedMessage
    /// A frame that announces more than `WebSocketLimits.frameBytes`.
    case frameTooLarge(announced: UInt64, limit: UInt32)
    /// A message that outgrows `WebSocketLimits.messageBytes`, or the limit given for it decompressed.
    case messageTooLarge(limit: UInt32)
    /// A text message or a close reason that is not UTF-8.
    case invalidUTF8
    /// A close frame with a payload of one byte.
    case truncatedCloseCode
    /// A close code that may not be sent.
    case invalidCloseCode(UInt16)
    /// A compressed message that does not decompress.
    case corruptCompressedMessage

    /// The close code for the peer.
    public var closeCode: WebSocketCloseCode {
        switch self {
        case .reservedBits, .unknownOpcode, .fragmentedControlFrame, .longControlFrame, .unmaskedFrame, .maskedFrame,
            .lengthNotMinimal, .lengthOutOfRange, .unexpectedContinuation, .interruptedMessage, .truncatedCloseCode,
            .invalidCloseCode:
            .protocolError
        case .frameTooLarge, .messageTooLarge: .messageTooBig
        case .invalidUTF8, .corruptCompressedMessage: .invalidPayload
        }
    }

    /// The name under which the error is counted; the same for all payloads.
    public var name: String {
        switch self {
        case .reservedBits: "websocket_reserved_bits"
        case .unknownOpcode: "websocket_unknown_opcode"
        case .fragmentedControlFrame: "websocket_fragmented_control_frame"
        case .longControlFrame: "websocket_long_control_frame"
        case .unmaskedFrame: "websocket_unmasked_frame"
        case .maskedFrame: "websocket_masked_frame"
        case .lengthNotMinimal: "websocket_length_not_minimal"
        case .lengthOutOfRange: "websocket_length_out_of_range"
        case .unexpectedContinuation: "websocket_unexpected_continuation"
        case .interruptedMessage: "websocket_interrupted_message"
        case .frameTooLarge: "websocket_frame_too_large"
        case .messageTooLarge: "websocket_message_too_large"
        case .invalidUTF8: "websocket_invalid_utf8"
        case .truncatedCloseCode: "websocket_truncated_close_code"
        case .invalidCloseCode: "websocket_invalid_close_code"
        case .corruptCompressedMessage: "websocket_corrupt_compressed_message"
        }
    }
}

extension WebSocketError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .reservedBits(let bits): "the peer set reserved bits \(bits) of a frame without an agreed extension"
        case .unknownOpcode(let code): "the peer sent a frame with the reserved opcode \(code)"
        case .fragmentedControlFrame: "the peer fragmented a control frame"
        case .longControlFrame: "the peer sent a control frame of more than 125 bytes"
        case .unmaskedFrame: "the client sent a frame without a mask"
        case .maskedFrame: "the server sent a masked frame"
        case .lengthNotMinimal: "the peer wrote a frame's length in more bytes than needed"
        case .lengthOutOfRange: "the peer announced a frame length of 2^63 or more"
        case .unexpectedContinuation: "the peer continued a message that it had not started"
        case .interruptedMessage: "the peer started a message before it had ended the last"
        case .frameTooLarge(let announced, let limit):
            "the peer announced a frame of \(announced) bytes; \(limit) may come"
        case .messageTooLarge(let limit): "the peer sent a message of more than \(limit) bytes"
        case .invalidUTF8: "the peer sent text that is not UTF-8"
        case .truncatedCloseCode: "the peer sent half a close code"
        case .invalidCloseCode(let code): "the peer closed with \(code), which may not be sent"
        case .corruptCompressedMessage: "the peer sent a compressed message that does not decompress"
        }
    }
}
