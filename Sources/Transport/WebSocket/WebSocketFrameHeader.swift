import Basis

/// The head of one frame as read (RFC 6455, section 5.2), checked against the rules of the connection.
struct WebSocketFrameHeader {
    var opcode: WebSocketOpcode
    var isFinal: Bool
    var isCompressed: Bool
    var mask: UInt32?
    /// The size of the head itself, 2 to 14 bytes.
    var size: Int
    /// The size of the payload; at most the frame limit.
    var payloadCount: Int

    /// What the connection's state lets a frame be.
    struct Rules {
        var role: WebSocketRole
        var allowsCompression: Bool
        /// Whether a fragmented message is open.
        var isMidMessage: Bool
        /// How many bytes the open message holds already.
        var assembledCount: Int
        var limits: WebSocketLimits
    }

    /// Parses the head that starts at `start`; nil where the bytes end before it does. Each rule is checked as soon as
    /// the byte that breaks it is there, so the verdict does not depend on how the bytes arrive.
    @inline(__always)
    static func parse(
        _ bytes: RawSpan, at start: Int, rules: Rules
    ) throws(WebSocketError) -> WebSocketFrameHeader? {
        let available = bytes.byteCount - start
        guard available > 0 else { return nil }
        let first = bytes.byte(start)
        guard let opcode = WebSocketOpcode(rawValue: first & 0x0F) else { throw .unknownOpcode(first & 0x0F) }
        let isFinal = first & 0x80 != 0
        let reserved = first & 0x70
        let isCompressed = reserved == 0x40
        if reserved != 0 {
            let startsMessage = opcode == .text || opcode == .binary
            guard isCompressed, rules.allowsCompression, startsMessage else { throw .reservedBits(reserved >> 4) }
        }
        if opcode.isControl {
            guard isFinal else { throw .fragmentedControlFrame }
        } else if opcode == .continuation {
            guard rules.isMidMessage else { throw .unexpectedContinuation }
        } else {
            guard !rules.isMidMessage else { throw .interruptedMessage }
        }

        guard available > 1 else { return nil }
        let second = bytes.byte(start + 1)
        let isMasked = second & 0x80 != 0
        switch (rules.role, isMasked) {
        case (.client, true): throw .maskedFrame
        case (.server, false): throw .unmaskedFrame
        case (.client, false), (.server, true): break
        }
        let short = second & 0x7F
        guard !opcode.isControl || short < 126 else { throw .longControlFrame }

        let lengthSize = short < 126 ? 0 : short == 126 ? 2 : 8
        guard available >= 2 + lengthSize else { return nil }
        let announced: UInt64
        switch lengthSize {
        case 0:
            announced = UInt64(short)
        case 2:
            announced = UInt64(bytes.bigEndian(UInt16.self, at: start + 2))
            guard announced > 125 else { throw .lengthNotMinimal }
        default:
            announced = bytes.bigEndian(UInt64.self, at: start + 2)
            guard announced >> 63 == 0 else { throw .lengthOutOfRange }
            guard announced > 0xFFFF else { throw .lengthNotMinimal }
        }
        if !opcode.isControl {
            guard announced <= UInt64(rules.limits.frameBytes) else {
                throw .frameTooLarge(announced: announced, limit: rules.limits.frameBytes)
            }
            guard announced + UInt64(rules.assembledCount) <= UInt64(rules.limits.messageBytes) else {
                throw .messageTooLarge(limit: rules.limits.messageBytes)
            }
        }

        let size = 2 + lengthSize + (isMasked ? 4 : 0)
        guard available >= size else { return nil }
        return WebSocketFrameHeader(
            opcode: opcode, isFinal: isFinal, isCompressed: isCompressed,
            mask: isMasked ? bytes.bigEndian(UInt32.self, at: start + size - 4) : nil,
            size: size, payloadCount: Int(announced))
    }
}
