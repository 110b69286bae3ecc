import Basis
import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite("Files")
struct FilesTests {
    private static func inTemporaryDirectory(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("files-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    @Test(
        "An error of the system becomes a cause in words, with a remedy, and no number or name of a library",
        arguments: [
            (ENOSPC, "no space left on the disk"), (EDQUOT, "quota"), (EFBIG, "largest size"), (EACCES, "permission"),
            (EROFS, "read-only"), (ENOENT, "no such file"), (ENOTDIR, "not a directory"), (EISDIR, "is a directory"),
            (EMFILE, "too many open files"), (EIO, "input/output error"), (EPIPE, "its reader closed it"),
        ])
    func words(code: Int32, expected: String) {
        let error = FileError(.write, "/x/y", errno: code)
        #expect(error.description.hasPrefix("/x/y cannot be written: "))
        #expect(error.description.contains(expected), "\(error)")
        #expect(error.description.contains("; "))
        #expect(!error.description.contains("Error") && !error.description.contains("errno"))
    }

    @Test("A file is read up to its limit, and nothing that may never end is read where a file is wanted")
    func reading() throws {
        try Self.inTemporaryDirectory { folder in
            let path = folder + "/f"
            try Files.create(path, [UInt8](repeating: 7, count: 600_000))
            #expect(try Files.read(path, limit: 600_000).count == 600_000)
            #expect(throws: FileError(.read, path, .tooLargeToRead(limit: 599_999))) {
                try Files.read(path, limit: 599_999)
            }
            #expect(throws: FileError(.read, path, .notUTF8)) {
                try Files.replace(path, with: [0xFF])
                _ = try Files.text(path, limit: 10)
            }
            mkfifo(folder + "/pipe", 0o600)
            for (name, cause) in [("pipe", FileError.Cause.notAFile), ("none", .missing), ("", .isADirectory)] {
                #expect(throws: FileError(.read, "\(folder)/\(name)", cause)) {
                    _ = try Files.read("\(folder)/\(name)", limit: 10, onlyRegular: true)
                }
            }
        }
    }

    @Test("A new file does not replace one, and a replaced one is whole")
    func writing() throws {
        try Self.inTemporaryDirectory { folder in
            let path = folder + "/a/b/f"
            #expect(try Files.createDirectory(folder + "/a/b"))
            #expect(try !Files.createDirectory(folder + "/a/b/"))
            try Files.create(path, "one".utf8, mode: 0o600)
            #expect(throws: FileError(.create, path, .alreadyExists)) { try Files.create(path, "two".utf8) }
            #expect(try Files.text(path, limit: 10) == "one")
            try Files.replace(path, with: "three".utf8)
            #expect(try Files.text(path, limit: 10) == "three")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/a/b") == ["f"])
            // A draft that somebody else has put there is not followed, and does not keep its rights.
            let (draft, elsewhere) = (Files.draftPath(of: path), folder + "/elsewhere")
            try FileManager.default.createSymbolicLink(atPath: draft, withDestinationPath: elsewhere)
            try Files.replace(path, with: "four".utf8)
            #expect(try Files.text(path, limit: 10) == "four" && !Files.exists(elsewhere))
            try Data("draft".utf8).write(to: URL(fileURLWithPath: draft))
            try Files.replace(path, with: "five".utf8, mode: 0o600)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(throws: FileError(.create, path, .notADirectory)) { try Files.createDirectory(path) }
            #expect(throws: FileError(.write, "/dev/full", .diskFull)) {
                let descriptor = open("/dev/full", O_WRONLY)
                defer { close(descriptor) }
                do { try Files.write([1], to: descriptor, "/dev/full") } catch { throw error }
            }
        }
    }

    @Test("A file that is written piece by piece is new: nothing at its path is replaced, no link is followed")
    func pieces() throws {
        try Self.inTemporaryDirectory { folder in
            let (path, elsewhere, link) = (folder + "/f", folder + "/elsewhere", folder + "/link")
            let writer = try FileWriter(creating: path)
            #expect(throws: FileError(.create, path, .alreadyExists)) { try FileWriter(creating: path) }
            try writer.write("one".utf8)
            try writer.restart()
            try writer.write("two".utf8)
            writer.finish()
            #expect(try Files.text(path, limit: 10) == "two")
            for target in [elsewhere, path] {
                try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
                #expect(throws: FileError(.create, link, .alreadyExists)) { try FileWriter(creating: link) }
                try FileManager.default.removeItem(atPath: link)
            }
            #expect(!Files.exists(elsewhere))
            #expect(try Files.text(path, limit: 10) == "two")
        }
    }

    @Test("A lock has one owner, shows its note to others, and is removed at the end")
    func locking() throws {
        try Self.inTemporaryDirectory { folder in
            let path = folder + "/lock"
            do {
                guard case .acquired(let lock) = try FileLock.acquire(path, note: "me") else {
                    Issue.record("a free lock was not acquired")
                    return
                }
                guard case .held(let note) = try FileLock.acquire(path, note: "you") else {
                    Issue.record("a lock that \(lock.path) has was acquired twice")
                    return
                }
                #expect(note == "me")
            }
            #expect(!Files.exists(path))
            guard case .acquired = try FileLock.acquire(path, note: "you") else {
                Issue.record("a lock that was let go was not acquired")
                return
            }
        }
    }

    @Test("A reserved file may have a preliminary content meanwhile, which the complete one replaces")
    func preliminary() throws {
        try Self.inTemporaryDirectory { folder in
            let path = folder + "/f"
            let file = try ReservedFile(path, bytes: 10_000)
            for text in ["first, which is longer", "second"] {
                try file.putPreliminary(text.utf8)
                #expect(try Files.text(path, limit: 100) == text)
                let names = try FileManager.default.contentsOfDirectory(atPath: folder)
                #expect(Set(names) == ["f", ".f.part"], "the room stays reserved, and no draft is left")
            }
            try file.complete("complete".utf8)
            #expect(try Files.text(path, limit: 100) == "complete")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["f"])
        }
    }

    @Test("A reserved file appears when it is complete, and takes its room before")
    func reserving() throws {
        try Self.inTemporaryDirectory { folder in
            let path = folder + "/f"
            do {
                let file = try ReservedFile(path, bytes: 10_000)
                #expect(!Files.exists(path) && Files.exists(Files.draftPath(of: path)))
                try file.complete("short".utf8)
                #expect(try Files.text(path, limit: 10) == "short")
                _ = try ReservedFile(folder + "/other", bytes: 10_000)
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["f"])
        }
    }
}
