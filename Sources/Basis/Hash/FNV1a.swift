/// The 64-bit hash FNV-1a: the same on every machine, for short texts. Not for secrets, and anybody can make two inputs
/// that collide.
package struct FNV1a: Hashable, Sendable {
    /// The hash of what was added.
    package private(set) var value: UInt64

    /// - Parameter basis: where the hash starts; FNV's own unless another is given.
    package init(basis: UInt64 = 0xCBF2_9CE4_8422_2325) {
        value = basis
    }

    package mutating func add(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x100_0000_01B3
    }

    /// The hash of `bytes`. Linear.
    package static func hash(_ bytes: some Sequence<UInt8>, basis: UInt64? = nil) -> UInt64 {
        var hash = basis.map { FNV1a(basis: $0) } ?? FNV1a()
        for byte in bytes { hash.add(byte) }
        return hash.value
    }

    /// 16 bytes that stand for `bytes`: two hashes of different bases, big-endian. Linear.
    package static func fingerprint(_ bytes: [UInt8]) -> [UInt8] {
        [hash(bytes), hash(bytes, basis: 0x6C62_272E_07BB_0142)].flatMap { word in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
        }
    }
}
