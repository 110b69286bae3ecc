import Basis
import Testing
import Transport

@testable import Packages

@Suite("Contents of package files: which archives may be unpacked")
struct ArchiveTests {
    static func inspect(
        _ bytes: [UInt8], piece: Int = .max, policy: ArchivePolicy = ArchivePolicy(), sandbox: SandboxPolicy? = nil
    ) -> (contents: ContentsVerdict, sandbox: SandboxVerdict) {
        let inspector = PackageInspector(policy, sandbox: sandbox)
        var offset = 0
        while offset < bytes.count {
            let end = min(bytes.count, piece == .max ? bytes.count : offset + piece)
            inspector.add(bytes.span.bytes.extracting(offset..<end))
            offset = end
        }
        return inspector.finish()
    }

    static func problem(_ bytes: [UInt8], policy: ArchivePolicy = ArchivePolicy()) -> ArchiveProblem? {
        if case .refused(let refusal) = inspect(bytes, policy: policy).contents { refusal.problem } else { nil }
    }

    static let good = TarMaker.of { tar in
        tar.add("./", type: "5", mode: 0o755)
        tar.add("bin/", type: "5", mode: 0o755)
        tar.add("bin/otelcol", mode: 0o755, content: [UInt8](repeating: 7, count: 1_300))
        tar.add("etc/config.yaml", content: Array("receivers: {}\n".utf8))
        tar.add("bin/collector", type: "2", mode: 0o777, link: "otelcol")
        tar.add("lib/a/b", type: "2", link: "../../etc/config.yaml")
        tar.add("etc/again.yaml", type: "1", link: "etc/config.yaml")
    }

    @Test(
        "A valid archive is accepted, however it is cut into pieces",
        arguments: [1, 7, 511, 512, 513, .max])
    func sound(piece: Int) {
        #expect(Self.inspect(Self.good, piece: piece).contents == .sound(entries: 7))
    }

    @Test("Long names of GNU and pax are read, and judged like others")
    func longNames() {
        let long = String(repeating: "d/", count: 100) + "file"
        let gnu = TarMaker.of { tar in
            tar.add("././@LongLink", type: "L", content: Array(long.utf8) + [0])
            tar.add("short")
        }
        #expect(Self.inspect(gnu).contents == .sound(entries: 1))
        let bad = TarMaker.of { tar in
            tar.addPax([("mtime", "1.5"), ("path", "a/../../b")])
            tar.add("harmless")
        }
        #expect(Self.problem(bad) == .parentPath)
        let badLink = TarMaker.of { tar in
            tar.addPax([("linkpath", "/etc/passwd")])
            tar.add("harmless", type: "2", link: "x")
        }
        #expect(Self.problem(badLink) == .linkEscapes)
        let prefixed = TarMaker.of { $0.add("file", prefix: "../up") }
        #expect(Self.problem(prefixed) == .parentPath)
    }

    struct Wrong: CustomTestStringConvertible, Sendable {
        let problem: ArchiveProblem
        let name: String
        let bytes: [UInt8]
        var testDescription: String { "\(problem): \(name)" }

        init(_ problem: ArchiveProblem, _ name: String, _ build: (inout TarMaker) -> Void) {
            self.init(problem, name, bytes: TarMaker.of(build))
        }

        init(_ problem: ArchiveProblem, _ name: String, bytes: [UInt8]) {
            (self.problem, self.name, self.bytes) = (problem, name, bytes)
        }
    }

    static let wrongs: [Wrong] = [
        Wrong(.absolutePath, "root") { $0.add("/etc/passwd") },
        Wrong(.absolutePath, "drive") { $0.add("C:/windows") },
        Wrong(.parentPath, "first") { $0.add("../x") },
        Wrong(.parentPath, "middle") { $0.add("a/../../x") },
        Wrong(.parentPath, "harmless, but not plain") { $0.add("a/../x") },
        Wrong(.oddPath, "empty") { $0.add("") },
        Wrong(.oddPath, "control") { $0.add("a\u{1B}[2J") },
        Wrong(.oddPath, "backslash") { $0.add("a\\..\\b") },
        Wrong(.oddPath, "file without a name") { $0.add("./.") },
        Wrong(.setUserOrGroup, "set-uid") { $0.add("a", mode: 0o4755) },
        Wrong(.setUserOrGroup, "set-gid") { $0.add("a", mode: 0o2755) },
        Wrong(.setUserOrGroup, "folder") { $0.add("a/", type: "5", mode: 0o2755) },
        Wrong(.specialFile, "character device") { $0.add("a", type: "3") },
        Wrong(.specialFile, "block device") { $0.add("a", type: "4") },
        Wrong(.specialFile, "pipe") { $0.add("a", type: "6") },
        Wrong(.linkEscapes, "absolute link") { $0.add("a", type: "2", link: "/etc") },
        Wrong(.linkEscapes, "link up") { $0.add("a/b", type: "2", link: "../../c") },
        Wrong(.linkEscapes, "link up in the middle") { $0.add("a/b", type: "2", link: "c/../../..") },
        Wrong(.linkEscapes, "hard link up") { $0.add("a", type: "1", link: "../b") },
        Wrong(.linkEscapes, "hard link to the root") { $0.add("a", type: "1", link: "/etc/passwd") },
        Wrong(.linkEscapes, "hard link to a link") { tar in
            tar.add("l", type: "2", link: "x")
            tar.add("a", type: "1", link: "l")
        },
        Wrong(.oddPath, "link to nothing") { $0.add("a", type: "2", link: "") },
        Wrong(.throughLink, "file behind a link") { tar in
            tar.add("l", type: "2", link: "d")
            tar.add("l/file")
        },
        Wrong(.throughLink, "link behind a link") { tar in
            tar.add("d1/d2/l", type: "2", link: "../..")
            tar.add("d1/d2/l/m", type: "2", link: "../../..")
        },
        Wrong(.unsupported, "unknown type") { $0.add("a", type: "Z") },
        Wrong(.unsupported, "sparse") { tar in
            tar.addPax([("GNU.sparse.size", "1")])
            tar.add("a")
        },
        Wrong(.unsupported, "a path for all") { tar in
            tar.addPax([("path", "x")], type: "g")
            tar.add("a")
        },
        Wrong(.badHeader, "link with content") { $0.add("a", type: "2", link: "b", content: [1]) },
        Wrong(.badHeader, "folder with content") { $0.add("a/", type: "5", content: [1]) },
        Wrong(.badHeader, "pax without a length") { tar in
            tar.add("x", type: "x", content: Array("path=x\n".utf8))
            tar.add("a")
        },
        Wrong(.badChecksum, "in the middle") { tar in
            tar.add("a")
            tar.add("b", checksumOff: 1)
        },
        Wrong(.pathTooLong, "name without end") { tar in
            tar.add("L", type: "L", content: [UInt8](repeating: 97, count: 70_000))
            tar.add("a")
        },
        Wrong(.unpacksTooLarge, "a size beyond the limit") { $0.add("a", declared: 7 << 30) },
        Wrong(.trailingData, "an entry behind the end") { tar in
            tar.add("a")
            tar.end()
            tar.add("b")
        },
        Wrong(.truncated, "no end", bytes: Array(good.prefix(512 * 3))),
        Wrong(.truncated, "in a content", bytes: Array(good.prefix(512 * 3 + 100))),
        Wrong(.truncated, "one block of zeros", bytes: Array(good.dropLast(512))),
    ]

    @Test("Every way in which a tar archive can be wrong has its name", arguments: wrongs)
    func wrong(_ wrong: Wrong) {
        #expect(Self.problem(wrong.bytes) == wrong.problem)
        // It does not matter how it arrives.
        guard case .refused(let refusal) = Self.inspect(wrong.bytes, piece: 100).contents else {
            Issue.record("accepted in pieces")
            return
        }
        #expect(refusal.problem == wrong.problem)
    }

    @Test("A file that is not an archive is reported as such", arguments: [0, 1, 300, 512, 5_000])
    func plain(count: Int) {
        #expect(Self.inspect([UInt8](repeating: 65, count: count)).contents == .notAnArchive)
    }

    @Test("Executables that are not on the list are refused, and those on it are not")
    func executables() {
        func contents(_ list: [String]?) -> ContentsVerdict {
            Self.inspect(Self.good, policy: ArchivePolicy(executables: list)).contents
        }
        #expect(contents(nil) == .sound(entries: 7))
        #expect(contents(["bin/otelcol"]) == .sound(entries: 7))
        #expect(contents(["bin/*"]) == .sound(entries: 7))
        #expect(contents([]) == .refused(ArchiveRefusal(.unexpectedExecutable, "bin/otelcol")))
        #expect(contents(["otelcol"]) == .refused(ArchiveRefusal(.unexpectedExecutable, "bin/otelcol")))
    }

    @Test(
        "Patterns: a star stays within a name, two cross folders",
        arguments: [
            ("bin/*", "bin/a", true), ("bin/*", "bin/a/b", false), ("**", "a/b/c", true), ("bin/**", "bin/a/b", true),
            ("*.so", "lib.so", true), ("*.so", "lib/x.so", false), ("**.so", "lib/x.so", true), ("", "", true),
            ("", "a", false), ("a", "a", true), ("a*c", "abbc", true), ("a*c", "ab", false), ("*", "", true),
        ])
    func patterns(pattern: String, path: String, fits: Bool) {
        #expect(PathPattern(pattern).matches(path) == fits)
    }

    @Test("The limits on entries and size hold")
    func limits() {
        #expect(Self.problem(Self.good, policy: ArchivePolicy(entryLimit: 6)) == .tooManyEntries)
        #expect(Self.problem(Self.good, policy: ArchivePolicy(unpackedLimit: 1_000)) == .unpacksTooLarge)
    }

    @Test("The sandbox is judged apart: a sound archive may still be refused by it")
    func sandbox() {
        func verdict(_ policy: SandboxPolicy) -> SandboxVerdict {
            let found = Self.inspect(Self.good, sandbox: policy)
            #expect(found.contents == .sound(entries: 7))
            return found.sandbox
        }
        #expect(verdict(SandboxPolicy(paths: ["bin/*", "etc/**", "lib/**"])) == .granted)
        #expect(verdict(SandboxPolicy(paths: ["bin/*"])) == .refused(.path, path: "etc/config.yaml"))
        #expect(verdict(SandboxPolicy(fileLimit: 2)) == .refused(.files, path: ""))
        #expect(verdict(SandboxPolicy(byteLimit: 1_300)) == .refused(.bytes, path: ""))
        let open = TarMaker.of { $0.add("a", mode: 0o666) }
        #expect(Self.inspect(open, sandbox: SandboxPolicy()).sandbox == .refused(.worldWritable, path: "a"))
        #expect(Self.inspect(open, sandbox: SandboxPolicy(allowsWorldWritable: true)).sandbox == .granted)
        #expect(Self.inspect([1, 2, 3], sandbox: SandboxPolicy(byteLimit: 2)).sandbox == .refused(.bytes, path: ""))
        #expect(Self.inspect(open).sandbox == .notAsked)
    }

    @Test("A generated package is a valid archive, and any part of it equals that part of the whole")
    func generated() {
        let package = GeneratedPackage(seed: 3, size: 100_000, executable: "collector")
        let whole = package.bytes(0..<package.size)
        #expect(whole.count == package.size && package.size <= 100_000 && package.size > 99_000)
        #expect(Self.inspect(whole).contents == .sound(entries: 1))
        var random = SeededRandom(seed: 5)
        for _ in 0..<100 {
            let start = random.index(below: package.size)
            let end = start + random.index(below: package.size - start + 100)
            #expect(package.bytes(start..<end) == Array(whole[start..<min(end, whole.count)]), "\(start)..<\(end)")
        }
        #expect(whole != GeneratedPackage(seed: 4, size: 100_000, executable: "collector").bytes(0..<package.size))
    }

    // MARK: - zip

    static let zip: [UInt8] = {
        var zip = ZipMaker()
        zip.add("bin/", mode: 0o040755)
        zip.add("bin/otelcol", mode: 0o100755, content: [UInt8](repeating: 9, count: 700))
        zip.add("readme.txt", content: Array("hello".utf8))
        return zip.bytes(comment: "made for a test")
    }()

    @Test("A zip archive is read in pieces of any size", arguments: [1, 3, 30, 512, .max])
    func soundZip(piece: Int) {
        #expect(Self.inspect(Self.zip, piece: piece).contents == .sound(entries: 3))
        #expect(Self.inspect(ZipMaker().bytes()).contents == .sound(entries: 0))
    }

    static func zip(_ build: (inout ZipMaker) -> Void, claimed: Int? = nil) -> [UInt8] {
        var zip = ZipMaker()
        build(&zip)
        return zip.bytes(claimed: claimed)
    }

    static let wrongZips: [Wrong] = [
        Wrong(.absolutePath, "root", bytes: zip { $0.add("/etc/passwd") }),
        Wrong(.parentPath, "up", bytes: zip { $0.add("../x") }),
        Wrong(.linkEscapes, "link", bytes: zip { $0.add("a", mode: 0o120777, content: Array("/etc".utf8)) }),
        Wrong(.setUserOrGroup, "set-uid", bytes: zip { $0.add("a", mode: 0o104755) }),
        Wrong(.specialFile, "block device", bytes: zip { $0.add("a", mode: 0o060644) }),
        Wrong(.specialFile, "pipe", bytes: zip { $0.add("a", mode: 0o010644) }),
        Wrong(.setUserOrGroup, "set-gid", bytes: zip { $0.add("a", mode: 0o102755) }),
        Wrong(.absolutePath, "drive", bytes: zip { $0.add("C:/windows") }),
        Wrong(.oddPath, "backslash", bytes: zip { $0.add("a\\..\\b") }),
        Wrong(.oddPath, "control", bytes: zip { $0.add("a\u{1B}[2J") }),
        Wrong(.parentPath, "middle", bytes: zip { $0.add("a/../../x") }),
        Wrong(.specialFile, "device", bytes: zip { $0.add("a", mode: 0o020644) }),
        Wrong(.unsupported, "encrypted", bytes: zip { $0.add("a", flags: 1) }),
        Wrong(.unsupported, "method", bytes: zip { $0.add("a", method: 12) }),
        Wrong(.unsupported, "stored, size unknown", bytes: zip { $0.add("a", flags: 8) }),
        Wrong(.contradictsItself, "other name", bytes: zip { $0.add("a", listedName: "b") }),
        Wrong(.contradictsItself, "other size", bytes: zip { $0.add("a", content: [1], listedSize: 2) }),
        Wrong(.contradictsItself, "other count", bytes: zip({ $0.add("a") }, claimed: 2)),
        Wrong(.badHeader, "stored of two sizes", bytes: zip { $0.add("a", content: [1], unpacked: 2) }),
        Wrong(.corruptCompression, "no deflate", bytes: zip { $0.add("a", content: [7, 7, 7], method: 8) }),
        Wrong(
            .badHeader, "ends before its size", bytes: zip { $0.add("a", content: [3, 0, 9], method: 8, unpacked: 0) }),
        Wrong(
            .badHeader, "another record",
            bytes: Array(zip { $0.add("a") }.prefix(31)) + [UInt8](repeating: 1, count: 30)),
        Wrong(.trailingData, "behind the end", bytes: zip + [0]),
        // Most programs look for the end from behind, and would read the archive in the comment.
        Wrong(.contradictsItself, "another end in the comment", bytes: endInComment),
        Wrong(.truncated, "cut", bytes: Array(zip.dropLast(3))),
    ]

    private static let endInComment: [UInt8] = {
        var zip = ZipMaker()
        zip.add("a")
        return zip.bytes(comment: "PK\u{5}\u{6}" + String(repeating: "\u{0}", count: 18))
    }()

    @Test("Every way in which a zip archive can be wrong has its name", arguments: wrongZips)
    func wrongZip(_ wrong: Wrong) {
        #expect(Self.problem(wrong.bytes) == wrong.problem)
    }

    @Test("The policy and the sandbox hold for zip as for tar: executables, entries, what it unpacks to")
    func zipPolicy() {
        func problem(_ policy: ArchivePolicy) -> ArchiveProblem? { Self.problem(Self.zip, policy: policy) }
        #expect(problem(ArchivePolicy(executables: ["bin/*"])) == nil)
        #expect(problem(ArchivePolicy(executables: [])) == .unexpectedExecutable)
        #expect(problem(ArchivePolicy(entryLimit: 2)) == .tooManyEntries)
        #expect(problem(ArchivePolicy(unpackedLimit: 700)) == .unpacksTooLarge)
        #expect(Self.inspect(Self.zip, sandbox: SandboxPolicy(byteLimit: 700)).sandbox == .refused(.bytes, path: ""))
        // A bomb: a deflate stream that unpacks to more than allowed, whatever its header says.
        var bomb: [UInt8] = []
        Deflater(windowBits: 15, level: 9)?.message([UInt8](repeating: 0, count: 1 << 20).span.bytes, into: &bomb)
        bomb += [0, 0, 0xFF, 0xFF, 3, 0]
        let zip = Self.zip { $0.add("a", content: bomb, method: 8, unpacked: 1 << 20) }
        #expect(Self.problem(zip, policy: ArchivePolicy(unpackedLimit: 1 << 19)) == .unpacksTooLarge)
        let lying = Self.zip { $0.add("a", content: bomb, method: 8, unpacked: 10) }
        #expect(Self.problem(lying) != nil)
    }
}

@Suite("Compressed archives")
struct CompressedArchiveTests {
    @Test("A tar.gz is read in pieces of any size", arguments: [1, 13, .max])
    func sound(piece: Int) {
        #expect(ArchiveTests.inspect(GzipFixture.bytes, piece: piece).contents == .sound(entries: 2))
    }

    @Test("A cut, a changed and a lengthened one are refused by name")
    func wrong() {
        let bytes = GzipFixture.bytes
        #expect(ArchiveTests.problem(Array(bytes.dropLast(5))) == .truncated)
        #expect(ArchiveTests.problem(bytes + [1]) == .trailingData)
        var changed = bytes
        changed[bytes.count - 6] ^= 1
        #expect(ArchiveTests.problem(changed) == .corruptCompression)
        #expect(ArchiveTests.problem(bytes + bytes) == .trailingData)
    }

    @Test("An archive that unpacks to more than the limit is refused before it is unpacked")
    func bomb() {
        #expect(
            ArchiveTests.problem(GzipFixture.bytes, policy: ArchivePolicy(unpackedLimit: 1_000)) == .unpacksTooLarge)
    }
}
