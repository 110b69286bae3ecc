#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A new file that is written piece by piece.
public final class FileWriter {
    public let path: String
    private var descriptor: Int32

    /// Creates the file.
    /// - Throws: `alreadyExists` where there is anything at the path, a symbolic link included.
    public init(creating path: String) throws(FileError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileError(.create, path, errno: errno) }
    }

    deinit {
        finish()
    }

    public func write(_ bytes: some Collection<UInt8>) throws(FileError) {
        try Files.write(bytes, to: descriptor, path)
    }

    /// Deletes what was written.
    public func restart() throws(FileError) {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw FileError(.write, path, errno: errno)
        }
    }

    /// Ends the writing.
    public func finish() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }
}
