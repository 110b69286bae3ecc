/// What an archive may hold. The rules against leaving the archive's own folder always hold.
public struct ArchivePolicy: Hashable, Sendable {
    /// Patterns of paths that may be executable files; nil: any may.
    public var executables: [String]?
    public var entryLimit: Int
    /// Bytes of all contents together.
    public var unpackedLimit: Int

    /// 100,000: several times the files of a large agent distribution.
    public static let entryLimit = 100_000
    /// 4 GiB; a compressed archive that unpacks to more is treated as a bomb.
    public static let unpackedLimit = 4 << 30
    /// The longest path in bytes, as on Linux.
    static let pathLimit = 4_096

    public init(
        executables: [String]? = nil, entryLimit: Int = Self.entryLimit, unpackedLimit: Int = Self.unpackedLimit
    ) {
        self.executables = executables
        self.entryLimit = entryLimit
        self.unpackedLimit = unpackedLimit
    }
}

/// What a package may do on the machine: where it may write, and how much. Judged apart from whether its archive is
/// sound.
public struct SandboxPolicy: Hashable, Sendable {
    /// Patterns of paths that it may write; nil: any inside its own folder.
    public var paths: [String]?
    public var fileLimit: Int?
    /// Bytes of all its files when unpacked.
    public var byteLimit: Int?
    /// Whether world-writable files and folders are allowed.
    public var allowsWorldWritable: Bool

    public init(
        paths: [String]? = nil, fileLimit: Int? = nil, byteLimit: Int? = nil, allowsWorldWritable: Bool = false
    ) {
        self.paths = paths
        self.fileLimit = fileLimit
        self.byteLimit = byteLimit
        self.allowsWorldWritable = allowsWorldWritable
    }
}

/// What the sandbox does not allow. The name is what it is counted under.
public enum SandboxProblem: String, Hashable, Sendable, CaseIterable {
    case path, files, bytes
    case worldWritable = "world_writable"

    /// In words that fit behind "the package ".
    public var words: String {
        switch self {
        case .path: "writes outside the paths that it may write"
        case .files: "has more files than it may have"
        case .bytes: "takes more room than it may take"
        case .worldWritable: "has something that everybody may write"
        }
    }
}

/// Paths by pattern: `*` matches any text within one name, `**` any path.
struct PathPattern {
    private let pattern: [UInt8]

    init(_ text: String) {
        pattern = Array(text.utf8)
    }

    /// Whether `path` fits. Quadratic at worst: both are bounded.
    func matches(_ path: String) -> Bool {
        let path = Array(path.utf8)
        // Which lengths of the path the pattern so far can account for.
        var reached = [Bool](repeating: false, count: path.count + 1)
        reached[0] = true
        var index = 0
        while index < pattern.count {
            var next = [Bool](repeating: false, count: path.count + 1)
            if pattern[index] == 0x2A {
                let crosses = index + 1 < pattern.count && pattern[index + 1] == 0x2A
                index += crosses ? 2 : 1
                var isOpen = false
                for place in 0...path.count {
                    isOpen = isOpen || reached[place]
                    next[place] = isOpen
                    if place < path.count, path[place] == 0x2F, !crosses { isOpen = false }
                }
            } else {
                for place in 0..<path.count where reached[place] && path[place] == pattern[index] {
                    next[place + 1] = true
                }
                index += 1
            }
            reached = next
        }
        return reached[path.count]
    }
}
