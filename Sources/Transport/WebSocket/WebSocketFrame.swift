import Basis

/// Writes frames (RFC 6455, section 5.2) behind what a caller's buffer already holds. Nothing is allocated while the
/// buffer's capacity lasts, and the payload is copied once.
public enum WebSocketFrame {
    /// The longest payload of a control frame, in bytes.
    public static let maximumControlPayload = 125

    /// Appends one frame.
    /// - Parameters:
    ///   - payload: what the frame carries; for a control frame at most 125 bytes, which is checked.
    ///   - mask: the masking key, fresh and unpredictable for each frame, from a client; nil from a server.
    ///   - isFinal: false for all fragments of a message but the last.
    ///   - isCompressed: the message went through `Deflater`; belongs on its first frame only.
    public static func append(
        _ opcode: WebSocketOpcode, payload: RawSpan, mask: UInt32?, isFinal: Bool = true, isCompressed: Bool = false,
        to bytes: inout [UInt8]
    ) {
        appendHeader(opcode, payload.byteCount, mask, isFinal, isCompressed, to: &bytes)
        let start = bytes.count
        bytes.append(payload)
        if let mask { Mask.apply(mask, to: &bytes, from: start) }
    }

    /// Appends one frame whose payload is `prefix` and then `payload`: an OpAMP message behind its header.
    public static func append(
        _ opcode: WebSocketOpcode, prefix: UInt8, payload: RawSpan, mask: UInt32?, to bytes: inout [UInt8]
    ) {
        appendHeader(opcode, payload.byteCount + 1, mask, true, false, to: &bytes)
        let start = bytes.count
        bytes.append(prefix)
        bytes.append(payload)
        if let mask { Mask.apply(mask, to: &bytes, from: start) }
    }

    /// Appends a message as frames of at most `size` bytes of payload (RFC 6455, section 5.4).
    /// - Parameters:
    ///   - prefix: a byte before the payload, which belongs to the first frame.
    ///   - size: at least 1.
    ///   - nextMask: the masking key of each frame; nil from a server.
    public static func appendFragments(
        _ opcode: WebSocketOpcode, prefix: UInt8? = nil, payload: RawSpan, ofSize size: Int, isCompressed: Bool = false,
        nextMask: () -> UInt32?, to bytes: inout [UInt8]
    ) {
        precondition(size > 0, "a frame has room for a byte at least")
        var offset = 0
        var isFirst = true
        repeat {
            let room = isFirst && prefix != nil ? size - 1 : size
            let end = offset + min(room, payload.byteCount - offset)
            let piece = payload.extracting(offset..<end)
            let own = isFirst ? prefix : nil
            let mask = nextMask()
            appendHeader(
                isFirst ? opcode : .continuation, piece.byteCount + (own == nil ? 0 : 1), mask,
                end == payload.byteCount, isFirst && isCompressed, to: &bytes)
            let start = bytes.count
            if let own { bytes.append(own) }
            bytes.append(piece)
            if let mask { Mask.apply(mask, to: &bytes, from: start) }
            (offset, isFirst) = (end, false)
        } while offset < payload.byteCount
    }

    /// Appends a close frame. A code that may not be sent is left out, and a reason that is too long is cut between two
    /// characters.
    public static func appendClose(
        _ code: WebSocketCloseCode?, reason: String = "", mask: UInt32?, to bytes: inout [UInt8]
    ) {
        var payload: [UInt8] = []
        if let code, code.mayBeSent {
            payload.append(UInt8(truncatingIfNeeded: code.rawValue >> 8))
            payload.append(UInt8(truncatingIfNeeded: code.rawValue))
            for scalar in reason.unicodeScalars {
                guard payload.count + UTF8.width(scalar) <= maximumControlPayload else { break }
                payload.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        append(.close, payload: payload.span.bytes, mask: mask, to: &bytes)
    }

    /// The size in bytes of a frame with a payload of `payload` bytes.
    public static func encodedSize(payload: Int, isMasked: Bool) -> Int {
        let length = payload < 126 ? 0 : payload <= 0xFFFF ? 2 : 8
        return 2 + length + (isMasked ? 4 : 0) + payload
    }

    private static func appendHeader(
        _ opcode: WebSocketOpcode, _ count: Int, _ mask: UInt32?, _ isFinal: Bool, _ isCompressed: Bool,
        to bytes: inout [UInt8]
    ) {
        precondition(
            !opcode.isControl || (isFinal && !isCompressed && count <= maximumControlPayload),
            "a control frame is whole, uncompressed and at most 125 bytes long")
        let first = opcode.rawValue | (isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0)
        let maskBit: UInt8 = mask == nil ? 0 : 0x80
        bytes.append(addingCapacity: encodedSize(payload: count, isMasked: mask != nil)) { output in
            output.append(first)
            if count < 126 {
                output.append(maskBit | UInt8(truncatingIfNeeded: count))
            } else if count <= 0xFFFF {
                output.append(maskBit | 126)
                output.append(UInt8(truncatingIfNeeded: count >> 8))
                output.append(UInt8(truncatingIfNeeded: count))
            } else {
                output.append(maskBit | 127)
                for shift in stride(from: 56, through: 0, by: -8) {
                    output.append(UInt8(truncatingIfNeeded: count >> shift))
                }
            }
            if let mask {
                output.append(UInt8(truncatingIfNeeded: mask >> 24))
                output.append(UInt8(truncatingIfNeeded: mask >> 16))
                output.append(UInt8(truncatingIfNeeded: mask >> 8))
                output.append(UInt8(truncatingIfNeeded: mask))
            }
        }
    }
}
