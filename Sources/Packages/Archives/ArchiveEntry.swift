/// One entry of an archive, as its headers have it.
public struct ArchiveEntry: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case file
        case directory
        /// Points to a path as seen from its own folder.
        case symbolicLink(to: String)
        /// Another name of the entry with that path.
        case hardLink(to: String)
        /// A device, a pipe or a socket.
        case special
    }

    public var path: String
    public var kind: Kind
    /// The permission bits, set-uid and its like among them; 0 to 0o7777.
    public var mode: UInt32
    /// Bytes of content.
    public var size: Int

    public init(path: String, kind: Kind, mode: UInt32, size: Int) {
        self.path = path
        self.kind = kind
        self.mode = mode
        self.size = size
    }
}

/// Why an archive is not to be unpacked. The name is what it is counted under.
public enum ArchiveProblem: String, Error, Hashable, Sendable, CaseIterable {
    // It cannot be read.
    case truncated
    case badHeader = "bad_header"
    case badChecksum = "bad_checksum"
    case corruptCompression = "corrupt_compression"
    case trailingData = "trailing_data"
    /// Encryption, a compression or a kind of entry that is not understood.
    case unsupported
    /// The headers before the entries and the directory behind them differ.
    case contradictsItself = "contradicts_itself"
    // It is more than anybody wants to unpack.
    case tooManyEntries = "too_many_entries"
    case unpacksTooLarge = "unpacks_too_large"
    case pathTooLong = "path_too_long"
    // What it would do when unpacked.
    case absolutePath = "absolute_path"
    case parentPath = "parent_path"
    case oddPath = "odd_path"
    case throughLink = "through_link"
    case linkEscapes = "link_escapes"
    case setUserOrGroup = "set_user_or_group"
    case specialFile = "special_file"
    case unexpectedExecutable = "unexpected_executable"

    /// In words that fit behind "the archive ".
    public var words: String {
        switch self {
        case .truncated: "ends too early"
        case .badHeader: "has a malformed header"
        case .badChecksum: "has a header whose checksum is wrong"
        case .corruptCompression: "is not compressed correctly"
        case .trailingData: "has more behind its end"
        case .unsupported: "has an entry of an unknown kind, compression or encryption"
        case .contradictsItself: "names other entries in its directory than it holds"
        case .tooManyEntries: "has more entries than allowed"
        case .unpacksTooLarge: "unpacks to more than allowed"
        case .pathTooLong: "has a path that is too long"
        case .absolutePath: "has an absolute path"
        case .parentPath: "has a path with '..'"
        case .oddPath: "has an empty path, or one with control characters or backslashes"
        case .throughLink: "has a path that leads through one of its links"
        case .linkEscapes: "has a link that leads out of it, or may"
        case .setUserOrGroup: "has an entry that is set-uid or set-gid"
        case .specialFile: "has a device, a pipe or a socket"
        case .unexpectedExecutable: "has an executable that is not on the list"
        }
    }
}

/// A problem and where it is.
public struct ArchiveRefusal: Error, Hashable, Sendable {
    public var problem: ArchiveProblem
    /// The entry's path, cut short and made printable; empty where the archive as a whole is meant.
    public var path: String

    public init(_ problem: ArchiveProblem, _ path: String = "") {
        self.problem = problem
        // Paths come from a stranger and end in reports and on terminals.
        let scalars = path.unicodeScalars.prefix(80).map { scalar in
            (0x20..<0x7F).contains(scalar.value) ? Character(scalar) : "?"
        }
        self.path = String(scalars)
    }
}
