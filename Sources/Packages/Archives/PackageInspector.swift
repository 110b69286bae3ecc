import Basis
import Zlib

/// Looks into a package's file as it streams by: which kind of archive it is, whether that may be unpacked, and whether
/// the sandbox allows what it holds. Holds a header at a time, never the file.
public final class PackageInspector {
    private enum Stage {
        /// The first bytes decide what the file is.
        case sniffing([UInt8])
        case tar(TarReader)
        case gzip(InflateStream, Inner)
        case zip(ZipReader)
        case plain
        case refused(ArchiveRefusal)
    }

    /// What is inside gzip.
    private enum Inner {
        case sniffing([UInt8])
        case tar(TarReader)
        /// Not an archive, only compressed; its bytes are counted.
        case plain
    }

    private var stage = Stage.sniffing([])
    private var judge: EntryJudge
    private let policy: ArchivePolicy
    private let sandbox: SandboxPolicy?
    private var unpacked = 0
    private var fileBytes = 0
    /// A member of the compressed file has ended; another may follow.
    private var memberEnded = false

    public init(_ policy: ArchivePolicy = ArchivePolicy(), sandbox: SandboxPolicy? = nil) {
        self.policy = policy
        self.sandbox = sandbox
        judge = EntryJudge(policy, sandbox)
    }

    /// Forgets what it has seen.
    public func restart() {
        stage = .sniffing([])
        judge = EntryJudge(policy, sandbox)
        unpacked = 0
        fileBytes = 0
        memberEnded = false
    }

    /// The next bytes of the file.
    public func add(_ bytes: RawSpan) {
        fileBytes += bytes.byteCount
        do throws(ArchiveRefusal) { try read(bytes) } catch { stage = .refused(error) }
    }

    /// The file is complete.
    public func finish() -> (contents: ContentsVerdict, sandbox: SandboxVerdict) {
        do throws(ArchiveRefusal) {
            try end()
        } catch {
            stage = .refused(error)
        }
        let contents: ContentsVerdict
        switch stage {
        case .refused(let refusal): contents = .refused(refusal)
        case .sniffing, .plain, .gzip(_, .sniffing), .gzip(_, .plain): contents = .notAnArchive
        case .tar, .gzip(_, .tar), .zip: contents = .sound(entries: judge.entryCount)
        }
        return (contents, sandboxVerdict(contents))
    }

    private func sandboxVerdict(_ contents: ContentsVerdict) -> SandboxVerdict {
        guard let sandbox else { return .notAsked }
        if let (problem, path) = judge.sandboxProblem { return .refused(problem, path: path) }
        if case .notAnArchive = contents, let limit = sandbox.byteLimit, fileBytes > limit {
            return .refused(.bytes, path: "")
        }
        return .granted
    }

    // MARK: - Reading

    private func read(_ bytes: RawSpan) throws(ArchiveRefusal) {
        switch stage {
        case .sniffing(var first):
            stage = .plain
            let wanted = min(TarReader.block - first.count, bytes.byteCount)
            first.append(bytes.extracting(0..<wanted))
            if first.count >= TarReader.block {
                try begin(first)
                try read(bytes.extracting(wanted..<bytes.byteCount))
            } else {
                stage = .sniffing(first)
            }
        case .tar(var reader):
            stage = .plain
            try reader.read(bytes, &judge)
            stage = .tar(reader)
        case .zip(var reader):
            stage = .plain
            try reader.read(bytes, &judge, limit: policy.unpackedLimit)
            stage = .zip(reader)
        case .gzip(let stream, let inner):
            stage = .plain
            try inflate(stream, inner, bytes)
        case .plain, .refused:
            break
        }
    }

    /// What the file is shows in its first bytes.
    private func begin(_ first: [UInt8]) throws(ArchiveRefusal) {
        if first.starts(with: [0x1F, 0x8B]) {
            stage = .gzip(InflateStream(.gzip), .sniffing([]))
        } else if ZipReader.isBeginning(first) {
            stage = .zip(ZipReader())
        } else if TarReader.isHeader(first) {
            stage = .tar(TarReader())
        } else {
            stage = .plain
            return
        }
        try read(first.span.bytes)
    }

    private func inflate(
        _ stream: InflateStream, _ former: Inner, _ bytes: RawSpan
    ) throws(ArchiveRefusal) {
        var inner = former
        var offset = 0
        while true {
            if memberEnded {
                guard offset < bytes.byteCount else { break }
                guard bytes.byte(offset) == 0x1F else { throw ArchiveRefusal(.trailingData) }
                stream.restart()
                memberEnded = false
            }
            let outcome = stream.step(bytes, at: &offset)
            unpacked += stream.output.count
            // The archive's headers and padding count too: room for them, and no more.
            guard unpacked / 2 <= policy.unpackedLimit else { throw ArchiveRefusal(.unpacksTooLarge) }
            try read(inner: &inner, stream.output)
            if case .corrupt = outcome { throw ArchiveRefusal(.corruptCompression) }
            if case .ended = outcome { memberEnded = true }
            if case .needsInput = outcome { break }
        }
        stage = .gzip(stream, inner)
    }

    private func read(inner: inout Inner, _ bytes: [UInt8]) throws(ArchiveRefusal) {
        guard !bytes.isEmpty else { return }
        switch inner {
        case .sniffing(var first):
            let wanted = min(TarReader.block - first.count, bytes.count)
            first += bytes[..<wanted]
            guard first.count >= TarReader.block else { return inner = .sniffing(first) }
            guard TarReader.isHeader(first) else { return inner = .plain }
            var reader = TarReader()
            try reader.read(first.span.bytes, &judge)
            try reader.read(bytes.span.bytes.extracting(wanted..<bytes.count), &judge)
            inner = .tar(reader)
        case .tar(var reader):
            inner = .plain
            try reader.read(bytes.span.bytes, &judge)
            inner = .tar(reader)
        case .plain:
            break
        }
    }

    private func end() throws(ArchiveRefusal) {
        if case .sniffing(let first) = stage, !first.isEmpty { try begin(first) }
        switch stage {
        case .tar(let reader): try reader.finish()
        case .zip(let reader): try reader.finish()
        case .gzip(_, let inner):
            guard memberEnded else { throw ArchiveRefusal(.truncated) }
            if case .tar(let reader) = inner { try reader.finish() }
        case .sniffing, .plain, .refused: break
        }
    }
}

/// Whether a package's file is an archive that may be unpacked.
public enum ContentsVerdict: Hashable, Sendable {
    case sound(entries: Int)
    case notAnArchive
    case refused(ArchiveRefusal)
    /// Nobody asked.
    case notAsked

    /// The name under which it is counted.
    public var name: String {
        switch self {
        case .sound: "contents_sound"
        case .notAnArchive: "contents_not_an_archive"
        case .refused(let refusal): "contents_\(refusal.problem.rawValue)"
        case .notAsked: "contents_not_asked"
        }
    }
}

/// Whether the sandbox allows what a package holds.
public enum SandboxVerdict: Hashable, Sendable {
    case granted
    case refused(SandboxProblem, path: String)
    /// There is no sandbox.
    case notAsked

    /// The name under which it is counted.
    public var name: String {
        switch self {
        case .granted: "sandbox_granted"
        case .refused(let problem, _): "sandbox_\(problem.rawValue)"
        case .notAsked: "sandbox_not_asked"
        }
    }
}
