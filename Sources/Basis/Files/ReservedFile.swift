#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A file whose room on the disk is taken before its content is known, and which appears under its name only when it is
/// complete.
public final class ReservedFile: Sendable {
    public let path: String
    private let descriptor: Int32

    /// - Parameter bytes: the room to take; content beyond it is written as far as the disk has more.
    /// - Throws: `FileError` where the disk has no such room.
    public init(_ path: String, bytes: Int) throws(FileError) {
        self.path = path
        let draft = Files.draftPath(of: path)
        descriptor = open(draft, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw FileError(.create, path, errno: errno) }
        let code = posix_fallocate(descriptor, 0, off_t(bytes))
        // Some file systems cannot reserve; there the file is written like any other.
        guard code == 0 || code == EOPNOTSUPP || code == EINVAL else {
            unlink(draft)
            throw FileError(.write, path, errno: code)
        }
    }

    /// Writes the content, and puts the file in its place.
    public func complete(_ bytes: some Collection<UInt8>) throws(FileError) {
        lseek(descriptor, 0, SEEK_SET)
        try Files.write(bytes, to: descriptor, path)
        guard ftruncate(descriptor, off_t(bytes.count)) == 0 else { throw FileError(.write, path, errno: errno) }
        fsync(descriptor)
        try Files.move(Files.draftPath(of: path), to: path)
        try Files.syncDirectory(of: path)
    }

    /// Puts a preliminary content in the file's place, whole or not at all, also where the power is lost. The reserved
    /// room stays reserved.
    public func putPreliminary(_ bytes: some Collection<UInt8>) throws(FileError) {
        let draft = Files.draftPath(of: "\(path).preliminary")
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw FileError(.write, path, errno: errno) }
        do throws(FileError) {
            defer { close(descriptor) }
            try Files.write(bytes, to: descriptor, path)
            guard fsync(descriptor) == 0 else { throw FileError(.write, path, errno: errno) }
            try Files.move(draft, to: path)
        } catch {
            unlink(draft)
            throw error
        }
        try Files.syncDirectory(of: path)
    }

    /// Gives the room back where the file was not completed.
    deinit {
        let draft = Files.draftPath(of: path)
        var (opened, named) = (stat(), stat())
        if fstat(descriptor, &opened) == 0, lstat(draft, &named) == 0, opened.st_ino == named.st_ino { unlink(draft) }
        close(descriptor)
    }
}
