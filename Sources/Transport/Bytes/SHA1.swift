import Basis

/// SHA-1 (FIPS 180-4) of a short message in one go. Its only use is the WebSocket handshake, where it proves that the
/// peer speaks the protocol; it protects nothing. Allocates nothing but the bytes of a digest.
enum SHA1 {
    private static let blockBytes = 64

    /// The sixteen words of a block of the padded message.
    typealias Block = InlineArray<16, UInt32>
    /// What the eighty rounds add, one each: the words of a block, and those that follow from them.
    typealias Schedule = InlineArray<80, UInt32>

    /// The state between two blocks; the digest in the end.
    struct State {
        private(set) var a: UInt32 = 0x6745_2301
        private(set) var b: UInt32 = 0xEFCD_AB89
        private(set) var c: UInt32 = 0x98BA_DCFE
        private(set) var d: UInt32 = 0x1032_5476
        private(set) var e: UInt32 = 0xC3D2_E1F0
    }

    /// The 20 bytes of the digest.
    static func digest(_ message: [UInt8]) -> [UInt8] {
        let bytes = message.span.bytes
        // Behind the message: a byte 0x80, zeros, and eight bytes with its length in bits.
        let blocks = (message.count + 8) / blockBytes + 1
        var state = State()
        for block in 0..<blocks {
            var words = Block { word(of: bytes, at: block * blockBytes + $0 * 4) }
            if block == blocks - 1 {
                let bits = UInt64(message.count) * 8
                words[14] = UInt32(truncatingIfNeeded: bits >> 32)
                words[15] = UInt32(truncatingIfNeeded: bits)
            }
            state.add(schedule(of: words))
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

    static func schedule(of block: Block) -> Schedule {
        var words = Schedule(repeating: 0)
        for index in 0..<16 { words[index] = block[index] }
        for index in 16..<80 {
            let mixed = words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16]
            words[index] = mixed.rotatedLeft(1)
        }
        return words
    }
}

extension SHA1.State {
    /// Adds a block. Five rounds a step: each leaves the words of the state where the next but four finds them.
    mutating func add(_ schedule: SHA1.Schedule) {
        let words = schedule.span
        var (a, b, c, d, e) = (self.a, self.b, self.c, self.d, self.e)
        @inline(__always)
        func fiveRounds(_ index: Int, _ constant: UInt32, _ choose: (UInt32, UInt32, UInt32) -> UInt32) {
            Self.round(a, &b, &e, choose(b, c, d) &+ constant &+ words[index])
            Self.round(e, &a, &d, choose(a, b, c) &+ constant &+ words[index + 1])
            Self.round(d, &e, &c, choose(e, a, b) &+ constant &+ words[index + 2])
            Self.round(c, &d, &b, choose(d, e, a) &+ constant &+ words[index + 3])
            Self.round(b, &c, &a, choose(c, d, e) &+ constant &+ words[index + 4])
        }
        var index = 0
        while index < 20 {
            fiveRounds(index, 0x5A82_7999) { $2 ^ ($0 & ($1 ^ $2)) }
            index += 5
        }
        while index < 40 {
            fiveRounds(index, 0x6ED9_EBA1) { $0 ^ $1 ^ $2 }
            index += 5
        }
        while index < 60 {
            fiveRounds(index, 0x8F1B_BCDC) { ($0 & $1) | ($2 & ($0 | $1)) }
            index += 5
        }
        while index < 80 {
            fiveRounds(index, 0xCA62_C1D6) { $0 ^ $1 ^ $2 }
            index += 5
        }
        self.a &+= a
        self.b &+= b
        self.c &+= c
        self.d &+= d
        self.e &+= e
    }

    @inline(__always)
    private static func round(_ a: UInt32, _ b: inout UInt32, _ e: inout UInt32, _ added: UInt32) {
        e = e &+ added &+ a.rotatedLeft(5)
        b = b.rotatedLeft(30)
    }
}

extension UInt32 {
    @inline(__always)
    fileprivate func rotatedLeft(_ count: UInt32) -> UInt32 {
        self &<< count | self &>> (32 &- count)
    }
}
