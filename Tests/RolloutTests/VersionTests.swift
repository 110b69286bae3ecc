import Basis
import Testing

@testable import Rollout

@Suite("Versions of layers")
struct VersionTests {
    private static let base = VersionBook.Name(.layer, "base")
    private static let beta = VersionBook.Name(.channel, "beta")
    private static let stable = VersionBook.Name(.channel, "stable")

    private static func content(_ text: String) -> LayerContent { LayerContent(files: ["a.yaml": Array(text.utf8)]) }

    /// Contents of few files with few bytes, so that equal ones come up.
    static func randomContent(_ random: inout SeededRandom) -> LayerContent {
        var content = LayerContent()
        for name in ["a", "b", "c"] where random.chance(0.5) {
            content.files[name] = (0..<random.index(below: 3)).map { _ in UInt8(random.index(below: 2)) }
        }
        for name in ["a", "b", "c"] where random.chance(0.2) { content.without.insert(name) }
        return content
    }

    @Test("Of each file an agent gets the last layer's, unless a layer after it leaves it out")
    func merged() {
        var random = SeededRandom(seed: 18)
        for _ in 0..<2_000 {
            let layers = (0..<random.index(below: 6)).map { _ in Self.randomContent(&random) }
            let merged = LayerContent.merged(layers)
            for name in ["a", "b", "c"] {
                let last = layers.lastIndex { $0.files[name] != nil }
                let leftOut = layers.lastIndex { $0.without.contains(name) && $0.files[name] == nil }
                let isThere = last.map { $0 > leftOut ?? -1 } ?? false
                #expect(merged[name] == (isThere ? last.flatMap { layers[$0].files[name] } : nil))
            }
        }
    }

    @Test("A rollback restores an earlier content byte for byte, as a new version; equal content makes none")
    func rollback() throws {
        var book = VersionBook()
        var random = SeededRandom(seed: 5)
        book.take(try #require(try book.declaring(Self.content("first"), as: Self.base, at: 1)))
        var contents = [Self.content("first")]
        for step in 0..<300 {
            let now = UInt64(step + 2)
            let record: VersionBook.Record?
            let wanted: LayerContent
            if random.chance(0.5), let first = book[Self.base].versions.first {
                let number = first.number + random.index(below: contents.count - first.number + 1)
                // The last one that was declared is kept longer than its neighbours.
                guard book[Self.base][number] != nil else { continue }
                wanted = contents[number - 1]
                record = try book.rollingBack(Self.base, to: number, at: now)
            } else {
                wanted = Self.randomContent(&random)
                record = try book.changing(Self.base, to: wanted, at: now)
            }
            #expect((record == nil) == (wanted == contents.last))
            guard let record else { continue }
            book.take(record)
            contents.append(wanted)
            #expect(record.version.number == contents.count)
            #expect(book[Self.base].current?.content == wanted)
        }
        #expect(contents.count > 200)
        #expect(book[Self.base].versions.count == VersionHistory.maxVersions)
    }

    @Test("A version is promoted from one channel to the next, and what was promoted can be rolled back")
    func promotion() throws {
        var book = VersionBook()
        let (old, new) = (Self.content("1"), Self.content("2"))
        book.take(try #require(try book.declaring(old, as: Self.stable, at: 1)))
        book.take(try #require(try book.declaring(new, as: Self.beta, at: 1)))
        let record = try #require(try book.promoting(from: "beta", to: "stable", at: 2))
        #expect(record.version.cause == .promoted(from: "beta", version: 1))
        book.take(record)
        #expect(book[Self.stable].current?.content == new)
        #expect(try book.promoting(from: "beta", to: "stable", at: 3) == nil)
        book.take(try #require(try book.rollingBack(Self.stable, to: 1, at: 4)))
        #expect(book[Self.stable].current?.content == old && book[Self.beta].current?.content == new)
    }

    @Test("What was changed stays when a server is started with the same content, and goes when it has another")
    func declared() throws {
        var book = VersionBook()
        book.take(try #require(try book.declaring(Self.content("x"), as: Self.base, at: 1)))
        // More changes than are kept: the declared version is remembered.
        for step in 0..<(VersionHistory.maxVersions * 2) {
            book.take(try #require(try book.changing(Self.base, to: Self.content("\(step)"), at: 2)))
        }
        #expect(try book.declaring(Self.content("x"), as: Self.base, at: 3) == nil)
        #expect(try book.declaring(Self.content("z"), as: Self.base, at: 3)?.version.cause == .declared)
    }

    @Test("What there is not, and what is too large, is refused with the reason")
    func refused() throws {
        var book = VersionBook()
        book.take(try #require(try book.declaring(Self.content("x"), as: Self.base, at: 1)))
        #expect(throws: VersionError.unknown(Self.beta, known: [])) { try book.current(of: Self.beta) }
        #expect(throws: VersionError.unknownVersion(7, of: Self.base, known: [1])) {
            try book.rollingBack(Self.base, to: 7, at: 2)
        }
        let large = LayerContent(files: ["a": Array(repeating: 0, count: VersionBook.maxServedBytes)])
        #expect(throws: VersionError.tooLarge(Self.base)) { try book.changing(Self.base, to: large, at: 2) }
    }

    /// A book with changes of every kind, and the journal of them.
    private static func journal() throws -> (records: [VersionBook.Record], bytes: [UInt8]) {
        var book = VersionBook()
        var records: [VersionBook.Record] = []
        func take(_ record: VersionBook.Record?) throws {
            let record = try #require(record)
            book.take(record)
            records.append(record)
        }
        try take(try book.declaring(LayerContent(files: ["a": [1, 2]], without: ["b", "ü"]), as: base, at: 1))
        try take(try book.declaring(content("1"), as: stable, at: 2))
        try take(try book.declaring(content("2"), as: beta, at: 2))
        try take(try book.changing(base, to: content("other"), at: 3))
        try take(try book.rollingBack(base, to: 1, at: 4))
        try take(try book.promoting(from: "beta", to: "stable", at: .max))
        return (records, VersionJournal.head + records.flatMap { VersionJournal.bytes(of: $0) })
    }

    @Test("A journal that is cut at any byte has the versions of its complete records")
    func cuts() throws {
        let (records, bytes) = try Self.journal()
        var ends: [Int] = [VersionJournal.head.count]
        for record in records { ends.append((ends.last ?? 0) + VersionJournal.bytes(of: record).count) }
        #expect(ends.last == bytes.count)
        for length in 0...bytes.count {
            let recovery = try VersionJournal.recover(Array(bytes.prefix(length)))
            let complete = max(ends.count { $0 <= length } - 1, 0)
            #expect(recovery.records == complete, "cut at \(length)")
            #expect(recovery.bytes == (length < ends[0] ? 0 : ends[complete]), "cut at \(length)")
            var expected = VersionBook()
            for record in records.prefix(complete) { expected.take(record) }
            #expect(recovery.book == expected, "cut at \(length)")
            // Written anew, it has the same.
            #expect(try VersionJournal.recover(VersionJournal.bytes(of: recovery.book)).book == expected)
        }
    }

    @Test("However a journal is mangled, what is recovered of it can be written and recovered again")
    func mangled() throws {
        let (_, bytes) = try Self.journal()
        var random = SeededRandom(seed: 4)
        for _ in 0..<3_000 {
            var changed = bytes
            for _ in 0...random.index(below: 3) {
                let at = VersionJournal.head.count + random.index(below: changed.count - VersionJournal.head.count)
                switch random.index(below: 3) {
                case 0: changed[at] = UInt8(random.index(below: 256))
                case 1: changed.insert(contentsOf: bytes.suffix(random.index(below: 60)), at: at)
                default: changed.removeSubrange(at..<min(at + random.index(below: 20), changed.count))
                }
                guard changed.count > VersionJournal.head.count else { break }
            }
            let recovery = try VersionJournal.recover(changed)
            #expect(recovery.bytes <= changed.count)
            #expect(try VersionJournal.recover(VersionJournal.bytes(of: recovery.book)).book == recovery.book)
        }
    }

    @Test("A damaged record ends the journal there; what is no journal is refused")
    func damage() throws {
        let (records, bytes) = try Self.journal()
        for index in VersionJournal.head.count..<bytes.count {
            var changed = bytes
            changed[index] ^= 0x20
            let recovery = try VersionJournal.recover(changed)
            #expect(recovery.bytes <= index && recovery.records < records.count)
        }
        #expect(throws: SnapshotError.otherVersion) { try VersionJournal.recover(Array("name: steady\n".utf8)) }
    }
}
