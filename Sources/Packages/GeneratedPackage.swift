import Basis

/// A generated package for rehearsals: a tar archive with one executable, whose content follows from a seed. Any part
/// of it can be generated at any time, so that it need not be kept in memory.
public struct GeneratedPackage: Hashable, Sendable {
    public let seed: UInt64
    /// Of the whole archive in bytes.
    public let size: Int
    private let header: [UInt8]

    /// The header, one block of content, and the two blocks that end an archive.
    public static let minSize = 4 * block
    private static let block = 512

    /// - Parameters:
    ///   - size: at least `minSize`; in whole blocks, so what is beyond is left out.
    ///   - executable: the name of the one file in it, of at most 90 bytes.
    public init(seed: UInt64, size: Int, executable: String) {
        self.seed = seed
        self.size = max(size, Self.minSize) / Self.block * Self.block
        header = Self.header(name: executable, size: self.size - 3 * Self.block)
    }

    /// The bytes of that range; beyond the end there are none.
    public func bytes(_ range: Range<Int>) -> [UInt8] {
        let range = range.clamped(to: 0..<size)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        let contentEnd = size - 2 * Self.block
        var offset = range.lowerBound
        while offset < range.upperBound {
            if offset < Self.block {
                bytes.append(header[offset])
                offset += 1
            } else if offset >= contentEnd {
                bytes.append(contentsOf: repeatElement(0, count: range.upperBound - offset))
                offset = range.upperBound
            } else {
                let word = word(offset / 8)
                let end = min((offset / 8 + 1) * 8, range.upperBound)
                while offset < end {
                    bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(offset % 8 * 8)))
                    offset += 1
                }
            }
        }
        return bytes
    }

    /// Eight bytes of content: SplitMix64's output of that number.
    private func word(_ index: Int) -> UInt64 {
        SeededRandom.mixed(seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15)
    }

    private static func header(name: String, size: Int) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: block)
        func put(_ text: String, at index: Int) {
            for (offset, byte) in text.utf8.enumerated() { header[index + offset] = byte }
        }
        func octal(_ number: Int, _ digits: Int) -> String {
            let text = String(number, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
        }
        put(String(decoding: name.utf8.prefix(90), as: UTF8.self), at: 0)
        put(octal(0o755, 7), at: 100)
        put(octal(0, 7), at: 108)
        put(octal(0, 7), at: 116)
        put(octal(size, 11), at: 124)
        put(octal(0, 11), at: 136)
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar\u{0}00", at: 257)
        put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\u{0}", at: 148)
        return header
    }
}
