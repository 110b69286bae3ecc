/// Protocol Buffers' variable-length numbers: seven bits a byte, least significant first.
enum Varint {
    /// The most bytes that a 64-bit number takes.
    static let longest = 10

    /// The most bytes that a field's tag takes: it is a 32-bit number.
    static let longestTag = 5

    /// How many bytes `value` takes: one for each seven significant bits begun, one for zero.
    @inline(__always)
    static func size(_ value: UInt64) -> Int {
        // (64 - leadingZeros) / 7 rounded up, without dividing: exact for all 64 bit lengths.
        (UInt64.bitWidth &* 9 &+ 64 &- (value | 1).leadingZeroBitCount &* 9) &>> 6
    }

    /// How many bytes a field's tag takes.
    @inline(__always)
    static func tagSize(_ number: UInt32) -> Int {
        size(UInt64(number) << 3)
    }
}
