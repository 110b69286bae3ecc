extension RawSpan {
    /// The byte at `index`. Traps outside the span, like an array's subscript.
    @inlinable @inline(__always)
    package func byte(_ index: Int) -> UInt8 {
        unsafeLoad(fromByteOffset: index, as: UInt8.self)
    }

    /// The big-endian integer that starts at `index`.
    @inlinable @inline(__always)
    package func bigEndian<Integer: FixedWidthInteger & BitwiseCopyable>(_ type: Integer.Type, at index: Int) -> Integer
    {
        Integer(bigEndian: unsafeLoadUnaligned(fromByteOffset: index, as: Integer.self))
    }

    /// Whether the bytes are the same as those of `other`.
    package func equals(_ other: RawSpan) -> Bool {
        guard byteCount == other.byteCount else { return false }
        for index in 0..<byteCount where byte(index) != other.byte(index) { return false }
        return true
    }

    /// Whether the bytes are those of `text`, ASCII letters compared without case. Allocates nothing.
    @inlinable
    package func equalsIgnoringCase(_ text: String) -> Bool {
        let other = text.utf8
        guard byteCount == other.count else { return false }
        var index = 0
        for expected in other {
            guard byte(index).asciiLowercased == expected.asciiLowercased else { return false }
            index += 1
        }
        return true
    }

    /// The bytes as text; what is not UTF-8 is repaired.
    package var repairedText: String {
        withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    /// The span without the spaces and tabs at its two ends.
    @inlinable
    @_lifetime(copy self)
    package func trimmed() -> RawSpan {
        var (start, end) = (0, byteCount)
        while start < end, byte(start).isSpaceOrTab { start += 1 }
        while end > start, byte(end - 1).isSpaceOrTab { end -= 1 }
        return extracting(start..<end)
    }

    /// The first index in `range` that holds `wanted`. Eight bytes at a time.
    @inlinable
    package func firstIndex(of wanted: UInt8, in range: Range<Int>) -> Int? {
        let lows: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let pattern = lows &* UInt64(wanted)
        var index = range.lowerBound
        while range.upperBound - index >= 8 {
            // A byte that equals the wanted one becomes zero, and the lowest zero byte is the lowest whose high bit is
            // left.
            let word = UInt64(littleEndian: unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)) ^ pattern
            let zeros = (word &- lows) & ~word & highs
            if zeros != 0 { return index + zeros.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < range.upperBound {
            if byte(index) == wanted { return index }
            index += 1
        }
        return nil
    }

    /// The first index in `range` that holds a control character: below 0x20, or 0x7F. Eight bytes at a time.
    package func firstControl(in range: Range<Int>) -> Int? {
        let lows: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        var index = range.lowerBound
        while range.upperBound - index >= 8 {
            // As in `firstIndex`, for two conditions at once.
            let word = UInt64(littleEndian: unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            let deletes = word ^ (lows &* 0x7F)
            let found = ((word &- lows &* 0x20) & ~word | (deletes &- lows) & ~deletes) & highs
            if found != 0 { return index + found.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < range.upperBound {
            if byte(index) < 0x20 || byte(index) == 0x7F { return index }
            index += 1
        }
        return nil
    }
}

extension [UInt8] {
    /// Appends the bytes of `span`; one copy, no allocation while the capacity lasts.
    @inlinable @inline(__always)
    package mutating func append(_ span: RawSpan) {
        span.withUnsafeBytes { append(contentsOf: $0) }
    }

    /// Appends the UTF-8 of `text`.
    @inlinable
    package mutating func append(_ text: String) {
        append(contentsOf: text.utf8)
    }

    /// Appends `number` in decimal. Allocates nothing.
    @inlinable
    package mutating func append(decimal number: UInt64) {
        var divisor: UInt64 = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(truncatingIfNeeded: number / divisor % 10) + 0x30)
            divisor /= 10
        }
    }

    /// Makes room for `extra` more bytes of a unit that will hold `total` bytes in the end: doubles as data arrives, so
    /// that a peer that only announces a large unit makes nothing grow, and never reaches beyond `total`.
    @inlinable
    package mutating func grow(by extra: Int, towards total: Int) {
        let needed = count + extra
        if needed > capacity {
            reserveCapacity(Swift.max(needed, Swift.min(total, 2 * count)))
        }
    }
}

extension UInt8 {
    @inlinable @inline(__always)
    package var asciiLowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    @inlinable @inline(__always)
    package var isSpaceOrTab: Bool { self == 0x20 || self == 0x09 }

    @inlinable @inline(__always)
    package var isDecimalDigit: Bool { self &- 0x30 < 10 }

    /// The value of a hexadecimal digit.
    @inlinable
    package var hexadecimalValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }
}
