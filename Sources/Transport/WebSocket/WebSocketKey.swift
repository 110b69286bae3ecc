import Basis

/// The key of an opening handshake (RFC 6455, section 4.1), and the answer that it demands (section 4.2.2). Both are of
/// a known length and in place: nothing is allocated.
struct WebSocketKey {
    /// `Sec-WebSocket-Key`: 16 bytes in Base64.
    let characters: InlineArray<24, UInt8>

    /// - Parameter nonce: 16 random bytes.
    init(nonce: (UInt64, UInt64)) {
        var characters = InlineArray<24, UInt8>(repeating: UInt8(ascii: "="))
        // 21 characters of six bits, and one of the last two bits.
        for index in 0..<10 {
            characters[index] = Base64.character(of: UInt8(truncatingIfNeeded: nonce.0 &>> UInt64(58 - 6 * index)))
        }
        characters[10] = Base64.character(of: UInt8(truncatingIfNeeded: nonce.0 &<< 2 | nonce.1 &>> 62))
        for index in 11..<21 {
            let shift = UInt64(62 - 6 * (index - 10))
            characters[index] = Base64.character(of: UInt8(truncatingIfNeeded: nonce.1 &>> shift))
        }
        characters[21] = Base64.character(of: UInt8(truncatingIfNeeded: nonce.1 &<< 4))
        self.characters = characters
    }

    /// `Sec-WebSocket-Accept`: the SHA-1 of the key and a constant, 20 bytes in Base64.
    var accept: InlineArray<28, UInt8> {
        var block = Self.constantBlock
        for index in 0..<6 {
            var word: UInt32 = 0
            for offset in 0..<4 { word = word &<< 8 | UInt32(characters[4 * index + offset]) }
            block[index] = word
        }
        var state = SHA1.State()
        state.add(SHA1.schedule(of: block))
        state.add(Self.lastSchedule)
        let words: InlineArray<6, UInt32> = [state.a, state.b, state.c, state.d, state.e, 0]
        var characters = InlineArray<28, UInt8>(repeating: UInt8(ascii: "="))
        for index in 0..<27 {
            let bit = 6 * index
            let pair = UInt64(words[bit / 32]) &<< 32 | UInt64(words[bit / 32 + 1])
            characters[index] = Base64.character(of: UInt8(truncatingIfNeeded: pair &>> UInt64(58 - bit % 32)))
        }
        return characters
    }

    /// The first block of key and constant, without the key: 258EAFA5-E914-47DA-95CA-C5AB0DC85B11 and the first byte
    /// of the padding.
    private static var constantBlock: SHA1.Block {
        [
            0, 0, 0, 0, 0, 0, 0x3235_3845, 0x4146_4135, 0x2D45_3931, 0x342D_3437, 0x4441_2D39, 0x3543_412D,
            0x4335_4142, 0x3044_4338, 0x3542_3131, 0x8000_0000,
        ]
    }

    /// The second block is the rest of the padding: zeros, and the length of 60 bytes in bits.
    private static let lastSchedule: SHA1.Schedule = {
        var block = SHA1.Block(repeating: 0)
        block[15] = 480
        return SHA1.schedule(of: block)
    }()
}
