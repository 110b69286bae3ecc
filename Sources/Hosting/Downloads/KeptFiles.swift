import Basis
import Foundation
import Packages
import Synchronization

/// Where verified files are kept: `sha256-<hash>` in a folder, so that a content is stored once however many agents
/// fetched it, and no name from a server ever becomes a path. One for the whole process.
final class KeptFiles: Sendable {
    /// Contents that some agent is writing at present.
    private let beingWritten = Mutex<Set<String>>([])
    private let count = Atomic<Int>(0)

    /// A file to write a content into; nil where it exists already, or another agent is writing it.
    /// - Parameter digest: the hash that the content is to have; empty: not known beforehand.
    /// - Throws: `FileError` where the folder cannot be written to.
    func open(in folder: String, digest: [UInt8]) throws(FileError) -> KeptFile? {
        let claim = digest.isEmpty ? nil : "\(folder)/\(Self.name(of: digest))"
        if let claim {
            if Files.exists(claim) { return nil }
            guard beingWritten.withLock({ $0.insert(claim).inserted }) else { return nil }
        }
        do throws(FileError) {
            try Files.createDirectory(folder)
            let number = count.add(1, ordering: .relaxed).newValue
            let process = ProcessInfo.processInfo.processIdentifier
            let partial = try FileWriter(creating: "\(folder)/.partial-\(process)-\(number)")
            return KeptFile(self, folder: folder, partial: partial, claim: claim)
        } catch {
            release(claim)
            throw error
        }
    }

    fileprivate func release(_ claim: String?) {
        if let claim { _ = beingWritten.withLock { $0.remove(claim) } }
    }

    fileprivate static func name(of digest: [UInt8]) -> String { "sha256-\(HexText.text(digest))" }
}

/// A file on its way to its folder; it has a temporary name until it is verified.
final class KeptFile {
    private let files: KeptFiles
    private let folder: String
    private let claim: String?
    private var partial: FileWriter?

    fileprivate init(_ files: KeptFiles, folder: String, partial: FileWriter, claim: String?) {
        self.files = files
        self.folder = folder
        self.claim = claim
        self.partial = partial
    }

    deinit {
        discard()
    }

    func write(_ bytes: RawSpan) throws(FileError) {
        var piece: [UInt8] = []
        piece.append(bytes)
        try partial?.write(piece)
    }

    /// The content starts again from its first byte.
    func restart() throws(FileError) {
        try partial?.restart()
    }

    /// The content is verified: it gets its name.
    func keep(as digest: [UInt8]) throws(FileError) {
        guard let partial else { return }
        self.partial = nil
        partial.finish()
        defer { files.release(claim) }
        let place = "\(folder)/\(KeptFiles.name(of: digest))"
        if Files.exists(place) { return try Files.delete(partial.path) }
        do throws(FileError) { try Files.move(partial.path, to: place) } catch {
            try? Files.delete(partial.path)
            throw error
        }
    }

    /// The content is not wanted.
    func discard() {
        guard let partial else { return }
        self.partial = nil
        partial.finish()
        try? Files.delete(partial.path)
        files.release(claim)
    }
}
