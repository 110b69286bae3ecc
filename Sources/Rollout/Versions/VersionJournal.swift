/// The versions of a server as bytes: records that are appended to a file, each before it takes effect. Whatever
/// follows the last complete record was being written when the server ended, and is dropped.
public enum VersionJournal {
    /// What a journal begins with; it says the format.
    public static let head = Array("muster versions 1\n".utf8)

    /// What a journal holds.
    public struct Recovery: Hashable, Sendable {
        public var book: VersionBook
        public var records: Int
        /// The bytes of the head and the complete records.
        public var bytes: Int
    }

    /// The bytes of a record, to be appended.
    public static func bytes(of record: VersionBook.Record) -> [UInt8] {
        var body = StateWriter()
        body.add(record.name.kind.rawValue)
        body.add(text: record.name.text)
        body.add(record.version.number)
        body.add(record.version.at)
        switch record.version.cause {
        case .declared: body.add(UInt8(0))
        case .changed: body.add(UInt8(1))
        case .rolledBack(let number):
            body.add(UInt8(2))
            body.add(number)
        case .promoted(let channel, let number):
            body.add(UInt8(3))
            body.add(text: channel)
            body.add(number)
        }
        let content = record.version.content
        body.add(content.files.count)
        for (name, file) in content.files.sorted(by: { $0.key < $1.key }) {
            body.add(text: name)
            body.add(file)
        }
        body.add(content.without.count)
        for name in content.without.sorted() { body.add(text: name) }
        return JournalFrame.bytes(of: body.bytes)
    }

    /// A journal with what a book has: it replaces one that has grown.
    public static func bytes(of book: VersionBook) -> [UInt8] {
        var bytes = head
        for (name, history) in book.histories.sorted(by: { $0.key < $1.key }) {
            for version in history.versions {
                bytes += self.bytes(of: VersionBook.Record(name: name, version: version))
            }
        }
        return bytes
    }

    /// The versions of the complete records.
    /// - Throws: `otherVersion` where the bytes are no journal. A cut or damaged end is no error.
    public static func recover(_ bytes: [UInt8]) throws(SnapshotError) -> Recovery {
        guard bytes.starts(with: head) else {
            guard head.starts(with: bytes) else { throw .otherVersion }
            return Recovery(book: VersionBook(), records: 0, bytes: 0)
        }
        var recovery = Recovery(book: VersionBook(), records: 0, bytes: head.count)
        while let (body, end) = JournalFrame.next(bytes, from: recovery.bytes), let record = try? record(body) {
            recovery.book.take(record)
            recovery.records += 1
            recovery.bytes = end
        }
        return recovery
    }

    private static func record(_ body: ArraySlice<UInt8>) throws(SnapshotError) -> VersionBook.Record {
        var reader = StateReader(body)
        guard let kind = VersionBook.Kind(rawValue: try reader.word()) else { throw .damaged }
        let name = VersionBook.Name(kind, try reader.text())
        let (number, at) = (try reader.int(), try reader.word(UInt64.self))
        let cause: LayerVersion.Cause
        switch try reader.word(UInt8.self) {
        case 0: cause = .declared
        case 1: cause = .changed
        case 2: cause = .rolledBack(to: try reader.int())
        case 3: cause = .promoted(from: try reader.text(), version: try reader.int())
        default: throw .damaged
        }
        var content = LayerContent()
        for _ in 0..<(try reader.count()) {
            let name = try reader.text()
            content.files[name] = try reader.list(UInt8.self)
        }
        for _ in 0..<(try reader.count()) { content.without.insert(try reader.text()) }
        guard reader.isAtEnd, number > 0 else { throw .damaged }
        return VersionBook.Record(
            name: name, version: LayerVersion(number: number, at: at, cause: cause, content: content))
    }
}
