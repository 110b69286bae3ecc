/// Base64 (RFC 4648, section 4), strictly: padded, no white space, and only the one text that each sequence of bytes has.
enum Base64Text {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func text(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let piece = bytes[start..<min(start + 3, bytes.count)]
            var group = piece.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            group <<= UInt32(8 * (3 - piece.count))
            for index in 0..<4 {
                text.append(index <= piece.count ? alphabet[Int(group >> UInt32(18 - 6 * index) & 63)] : 0x3D)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    static func bytes(_ text: String) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count.isMultiple(of: 4) else { return nil }
        var bytes: [UInt8] = []
        var group: UInt32 = 0
        var count = 0
        for character in characters.reversed().drop(while: { $0 == 0x3D }).reversed() {
            guard let value = value(of: character) else { return nil }
            group = group << 6 | value
            count += 1
            guard count % 4 == 0 else { continue }
            for shift in [UInt32(16), 8, 0] { bytes.append(UInt8(truncatingIfNeeded: group >> shift)) }
            group = 0
        }
        switch count % 4 {
        case 2: bytes.append(UInt8(truncatingIfNeeded: group >> 4))
        case 3:
            bytes.append(UInt8(truncatingIfNeeded: group >> 10))
            bytes.append(UInt8(truncatingIfNeeded: group >> 2))
        default: break
        }
        // Wrong padding and stray bits show in the one right text.
        return self.text(bytes) == text ? bytes : nil
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case 0x41...0x5A: UInt32(character - 0x41)
        case 0x61...0x7A: UInt32(character - 0x61 + 26)
        case 0x30...0x39: UInt32(character - 0x30 + 52)
        case 0x2B: 62
        case 0x2F: 63
        default: nil
        }
    }
}
