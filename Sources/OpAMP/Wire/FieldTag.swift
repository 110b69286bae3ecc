/// What stands before each field on the wire: its number and how its content is laid out.
struct FieldTag {
    let rawValue: UInt32

    /// The field's number in its message.
    @inline(__always)
    var number: UInt32 { rawValue >> 3 }

    /// How the field's content is laid out; always one of `WireType`'s for a tag that a reader returned.
    @inline(__always)
    func has(_ type: WireType) -> Bool { UInt8(truncatingIfNeeded: rawValue & 7) == type.rawValue }
}

/// The layouts of a field's content (Protocol Buffers' wire types).
enum WireType: UInt8 {
    case varint = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case startGroup = 3
    case endGroup = 4
    case fixed32 = 5
}
