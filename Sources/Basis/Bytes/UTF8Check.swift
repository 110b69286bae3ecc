/// Whether bytes are UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
///
/// Unsafe inside: every load is between the bytes' start and their end.
public enum UTF8Check {
    @frozen
    public enum Verdict: Sendable {
        case ascii, beyondASCII, invalid
    }

    /// Whether `bytes` are UTF-8. One pass.
    public static func isValid(_ bytes: RawSpan) -> Bool {
        bytes.withUnsafeBytes { verdict(on: $0) != .invalid }
    }

    /// What `bytes` are. One pass; ASCII goes eight bytes at a time.
    @inlinable
    @inline(__always)
    public static func verdict(on bytes: UnsafeRawBufferPointer) -> Verdict {
        guard let base = bytes.baseAddress else { return .ascii }
        let count = bytes.count
        var index = 0
        // Every load ends at or before `count`.
        while count &- index >= 8 {
            let word = base.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if word & highBits != 0 { return verdict(on: bytes, from: index) }
            index &+= 8
        }
        // The rest, of up to seven bytes, without a loop: the last eight bytes once more, or halves of what there is.
        var rest: UInt64 = 0
        let left = count &- index
        if count >= 8 {
            rest = base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
        } else if left >= 4 {
            rest = UInt64(base.loadUnaligned(as: UInt32.self))
            rest |= UInt64(base.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
        } else if left > 0 {
            rest = UInt64(base.load(as: UInt8.self)) | UInt64(base.load(fromByteOffset: count &>> 1, as: UInt8.self))
            rest |= UInt64(base.load(fromByteOffset: count &- 1, as: UInt8.self))
        }
        return rest & highBits == 0 ? .ascii : verdict(on: bytes, from: index)
    }

    /// The high bit of each byte: all clear in ASCII.
    @usableFromInline
    static var highBits: UInt64 {
        @inlinable @inline(__always) get { 0x8080_8080_8080_8080 }
    }

    /// The verdict where the bytes before `start` are ASCII and one behind it is not.
    @usableFromInline
    @inline(never)
    static func verdict(on bytes: UnsafeRawBufferPointer, from start: Int) -> Verdict {
        var index = start
        while index < bytes.count {
            if bytes.count - index >= 8, bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & highBits == 0 {
                index += 8
            } else if let length = sequenceLength(in: bytes, at: index) {
                index += length
            } else {
                return .invalid
            }
        }
        return .beyondASCII
    }

    /// The length of the well-formed sequence that starts at `index` (Unicode 15, table 3-7).
    private static func sequenceLength(in bytes: UnsafeRawBufferPointer, at index: Int) -> Int? {
        let (length, second): (Int, ClosedRange<UInt8>)
        switch bytes[index] {
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
        guard bytes.count - index >= length, second.contains(bytes[index + 1]) else { return nil }
        for position in 2..<max(length, 2) where bytes[index + position] & 0xC0 != 0x80 {
            return nil
        }
        return length
    }
}
