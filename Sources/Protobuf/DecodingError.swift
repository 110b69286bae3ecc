/// Why bytes are not the message that they should be. The fault is always the sender's; nothing that was read is kept.
public struct DecodingError: Error, Hashable, Sendable {
    /// What is wrong.
    public var fault: Fault
    /// The byte, counted from the start of the message, at which it was found.
    public var offset: Int

    /// The ways in which bytes fail to be a Protocol Buffers message.
    public enum Fault: Hashable, Sendable {
        /// A field, or the length that it claims, ends after its message.
        case truncated
        /// A number has more than ten bytes, or a field's tag more than five.
        case overlongVarint
        /// A field number is zero or above 2^29 - 1.
        case invalidFieldNumber
        /// A field has wire type 6 or 7, which do not exist.
        case invalidWireType
        /// A group ends that never started, or with another field number.
        case unbalancedGroup
        /// Messages are nested deeper than `DecodingLimits.depth`.
        case tooDeep
        /// A text field is not UTF-8.
        case invalidUTF8
        /// The message has more bytes than `DecodingLimits.byteCount`.
        case tooLarge
        /// A WebSocket message's header is not the number zero (spec: WebSocket Message Format).
        case unknownHeader
    }

    public init(_ fault: Fault, offset: Int) {
        self.fault = fault
        self.offset = offset
    }
}

extension DecodingError: CustomStringConvertible {
    public var description: String {
        let reason =
            switch fault {
            case .truncated: "a field ends after its message"
            case .overlongVarint: "a number has more bytes than it may"
            case .invalidFieldNumber: "a field number is out of range"
            case .invalidWireType: "a field has a wire type that does not exist"
            case .unbalancedGroup: "a group ends that did not start"
            case .tooDeep: "messages are nested too deeply"
            case .invalidUTF8: "a text is not UTF-8"
            case .tooLarge: "the message is larger than the limit"
            case .unknownHeader: "the WebSocket message's header is not zero"
            }
        return "malformed message: \(reason) (byte \(offset))"
    }
}

/// What a decoder accepts at most.
@frozen
public struct DecodingLimits: Hashable, Sendable {
    /// How deep messages may be nested in the outermost one; an unknown group counts as a level too. Bounds the
    /// decoder's use of the stack.
    public var depth: Int
    /// How many bytes a message may have. What a decoded value allocates is at most a fixed multiple of its bytes.
    public var byteCount: Int

    /// - Parameters:
    ///   - depth: 100 by default, as in other implementations of Protocol Buffers.
    ///   - byteCount: 64 MiB by default (spec: WebSocket Message Size Limits); never more than 4 GiB - 1.
    @inlinable
    public init(depth: Int = 100, byteCount: Int = 64 << 20) {
        self.depth = depth
        self.byteCount = min(byteCount, Int(UInt32.max))
    }

    @inlinable
    public static var `default`: DecodingLimits { DecodingLimits() }
}
