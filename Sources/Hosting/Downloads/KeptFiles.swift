import Basis
import Foundation
import Packages
import Synchronization

/// Where verified files are kept: `sha256-<hash>` in a folder, so that a content is stored once however many agents fetched
/// it, and no name from a server ever becomes a path. One for the whole process.
final class KeptFiles: Sendable {
    /// Contents that some agent is writing at present.
    private let beingWritten = Mutex<Set<String>>([])
    private let count = Atomic<Int>(0)

    /// A file to write a content into; nil where it exists already, or another agent is writing it.
    /// - Parameter digest: the hash that the content is to have; empty: not known beforehand.
    /// - Throws: the folder cannot be written to.
    func open(in folder: String, digest: [UInt8]) throws -> KeptFile? {
        let folder = URL(fileURLWithPath: folder, isDirectory: true)
        let name = digest.isEmpty ? nil : Self.name(of: digest)
        if let name {
            if FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path) { return nil }
            guard beingWritten.withLock({ $0.insert(folder.path + name).inserted }) else { return nil }
        }
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let number = count.add(1, ordering: .relaxed).newValue
            let process = ProcessInfo.processInfo.processIdentifier
            let partial = folder.appendingPathComponent(".partial-\(process)-\(number)")
            return try KeptFile(self, folder: folder, partial: partial, claim: name.map { folder.path + $0 })
        } catch {
            if let name { _ = beingWritten.withLock { $0.remove(folder.path + name) } }
            throw error
        }
    }

    fileprivate func release(_ claim: String?) {
        if let claim { _ = beingWritten.withLock { $0.remove(claim) } }
    }

    fileprivate static func name(of digest: [UInt8]) -> String { "sha256-\(HexText.text(digest))" }
}

/// A content that is being written, under a temporary name until it is verified.
final class KeptFile {
    private let files: KeptFiles
    private let folder: URL
    private let partial: URL
    private let claim: String?
    private var handle: FileHandle?

    fileprivate init(_ files: KeptFiles, folder: URL, partial: URL, claim: String?) throws {
        self.files = files
        self.folder = folder
        self.partial = partial
        self.claim = claim
        guard FileManager.default.createFile(atPath: partial.path, contents: nil) else {
            throw CocoaError(.fileWriteUnknown)
        }
        handle = try FileHandle(forWritingTo: partial)
    }

    deinit {
        discard()
    }

    func write(_ bytes: RawSpan) throws {
        var piece: [UInt8] = []
        piece.append(bytes)
        try handle?.write(contentsOf: piece)
    }

    /// The content begins anew.
    func restart() throws {
        try handle?.truncate(atOffset: 0)
    }

    /// The content is verified: the file gets its name.
    func keep(as digest: [UInt8]) throws {
        guard let handle else { return }
        self.handle = nil
        try handle.close()
        defer { files.release(claim) }
        let place = folder.appendingPathComponent(KeptFiles.name(of: digest))
        if FileManager.default.fileExists(atPath: place.path) {
            try FileManager.default.removeItem(at: partial)
        } else {
            try FileManager.default.moveItem(at: partial, to: place)
        }
    }

    /// The content is not kept.
    func discard() {
        guard let handle else { return }
        self.handle = nil
        try? handle.close()
        try? FileManager.default.removeItem(at: partial)
        files.release(claim)
    }
}
