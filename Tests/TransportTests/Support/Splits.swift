import Basis

/// Ways to cut a run of bytes into pieces, as a network might.
enum Splits {
    /// Cuts `bytes` into pieces of 1 to `longest` bytes.
    static func random(_ bytes: [UInt8], longest: Int, _ random: inout SeededRandom) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + 1 + random.index(below: longest))
            pieces.append(Array(bytes[start..<end]))
            start = end
        }
        return pieces
    }

    static func single(_ bytes: [UInt8]) -> [[UInt8]] {
        bytes.map { [$0] }
    }
}

extension SeededRandom {
    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}

/// Bytes of a text, for readable expectations.
func utf8(_ text: String) -> [UInt8] {
    Array(text.utf8)
}

/// Text of bytes, for readable expectations.
func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self)
}

/// Bytes written as hexadecimal digits; spaces are ignored.
func hex(_ digits: String) -> [UInt8] {
    let nibbles = digits.filter { !$0.isWhitespace }.compactMap { $0.hexDigitValue }
    return stride(from: 0, to: nibbles.count - 1, by: 2).map { UInt8(nibbles[$0] << 4 | nibbles[$0 + 1]) }
}
