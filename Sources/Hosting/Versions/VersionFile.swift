import Basis
import Rollout

/// The file with the versions of a server's layers and channels: a journal that is appended to, and written anew once
/// it has grown to twice what it holds.
struct VersionFile: Sendable {
    private let path: String
    /// Held as long as the file is used.
    private let lock: FileLock
    private var size = 0
    /// The size at which it is written anew.
    private var limit = 0
    /// Whether the last write may have left a part of a record.
    private var isTorn = false

    private static let minLimit = 1 << 20
    /// More than a server writes.
    private static let maxBytes = 1 << 30

    private init(path: String, lock: FileLock) {
        self.path = path
        self.lock = lock
    }

    /// Reads what the file has; a missing one is empty.
    static func open(_ path: String) throws(VersionDeskError) -> (file: VersionFile, book: VersionBook, records: Int) {
        let attempt: FileLock.Attempt
        let bytes: [UInt8]
        do throws(FileError) {
            attempt = try FileLock.acquire(path + ".lock", note: "")
            bytes = Files.exists(path) ? try Files.read(path, limit: maxBytes, onlyRegular: true) : []
        } catch { throw .file(error) }
        guard case .acquired(let lock) = attempt else { throw .inUse(path: path) }
        do throws(SnapshotError) {
            let recovery = try VersionJournal.recover(bytes)
            return (VersionFile(path: path, lock: lock), recovery.book, recovery.records)
        } catch { throw .noJournal(path: path) }
    }

    /// Writes what there is, without what was cut or damaged.
    mutating func begin(with book: VersionBook) throws(FileError) {
        let bytes = VersionJournal.bytes(of: book)
        // Configurations hold credentials.
        try Files.replace(path, with: bytes, mode: 0o600)
        size = bytes.count
        limit = max(2 * size, Self.minLimit)
        isTorn = false
    }

    /// Appends a record; it is on the disk when this returns.
    /// - Parameter book: what there is without it.
    mutating func append(_ record: VersionBook.Record, to book: VersionBook) throws(FileError) {
        if isTorn || size > limit { try begin(with: book) }
        let bytes = VersionJournal.bytes(of: record)
        isTorn = true
        try Files.append(bytes, to: path)
        isTorn = false
        size += bytes.count
    }
}
