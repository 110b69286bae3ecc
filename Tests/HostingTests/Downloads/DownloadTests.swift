import AgentModel
import Basis
import Engine
import Foundation
import Hosting
import Metrics
import OpenSSL
import Packages
import TestSupport
import Testing
import Transport

@Suite("Downloads of package files over real sockets (spec: Downloading Packages)", .timeLimit(.minutes(5)))
struct DownloadTests {
    private static let package = GeneratedPackage(seed: 1, size: 300_000, executable: "collector")
    private static let file = package.bytes(0..<package.size)
    private static let hash = SHA256.hash(of: file)

    /// Runs `body` with a bed and a server that does as the script says.
    private static func with(
        setup: DownloadSetup = DownloadSetup(), _ script: @escaping ScriptedHTTPServer.Script,
        _ body: (DownloadBed, String, ScriptedHTTPServer) async throws -> Void
    ) async throws {
        let server = try ScriptedHTTPServer(script)
        let bed = try await DownloadBed(setup)
        try await body(bed, "http://\(server.address)/p.tar", server)
        await bed.stop()
        await server.stop()
    }

    @Test("A file is fetched with the offer's headers, hashed, looked into, and counted")
    func fetches() async throws {
        try await Self.with({ _ in .file(Self.file) }) { bed, url, server in
            let told = await bed.fetch(url, hash: Self.hash, headers: [("X-Token", "t"), ("bad name", "x")])
            #expect(told.outcome == .verified)
            #expect(server.requests.first?.head.fields["X-Token"] == "t")
            let figures = await bed.figures()
            #expect(figures.counters[.downloadBytes] == UInt64(Self.file.count))
            #expect(figures.counters[.downloadsStarted] == 1 && figures.counters[.downloadsFinished] == 1)
            #expect(figures.counters[.packageHashesValid] == 1 && figures.counters[.packageContentsSound] == 1)
            #expect(
                figures.named["verdict_signature_not_asked"] == 1 && figures.named["verdict_sandbox_not_asked"] == 1)
            for measure in [Measure.downloadWait, .downloadTime, .downloadPerMebibyte] {
                #expect(figures.measures[measure.index].count == 1, "\(measure)")
            }
            #expect(figures.counters.errors == 0)
        }
    }

    @Test("A transfer that breaks is resumed, again and again, and the file is whole in the end")
    func resumes() async throws {
        try await Self.with({ request in
            guard let range = request.head.fields["Range"], let start = Int(range.dropFirst(6).dropLast()) else {
                return .file(Self.file, sent: 100_000)
            }
            #expect(request.head.fields["If-Range"] == "\"v1\"")
            guard case .saysAndCloses(let bytes) = HTTPReaction.rest(Self.file, from: start) else { return .closes }
            return request.number < 2 ? .saysAndCloses(Array(bytes.prefix(80_000))) : .saysAndCloses(bytes)
        }) { bed, url, server in
            let told = await bed.fetch(url, hash: Self.hash)
            #expect(told.outcome == .verified)
            let counters = await bed.figures().counters
            #expect(counters[.downloadBroken] == 2 && counters[.downloadsRetried] == 2)
            #expect(counters[.downloadsResumed] == 2 && counters[.downloadsStartedOver] == 0)
            #expect(counters[.downloadBytes] == UInt64(Self.file.count))
            #expect(server.requests.count == 3)
        }
    }

    @Test("A server without ranges sends the whole again, and the hash is that of the whole")
    func startsOver() async throws {
        try await Self.with({ .file(Self.file, sent: $0.number == 0 ? 1_000 : nil) }) { bed, url, _ in
            let told = await bed.fetch(url, hash: Self.hash)
            #expect(told.outcome == .verified)
            let counters = await bed.figures().counters
            #expect(counters[.downloadsStartedOver] == 1 && counters[.downloadsResumed] == 0)
        }
    }

    @Test("Pieces of two different files fail the hash check, and the file is downloaded again")
    func mixed() async throws {
        var other = Self.file
        other[250_000] ^= 1
        let changed = other
        try await Self.with({ request in
            switch request.number {
            case 0: .file(Self.file, tag: nil, sent: 100_000)
            case 1: .rest(changed, from: 100_000)
            default: .file(Self.file)
            }
        }) { bed, url, server in
            let told = await bed.fetch(url, hash: Self.hash)
            #expect(told.outcome == .verified)
            #expect(server.requests.last?.head.fields["Range"] == nil)
            #expect(await bed.figures().counters[.packageHashMismatch] == 1)
        }
    }

    struct Failing: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let reaction: HTTPReaction
        let counter: Counter
        let words: String
        let attempts: Int

        init(_ name: String, _ reaction: HTTPReaction, _ counter: Counter, _ words: String, attempts: Int) {
            (testDescription, self.reaction, self.counter) = (name, reaction, counter)
            (self.words, self.attempts) = (words, attempts)
        }
    }

    private static let endless: HTTPReaction = {
        let chunk = Array("10000\r\n".utf8) + [UInt8](repeating: 1, count: 65_536) + [13, 10]
        let chunks = repeatElement(chunk, count: 7).joined()
        return .says(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8) + chunks)
    }()

    static let failing: [Failing] = [
        Failing("404", .status(404), .downloadRefused4xx, "404 Not Found", attempts: 1),
        Failing("401", .status(401), .downloadUnauthorized, "credentials", attempts: 1),
        Failing("403", .status(403), .downloadForbidden, "403 Forbidden", attempts: 1),
        Failing("407 without a proxy", .status(407), .downloadRefused4xx, "407", attempts: 1),
        Failing("413", .status(413), .downloadRefused4xx, "413", attempts: 1),
        Failing("204", .says(Array("HTTP/1.1 204 No Content\r\n\r\n".utf8)), .downloadMalformed, "204", attempts: 1),
        Failing("503", .status(503), .downloadRefused5xx, "503", attempts: 3),
        Failing("500", .status(500), .downloadRefused5xx, "500", attempts: 3),
        Failing("429", .status(429), .downloadRefused4xx, "429", attempts: 3),
        Failing("closed", .closes, .downloadBroken, "broke", attempts: 3),
        Failing("reset", .resets, .downloadBroken, "broke", attempts: 3),
        Failing("silent", .ignores, .downloadStalled, "silent", attempts: 3),
        Failing("garbage", .saysAndCloses(Array("nonsense\r\n\r\n".utf8)), .downloadMalformed, "HTTP", attempts: 3),
        Failing(
            "redirect loop", .status(302, "Location: /p.tar\r\n"), .downloadRedirectRefused, "redirected", attempts: 6),
        Failing("nowhere", .status(302, "Location: ftp://x/\r\n"), .downloadRedirectRefused, "redirected", attempts: 1),
        Failing(
            "too large", .file([UInt8](repeating: 1, count: 400_001)), .downloadTooLarge, "400000 bytes", attempts: 1),
        Failing("chunks without end", endless, .downloadTooLarge, "400000 bytes", attempts: 1),
        Failing("other content", .file([1, 2, 3]), .packageHashMismatch, "hash", attempts: 1),
        Failing(
            "encoded", .says(Array("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx".utf8)),
            .downloadMalformed, "coding", attempts: 1),
    ]

    @Test(
        "Every failure of a server is counted by name, described in words, and retried only if a retry can help",
        arguments: failing)
    func fails(_ failing: Failing) async throws {
        try await Self.with({ _ in failing.reaction }) { bed, url, server in
            let told = await bed.fetch(url, hash: Self.hash) { plan in
                plan.attempts = 3
                plan.stallTimeout = .milliseconds(100)
                plan.largestFile = 400_000
            }
            #expect(told.failure.contains(failing.words), "\(told.failure)")
            #expect(server.requests.count == failing.attempts)
            let counters = await bed.figures().counters
            #expect(counters[failing.counter] >= 1)
            #expect(counters[.downloadsFailed] == 1 && counters[.downloadsFinished] == 0)
        }
    }

    @Test(
        "Nobody listens; the name has no address; the address is none",
        arguments: [
            ("http://127.0.0.1:1/p", Counter.downloadNotConnected),
            ("http://no-such-host.invalid/p", .downloadNotConnected),
            ("ftp://127.0.0.1/p", .downloadBadAddress), ("", .downloadBadAddress),
        ])
    func unreachable(url: String, counter: Counter) async throws {
        let bed = try await DownloadBed()
        let told = await bed.fetch(url) { $0.attempts = 2 }
        #expect(!told.failure.isEmpty)
        #expect(await bed.figures().counters[counter] >= 1)
        await bed.stop()
    }

    private static let slow = HTTPReaction.drips(
        Array("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n".utf8) + file, every: .milliseconds(1))

    @Test("A download ends at its timeout, even if attempts are left or bytes arrive", arguments: [false, true])
    func timesOut(drips: Bool) async throws {
        try await Self.with({ _ in drips ? Self.slow : .ignores }) { bed, url, _ in
            let told = await bed.fetch(url) { $0.timeout = .milliseconds(200) }
            #expect(told.failure.contains("not there within"))
            #expect(await bed.figures().counters[.downloadTimedOut] == 1)
        }
    }

    @Test("No more files are fetched at a time than allowed; the others wait, and that is measured")
    func concurrency() async throws {
        try await Self.with(setup: DownloadSetup(concurrency: 3), { _ in .file(Self.file) }) { bed, url, server in
            await withTaskGroup(of: DownloadBed.Told.self) { group in
                for agent in 0..<20 as Range<UInt64> {
                    group.addTask { await bed.fetch(url, hash: Self.hash, agent: agent) }
                }
                for await told in group { #expect(told.outcome == .verified) }
            }
            #expect(server.requests.count == 20)
            let figures = await bed.figures()
            // Fewer where the first were done before the last were requested.
            #expect((1...17).contains(figures.counters[.downloadsQueued]))
            #expect(figures.measures[Measure.downloadWait.index].count == 20)
        }
    }

    @Test("With all places in use no download starts; a free place goes to the next in the queue")
    func places() async throws {
        try await Self.with(setup: DownloadSetup(concurrency: 3), { _ in .ignores }) { bed, url, server in
            for agent in 0..<6 as Range<UInt64> { await bed.begin(url, agent: agent) }
            for freed in 0..<3 as Range<UInt64> {
                let deadline = Shard.clock + .seconds(60)
                while server.requests.count < 3 + Int(freed), Shard.clock < deadline {
                    try await Task.sleep(for: .milliseconds(5))
                }
                try await Task.sleep(for: .milliseconds(50))
                #expect(server.requests.count == 3 + Int(freed))
                await bed.cancel(agent: freed)
            }
            for agent in 3..<6 as Range<UInt64> { await bed.cancel(agent: agent) }
        }
    }

    @Test(
        "The bandwidth limits of the agent and of the fleet hold, and the reported progress is correct",
        arguments: [true, false])
    func bandwidth(isAgents: Bool) async throws {
        let rate = 600_000
        let setup = DownloadSetup(bandwidth: isAgents ? nil : rate)
        try await Self.with(setup: setup, { _ in .file(Self.file) }) { bed, url, _ in
            let begun = Shard.clock
            let told = await bed.fetch(url, hash: Self.hash) { $0.bandwidth = isAgents ? rate : nil }
            #expect(told.outcome == .verified)
            // The last piece is not waited for; a slow machine is only slower.
            let least = Double(Self.file.count - 65_536) / Double(rate)
            #expect((Shard.clock - begun).seconds >= least)
            #expect(!told.progress.isEmpty)
            #expect(told.progress.map(\.percent) == told.progress.map(\.percent).sorted())
            #expect(told.progress.allSatisfy { (0...100).contains($0.percent) && $0.bytesPerSecond >= 0 })
        }
    }

    @Test("A cancelled download, waiting or running, sends no update, and the next one gets its place")
    func cancels() async throws {
        try await Self.with(
            setup: DownloadSetup(concurrency: 1),
            { request in
                request.head.target == "/p.tar" ? .file(Self.file) : .ignores
            }
        ) { bed, url, _ in
            let silent = url.replacingOccurrences(of: "p.tar", with: "silent")
            await bed.begin(silent, agent: 1)
            await bed.begin(silent, agent: 2)
            await bed.cancel(agent: 2)
            await bed.cancel(agent: 1)
            #expect(await bed.fetch(url, hash: Self.hash, agent: 3).outcome == .verified)
        }
    }

    @Test("Verified contents are kept once, under their hash; refused ones leave no file")
    func keeps() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("muster-kept-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await Self.with({ .file($0.head.target == "/p.tar" ? Self.file : [1, 2, 3]) }) { bed, url, _ in
            await withTaskGroup(of: Void.self) { group in
                for agent in 0..<10 as Range<UInt64> {
                    group.addTask {
                        _ = await bed.fetch(url, hash: agent % 2 == 0 ? Self.hash : [], agent: agent) {
                            $0.folder = folder.path
                        }
                    }
                }
            }
            let other = url.replacingOccurrences(of: "p.tar", with: "q")
            #expect(await bed.fetch(other, hash: Self.hash) { $0.folder = folder.path }.failure.contains("hash"))
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names == ["sha256-\(HexText.text(Self.hash))"])
        #expect(try Data(contentsOf: folder.appendingPathComponent(names[0])) == Data(Self.file))
    }

    @Test("A folder that cannot be written costs the copy, not the download")
    func notKept() async throws {
        try await Self.with({ _ in .file(Self.file) }) { bed, url, _ in
            let told = await bed.fetch(url, hash: Self.hash) { $0.folder = "/proc/no-such-folder" }
            #expect(told.outcome == .verified)
            let figures = await bed.figures()
            #expect(figures.counters[.downloadNotKept] == 1)
            #expect(figures.named["download_not_kept: no such file or directory"] == 1, "\(figures.named.sorted)")
        }
    }
}

@Suite("Verdicts on fetched package files", .timeLimit(.minutes(5)))
struct VerdictTests {
    private static let file = GeneratedPackage(seed: 2, size: 50_000, executable: "bin")
    private static let bytes = file.bytes(0..<file.size)
    private static let hash = SHA256.hash(of: bytes)

    private static func fetch(
        signature: [UInt8] = [], requires: Bool = false, body: [UInt8] = bytes, times: Int = 1,
        _ change: (inout FetchPlan) -> Void
    ) async throws -> (told: DownloadBed.Told, figures: Snapshot) {
        let server = try ScriptedHTTPServer { _ in .file(body) }
        let bed = try await DownloadBed()
        var told = await bed.fetch(
            "http://\(server.address)/p", hash: SHA256.hash(of: body), signature: signature,
            requiresSignature: requires,
            change)
        for _ in 1..<max(times, 1) {
            told = await bed.fetch(
                "http://\(server.address)/p", hash: SHA256.hash(of: body), signature: signature,
                requiresSignature: requires, change)
        }
        let figures = await bed.figures()
        await bed.stop()
        await server.stop()
        return (told, figures)
    }

    private static func statement(_ digest: [UInt8], version: String = "1") -> PackageStatement {
        PackageStatement(PackageName("collector", version: version), digest: digest)
    }

    @Test(
        "A trusted signature passes, for each agent, checked once or each time", arguments: [true, false])
    func signed(shares: Bool) async throws {
        let key = try SigningKey.generate(.ecdsaP256)
        let signature = Array(try key.sign(Self.statement(Self.hash), as: "release").text.utf8)
        let (told, figures) = try await Self.fetch(signature: signature, requires: true, times: 3) { plan in
            plan.trustedKeys = ["release": key.publicKey.pem]
            plan.sharesVerdicts = shares
        }
        #expect(told.outcome == .verified)
        #expect(figures.counters[.packageSignaturesValid] == 3 && figures.named["verdict_signature_valid"] == 3)
        #expect(figures.counters[.packageContentsSound] == 3)
    }

    @Test("Each refusal has its own verdict, counter and words")
    func refused() async throws {
        let key = try SigningKey.generate(.ed25519)
        let keys = ["release": key.publicKey.pem]
        let stranger = Array(try key.sign(Self.statement(Self.hash), as: "stranger").text.utf8)
        let other = Array(try key.sign(Self.statement(SHA256.hash(of: [])), as: "release").text.utf8)
        let older = Array(try key.sign(Self.statement(Self.hash, version: "0"), as: "release").text.utf8)
        let cases: [(signature: [UInt8], keys: [String: String], name: String)] = [
            ([], keys, "signature_absent"), (stranger, keys, "signature_unknown_signer"),
            (other, keys, "signature_invalid"), (older, keys, "signature_other_package"),
            ([1], keys, "signature_no_heading"),
            (other, [:], "signature_unknown_signer"),
        ]
        for (signature, keys, name) in cases {
            let (told, figures) = try await Self.fetch(signature: signature, requires: true) { $0.trustedKeys = keys }
            #expect(told.failure.contains("sign"), "\(name)")
            #expect(figures.named["verdict_\(name)"] == 1, "\(name)")
            #expect(figures.counters[.packageSignatureRefused] == 1, "\(name)")
        }
    }

    @Test("An unsigned file passes where no signature is required, a wrong signature does not")
    func optional() async throws {
        let key = try SigningKey.generate(.ed25519)
        let keys = ["release": key.publicKey.pem]
        #expect(try await Self.fetch { $0.trustedKeys = keys }.told.outcome == .verified)
        let wrong = Array(try key.sign(Self.statement(SHA256.hash(of: [])), as: "release").text.utf8)
        #expect(try await Self.fetch(signature: wrong) { $0.trustedKeys = keys }.told.failure.contains("not valid"))
        // Without keys there is nothing to check it with, and nobody asked.
        #expect(try await Self.fetch(signature: wrong) { _ in }.told.outcome == .verified)
    }

    @Test("Contents and sandbox are verdicts of their own")
    func contents() async throws {
        let executables = try await Self.fetch { $0.executables = ["something/else"] }
        #expect(executables.told.failure.contains("executable"))
        #expect(executables.figures.named["verdict_contents_unexpected_executable"] == 1)
        let sandbox = try await Self.fetch { $0.sandbox = .init(bytes: 1_000) }
        #expect(sandbox.told.failure.contains("room"))
        #expect(sandbox.figures.counters[.packageSandboxRefused] == 1)
        #expect(sandbox.figures.counters[.packageContentsSound] == 1)
        let plain = [UInt8](repeating: 1, count: 1_000)
        #expect(try await Self.fetch(body: plain) { _ in }.told.outcome == .verified)
        #expect(try await Self.fetch(body: plain) { $0.contents = .archive }.told.failure.contains("not an archive"))
        #expect(try await Self.fetch { $0.contents = .off }.figures.named["verdict_contents_not_asked"] == 1)
    }
}
