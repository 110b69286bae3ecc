import Basis
import Foundation
import OpenSSL
public import Packages
import Transport

/// The package files that a server of ours offers for download: those of a folder, and generated ones.
public struct PackageStore: Sendable {
    /// What is wrong with its serving on purpose, for rehearsals.
    public struct Flaws: Hashable, Sendable {
        /// Bytes a second on each connection; nil: as fast as the client reads.
        public var bandwidth: Int?
        /// Of the requests for a file, drawn: broken off after `breakAfter` bytes of the body.
        public var breakShare: Double
        public var breakAfter: Int

        public init(bandwidth: Int? = nil, breakShare: Double = 0, breakAfter: Int = 64 << 10) {
            self.bandwidth = bandwidth
            self.breakShare = breakShare
            self.breakAfter = breakAfter
        }
    }

    /// The path under which files are served.
    public static let prefix = "/packages/"

    private let folder: URL?
    private var made: [String: GeneratedPackage] = [:]
    public var flaws: Flaws

    /// - Parameter folder: nil where there are only generated files.
    /// - Throws: `PackageStoreError` where it is no folder that can be read.
    public init(folder: String?, flaws: Flaws = Flaws()) throws(PackageStoreError) {
        self.flaws = flaws
        guard let folder else {
            self.folder = nil
            return
        }
        let url = URL(fileURLWithPath: folder, isDirectory: true).resolvingSymlinksInPath().standardizedFileURL
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue,
            FileManager.default.isReadableFile(atPath: url.path)
        else { throw .noFolder(folder) }
        self.folder = url
    }

    /// Adds a generated file.
    public mutating func add(_ package: GeneratedPackage, named name: String) {
        made[name] = package
    }

    /// Whether a request is for a package's file.
    func serves(_ target: String) -> Bool {
        target.hasPrefix(Self.prefix)
    }

    /// The file that a request's target names; nil if there is none, or it is outside of the folder.
    func file(target: String) -> StoredFile? {
        let path = target.dropFirst(Self.prefix.count).prefix { $0 != "?" }
        guard let name = String(path).removingPercentEncoding else { return nil }
        return file(named: name)
    }

    /// The file of that name. It may be in a subfolder; a path or link that leads out of the folder is refused.
    public func file(named name: String) -> StoredFile? {
        if let package = made[name] { return StoredFile(package) }
        guard let folder, Self.isRelative(name) else { return nil }
        let url = folder.appendingPathComponent(name).resolvingSymlinksInPath().standardizedFileURL
        guard url.path.hasPrefix(folder.path + "/"),
            let facts = try? FileManager.default.attributesOfItem(atPath: url.path),
            facts[.type] as? FileAttributeType == .typeRegular, let size = (facts[.size] as? NSNumber)?.intValue
        else { return nil }
        let changed = (facts[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        let number = (facts[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0
        let tag = [UInt64(size), UInt64(max(changed, 0) * 1e6), number].map { String($0, radix: 16) }
        return StoredFile(
            source: .file(url), size: size, tag: "\"\(tag.joined(separator: "-"))\"", changed: Int64(changed))
    }

    /// Names between single slashes, none of them `.` or `..`, no control characters and no backslash.
    private static func isRelative(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= 1_024, name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != 0x5C })
        else { return false }
        return name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && $0 != "." && $0 != ".."
        }
    }
}

/// The folder of packages cannot be served: the user's to mend.
public enum PackageStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    case noFolder(String)

    public var description: String {
        switch self {
        case .noFolder(let path): "'\(path)' is not a readable folder; name the folder with the package files"
        }
    }
}

/// One file that is served, read piece by piece.
public struct StoredFile: Sendable {
    enum Source: Sendable {
        case file(URL)
        case made(GeneratedPackage)
    }

    let source: Source
    /// In bytes.
    public let size: Int
    /// A strong entity tag, in its quotes.
    let tag: String
    /// UNIX time of the last change, in seconds; nil for one that never changes.
    let changed: Int64?

    init(source: Source, size: Int, tag: String, changed: Int64?) {
        self.source = source
        self.size = size
        self.tag = tag
        self.changed = changed
    }

    /// A generated file.
    public init(_ package: GeneratedPackage) {
        self.init(source: .made(package), size: package.size, tag: "\"\(package.seed)-\(package.size)\"", changed: nil)
    }

    /// The SHA-256 of the whole. Reads all of it, a piece at a time.
    /// - Throws: the file cannot be read.
    public func digest() throws -> [UInt8] {
        let digest = SHA256()
        let reader = try FileReader(self, at: 0)
        var left = size
        while left > 0 {
            let piece = try reader.read(min(left, FileReader.piece))
            guard !piece.isEmpty else { throw CocoaError(.fileReadCorruptFile) }
            digest.add(piece.span.bytes)
            left -= piece.count
        }
        return digest.finish()
    }

    /// All of a small file, such as a signature beside its package; nil where it is larger than `limit`.
    public func contents(limit: Int) throws -> [UInt8]? {
        size <= limit ? try FileReader(self, at: 0).read(size) : nil
    }
}

/// Reads a stored file from one place on.
final class FileReader {
    static let piece = 64 << 10
    private let handle: FileHandle?
    private let made: GeneratedPackage?
    private var offset: Int

    init(_ file: StoredFile, at offset: Int) throws {
        self.offset = offset
        switch file.source {
        case .file(let url):
            let handle = try FileHandle(forReadingFrom: url)
            try handle.seek(toOffset: UInt64(offset))
            (self.handle, made) = (handle, nil)
        case .made(let package):
            (handle, made) = (nil, package)
        }
    }

    deinit {
        try? handle?.close()
    }

    /// The next bytes, at most `count`; fewer where the file has become shorter.
    func read(_ count: Int) throws -> [UInt8] {
        let bytes: [UInt8]
        if let made {
            bytes = made.bytes(offset..<min(offset + count, made.size))
        } else {
            bytes = Array(try handle?.read(upToCount: count) ?? Data())
        }
        offset += bytes.count
        return bytes
    }
}
