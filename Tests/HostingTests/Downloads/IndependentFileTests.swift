import AgentModel
import Basis
import ControlPlane
import Engine
import Foundation
import Metrics
import OpenSSL
import Packages
import TestSupport
import Testing

@testable import Hosting

/// Programs that are not ours, on the other side: Python's http.server, curl, OpenSSL's tool.
@Suite("Package files with independent peers", .timeLimit(.minutes(5)))
struct IndependentFileTests {
    private static let package = GeneratedPackage(seed: 4, size: 3_000_000, executable: "collector")
    private static let file = package.bytes(0..<package.size)

    static let hasPython = PeerProgram.path("python3") != nil
    static let hasCurl = PeerProgram.path("curl") != nil
    static let hasOpenSSL = PeerProgram.path("openssl") != nil

    static func run(_ tool: String, _ arguments: [String]) async throws -> (status: Int32, output: Data) {
        let path = try #require(PeerProgram.path(tool))
        let end = try await PeerProgram.run(path, arguments, keepsErrorsApart: true, limit: .seconds(60))
        return (end.status, Data(end.bytes))
    }

    private static func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("muster-peer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(file).write(to: folder.appendingPathComponent("p.tar"))
        try await body(folder)
    }

    /// Python's server over `folder` while `body` runs.
    /// - Parameter certificates: the folder with those of a server that wants some of its clients; nil: plaintext.
    private static func withPython(
        _ kind: String, _ folder: URL, certificates: URL? = nil, _ body: (String) async throws -> Void
    ) async throws {
        let program = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Interop/file_server.py")
        let arguments = [program.path, kind, folder.path, "1000000"] + (certificates.map { [$0.path] } ?? [])
        let python = try #require(PeerProgram.path("python3"))
        try await PeerProgram.with(python, arguments, input: .lines, keepsErrorsApart: true) { program in
            var port: Int?
            let deadline = Shard.clock + .seconds(60)
            while port == nil, Shard.clock < deadline {
                if program.said.hasSuffix("\n") { port = Int(program.said.dropLast()) }
                if port == nil { try await Task.sleep(for: .milliseconds(10)) }
            }
            try await body("\(certificates == nil ? "http" : "https")://127.0.0.1:\(try #require(port))/p.tar")
        }
    }

    @Test(
        "With a download broken by Python's http.server the file is resumed with ranges, else restarted",
        .enabled(if: hasPython, "there is no python3"), arguments: ["plain", "ranges"])
    func python(kind: String) async throws {
        try await Self.withFolder { folder in
            try await Self.withPython(kind, folder) { url in
                let bed = try await DownloadBed()
                let told = await bed.fetch(url, hash: SHA256.hash(of: Self.file))
                #expect(told.outcome == .verified, "\(told.failure)")
                let counters = await bed.figures().counters
                #expect(counters[.downloadBroken] == 1)
                #expect(counters[.downloadsResumed] == (kind == "ranges" ? 1 : 0))
                #expect(counters[.downloadsStartedOver] == (kind == "ranges" ? 0 : 1))
                #expect(counters[.packageContentsSound] == 1)
                await bed.stop()
            }
        }
    }

    @Test(
        "With Python's http.server over TLS that requires a certificate, only an agent with one resumes the file",
        .enabled(if: hasPython, "there is no python3"))
    func pythonOverTLS() async throws {
        try await Self.withFolder { folder in
            let authority = try CertificateAuthority()
            let server = try authority.issue(.init(commonName: "files", hosts: ["127.0.0.1"], use: .server))
            for (name, text) in [
                ("server.pem", server.chainPEM), ("server.key", server.key.pem), ("ca.pem", authority.certificate.pem),
            ] { try text.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8) }
            try await Self.withPython("ranges", folder, certificates: folder) { url in
                let trust = TLSClientOptions(trust: .authorities(authority.certificate.pem))
                let bed = try await DownloadBed(DownloadSetup(security: try TLSClientContext(trust)))
                let agent = try authority.issue(.init(commonName: "agent", use: .client))
                let own = DownloadRoute(identity: PackedIdentity(agent))
                let told = await bed.fetch(url, hash: SHA256.hash(of: Self.file), by: own)
                #expect(told.outcome == .verified, "\(told.failure)")
                #expect(await bed.figures().counters[.downloadsResumed] == 1)
                let refused = await bed.fetch(url, hash: SHA256.hash(of: Self.file), agent: 1) { $0.attempts = 2 }
                #expect(!refused.failure.isEmpty)
                // Python may reset the connection before its alert was read.
                #expect(await bed.figures().counters[.downloadsFailed] == 1)
                await bed.stop()
            }
        }
    }

    @Test(
        "curl downloads a file from our server whole, by HEAD and by range, and resumes a part",
        .enabled(if: hasCurl, "there is no curl"))
    func curl() async throws {
        try await Self.withFolder { folder in
            let store = try PackageStore(folder: folder.path)
            let server = try OpAMPServer(
                plan: ServerPlan(), address: .loopback(port: 0), shards: 1, seed: 1, wallClockAtZero: 0, packages: store
            )
            let url = "http://\(server.addresses[0])/packages/p.tar"
            #expect(try await Self.run("curl", ["-sf", url]).output == Data(Self.file))
            #expect(try await Self.run("curl", ["-sf", "-r", "100-199", url]).output == Data(Self.file[100..<200]))
            #expect(try await Self.run("curl", ["-sf", "-r", "-50", url]).output == Data(Self.file.suffix(50)))
            let head = String(decoding: try await Self.run("curl", ["-sfI", url]).output, as: UTF8.self)
            #expect(head.contains("Content-Length: \(Self.file.count)") && head.contains("ETag: "))
            let part = folder.appendingPathComponent("part")
            try Data(Self.file.prefix(1_234_567)).write(to: part)
            #expect(try await Self.run("curl", ["-sf", "-C", "-", "-o", part.path, url]).status == 0)
            #expect(try Data(contentsOf: part) == Data(Self.file))
            #expect(
                try await Self.run("curl", ["-sf", "--path-as-is", "http://\(server.addresses[0])/packages/../x"])
                    .status
                    == 22)
            _ = await server.stop()
        }
    }

    @Test(
        "curl gets a file that needs credentials with a token and with user and password, and 401 without",
        .enabled(if: hasCurl, "there is no curl"))
    func curlWithCredentials() async throws {
        try await Self.withFolder { folder in
            var wire = ServerWire()
            wire.fileCredentials = ServerWire.Credentials(["t0ken", "fleet:pass"])
            let server = try OpAMPServer(
                plan: ServerPlan(), address: .loopback(port: 0), wire: wire, shards: 1, seed: 1, wallClockAtZero: 0,
                packages: try PackageStore(folder: folder.path))
            let url = "http://\(server.addresses[0])/packages/p.tar"
            for way in [["-H", "Authorization: Bearer t0ken"], ["-u", "fleet:pass"], ["--oauth2-bearer", "t0ken"]] {
                #expect(try await Self.run("curl", ["-sf"] + way + [url]).output == Data(Self.file), "\(way)")
            }
            for way in [[], ["-u", "fleet:other"], ["-H", "Authorization: Bearer T0ken"]] {
                let asked = ["-s", "-o", "/dev/null", "-w", "%{http_code}"] + way + [url]
                #expect(String(decoding: try await Self.run("curl", asked).output, as: UTF8.self) == "401", "\(way)")
            }
            #expect(await server.counts().filesUnauthorized == 3)
            _ = await server.stop()
        }
    }

    @Test(
        "OpenSSL's tool confirms our signatures, and we confirm its", .enabled(if: hasOpenSSL, "there is no openssl"),
        arguments: SignatureAlgorithm.allCases)
    func openSSL(algorithm: SignatureAlgorithm) async throws {
        try await Self.withFolder { folder in
            func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
            let key = try SigningKey.generate(algorithm)
            try Data(key.pem.utf8).write(to: URL(fileURLWithPath: path("key.pem")))
            try Data(key.publicKey.pem.utf8).write(to: URL(fileURLWithPath: path("pub.pem")))
            let package = PackageName("p", version: "1")
            let statement = PackageStatement(package, digest: SHA256.hash(of: Self.file))
            try Data(statement.text.utf8).write(to: URL(fileURLWithPath: path("statement")))
            let digest = SHA256.hash(of: Array(statement.text.utf8))
            let ours = try key.sign(statement, as: "r")
            try Data(ours.signature).write(to: URL(fileURLWithPath: path("ours")))
            let padding = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"]
            let options = algorithm == .rsaPSS ? padding : []
            switch algorithm {
            case .ecdsaP256, .rsaPSS:
                let verify = ["dgst", "-sha256", "-verify", path("pub.pem")] + options
                #expect(
                    try await Self.run("openssl", verify + ["-signature", path("ours"), path("statement")]).status == 0)
                let sign = ["dgst", "-sha256", "-sign", path("key.pem")] + options
                #expect(try await Self.run("openssl", sign + ["-out", path("theirs"), path("statement")]).status == 0)
            case .ed25519:
                let made = try await Self.run("openssl", ["dgst", "-sha256", "-binary", path("statement")])
                #expect(Array(made.output) == digest)
                try made.output.write(to: URL(fileURLWithPath: path("digest")))
                let verify = [
                    "pkeyutl", "-verify", "-pubin", "-inkey", path("pub.pem"), "-rawin", "-in", path("digest"),
                ]
                #expect(try await Self.run("openssl", verify + ["-sigfile", path("ours")]).status == 0)
                let sign = ["pkeyutl", "-sign", "-inkey", path("key.pem"), "-rawin", "-in", path("digest")]
                #expect(try await Self.run("openssl", sign + ["-out", path("theirs")]).status == 0)
            }
            let theirs = Array(try Data(contentsOf: URL(fileURLWithPath: path("theirs"))))
            let trusted = try TrustedKeys(pems: ["r": key.publicKey.pem])
            let text = DetachedSignature(algorithm: algorithm, signer: "r", package: package, signature: theirs).text
            #expect(trusted.judge(Array(text.utf8), of: statement) == .valid(signer: "r"))
        }
    }

    @Test(
        "Archives that tar and zip make are sound",
        arguments: [
            ["tar", "-cf"], ["tar", "--format=pax", "-cf"], ["tar", "--format=gnu", "-czf"], ["zip", "-qr"],
            ["zip", "-qr0"],
        ])
    func archivers(command: [String]) async throws {
        guard PeerProgram.path(command[0]) != nil else { return }
        try await Self.withFolder { folder in
            let tree = folder.appendingPathComponent("tree")
            let deep = tree.appendingPathComponent(String(repeating: "a-long-folder-name/", count: 8))
            try FileManager.default.createDirectory(at: deep, withIntermediateDirectories: true)
            try Data(Self.file).write(to: tree.appendingPathComponent("collector"))
            try Data("x: 1\n".utf8).write(to: deep.appendingPathComponent("config.yaml"))
            let archive = folder.appendingPathComponent("archive")
            let cd = "cd \(tree.path) && \(command.joined(separator: " ")) \(archive.path) ."
            #expect(try await Self.run("sh", ["-c", cd]).status == 0)
            let made = ["", ".zip"].map { URL(fileURLWithPath: archive.path + $0) }
                .first { FileManager.default.fileExists(atPath: $0.path) }
            let inspector = PackageInspector()
            inspector.add(Array(try Data(contentsOf: try #require(made))).span.bytes)
            let contents = inspector.finish().contents
            let isSound = if case .sound = contents { true } else { false }
            #expect(isSound, "\(command): \(contents)")
        }
    }
}

/// Signatures that OpenSSL's tool makes otherwise than the algorithm says: each is sound in itself, and none is taken.
@Suite("Signatures of the wrong kind, made by OpenSSL's tool", .timeLimit(.minutes(5)))
struct OddSignatureTests {
    struct Odd: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let algorithm: SignatureAlgorithm
        /// Of `openssl`; `K` is the key's file, `F` the package's, `D` that of its digest.
        let command: [String]

        init(_ name: String, _ algorithm: SignatureAlgorithm, _ command: String) {
            (testDescription, self.algorithm) = (name, algorithm)
            self.command = command.split(separator: " ").map(String.init)
        }
    }

    /// One for all: to make one takes a second of a thread that other tests wait for.
    private static let rsaKey = Result { try SigningKey.generate(.rsaPSS) }

    private static let pss = "dgst -sha256 -sign K -sigopt rsa_padding_mode:pss"
    static let odd: [Odd] = [
        Odd("as it should be", .rsaPSS, "\(pss) -sigopt rsa_pss_saltlen:32 F"),
        Odd("RSA-PSS, no salt", .rsaPSS, "\(pss) -sigopt rsa_pss_saltlen:0 F"),
        Odd("RSA-PSS, a salt of 20 bytes", .rsaPSS, "\(pss) -sigopt rsa_pss_saltlen:20 F"),
        Odd("RSA-PSS, the longest salt", .rsaPSS, "\(pss) -sigopt rsa_pss_saltlen:max F"),
        Odd("RSA-PSS, MGF1 with SHA-1", .rsaPSS, "\(pss) -sigopt rsa_pss_saltlen:32 -sigopt rsa_mgf1_md:sha1 F"),
        Odd("RSA, PKCS #1 1.5", .rsaPSS, "dgst -sha256 -sign K F"),
        Odd(
            "RSA-PSS with SHA-512", .rsaPSS,
            "dgst -sha512 -sign K -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 F"),
        Odd("ECDSA with SHA-384", .ecdsaP256, "dgst -sha384 -sign K F"),
        Odd("ECDSA with SHA-1", .ecdsaP256, "dgst -sha1 -sign K F"),
        Odd("ECDSA of the digest's own digest", .ecdsaP256, "dgst -sha256 -sign K D"),
        Odd("Ed25519 over the whole file", .ed25519, "pkeyutl -sign -inkey K -rawin -in F"),
    ]

    @Test(
        "Another hash, salt, padding or content is not what was asked for",
        .enabled(if: IndependentFileTests.hasOpenSSL, "there is no openssl"), arguments: odd)
    func refused(_ odd: Odd) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("muster-odd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let package = PackageName("p", version: "1")
        let statement = PackageStatement(package, digest: SHA256.hash(of: Array("a package".utf8)))
        let file = Array(statement.text.utf8)
        let digest = SHA256.hash(of: file)
        let key = try odd.algorithm == .rsaPSS ? Self.rsaKey.get() : SigningKey.generate(odd.algorithm)
        for (name, bytes) in [("K", Array(key.pem.utf8)), ("F", file), ("D", digest)] {
            try Data(bytes).write(to: folder.appendingPathComponent(name))
        }
        let command = odd.command.map {
            ["K", "F", "D"].contains($0) ? folder.appendingPathComponent($0).path : $0
        }
        let made = try await IndependentFileTests.run("openssl", command)
        try #require(made.status == 0)
        let text = DetachedSignature(
            algorithm: odd.algorithm, signer: "r", package: package, signature: Array(made.output)
        ).text
        let verdict = try TrustedKeys(pems: ["r": key.publicKey.pem]).judge(Array(text.utf8), of: statement)
        #expect(verdict == (odd.testDescription == "as it should be" ? .valid(signer: "r") : .invalid(signer: "r")))
    }

    @Test(
        "Keys of other kinds are refused with the kinds that serve",
        .enabled(if: IndependentFileTests.hasOpenSSL, "there is no openssl"),
        arguments: [
            "-algorithm EC -pkeyopt ec_paramgen_curve:P-384", "-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
            "-algorithm RSA -pkeyopt rsa_keygen_bits:1024", "-algorithm ED448", "-algorithm X25519",
        ])
    func keys(options: String) async throws {
        let made = try await IndependentFileTests.run(
            "openssl", ["genpkey"] + options.split(separator: " ").map(String.init))
        try #require(made.status == 0)
        #expect(throws: PackageKeyError.unsuitable) {
            try SigningKey(pem: String(decoding: made.output, as: UTF8.self))
        }
    }
}
