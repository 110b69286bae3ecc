/// Protocol Buffers' variable-length numbers: seven bits a byte, least significant first.
@usableFromInline
package enum Varint {
    /// The most bytes that a 64-bit number has.
    package static var maxSize: Int {
        @inlinable @inline(__always) get { 10 }
    }

    /// The most bytes that a field's tag has: it is a 32-bit number.
    package static var maxTagSize: Int {
        @inlinable @inline(__always) get { 5 }
    }

    /// How many bytes `value` needs: one for each seven significant bits begun, one for zero.
    @inlinable
    @inline(__always)
    package static func size(_ value: UInt64) -> Int {
        // (64 - leadingZeros) / 7 rounded up, without dividing: exact for all 64 bit lengths.
        (UInt64.bitWidth &* 9 &+ 64 &- (value | 1).leadingZeroBitCount &* 9) &>> 6
    }

    /// Appends the bytes of `value`.
    package static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest &>>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// The number whose bytes are the lowest of `word`, the rest being zero: seven bits of each byte drawn together,
    /// first in pairs, then in fours, then all eight.
    @inlinable
    @inline(__always)
    package static func compressed(_ word: UInt64) -> UInt64 {
        var bits = word & 0x7F7F_7F7F_7F7F_7F7F
        bits = bits & 0x007F_007F_007F_007F | (bits & 0x7F00_7F00_7F00_7F00) &>> 1
        bits = bits & 0x0000_3FFF_0000_3FFF | (bits & 0x3FFF_0000_3FFF_0000) &>> 2
        return bits & 0x0000_0000_0FFF_FFFF | (bits & 0x0FFF_FFFF_0000_0000) &>> 4
    }

    /// The lowest 28 bits of `value`, seven in each byte: the opposite of `compressed`.
    @inlinable
    @inline(__always)
    package static func expanded(_ value: UInt32) -> UInt32 {
        value & 0x7F | (value & 0x3F80) &<< 1 | (value & 0x1F_C000) &<< 2 | (value & 0xFE0_0000) &<< 3
    }
}
