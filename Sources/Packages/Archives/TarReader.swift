import Basis

/// Reads the headers of a tar archive (POSIX ustar and pax, and GNU's long names) as it streams by: bytes in, entries
/// out. Contents pass; only headers and long names are held, each within its limit.
struct TarReader {
    private enum State {
        /// This many bytes of a header have arrived.
        case header([UInt8])
        /// The content of an entry, then padding to whole blocks.
        case content(remaining: Int)
        /// A long name or pax records, kept until they are complete; then padding.
        case extra(kind: UInt8, bytes: [UInt8], remaining: Int)
        case padding(remaining: Int)
        /// Behind the two blocks of zeros only zeros may follow.
        case ended
    }

    static let block = 512
    /// Long names and pax records of one entry: far more than any path needs.
    private static let extraLimit = 64 << 10

    private var state = State.header([])
    private var zeroBlocks = 0
    private var longPath: String?
    private var longLink: String?
    private var paxSize: Int?

    /// Whether the archive came to its end.
    var isComplete: Bool {
        if case .ended = state { return true }
        return false
    }

    /// Whether 512 bytes are the header of a tar archive.
    static func isHeader(_ bytes: [UInt8]) -> Bool {
        bytes.count >= block && hasRightChecksum(Array(bytes.prefix(block)))
    }

    /// Reads on, and gives each entry to `judge`.
    mutating func read(_ input: RawSpan, _ judge: inout EntryJudge) throws(ArchiveRefusal) {
        var offset = 0
        while offset < input.byteCount {
            switch state {
            case .header(var bytes):
                state = .ended
                let count = min(Self.block - bytes.count, input.byteCount - offset)
                bytes.append(input.extracting(offset..<offset + count))
                offset += count
                if bytes.count < Self.block {
                    state = .header(bytes)
                } else {
                    try header(bytes, &judge)
                }
            case .content(let remaining):
                let count = min(remaining, input.byteCount - offset)
                offset += count
                state = .content(remaining: remaining - count)
                if remaining == count { state = .header([]) }
            case .extra(let kind, var bytes, let remaining):
                state = .ended
                let count = min(remaining, input.byteCount - offset)
                bytes.append(input.extracting(offset..<offset + count))
                offset += count
                if remaining == count {
                    try extra(kind, bytes)
                    state = .padding(remaining: Self.padding(behind: bytes.count))
                    if Self.padding(behind: bytes.count) == 0 { state = .header([]) }
                } else {
                    state = .extra(kind: kind, bytes: bytes, remaining: remaining - count)
                }
            case .padding(let remaining):
                let count = min(remaining, input.byteCount - offset)
                offset += count
                state = remaining == count ? .header([]) : .padding(remaining: remaining - count)
            case .ended:
                while offset < input.byteCount {
                    guard input.byte(offset) == 0 else { throw ArchiveRefusal(.trailingData) }
                    offset += 1
                }
            }
        }
    }

    /// The input has ended.
    func finish() throws(ArchiveRefusal) {
        guard isComplete else { throw ArchiveRefusal(.truncated) }
    }

    private static func padding(behind count: Int) -> Int {
        (block - count % block) % block
    }

    private mutating func header(_ bytes: [UInt8], _ judge: inout EntryJudge) throws(ArchiveRefusal) {
        if bytes.allSatisfy({ $0 == 0 }) {
            zeroBlocks += 1
            state = zeroBlocks == 2 ? .ended : .header([])
            return
        }
        guard zeroBlocks == 0 else { throw ArchiveRefusal(.trailingData) }
        guard Self.hasRightChecksum(bytes) else { throw ArchiveRefusal(.badChecksum) }
        guard let declared = Self.number(bytes[124..<136]), let mode = Self.number(bytes[100..<108]) else {
            throw ArchiveRefusal(.badHeader)
        }
        let type = bytes[156]
        switch type {
        case UInt8(ascii: "L"), UInt8(ascii: "K"), UInt8(ascii: "x"), UInt8(ascii: "g"):
            guard declared > 0 else { throw ArchiveRefusal(.badHeader) }
            guard declared <= Self.extraLimit else { throw ArchiveRefusal(.pathTooLong) }
            state = .extra(kind: type, bytes: [], remaining: declared)
            return
        default:
            break
        }
        let path = if let longPath { longPath } else { try Self.path(bytes) }
        let link = if let longLink { longLink } else { try Self.text(bytes[157..<257]) }
        let size = paxSize ?? declared
        (longPath, longLink, paxSize) = (nil, nil, nil)
        let kind: ArchiveEntry.Kind
        switch type {
        case UInt8(ascii: "0"), 0, UInt8(ascii: "7"): kind = path.hasSuffix("/") ? .directory : .file
        case UInt8(ascii: "1"): kind = .hardLink(to: link)
        case UInt8(ascii: "2"): kind = .symbolicLink(to: link)
        case UInt8(ascii: "5"): kind = .directory
        case UInt8(ascii: "3"), UInt8(ascii: "4"), UInt8(ascii: "6"): kind = .special
        default: throw ArchiveRefusal(.unsupported, path)
        }
        // Programs disagree on what a link or a folder with content is, and an archive must mean the same to all.
        if kind != .file, size != 0 { throw ArchiveRefusal(.badHeader, path) }
        try judge.judge(ArchiveEntry(path: path, kind: kind, mode: UInt32(mode & 0o7777), size: size))
        let whole = size.addingReportingOverflow(Self.padding(behind: size))
        guard !whole.overflow else { throw ArchiveRefusal(.badHeader, path) }
        state = whole.partialValue == 0 ? .header([]) : .content(remaining: whole.partialValue)
    }

    private mutating func extra(_ kind: UInt8, _ bytes: [UInt8]) throws(ArchiveRefusal) {
        switch kind {
        case UInt8(ascii: "L"): longPath = try Self.text(bytes[...])
        case UInt8(ascii: "K"): longLink = try Self.text(bytes[...])
        default: try pax(bytes, isGlobal: kind == UInt8(ascii: "g"))
        }
    }

    /// Records `length key=value\n`; the length counts the whole record.
    private mutating func pax(_ bytes: [UInt8], isGlobal: Bool) throws(ArchiveRefusal) {
        var start = 0
        while start < bytes.count {
            guard let space = bytes[start...].firstIndex(of: 0x20), space - start <= 6, space > start,
                bytes[start..<space].allSatisfy({ $0 &- 0x30 < 10 })
            else { throw ArchiveRefusal(.badHeader) }
            let length = bytes[start..<space].reduce(0) { $0 * 10 + Int($1 - 0x30) }
            let end = start + length
            guard end <= bytes.count, end > space + 2, bytes[end - 1] == 0x0A,
                let equals = bytes[space + 1..<end].firstIndex(of: 0x3D)
            else { throw ArchiveRefusal(.badHeader) }
            let key = try Self.utf8(bytes[space + 1..<equals])
            let value = bytes[equals + 1..<end - 1]
            switch key {
            case "path", "linkpath", "size":
                // For all entries at once it has no purpose, and could hide content.
                guard !isGlobal else { throw ArchiveRefusal(.unsupported) }
                if key == "path" { longPath = try Self.utf8(value) }
                if key == "linkpath" { longLink = try Self.utf8(value) }
                if key == "size" {
                    guard (1...18).contains(value.count), value.allSatisfy({ $0 &- 0x30 < 10 }) else {
                        throw ArchiveRefusal(.badHeader)
                    }
                    paxSize = value.reduce(0) { $0 * 10 + Int($1 - 0x30) }
                }
            case _ where key.hasPrefix("GNU.sparse"):
                throw ArchiveRefusal(.unsupported)
            default:
                break
            }
            start = end
        }
    }

    // MARK: - Fields

    private static func path(_ bytes: [UInt8]) throws(ArchiveRefusal) -> String {
        let name = try text(bytes[0..<100])
        // GNU's old headers keep other things where POSIX has the prefix.
        let isPOSIX = Array(bytes[257..<263]) == Array("ustar\0".utf8)
        let prefix = isPOSIX ? try text(bytes[345..<500]) : ""
        return prefix.isEmpty ? name : "\(prefix)/\(name)"
    }

    private static func text(_ field: ArraySlice<UInt8>) throws(ArchiveRefusal) -> String {
        try utf8(field.prefix { $0 != 0 })
    }

    private static func utf8(_ bytes: ArraySlice<UInt8>) throws(ArchiveRefusal) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw ArchiveRefusal(.oddPath) }
        return text
    }

    /// Octal digits, or a big-endian number behind a byte of 0x80; nil where it is neither or too large.
    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        if field.first == 0x80 {
            let bytes = field.dropFirst()
            guard bytes.dropLast(8).allSatisfy({ $0 == 0 }) else { return nil }
            return Int(exactly: bytes.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        }
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0x20 && $0 != 0 }
        guard digits.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
        guard field[digits.endIndex...].allSatisfy({ $0 == 0x20 || $0 == 0 }) else { return nil }
        // Twelve digits of three bits always fit.
        return digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }
    }

    /// The sum of all bytes, with the checksum's own bytes counted as spaces.
    private static func hasRightChecksum(_ bytes: [UInt8]) -> Bool {
        guard let expected = number(bytes[148..<156]), expected != 0 else { return false }
        var sum = 8 * 0x20
        for (index, byte) in bytes.enumerated() where !(148..<156).contains(index) { sum += Int(byte) }
        return sum == expected
    }
}
