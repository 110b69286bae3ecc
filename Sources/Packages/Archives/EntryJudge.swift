import Basis

/// Holds the entries of one archive to the policies, one after the other as they stream by.
///
/// Links are judged by their text alone, strictly: `..` may stand only at the beginning of a symbolic link's target, no
/// entry may lie behind a link of the archive, and a hard link names an entry inside. Then no way of unpacking leads
/// out.
struct EntryJudge {
    private let policy: ArchivePolicy
    private let sandbox: SandboxPolicy?
    private let executables: [PathPattern]?
    private let allowedPaths: [PathPattern]?
    private(set) var entryCount = 0
    private(set) var fileCount = 0
    private(set) var byteCount = 0
    private var links: Set<String> = []
    /// The first content that the sandbox forbids.
    private(set) var sandboxProblem: (problem: SandboxProblem, path: String)?

    init(_ policy: ArchivePolicy, _ sandbox: SandboxPolicy?) {
        self.policy = policy
        self.sandbox = sandbox
        executables = policy.executables.map { $0.map(PathPattern.init) }
        allowedPaths = sandbox?.paths.map { $0.map(PathPattern.init) }
    }

    /// Adds an entry.
    mutating func judge(_ entry: ArchiveEntry) throws(ArchiveRefusal) {
        entryCount += 1
        guard entryCount <= policy.entryLimit else { throw ArchiveRefusal(.tooManyEntries) }
        let (sum, overflow) = byteCount.addingReportingOverflow(entry.size)
        guard !overflow, sum <= policy.unpackedLimit else { throw ArchiveRefusal(.unpacksTooLarge, entry.path) }
        byteCount = sum
        let names = try Self.names(of: entry.path, for: entry.path)
        // The folder itself, as archives of a whole folder begin with.
        if names.isEmpty {
            guard entry.kind == .directory else { throw ArchiveRefusal(.oddPath, entry.path) }
        }
        try checkThroughLinks(names, entry.path)
        if entry.mode & 0o6000 != 0 { throw ArchiveRefusal(.setUserOrGroup, entry.path) }
        let path = names.joined(separator: "/")
        switch entry.kind {
        case .file:
            fileCount += 1
            if entry.mode & 0o111 != 0, let executables, !executables.contains(where: { $0.matches(path) }) {
                throw ArchiveRefusal(.unexpectedExecutable, entry.path)
            }
        case .directory:
            break
        case .symbolicLink(let target):
            try checkSymbolicLink(target, depth: names.count - 1, entry.path)
            links.insert(path)
        case .hardLink(let target):
            let other = try Self.names(of: target, for: entry.path, problem: .linkEscapes)
            guard !other.isEmpty else { throw ArchiveRefusal(.linkEscapes, entry.path) }
            if links.contains(other.joined(separator: "/")) { throw ArchiveRefusal(.linkEscapes, entry.path) }
            try checkThroughLinks(other, entry.path)
            fileCount += 1
        case .special:
            throw ArchiveRefusal(.specialFile, entry.path)
        }
        judgeSandbox(entry, path)
    }

    private mutating func judgeSandbox(_ entry: ArchiveEntry, _ path: String) {
        guard let sandbox, sandboxProblem == nil else { return }
        if let limit = sandbox.fileLimit, fileCount > limit {
            sandboxProblem = (.files, "")
        } else if let limit = sandbox.byteLimit, byteCount > limit {
            sandboxProblem = (.bytes, "")
        } else if let allowedPaths, entry.kind != .directory, !allowedPaths.contains(where: { $0.matches(path) }) {
            sandboxProblem = (.path, ArchiveRefusal(.oddPath, entry.path).path)
        } else if !sandbox.allowsWorldWritable, entry.mode & 0o002 != 0, !Self.isLink(entry.kind) {
            sandboxProblem = (.worldWritable, ArchiveRefusal(.oddPath, entry.path).path)
        }
    }

    /// A symbolic link's own mode has no effect.
    private static func isLink(_ kind: ArchiveEntry.Kind) -> Bool {
        if case .symbolicLink = kind { true } else { false }
    }

    /// The names that a path consists of, `.` and doubled slashes left out.
    private static func names(
        of path: String, for entry: String, problem: ArchiveProblem? = nil
    ) throws(ArchiveRefusal) -> [String] {
        guard path.utf8.count <= ArchivePolicy.pathLimit else {
            throw ArchiveRefusal(problem ?? .pathTooLong, entry)
        }
        guard !path.isEmpty, path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != 0x5C }) else {
            throw ArchiveRefusal(problem ?? .oddPath, entry)
        }
        if path.hasPrefix("/") { throw ArchiveRefusal(problem ?? .absolutePath, entry) }
        // A drive's letter, as another system would read it.
        let start = Array(path.utf8.prefix(2))
        if start.count == 2, start[1] == 0x3A, (start[0] | 0x20) &- 0x61 < 26 {
            throw ArchiveRefusal(problem ?? .absolutePath, entry)
        }
        var names: [String] = []
        for name in path.split(separator: "/") where name != "." {
            if name == ".." { throw ArchiveRefusal(problem ?? .parentPath, entry) }
            names.append(String(name))
        }
        return names
    }

    private func checkThroughLinks(_ names: [String], _ path: String) throws(ArchiveRefusal) {
        guard !links.isEmpty, names.count > 1 else { return }
        var prefix = ""
        for name in names.dropLast() {
            prefix += prefix.isEmpty ? name : "/" + name
            if links.contains(prefix) { throw ArchiveRefusal(.throughLink, path) }
        }
    }

    private func checkSymbolicLink(_ target: String, depth: Int, _ path: String) throws(ArchiveRefusal) {
        var rest = target[...]
        var ups = 0
        while rest == ".." || rest.hasPrefix("../") || rest.hasPrefix("./") {
            if rest.hasPrefix("..") { ups += 1 }
            rest = rest.drop { $0 == "." }.drop { $0 == "/" }
        }
        guard ups <= depth else { throw ArchiveRefusal(.linkEscapes, path) }
        if rest.isEmpty {
            if target.isEmpty { throw ArchiveRefusal(.oddPath, path) }
            return
        }
        // What is left may neither begin at the root nor go up again.
        _ = try Self.names(of: target.hasPrefix("/") ? target : String(rest), for: path, problem: .linkEscapes)
    }
}
