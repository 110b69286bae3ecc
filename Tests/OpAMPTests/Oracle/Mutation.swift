import Basis

/// Damages encoded messages in the ways that networks, bugs and attackers do.
struct Mutation {
    private var random: SeededRandom

    init(seed: UInt64, stream: UInt64) {
        random = SeededRandom(seed: seed, stream: stream)
    }

    /// `bytes` with one to four changes; `other` lends parts to splice in. At most `limit` bytes long.
    mutating func damaged(_ bytes: [UInt8], with other: [UInt8], limit: Int = 4096) -> [UInt8] {
        var bytes = bytes
        for _ in 0...random.index(below: 4) { damage(&bytes, with: other) }
        return Array(bytes.prefix(limit))
    }

    private mutating func damage(_ bytes: inout [UInt8], with other: [UInt8]) {
        let place = random.index(below: bytes.count + 1)
        switch random.index(below: 10) {
        case 0: if place < bytes.count { bytes[place] ^= 1 << UInt8(random.index(below: 8)) }
        case 1: if place < bytes.count { bytes[place] = UInt8(truncatingIfNeeded: random.next()) }
        case 2: if place < bytes.count { bytes[place] = [0, 1, 0x7F, 0x80, 0xFF, 0xC0][random.index(below: 6)] }
        case 3: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
        case 4: bytes.removeSubrange(place..<min(place + 1 + random.index(below: 4), bytes.count))
        case 5: bytes.removeSubrange(place...)
        case 6: bytes.insert(contentsOf: slice(of: bytes), at: place)
        case 7: bytes.insert(contentsOf: slice(of: other), at: place)
        case 8: bytes += other
        default: bytes.insert(contentsOf: Self.fragments[random.index(below: Self.fragments.count)], at: place)
        }
    }

    private mutating func slice(of bytes: [UInt8]) -> ArraySlice<UInt8> {
        let start = random.index(below: bytes.count + 1)
        return bytes[start..<min(start + random.index(below: 40), bytes.count)]
    }

    /// Pieces of the wire format that chance alone would seldom make.
    private static let fragments: [[UInt8]] = [
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],  // a number of ten bytes
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],  // and of eleven
        [0x1A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F],  // a length of 4 GiB
        [0x2A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],  // the greatest length of all
        [0xA3, 0x01, 0x08, 0x05, 0xA4, 0x01],  // an unknown group, whole
        [0xA3, 0x01, 0xA3, 0x01, 0xA4, 0x01, 0xA4, 0x01],  // one in another
        [0xA3, 0x01, 0x08],  // one that does not end
        [0xA4, 0x01],  // one that did not start
        [0xA2, 0x06, 0x03, 0x61, 0x62, 0x63],  // an unknown text
        [0xA5, 0x06, 1, 2, 3, 4], [0xA1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8],  // unknown fixed numbers
        [0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],  // the greatest number in field 2
        [0x12, 0x02, 0x08, 0x01],  // field 2 as a list of packed numbers
        [0x2A, 0x02, 0x08, 0x00], [0x2A, 0x02, 0x08, 0x01],  // field 5 again, to be merged
        [0x32, 0x02, 0x0A, 0x00],  // field 6 with an empty entry
        [0x3A, 0x04, 0x0A, 0x02, 0xC3, 0x28], [0x3A, 0x04, 0x1A, 0x02, 0xC3, 0x28],  // bytes that are not UTF-8
        [0x00], [0x07], [0x06],  // tags that do not exist
    ]
}
