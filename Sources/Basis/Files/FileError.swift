#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A file that cannot be used as wanted: its path, the cause in words, the remedy.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was to be done with the file.
    public enum Action: String, Hashable, Sendable {
        case read, write, create, lock, delete

        var participle: String {
            switch self {
            case .read: "read"
            case .write: "written"
            case .create: "created"
            case .lock: "locked"
            case .delete: "deleted"
            }
        }
    }

    public enum Cause: Hashable, Sendable {
        case diskFull
        case quotaExceeded
        /// Larger than this process may write (`ulimit -f`), or than the file system allows.
        case tooLargeToWrite
        /// Larger than a file for this purpose may be.
        case tooLargeToRead(limit: Int)
        case notPermitted
        case readOnly
        /// The file, or a directory on the way to it.
        case missing
        /// A file is where a directory is needed.
        case notADirectory
        /// A directory is where a file is needed.
        case isADirectory
        /// A pipe, a device or a socket is where a file is needed.
        case notAFile
        case alreadyExists
        case tooManyOpenFiles
        case nameTooLong
        case readerClosed
        case closed
        case notUTF8
        /// The system's number of any other error.
        case other(Int32)
    }

    public var path: String
    public var action: Action
    public var cause: Cause

    public init(_ action: Action, _ path: String, _ cause: Cause) {
        self.path = path
        self.action = action
        self.cause = cause
    }

    /// - Parameter code: `errno` after the system call that failed.
    public init(_ action: Action, _ path: String, errno code: Int32) {
        self.init(action, path, Cause(errno: code))
    }

    public var description: String { "\(statement); \(remedy)" }

    /// The path and the cause.
    public var statement: String { "\(path) cannot be \(action.participle): \(cause)" }

    /// What to do about it.
    public var remedy: String { cause.remedy(for: action) }
}

extension FileError.Cause: CustomStringConvertible {
    public init(errno code: Int32) {
        self =
            switch code {
            case ENOSPC: .diskFull
            case EDQUOT: .quotaExceeded
            case EFBIG: .tooLargeToWrite
            case EACCES, EPERM: .notPermitted
            case EROFS: .readOnly
            case ENOENT: .missing
            case ENOTDIR: .notADirectory
            case EISDIR, ENOTEMPTY: .isADirectory
            case EEXIST: .alreadyExists
            case EMFILE, ENFILE: .tooManyOpenFiles
            case ENAMETOOLONG, ELOOP: .nameTooLong
            case EPIPE: .readerClosed
            case EBADF: .closed
            default: .other(code)
            }
    }

    /// The cause in words.
    public var description: String {
        switch self {
        case .diskFull: "no space left on the disk"
        case .quotaExceeded: "the disk quota of this user is exceeded"
        case .tooLargeToWrite: "the file would exceed the largest size that this process may write"
        case .tooLargeToRead(let limit): "larger than \(Self.size(limit))"
        case .notPermitted: "this user has no permission"
        case .readOnly: "the file system is read-only"
        case .missing: "no such file or directory"
        case .notADirectory: "a part of the path exists and is not a directory"
        case .isADirectory: "it is a directory"
        case .notAFile: "it is not a regular file"
        case .alreadyExists: "it already exists"
        case .tooManyOpenFiles: "too many open files"
        case .nameTooLong: "the path is too long, or its symbolic links form a loop"
        case .readerClosed: "its reader closed it"
        case .closed: "it is closed"
        case .notUTF8: "it is not UTF-8 text"
        case .other(let code): String(cString: strerror(code)).lowercasedFirst
        }
    }

    func remedy(for action: FileError.Action) -> String {
        switch self {
        case .diskFull: "free some space, or choose a place on another disk"
        case .quotaExceeded: "delete files of this user, or choose a place on another disk"
        case .tooLargeToWrite: "raise the limit (ulimit -f), or choose another file system"
        case .tooLargeToRead: "choose a smaller file"
        case .notPermitted: "change the permissions, or choose another path"
        case .readOnly: "choose a path on another file system"
        case .missing: action == .read ? "check the path" : "create the directory, or choose another path"
        case .notADirectory, .isADirectory: "move it away, or choose another path"
        case .notAFile: "choose a regular file"
        case .alreadyExists: "delete it, or choose another path"
        case .tooManyOpenFiles: "raise the limit (ulimit -n)"
        case .nameTooLong: "choose a shorter path"
        case .readerClosed, .closed: "send it to a file or a terminal"
        case .notUTF8: "convert it to UTF-8"
        case .other: "check the disk, or choose another path"
        }
    }

    private static func size(_ bytes: Int) -> String {
        bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : bytes >= 1 << 10 ? "\(bytes >> 10) KiB" : "\(bytes) bytes"
    }
}

extension String {
    fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
