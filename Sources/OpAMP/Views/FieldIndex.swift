/// Which fields of a checked message came, and the way back to the sub-messages among them.
struct FieldIndex {
    /// Bit n: field n came at least once, laid out as its kind asks for.
    private(set) var present: UInt32 = 0

    /// Notes that the plain field `number` came.
    @inline(__always)
    mutating func note(_ number: UInt32) {
        present |= 1 &<< number
    }

    /// Checks one field that is not plain, and notes it.
    mutating func check(
        _ field: FieldTag, as kind: FieldKind, in reader: inout WireReader
    ) throws(DecodingError) {
        guard case .message(let kind) = kind, field.has(.lengthDelimited) else { return try reader.skip(field) }
        note(field.number)
        let outer = try reader.enterMessage()
        try reader.check(kind)
        reader.leaveMessage(outer)
    }
}

/// Looking into a checked message. A top-level message has few fields, so each look walks them again instead of keeping
/// places; a sub-message that came in several parts is then seen whole. Nothing here can fail on bytes that passed the
/// check, so nothing throws.
extension FieldIndex {
    @inline(__always)
    func has(_ number: UInt32) -> Bool {
        present & 1 &<< number != 0
    }

    /// The sub-message `number` as a value, with its parts merged where it came in several.
    func message<Message: FieldTable>(_ number: UInt32, in bytes: RawSpan) -> Message? {
        guard has(number) else { return nil }
        var message = Message()
        forEachPart(number, in: bytes) { (reader) throws(DecodingError) in try message.decodeFields(from: &reader) }
        return message
    }

    /// The last number in field `member` of the sub-message `number`, without building the sub-message.
    func varint(_ member: UInt32, of number: UInt32, in bytes: RawSpan) -> UInt64? {
        var result: UInt64?
        forEachPart(number, in: bytes) { (reader) throws(DecodingError) in
            while let field = try reader.nextField() {
                if field.number == member, field.has(.varint) {
                    result = try reader.varint()
                } else {
                    try reader.skip(field)
                }
            }
        }
        return result
    }

    /// Where the last bytes in field `member` of the sub-message `number` are, without building the sub-message.
    func content(_ member: UInt32, of number: UInt32, in bytes: RawSpan) -> Range<Int>? {
        var result: Range<Int>?
        forEachPart(number, in: bytes) { (reader) throws(DecodingError) in
            while let field = try reader.nextField() {
                if field.number == member, field.has(.lengthDelimited) {
                    result = try reader.contentRange()
                } else {
                    try reader.skip(field)
                }
            }
        }
        return result
    }

    /// Runs `body` over each part of the sub-message `number`, in order. Offsets count from the start of `bytes`.
    private func forEachPart(
        _ number: UInt32, in bytes: RawSpan, _ body: (inout WireReader) throws(DecodingError) -> Void
    ) {
        guard has(number) else { return }
        do throws(DecodingError) {
            try WireReader.read(bytes, limits: DecodingLimits(depth: .max, byteCount: .max)) {
                (reader) throws(DecodingError) in
                while let field = try reader.nextField() {
                    if field.number == number, field.has(.lengthDelimited) {
                        let outer = try reader.enterMessage()
                        try body(&reader)
                        reader.leaveMessage(outer)
                    } else {
                        try reader.skip(field)
                    }
                }
            }
        } catch {
            assertionFailure("checked bytes could not be read: \(error)")
        }
    }
}
