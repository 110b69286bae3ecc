import Basis

/// SHA-1 (FIPS 180-4) of a short message in one go. Its only use is the WebSocket handshake, where it proves that the
/// peer speaks the protocol; it protects nothing. Allocates nothing but the digest.
enum SHA1 {
    private static let blockBytes = 64

    private struct State {
        var a: UInt32 = 0x6745_2301
        var b: UInt32 = 0xEFCD_AB89
        var c: UInt32 = 0x98BA_DCFE
        var d: UInt32 = 0x1032_5476
        var e: UInt32 = 0xC3D2_E1F0
    }

    /// The 20 bytes of the digest.
    static func digest(_ message: [UInt8]) -> [UInt8] {
        let bytes = message.span.bytes
        // Behind the message: a byte 0x80, zeros, and eight bytes with its length in bits.
        let blocks = (message.count + 8) / blockBytes + 1
        var state = State()
        for block in 0..<blocks {
            var words = InlineArray<16, UInt32> { word(of: bytes, at: block * blockBytes + $0 * 4) }
            if block == blocks - 1 {
                let bits = UInt64(message.count) * 8
                words[14] = UInt32(truncatingIfNeeded: bits >> 32)
                words[15] = UInt32(truncatingIfNeeded: bits)
            }
            compress(&words, into: &state)
        }
        var digest: [UInt8] = []
        digest.reserveCapacity(20)
        append(state.a, to: &digest)
        append(state.b, to: &digest)
        append(state.c, to: &digest)
        append(state.d, to: &digest)
        append(state.e, to: &digest)
        return digest
    }

    private static func append(_ word: UInt32, to digest: inout [UInt8]) {
        for shift in stride(from: UInt32(24), through: 0, by: -8) {
            digest.append(UInt8(truncatingIfNeeded: word >> shift))
        }
    }

    /// Four bytes of the padded message, without its length.
    private static func word(of message: RawSpan, at index: Int) -> UInt32 {
        let left = message.byteCount - index
        if left >= 4 { return message.bigEndian(UInt32.self, at: index) }
        guard left >= 0 else { return 0 }
        var word: UInt32 = 0
        for offset in 0..<left { word |= UInt32(message.byte(index + offset)) << UInt32(24 - 8 * offset) }
        return word | 0x80 << UInt32(24 - 8 * left)
    }

    /// `words` holds the last sixteen of the schedule at any time.
    private static func compress(_ words: inout InlineArray<16, UInt32>, into state: inout State) {
        var now = state
        for index in 0..<80 {
            let place = index & 15
            if index >= 16 {
                let mixed =
                    words[(index - 3) & 15] ^ words[(index - 8) & 15] ^ words[(index - 14) & 15] ^ words[place]
                words[place] = mixed.rotatedLeft(1)
            }
            let (choice, constant): (UInt32, UInt32)
            switch index {
            case ..<20: (choice, constant) = ((now.b & now.c) | (~now.b & now.d), 0x5A82_7999)
            case ..<40: (choice, constant) = (now.b ^ now.c ^ now.d, 0x6ED9_EBA1)
            case ..<60:
                (choice, constant) = ((now.b & now.c) | (now.b & now.d) | (now.c & now.d), 0x8F1B_BCDC)
            default: (choice, constant) = (now.b ^ now.c ^ now.d, 0xCA62_C1D6)
            }
            let next = now.a.rotatedLeft(5) &+ choice &+ now.e &+ constant &+ words[place]
            now = State(a: next, b: now.a, c: now.b.rotatedLeft(30), d: now.c, e: now.d)
        }
        state = State(
            a: state.a &+ now.a, b: state.b &+ now.b, c: state.c &+ now.c, d: state.d &+ now.d, e: state.e &+ now.e)
    }
}

extension UInt32 {
    fileprivate func rotatedLeft(_ count: UInt32) -> UInt32 {
        self << count | self >> (32 - count)
    }
}
