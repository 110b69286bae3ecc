import Basis

/// Whether bytes are well-formed UTF-8 (Unicode 15, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF).
enum UTF8Validity {
    /// One pass; runs of ASCII go eight bytes at a time.
    static func isValid(_ bytes: RawSpan) -> Bool {
        var index = 0
        let count = bytes.byteCount
        while index < count {
            if count - index >= 8, bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self) & asciiMask == 0 {
                index += 8
                continue
            }
            guard let length = sequenceLength(bytes, at: index) else { return false }
            index += length
        }
        return true
    }

    /// The high bit of each byte: all clear in ASCII.
    private static let asciiMask: UInt64 = 0x8080_8080_8080_8080

    /// The length of the well-formed sequence that starts at `index`.
    private static func sequenceLength(_ bytes: RawSpan, at index: Int) -> Int? {
        let lead = bytes.byte(index)
        let (length, second): (Int, ClosedRange<UInt8>)
        switch lead {
        case 0x00...0x7F: return 1
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return nil
        }
        guard bytes.byteCount - index >= length, second.contains(bytes.byte(index + 1)) else { return nil }
        for position in 2..<max(length, 2) where bytes.byte(index + position) & 0xC0 != 0x80 {
            return nil
        }
        return length
    }
}
