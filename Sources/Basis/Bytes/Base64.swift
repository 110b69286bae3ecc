/// Base64 (RFC 4648, section 4), strict: padded, without white space, and only the one text that a sequence of bytes
/// has.
public enum Base64 {
    private static let padding = UInt8(ascii: "=")

    /// The text of `bytes`. Linear.
    public static func text(_ bytes: [UInt8]) -> String {
        String(decoding: encode(bytes), as: UTF8.self)
    }

    /// The characters of the text of `bytes`. Linear.
    public static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let left = bytes.count - start
            var bits = UInt32(bytes[start]) << 16
            if left > 1 { bits |= UInt32(bytes[start + 1]) << 8 }
            if left > 2 { bits |= UInt32(bytes[start + 2]) }
            for position in 0..<4 {
                let digit = UInt8(truncatingIfNeeded: bits >> UInt32(18 - 6 * position))
                text.append(position <= left ? character(of: digit) : padding)
            }
        }
        return text
    }

    /// The character of the lowest six bits of `digit`.
    @inlinable @inline(__always)
    package static func character(of digit: UInt8) -> UInt8 {
        // Without a branch, which for random digits would be predicted wrongly half of the time: each difference is
        // negative, and so all ones above its lowest byte, from the first digit of a range on.
        let digit = Int32(digit & 0x3F)
        var distance = Int32(UInt8(ascii: "A"))
        distance &+= (25 &- digit) &>> 8 & 6
        distance &-= (51 &- digit) &>> 8 & 75
        distance &-= (61 &- digit) &>> 8 & 15
        distance &+= (62 &- digit) &>> 8 & 3
        return UInt8(truncatingIfNeeded: digit &+ distance)
    }

    /// Decodes `text`; nil if it is not valid Base64. Linear.
    /// - Parameter allowsExtraBits: whether the last character may have bits that belong to no byte (RFC 4648, section
    ///   3.5).
    public static func decode(_ text: some Sequence<UInt8>, allowsExtraBits: Bool = false) -> [UInt8]? {
        let text = Array(text)
        guard text.count.isMultiple(of: 4) else { return nil }
        let padded = text.suffix(2).reversed().prefix { $0 == padding }.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0
        for (index, character) in text.dropLast(padded).enumerated() {
            guard let value = value(of: character) else { return nil }
            bits = bits << 6 | value
            if index % 4 == 3 {
                for shift in [UInt32(16), 8, 0] { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
                bits = 0
            }
        }
        let extraBits: UInt32
        switch padded {
        case 0: return bytes
        case 1:
            bytes.append(UInt8(truncatingIfNeeded: bits >> 10))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 2))
            extraBits = bits & 0x3
        default:
            bytes.append(UInt8(truncatingIfNeeded: bits >> 4))
            extraBits = bits & 0xF
        }
        return extraBits == 0 || allowsExtraBits ? bytes : nil
    }

    /// Decodes `text`; nil if it is not valid Base64. Linear.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        decode(text.utf8)
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
