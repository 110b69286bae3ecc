/// Base64 with padding (RFC 4648, section 4): the form of the WebSocket handshake's keys and of Basic credentials.
public enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The encoded form of `bytes`.
    public static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var encoded: [UInt8] = []
        encoded.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            bits <<= UInt32(3 - group.count) * 8
            for position in 0..<4 {
                let index = Int(bits >> UInt32(18 - 6 * position) & 0x3F)
                encoded.append(position <= group.count ? alphabet[index] : 0x3D)
            }
        }
        return encoded
    }

    /// How many bytes `text` encodes; nil where it is not padded base64. Enough to check a handshake key.
    static func decodedCount(_ text: RawSpan) -> Int? {
        guard text.byteCount > 0, text.byteCount % 4 == 0 else { return text.byteCount == 0 ? 0 : nil }
        var digits = text.byteCount
        while digits > text.byteCount - 2, text.byte(digits - 1) == 0x3D { digits -= 1 }
        for index in 0..<digits where !alphabet.contains(text.byte(index)) {
            return nil
        }
        return digits * 6 / 8
    }
}
