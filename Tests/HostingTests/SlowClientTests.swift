import Basis
import ControlPlane
import Engine
import Hosting
import OpAMP
import TestSupport
import Testing
import Transport

/// Clients that send slowly, too much, or to the wrong place, and the memory and the time that they get.
@Suite("The embedded server and hostile clients")
struct SlowClientTests {
    private static func with(
        _ receiving: ReceiveLimits = ReceiveLimits(), largestMessage: Int? = nil, secrets: [String] = [],
        _ body: (SocketAddress, Shard, OpAMPServer) async throws -> Void
    ) async throws {
        var wire = ServerWire()
        wire.receiving = receiving
        wire.largestMessage = largestMessage
        if !secrets.isEmpty { wire.credentials = ServerWire.Credentials(secrets) }
        let server = try OpAMPServer(
            plan: ServerPlan(), address: .loopback(port: 0), wire: wire, shards: 1, seed: 1,
            wallClockAtZero: 1_800_000_000_000)
        let shard = try Shard(label: "raw.client")
        try await body(server.addresses[0], shard, server)
        await shard.stop()
        _ = await server.stop()
    }

    private static func head(
        _ count: Int, method: String = "POST", path: String = "/v1/opamp", type: String = "application/x-protobuf",
        coding: String = "identity", fields: String = ""
    ) -> [UInt8] {
        Array(
            ("\(method) \(path) HTTP/1.1\r\nHost: x\r\nContent-Type: \(type)\r\nContent-Encoding: \(coding)\r\n"
                + "\(fields)Content-Length: \(count)\r\n\r\n").utf8)
    }

    private static let upgrade = Array(
        ("GET /v1/opamp HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n").utf8)

    /// The head of a masked binary frame with so many bytes, the mask being zero.
    private static func frame(_ count: Int) -> [UInt8] {
        [0x82, 0xFF] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) } + [0, 0, 0, 0]
    }

    private static let report: [UInt8] = {
        var random = SeededRandom(seed: 3)
        let uid = InstanceUID(unixMilliseconds: 1_800_000_000_000, random: &random)
        var bytes: [UInt8] = []
        AgentToServer(instanceUID: .uid(uid), sequenceNumber: 0).encode(appendingTo: &bytes)
        return bytes
    }()

    struct Refused: Sendable, CustomTestStringConvertible {
        let name: String
        let head: [UInt8]
        let status: Int
        var testDescription: String { name }
    }

    private static let large = 60 << 20
    private static let refused: [Refused] = [
        Refused(name: "without credentials", head: head(large), status: 401),
        Refused(name: "for another path", head: head(large, path: "/elsewhere"), status: 404),
        Refused(name: "with another method", head: head(large, method: "PUT", fields: admitted), status: 405),
        Refused(name: "of another type", head: head(large, type: "text/plain", fields: admitted), status: 415),
        Refused(name: "in another coding", head: head(large, coding: "br", fields: admitted), status: 415),
        Refused(name: "for the counts", head: head(large, method: "GET", path: "/muster/counts"), status: 413),
        Refused(
            name: "of unknown size",
            head: Array("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".utf8), status: 404),
    ]
    private static let admitted = "Authorization: Bearer right\r\n"

    @Test("A request is refused by its head, before a byte of its large body", arguments: refused)
    func refusedByHead(_ refused: Refused) async throws {
        try await Self.with(secrets: ["right"]) { address, shard, server in
            let client = RawClient.send(refused.head, to: address, on: shard)
            try await client.wait(until: "the status and the end") { $0.isClosed }
            #expect(client.text.hasPrefix("HTTP/1.1 \(refused.status) "))
            #expect(await server.counts().bodiesRefused == 1)
        }
    }

    @Test("A connection counts as unused until its first request, and for good where none comes")
    func unused() async throws {
        try await Self.with { address, shard, server in
            let silent = RawClient.send(Array("GET /muster".utf8), to: address, on: shard)
            let used = RawClient.send([], to: address, on: shard)
            try await Self.until(server) { $0.connectionsAccepted == 2 && $0.connectionsUnused == 2 }
            used.say(Self.head(Self.report.count) + Self.report)
            try await Self.until(server) { $0.connectionsUnused == 1 }
            shard.perform { silent.abort() }
            try await Self.until(server) { $0.connectionsOpen == 1 }
            let counts = await server.counts()
            #expect(counts.connectionsUnused == 1 && counts.connectionsAccepted == 2)
        }
    }

    @Test("The small body of a refused request is dropped, and its connection serves the next request")
    func smallBodyDropped() async throws {
        try await Self.with { address, shard, server in
            let bad = Self.head(2_000, path: "/elsewhere") + [UInt8](repeating: 1, count: 2_000)
            let good = Self.head(Self.report.count) + Self.report
            let client = RawClient.send(bad + good, to: address, on: shard)
            try await client.wait(until: "both answers") { $0.text.contains("HTTP/1.1 200 ") }
            #expect(client.text.hasPrefix("HTTP/1.1 404 "))
            #expect(!client.isClosed)
            #expect(await server.counts().bodiesRefused == 0)
        }
    }

    @Test(
        "Unfinished messages stay within the memory limit, small ones pass, and ended connections have a reason"
    )
    func totalBytes() async throws {
        var limits = ReceiveLimits()
        limits.totalBytes = 220_000
        limits.ownBytes = 4_096
        try await Self.with(limits, largestMessage: 100_000) { address, shard, server in
            let part = [UInt8](repeating: 0xFF, count: 90_000)
            let socket = RawClient.send(Self.upgrade, to: address, on: shard)
            try await socket.wait(until: "the upgrade") { $0.text.hasPrefix("HTTP/1.1 101 ") }
            let waiting = RawClient.send(Self.head(95_000) + part, to: address, on: shard)
            let other = RawClient.send(Self.head(95_000) + part, to: address, on: shard)
            // Whichever two arrive first use up the budget; the third is refused.
            socket.say(Self.frame(95_000) + part)
            try await Self.until(server) { $0.buffersFull == 1 }
            let small = RawClient.send(Self.head(Self.report.count) + Self.report, to: address, on: shard)
            try await small.wait(until: "an answer beside them") { $0.text.hasPrefix("HTTP/1.1 200 ") }
            for client in [waiting, other, socket] { client.say([UInt8](repeating: 0xFF, count: 5_000)) }
            try await Self.until(server) { $0.malformed == 2 }
            let ended = [waiting, other].filter { $0.text.hasPrefix("HTTP/1.1 503 ") }.count
            // A close frame with 1013.
            let isSocketEnded = socket.bytes.suffix(4) == [0x88, 0x02, 0x03, 0xF5]
            #expect(ended + (isSocketEnded ? 1 : 0) == 1)
            // The memory of messages that are over counts no longer.
            for _ in 0..<4 {
                let next = RawClient.send(Self.head(90_000) + part, to: address, on: shard)
                try await next.wait(until: "an answer") { $0.text.hasPrefix("HTTP/1.1 200 ") }
            }
            #expect(await server.counts().buffersFull == 1)
        }
    }

    struct Slow: Sendable, CustomTestStringConvertible {
        let name: String
        let start: [UInt8]
        let counter: @Sendable (ServerCounts) -> UInt64
        let end: @Sendable (RawClient) -> Bool
        var testDescription: String { name }
    }

    private static let slow: [Slow] = [
        Slow(name: "a head", start: Array("GET / HTTP/1.1\r\nA: ".utf8), counter: \.headTimeouts) {
            $0.text.hasPrefix("HTTP/1.1 408 ")
        },
        Slow(name: "a body", start: head(1_000_000), counter: \.bodyTimeouts) { $0.text.hasPrefix("HTTP/1.1 408 ") },
        Slow(name: "a message", start: upgrade + frame(1_000_000), counter: \.messageTimeouts) {
            // A close frame with 1008.
            $0.bytes.suffix(4) == [0x88, 0x02, 0x03, 0xF0]
        },
        Slow(
            name: "a message in fragments, a ping after each", start: upgrade + [0x02, 0x80, 0, 0, 0, 0],
            counter: \.messageTimeouts
        ) { $0.bytes.suffix(4) == [0x88, 0x02, 0x03, 0xF0] },
    ]

    @Test("A client that sends byte by byte is disconnected at its deadline", arguments: slow)
    func drips(_ slow: Slow) async throws {
        var limits = ReceiveLimits()
        limits.head = .milliseconds(150)
        limits.message = .milliseconds(150)
        limits.bytesPerSecond = 1 << 20
        try await Self.with(limits) { address, shard, server in
            let client = RawClient.send(slow.start, to: address, on: shard)
            let deadline = Shard.clock + .seconds(60)
            // Of the last kind each drip is an empty fragment and a ping.
            let drip: [UInt8] =
                slow.name.contains("ping") ? [0x00, 0x80, 0, 0, 0, 0, 0x89, 0x80, 0, 0, 0, 0] : [0x61]
            while !client.isClosed, Shard.clock < deadline {
                client.say(drip)
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(client.isClosed)
            #expect(slow.end(client), "\(client.text.debugDescription)")
            let counts = await server.counts()
            #expect(slow.counter(counts) == 1)
            #expect(counts.headTimeouts + counts.bodyTimeouts + counts.messageTimeouts == 1)
            let next = RawClient.send(Self.head(Self.report.count) + Self.report, to: address, on: shard)
            try await next.wait(until: "an answer to the next client") { $0.text.hasPrefix("HTTP/1.1 200 ") }
        }
    }

    @Test("What has arrived of a large body gives it more time")
    func slowButSteady() async throws {
        var limits = ReceiveLimits()
        limits.message = .milliseconds(100)
        limits.bytesPerSecond = 100
        try await Self.with(limits) { address, shard, server in
            let body = [UInt8](repeating: 0xFF, count: 100_000)
            let client = RawClient.send(Self.head(body.count + 1) + body, to: address, on: shard)
            try await Task.sleep(for: .milliseconds(400))
            client.say([0xFF])
            try await client.wait(until: "an answer") { $0.text.hasPrefix("HTTP/1.1 200 ") }
            #expect(await server.counts().bodyTimeouts == 0)
        }
    }

    @Test("An idle connection between two messages has no deadline")
    func idle() async throws {
        var limits = ReceiveLimits()
        limits.head = .milliseconds(50)
        limits.message = .milliseconds(50)
        try await Self.with(limits) { address, shard, server in
            let good = Self.head(Self.report.count) + Self.report
            let client = RawClient.send(good, to: address, on: shard)
            try await client.wait(until: "an answer") { $0.text.hasPrefix("HTTP/1.1 200 ") }
            try await Task.sleep(for: .milliseconds(300))
            client.say(good)
            try await client.wait(until: "another") { $0.text.split(separator: "HTTP/1.1 200 ").count == 2 }
            #expect(await server.counts().headTimeouts == 0)
        }
    }

    private static func until(_ server: OpAMPServer, _ condition: (ServerCounts) -> Bool) async throws {
        let deadline = Shard.clock + .seconds(60)
        while Shard.clock < deadline {
            if condition(await server.counts()) { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("without result; counted \(await server.counts())")
    }
}
