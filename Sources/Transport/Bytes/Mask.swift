/// The masking of RFC 6455, section 5.3: the payload XORed with a four-byte key repeated. Masking and unmasking are the
/// same step. Works eight bytes at a time.
enum Mask {
    /// Masks `bytes[start...]` in place; the key's first byte, its most significant, applies to `bytes[start]`.
    static func apply(_ key: UInt32, to bytes: inout [UInt8], from start: Int) {
        // The key's bytes in network order, twice, as a word of this machine.
        let half = UInt64(key.bigEndian)
        let word = half << 32 | half
        var elements = bytes.mutableSpan
        var target = elements.mutableBytes
        let count = target.byteCount
        var index = start
        while count - index >= 8 {
            let masked = target.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self) ^ word
            target.storeBytes(of: masked, toByteOffset: index, as: UInt64.self)
            index += 8
        }
        var shift: UInt32 = 24
        while index < count {
            let masked =
                target.unsafeLoad(fromByteOffset: index, as: UInt8.self) ^ UInt8(truncatingIfNeeded: key >> shift)
            target.storeBytes(of: masked, toByteOffset: index, as: UInt8.self)
            shift = (shift &- 8) & 31
            index += 1
        }
    }
}
