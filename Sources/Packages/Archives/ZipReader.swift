import Basis
import Zlib

/// Reads a zip archive as it streams by: local headers with their contents first, then the directory, where the kinds
/// and permissions of the entries stand. Compressed contents are decompressed for their true size and dropped.
///
/// Strict on purpose: entries stored or deflated, one disk, nothing encrypted, local headers and directory in
/// agreement. A symbolic link's target is content, which is gone when the directory says that it was one: links are
/// refused.
struct ZipReader {
    private enum State {
        /// A record's fixed part is gathered; its kind follows from the first four bytes.
        case record([UInt8])
        /// The variable part of a record.
        case tail(fixed: [UInt8], bytes: [UInt8], remaining: Int)
        case content(Content)
        /// The sizes behind a content whose header did not know them.
        case descriptor(Content, [UInt8])
        case ended
    }

    private struct Content {
        var isDeflated: Bool
        /// Nil where the header does not know it.
        var packed: Int?
        var unpacked: Int?
        var packedSeen = 0
        var unpackedSeen = 0
        var hasEnded = false
    }

    private struct Local: Hashable {
        var name: [UInt8]
        var size: Int
    }

    private var state = State.record([])
    /// What the local headers named; the directory has to name the same in the same order.
    private var locals: [Local] = []
    private var nameBytes = 0
    private var listed = 0
    private lazy var inflater = InflateStream(.raw(windowBits: 15))
    private var hasInflated = false

    /// Names of all entries together.
    private static let nameLimit = 16 << 20
    private static let localHeader: UInt32 = 0x0403_4B50
    private static let directoryHeader: UInt32 = 0x0201_4B50
    private static let zip64End: UInt32 = 0x0606_4B50
    private static let zip64Locator: UInt32 = 0x0706_4B50
    private static let end: UInt32 = 0x0605_4B50
    private static let endSignature: [UInt8] = [0x50, 0x4B, 0x05, 0x06]
    private static let dataDescriptor: UInt32 = 0x0807_4B50

    /// Whether bytes are the beginning of a zip archive.
    static func isBeginning(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 4 && [localHeader, end].contains(UInt32(bytes.number(at: 0, 4)))
    }

    mutating func read(_ input: RawSpan, _ judge: inout EntryJudge, limit: Int) throws(ArchiveRefusal) {
        var offset = 0
        while offset < input.byteCount {
            switch state {
            case .record(var bytes):
                state = .ended
                let wanted = try bytes.count < 4 ? 4 : fixedSize(of: bytes)
                let count = min(wanted - bytes.count, input.byteCount - offset)
                bytes.append(input.extracting(offset..<offset + count))
                offset += count
                let whole = try bytes.count < 4 ? 4 : fixedSize(of: bytes)
                if bytes.count > 4, bytes.count == whole {
                    try gathered(bytes, &judge)
                } else {
                    state = .record(bytes)
                }
            case .tail(let fixed, var bytes, let remaining):
                state = .ended
                let count = min(remaining, input.byteCount - offset)
                bytes.append(input.extracting(offset..<offset + count))
                offset += count
                if remaining == count {
                    try complete(fixed, bytes, &judge)
                } else {
                    state = .tail(fixed: fixed, bytes: bytes, remaining: remaining - count)
                }
            case .content(let content):
                try read(content, input, &offset, limit)
            case .descriptor(let content, var bytes):
                let count = min(16 - bytes.count, input.byteCount - offset)
                bytes.append(input.extracting(offset..<offset + count))
                offset += count
                if bytes.count < 16 {
                    state = .descriptor(content, bytes)
                } else {
                    try check(content, descriptor: bytes)
                }
            case .ended:
                throw ArchiveRefusal(.trailingData)
            }
        }
    }

    func finish() throws(ArchiveRefusal) {
        guard case .ended = state else { throw ArchiveRefusal(.truncated) }
    }

    // MARK: - Records

    private func fixedSize(of bytes: [UInt8]) throws(ArchiveRefusal) -> Int {
        switch UInt32(bytes.number(at: 0, 4)) {
        case Self.localHeader: return 30
        case Self.directoryHeader: return 46
        case Self.zip64End: return 56
        case Self.zip64Locator: return 20
        case Self.end: return 22
        default: throw ArchiveRefusal(.badHeader)
        }
    }

    private mutating func gathered(_ bytes: [UInt8], _ judge: inout EntryJudge) throws(ArchiveRefusal) {
        let tail: Int
        switch UInt32(bytes.number(at: 0, 4)) {
        case Self.localHeader:
            guard listed == 0 else { throw ArchiveRefusal(.badHeader) }
            tail = bytes.number(at: 26, 2) + bytes.number(at: 28, 2)
        case Self.directoryHeader:
            tail = bytes.number(at: 28, 2) + bytes.number(at: 30, 2) + bytes.number(at: 32, 2)
        case Self.zip64End:
            guard bytes.number(at: 4, 8) == 44 else { throw ArchiveRefusal(.unsupported) }
            tail = 0
        case Self.end:
            tail = bytes.number(at: 20, 2)
        default:
            tail = 0
        }
        if tail == 0 {
            try complete(bytes, [], &judge)
        } else {
            state = .tail(fixed: bytes, bytes: [], remaining: tail)
        }
    }

    private mutating func complete(
        _ fixed: [UInt8], _ tail: [UInt8], _ judge: inout EntryJudge
    ) throws(ArchiveRefusal) {
        switch UInt32(fixed.number(at: 0, 4)) {
        case Self.localHeader:
            try local(fixed, tail)
        case Self.directoryHeader:
            try listed(fixed, tail, &judge)
            state = .record([])
        case Self.end:
            // Most programs look for the end of the directory from the end of the file: they would find one in the
            // comment and read another archive than the one that was checked.
            guard tail.firstRange(of: Self.endSignature) == nil else { throw ArchiveRefusal(.contradictsItself) }
            guard listed == locals.count, [listed, 0xFFFF].contains(fixed.number(at: 10, 2)) else {
                throw ArchiveRefusal(.contradictsItself)
            }
            state = .ended
        default:
            state = .record([])
        }
    }

    private mutating func local(_ fixed: [UInt8], _ tail: [UInt8]) throws(ArchiveRefusal) {
        let name = Array(tail.prefix(fixed.number(at: 26, 2)))
        let shown = String(decoding: name, as: UTF8.self)
        let flags = fixed.number(at: 6, 2)
        let method = fixed.number(at: 8, 2)
        // Bits 0, 6 and 13 are encryption.
        guard flags & 0x2041 == 0, method == 0 || method == 8 else { throw ArchiveRefusal(.unsupported, shown) }
        nameBytes += name.count
        guard nameBytes <= Self.nameLimit, locals.count < ArchivePolicy.entryLimit else {
            throw ArchiveRefusal(.tooManyEntries)
        }
        var content = Content(isDeflated: method == 8)
        if flags & 8 == 0 {
            var sizes = Sizes(extra: tail.dropFirst(name.count))
            content.unpacked = try sizes.take(fixed.number(at: 22, 4))
            content.packed = try sizes.take(fixed.number(at: 18, 4))
            guard content.isDeflated || content.packed == content.unpacked else {
                throw ArchiveRefusal(.badHeader, shown)
            }
        } else if method == 0 {
            // The end of such a content could only be guessed.
            throw ArchiveRefusal(.unsupported, shown)
        }
        locals.append(Local(name: name, size: content.unpacked ?? 0))
        if content.isDeflated, hasInflated { inflater.restart() }
        hasInflated = hasInflated || content.isDeflated
        state = content.packed == 0 && !content.isDeflated ? .record([]) : .content(content)
    }

    private mutating func listed(
        _ fixed: [UInt8], _ tail: [UInt8], _ judge: inout EntryJudge
    ) throws(ArchiveRefusal) {
        let name = Array(tail.prefix(fixed.number(at: 28, 2)))
        guard listed < locals.count, locals[listed].name == name else { throw ArchiveRefusal(.contradictsItself) }
        guard let path = String(validating: name, as: UTF8.self) else { throw ArchiveRefusal(.oddPath) }
        var sizes = Sizes(extra: tail.dropFirst(name.count).prefix(fixed.number(at: 30, 2)))
        let size = try sizes.take(fixed.number(at: 24, 4))
        guard size == locals[listed].size else { throw ArchiveRefusal(.contradictsItself, path) }
        listed += 1
        // 3 is Unix, 19 macOS; other systems have no usable permissions.
        let hasMode = [3, 19].contains(fixed.number(at: 5, 1))
        let attributes = hasMode ? UInt32(fixed.number(at: 38, 4)) >> 16 : 0o644
        let kind: ArchiveEntry.Kind
        switch attributes & 0o170000 {
        case 0, 0o100000: kind = path.hasSuffix("/") ? .directory : .file
        case 0o040000: kind = .directory
        case 0o120000: throw ArchiveRefusal(.linkEscapes, path)
        default: kind = .special
        }
        try judge.judge(ArchiveEntry(path: path, kind: kind, mode: attributes & 0o7777, size: size))
    }

    // MARK: - Contents

    private mutating func read(
        _ former: Content, _ input: RawSpan, _ offset: inout Int, _ limit: Int
    ) throws(ArchiveRefusal) {
        var content = former
        let room = content.packed.map { min($0 - content.packedSeen, input.byteCount - offset) }
        let piece = input.extracting(offset..<offset + (room ?? input.byteCount - offset))
        var used = 0
        if content.isDeflated {
            reading: while !content.hasEnded {
                let outcome = inflater.step(piece, at: &used)
                content.unpackedSeen += inflater.output.count
                guard content.unpackedSeen <= limit else { throw ArchiveRefusal(.unpacksTooLarge) }
                switch outcome {
                case .full: continue
                case .needsInput: break reading
                case .ended: content.hasEnded = true
                case .corrupt: throw ArchiveRefusal(.corruptCompression)
                }
            }
        } else {
            used = piece.byteCount
            content.unpackedSeen += used
        }
        offset += used
        content.packedSeen += used
        if let packed = content.packed {
            if content.hasEnded, content.packedSeen < packed { throw ArchiveRefusal(.badHeader) }
            guard content.packedSeen == packed else { return state = .content(content) }
            guard content.unpackedSeen == content.unpacked, !content.isDeflated || content.hasEnded else {
                throw ArchiveRefusal(.badHeader)
            }
            state = .record([])
        } else {
            state = content.hasEnded ? .descriptor(content, []) : .content(content)
        }
    }

    private mutating func check(_ content: Content, descriptor bytes: [UInt8]) throws(ArchiveRefusal) {
        // The 64-bit form is for contents beyond 4 GiB, which no package has.
        guard UInt32(bytes.number(at: 0, 4)) == Self.dataDescriptor, bytes.number(at: 8, 4) == content.packedSeen,
            bytes.number(at: 12, 4) == content.unpackedSeen
        else { throw ArchiveRefusal(.unsupported) }
        locals[locals.count - 1].size = content.unpackedSeen
        state = .record([])
    }

    /// Sizes, the 64-bit ones out of the extra field where the header has none.
    private struct Sizes {
        private var wide: [Int] = []

        init(extra: some Sequence<UInt8>) {
            let extra = Array(extra)
            var start = 0
            while start + 4 <= extra.count {
                let length = extra.number(at: start + 2, 2)
                guard start + 4 + length <= extra.count else { return }
                if extra.number(at: start, 2) == 1 {
                    wide = stride(from: start + 4, through: start + 4 + length - 8, by: 8).map {
                        extra.number(at: $0, 8)
                    }
                    return
                }
                start += 4 + length
            }
        }

        mutating func take(_ narrow: Int) throws(ArchiveRefusal) -> Int {
            guard narrow == 0xFFFF_FFFF else { return narrow }
            guard let first = wide.first, first >= 0 else { throw ArchiveRefusal(.badHeader) }
            wide.removeFirst()
            return first
        }
    }
}

extension [UInt8] {
    /// The little-endian number of `count` bytes at `index`; a negative one where eight bytes do not fit.
    fileprivate func number(at index: Int, _ count: Int) -> Int {
        Int(truncatingIfNeeded: self[index..<index + count].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
}
