#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A file that one process holds at a time. The kernel lets it go when the process ends, however it ends.
public final class FileLock: Sendable {
    public enum Attempt: Sendable {
        case acquired(FileLock)
        /// Another process has it; the note that it left there.
        case held(note: String)
    }

    public let path: String
    private let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    /// Creates the file where it is missing, and takes it.
    /// - Parameter note: text that other processes can read during the lock, such as the number of the process.
    /// - Throws: `FileError` where the file cannot be created or opened.
    public static func acquire(_ path: String, note: String) throws(FileError) -> Attempt {
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
            guard descriptor >= 0 else { throw FileError(.lock, path, errno: errno) }
            // A file system without locks locks nothing.
            if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK || errno == EINTR {
                let note = Self.note(descriptor)
                close(descriptor)
                return .held(note: note)
            }
            // The former holder may have deleted the file between the two calls.
            guard isCurrent(descriptor, path) else {
                close(descriptor)
                continue
            }
            ftruncate(descriptor, 0)
            _ = Array(note.utf8).withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
            return .acquired(FileLock(path: path, descriptor: descriptor))
        }
    }

    /// Deletes the file and lets it go.
    deinit {
        if Self.isCurrent(descriptor, path) { unlink(path) }
        close(descriptor)
    }

    private static func isCurrent(_ descriptor: Int32, _ path: String) -> Bool {
        var (opened, named) = (stat(), stat())
        return fstat(descriptor, &opened) == 0 && lstat(path, &named) == 0 && opened.st_ino == named.st_ino
            && opened.st_dev == named.st_dev
    }

    private static func note(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }
}
