/// Eight bytes that identify any number of bytes: equal bytes have equal fingerprints, different ones have equal ones
/// with a probability of 2⁻⁶⁴. Zero is for no bytes. Not for secrets, and not secure against a search for collisions.
struct Fingerprint: Hashable, Sendable {
    var value: UInt64

    static let nothing = Fingerprint(value: 0)

    private init(value: UInt64) {
        self.value = value
    }

    /// Cost: about one multiplication for eight bytes.
    init(_ bytes: RawSpan) {
        let count = bytes.byteCount
        guard count > 0 else {
            value = 0
            return
        }
        var mixed = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: count)
        var offset = 0
        while offset + 8 <= count {
            mixed = Self.mix(mixed, bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian)
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < count {
            rest = rest << 8 | UInt64(bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self))
            offset += 1
        }
        mixed = Self.mix(mixed, rest)
        value = max(mixed, 1)
    }

    init(_ bytes: [UInt8]) {
        self.init(bytes.span.bytes)
    }

    /// Of bytes that come in several parts; `nothing` before the first.
    init(_ bytes: RawSpan, after former: Fingerprint) {
        self.init(bytes)
        if former != .nothing { value = max(Self.mix(former.value, value), 1) }
    }

    /// Multiplies to 128 bits and folds the halves together.
    private static func mix(_ state: UInt64, _ word: UInt64) -> UInt64 {
        let product = (state ^ word ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: state &+ 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low ^ (word &* 0x8EBC_6AF0_9C88_C6E3)
    }
}
