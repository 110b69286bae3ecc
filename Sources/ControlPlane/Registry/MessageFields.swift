/// Walks the top-level fields of a message that was checked before, in borrowed bytes: where the content of each
/// length-delimited one is. Ends early, rather than fail, on bytes that were not checked.
struct MessageFields: ~Escapable {
    private let bytes: RawSpan
    private var offset = 0

    struct Field {
        var number: UInt64
        var content: Range<Int>
    }

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) {
        self.bytes = bytes
    }

    /// The next length-delimited field.
    mutating func next() -> Field? {
        while let tag = varint() {
            switch tag & 7 {
            case 0:
                guard varint() != nil else { return nil }
            case 1: offset += 8
            case 2:
                guard let count = varint(), count <= UInt64(bytes.byteCount - offset) else { return nil }
                let start = offset
                offset += Int(count)
                return Field(number: tag >> 3, content: start..<offset)
            case 5: offset += 4
            default: return nil
            }
        }
        return nil
    }

    private mutating func varint() -> UInt64? {
        var (value, shift): (UInt64, UInt64) = (0, 0)
        while offset < bytes.byteCount, shift < 64 {
            let byte = bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self)
            offset += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }
}
