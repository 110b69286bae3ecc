import AgentModel
import Basis
import ControlPlane
import Engine
import Foundation
import Hosting
import Metrics
import OpenSSL
import Packages
import TestSupport
import Testing

@Suite("The embedded server as a file server for packages", .timeLimit(.minutes(5)))
struct PackageServerTests {
    private static let content = Array("0123456789".utf8)

    private static func with(
        flaws: PackageStore.Flaws = PackageStore.Flaws(),
        _ body: (SocketAddress, Shard, URL) async throws -> Void
    ) async throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("muster-served-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        let folder = root.appendingPathComponent("packages")
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("sub"), withIntermediateDirectories: true)
        try Data(content).write(to: folder.appendingPathComponent("p.bin"))
        try Data(content).write(to: folder.appendingPathComponent("sub/q r.bin"))
        try Data("secret".utf8).write(to: root.appendingPathComponent("secret"))
        try FileManager.default.createSymbolicLink(
            at: folder.appendingPathComponent("out"), withDestinationURL: root.appendingPathComponent("secret"))
        var store = try PackageStore(folder: folder.path, flaws: flaws)
        store.add(GeneratedPackage(seed: 1, size: 5_000_000, executable: "x"), named: "made.tar")
        let server = try OpAMPServer(
            plan: ServerPlan(), address: .loopback(port: 0), shards: 1, seed: 1, wallClockAtZero: 0, packages: store)
        let shard = try Shard(label: "raw.client")
        try await body(server.addresses[0], shard, folder)
        await shard.stop()
        _ = await server.stop()
    }

    private static func ask(
        _ path: String, _ fields: String = "", method: String = "GET", at address: SocketAddress, on shard: Shard
    ) async throws -> (head: String, body: String) {
        let request = "\(method) \(path) HTTP/1.1\r\nHost: x\r\n\(fields)Connection: close\r\n\r\n"
        let client = RawClient.send(Array(request.utf8), to: address, on: shard)
        try await client.wait(until: "the response to \(path)") { $0.isClosed }
        let parts = client.text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }

    @Test("A file is served whole, by HEAD without its body, and by ranges")
    func ranges() async throws {
        try await Self.with { address, shard, _ in
            func ask(_ fields: String, _ method: String = "GET") async throws -> (head: String, body: String) {
                try await Self.ask("/packages/p.bin", fields, method: method, at: address, on: shard)
            }
            let whole = try await ask("")
            #expect(whole.head.hasPrefix("HTTP/1.1 200 OK") && whole.body == "0123456789")
            #expect(whole.head.contains("Content-Length: 10") && whole.head.contains("Accept-Ranges: bytes"))
            let head = try await ask("", "HEAD")
            #expect(head.head.contains("Content-Length: 10") && head.body.isEmpty)
            let rest = try await ask("Range: bytes=4-\r\n")
            #expect(rest.head.hasPrefix("HTTP/1.1 206") && rest.body == "456789")
            #expect(rest.head.contains("Content-Range: bytes 4-9/10"))
            #expect(try await ask("Range: bytes=-2\r\n").body == "89")
            let beyond = try await ask("Range: bytes=10-\r\n")
            #expect(beyond.head.hasPrefix("HTTP/1.1 416") && beyond.head.contains("Content-Range: bytes */10"))
            let tag = try #require(whole.head.split(separator: "\r\n").first { $0.hasPrefix("ETag: ") }?.dropFirst(6))
            #expect(try await ask("Range: bytes=4-\r\nIf-Range: \(tag)\r\n").body == "456789")
            #expect(try await ask("Range: bytes=4-\r\nIf-Range: \"other\"\r\n").body == "0123456789")
            #expect(try await ask("If-None-Match: \(tag)\r\n").head.hasPrefix("HTTP/1.1 304"))
        }
    }

    @Test(
        "A file outside of the folder is not found, by any path",
        arguments: [
            "/packages/../secret", "/packages/%2e%2e/secret", "/packages/%2E%2E%2Fsecret", "/packages/sub/../../secret",
            "/packages/out", "/packages//etc/passwd", "/packages/", "/packages/sub", "/packages/sub/",
            "/packages/nothing",
            "/packages/p.bin%00.txt", "/packages/..%5csecret", "/packages/%zz", "/packages/./p.bin",
        ])
    func traversal(path: String) async throws {
        try await Self.with { address, shard, _ in
            let (head, body) = try await Self.ask(path, at: address, on: shard)
            #expect(head.hasPrefix("HTTP/1.1 404"), "\(head)")
            #expect(!body.contains("secret"))
        }
    }

    @Test("Subfolders are served, names decoded; other methods are not allowed; OpAMP is still served")
    func others() async throws {
        try await Self.with { address, shard, _ in
            #expect(try await Self.ask("/packages/sub/q%20r.bin?x=1", at: address, on: shard).body == "0123456789")
            let post = try await Self.ask("/packages/p.bin", method: "POST", at: address, on: shard)
            #expect(post.head.hasPrefix("HTTP/1.1 405") && post.head.contains("Allow: GET, HEAD"))
            #expect(try await Self.ask("/v1/opamp", at: address, on: shard).head.hasPrefix("HTTP/1.1 405"))
        }
    }

    @Test("A large file arrives whole, piece by piece, and several requests on a connection in order")
    func large() async throws {
        try await Self.with { address, shard, _ in
            let requests =
                "GET /packages/made.tar HTTP/1.1\r\nHost: x\r\n\r\n"
                + "GET /packages/p.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            let client = RawClient.send(Array(requests.utf8), to: address, on: shard)
            try await client.wait(until: "both responses") { $0.isClosed }
            let made = GeneratedPackage(seed: 1, size: 5_000_000, executable: "x")
            let bytes = client.bytes
            let start = try #require(bytes.firstRange(of: Array("\r\n\r\n".utf8))).upperBound
            #expect(
                SHA256.hash(of: Array(bytes[start..<start + made.size])) == SHA256.hash(of: made.bytes(0..<made.size))
            )
            #expect(String(decoding: bytes.suffix(10), as: UTF8.self) == "0123456789")
        }
    }

    @Test("A share of the downloads is broken on purpose, and agents that resume get the whole file")
    func flaws() async throws {
        try await Self.with(flaws: .init(breakShare: 0.5, breakAfter: 100_000)) { address, _, _ in
            let made = GeneratedPackage(seed: 1, size: 5_000_000, executable: "x")
            let bed = try await DownloadBed()
            for agent in 0..<8 as Range<UInt64> {
                let told = await bed.fetch(
                    "http://\(address)/packages/made.tar", hash: SHA256.hash(of: made.bytes(0..<made.size)),
                    agent: agent
                ) { $0.attempts = 100 }
                #expect(told.outcome == .verified)
            }
            let counters = await bed.figures().counters
            #expect(counters[.downloadBroken] > 0 && counters[.downloadsResumed] == counters[.downloadBroken])
            #expect(counters[.downloadBytes] == UInt64(8 * made.size))
            await bed.stop()
        }
    }

    @Test("A client that stops reading in the middle of a file is left, and one that reads slowly gets all of it")
    func stalled() async throws {
        // More than the kernel holds of a connection whose client does not read.
        let size = 30_000_000
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "muster-stalled-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(count: size).write(to: folder.appendingPathComponent("large"))
        let store = try PackageStore(folder: folder.path)
        var wire = ServerWire()
        wire.readTimeout = .milliseconds(500)
        let server = try OpAMPServer(
            plan: ServerPlan(), address: .loopback(port: 0), wire: wire, shards: 1, seed: 1, wallClockAtZero: 0,
            packages: store)
        let shard = try Shard(label: "stalled")
        let request = Array("GET /packages/large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8)
        let client = RawClient.send(request, to: server.addresses[0], on: shard, pausesAfter: 1)
        let deadline = Shard.clock + .seconds(60)
        // In this order: counts from before the connection was accepted say that none is open.
        while client.bytes.isEmpty, Shard.clock < deadline { try await Task.sleep(for: .milliseconds(20)) }
        while await server.counts().connectionsOpen != 0, Shard.clock < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(client.bytes.count < size)
        let counts = await server.counts()
        #expect(counts.connectionsOpen == 0 && counts.connectionsLost == 1 && counts.filesSent == 0)

        // Longer for the whole than the timeout with one that takes nothing.
        let bed = try await DownloadBed()
        let hash = SHA256.hash(of: [UInt8](repeating: 0, count: size))
        let told = await bed.fetch("http://\(server.addresses[0])/packages/large", hash: hash) {
            $0.bandwidth = 16_000_000
            $0.attempts = 50
            $0.contents = .off
        }
        #expect(told.outcome == .verified, "\(told.failure)")
        #expect(await server.counts().filesSent == 1)
        await bed.stop()
        await shard.stop()
        _ = await server.stop()
    }

    @Test("A folder that is none is refused with its name")
    func noFolder() {
        #expect(throws: PackageStoreError.noFolder("/no/such/folder")) { try PackageStore(folder: "/no/such/folder") }
    }
}
