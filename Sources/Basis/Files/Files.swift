#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Files by the system's own calls, so that each failure has its cause.
public enum Files {
    /// The bytes of the file at `path`.
    /// - Parameters:
    ///   - limit: of its size, in bytes.
    ///   - onlyRegular: refuse pipes and devices, which may never end.
    public static func read(_ path: String, limit: Int, onlyRegular: Bool = false) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        try readPieces(path, onlyRegular: onlyRegular) { (piece) throws(FileError) in
            bytes += piece
            guard bytes.count <= limit else { throw FileError(.read, path, .tooLargeToRead(limit: limit)) }
        }
        return bytes
    }

    /// Reads the file at `path` from its beginning to its end, in pieces of at most 256 KiB.
    /// - Parameter body: called with each piece; what it throws ends the reading.
    public static func readPieces(
        _ path: String, onlyRegular: Bool = false, _ body: ([UInt8]) throws(FileError) -> Void
    ) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | (onlyRegular ? O_NONBLOCK : 0))
        guard descriptor >= 0 else { throw FileError(.read, path, errno: errno) }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw FileError(.read, path, errno: errno) }
        if facts.st_mode & S_IFMT == S_IFDIR { throw FileError(.read, path, .isADirectory) }
        if onlyRegular, facts.st_mode & S_IFMT != S_IFREG { throw FileError(.read, path, .notAFile) }
        var piece = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = piece.withUnsafeMutableBytes { readBytes(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError(.read, path, errno: errno) }
            guard count > 0 else { return }
            try body(count == piece.count ? piece : Array(piece[..<count]))
        }
    }

    /// The text of the file at `path`, which has to be UTF-8.
    public static func text(_ path: String, limit: Int, onlyRegular: Bool = false) throws(FileError) -> String {
        guard let text = String(validating: try read(path, limit: limit, onlyRegular: onlyRegular), as: UTF8.self)
        else { throw FileError(.read, path, .notUTF8) }
        return text
    }

    /// Creates the directory at `path`, and those above it that are missing.
    /// - Returns: whether it was missing itself.
    @discardableResult
    public static func createDirectory(_ path: String) throws(FileError) -> Bool {
        if mkdir(path, 0o777) == 0 { return true }
        let code = errno
        if code == ENOENT, let parent = parent(of: path) {
            try createDirectory(parent)
            if mkdir(path, 0o777) == 0 { return true }
            if errno != EEXIST { throw FileError(.create, path, errno: errno) }
        } else if code != EEXIST {
            // A directory that exists may also be answered with EROFS or EACCES.
            if isDirectory(path) { return false }
            throw FileError(.create, path, errno: code)
        }
        guard isDirectory(path) else { throw FileError(.create, path, .notADirectory) }
        return false
    }

    /// Writes a new file.
    /// - Throws: `alreadyExists` where there is one, which stays as it is; a file that was begun is deleted.
    public static func create(_ path: String, _ bytes: some Collection<UInt8>, mode: UInt32 = 0o666) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw FileError(.create, path, errno: errno) }
        do throws(FileError) {
            defer { close(descriptor) }
            try write(bytes, to: descriptor, path)
        } catch {
            unlink(path)
            throw error
        }
    }

    /// Writes a file whole or not at all: beside its place first, then renamed over what was there.
    public static func replace(
        _ path: String, with bytes: some Collection<UInt8>, mode: UInt32 = 0o666
    ) throws(FileError) {
        let draft = draftPath(of: path)
        // What a process that was killed has left, or somebody else has put there: a link, or a file with other rights.
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw FileError(.write, path, errno: errno) }
        do throws(FileError) {
            defer { close(descriptor) }
            try write(bytes, to: descriptor, path)
            try move(draft, to: path)
        } catch {
            unlink(draft)
            throw error
        }
    }

    /// Adds bytes to the end of a file that exists; they outlive a loss of power when this returns.
    public static func append(_ bytes: some Collection<UInt8>, to path: String) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(.write, path, errno: errno) }
        defer { close(descriptor) }
        try write(bytes, to: descriptor, path)
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw FileError(.write, path, errno: errno) }
    }

    /// Where the bytes of the file at `path` are until they are complete.
    public static func draftPath(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return ".\(path).part" }
        let name = path[path.index(after: slash)...]
        return "\(path[...slash]).\(name).part"
    }

    /// Makes the names in the directory of `path` outlive a loss of power.
    public static func syncDirectory(of path: String) throws(FileError) {
        let directory = parent(of: path) ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(.write, directory, errno: errno) }
        defer { close(descriptor) }
        // Some file systems cannot do that for a directory.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw FileError(.write, directory, errno: errno) }
    }

    /// Renames a file over the one at `path`.
    public static func move(_ source: String, to path: String) throws(FileError) {
        guard rename(source, path) == 0 else { throw FileError(.write, path, errno: errno) }
    }

    /// Deletes a file; one that does not exist is fine.
    public static func delete(_ path: String) throws(FileError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw FileError(.delete, path, errno: errno) }
    }

    public static func exists(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0
    }

    public static func isDirectory(_ path: String) -> Bool {
        var facts = stat()
        return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
    }

    /// Writes all bytes to a descriptor, at its offset.
    public static func write(
        _ bytes: some Collection<UInt8>, to descriptor: Int32, _ path: String
    ) throws(FileError) {
        let code: Int32 = Array(bytes).withUnsafeBytes { bytes in
            var rest = bytes[...]
            while let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
                let count = writeBytes(descriptor, start, rest.count)
                if count < 0, errno == EINTR { continue }
                if count < 0 { return errno }
                rest = rest.dropFirst(count)
            }
            return 0
        }
        guard code == 0 else { throw FileError(.write, path, errno: code) }
    }

    private static func parent(of path: String) -> String? {
        var path = Substring(path)
        while path.count > 1, path.hasSuffix("/") { path = path.dropLast() }
        guard let slash = path.lastIndex(of: "/") else { return nil }
        let parent = path[..<slash]
        return parent.isEmpty ? nil : String(parent)
    }
}

/// The system's calls, under names that those above do not hide.
private func readBytes(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}

private func writeBytes(_ descriptor: Int32, _ buffer: UnsafeRawPointer, _ count: Int) -> Int {
    write(descriptor, buffer, count)
}
