import Basis
import ControlPlane
import Engine
import Hosting
import Metrics
import OpAMP
import OpenSSL
import TestSupport
import Testing
import Transport

/// The table of hostile behaviour, the server's role: what a client does, and the name under which it is counted.
/// Beside each of them a good agent is answered, before and after.
@Suite("Hostile clients", .serialized)
struct HostileClientTests {
    enum Act: Sendable {
        case says([UInt8])
        /// Says the first bytes, then one byte of the others at a time, for ever.
        case drips([UInt8], [UInt8])
        case saysAndResets([UInt8])
        case saysAndHalfCloses([UInt8])
        /// Says the same on so many connections.
        case saysOnMany([UInt8], Int)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let act: Act
        /// What counts it; nil: nothing wrong has been done, and the client is answered or left alone.
        let counter: String?
        var isSecured = false
        /// What the client is told, at least; empty: nothing that the test looks at.
        var told = ""
        var agentLimit = 1_000
        var testDescription: String { name }

        init(_ name: String, _ act: Act, _ counter: String?, isSecured: Bool = false, told: String = "") {
            (self.name, self.act, self.counter) = (name, act, counter)
            (self.isSecured, self.told) = (isSecured, told)
        }

        static func limited(_ name: String, _ act: Act, _ counter: String, agents: Int) -> Row {
            var row = Row(name, act, counter)
            row.agentLimit = agents
            return row
        }
    }

    private static func head(_ fields: String, method: String = "POST", path: String = "/v1/opamp") -> [UInt8] {
        Array("\(method) \(path) HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n\(fields)\r\n".utf8)
    }

    private static func post(_ body: [UInt8], coding: String = "identity") -> [UInt8] {
        head("Content-Encoding: \(coding)\r\nContent-Length: \(body.count)\r\n") + body
    }

    private static func upgrade(_ extensions: String = "") -> [UInt8] {
        Array(
            ("GET /v1/opamp HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\(extensions)"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n").utf8)
    }

    private static let deflating = upgrade("Sec-WebSocket-Extensions: permessage-deflate\r\n")

    private static func frame(_ first: UInt8, _ payload: [UInt8] = [], announcing count: UInt64? = nil) -> [UInt8] {
        HostileFrames.frame(first, payload, announcing: count, isMasked: true)
    }

    private static func cat(_ parts: [UInt8]...) -> [UInt8] { Array(parts.joined()) }

    private static func upgraded(_ bytes: [UInt8]) -> Act { .says(cat(upgrade(), bytes)) }

    private static let report = frame(0x82, cat([0], HostileFrames.report))

    /// Reports of agents that nobody knows, on one connection.
    private static let endlessUIDs = (1...5_000).flatMap { number -> [UInt8] in
        let uid = InstanceUID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0000 | UInt64(number))
        return frame(0x82, [0] + AgentToServer(instanceUID: .uid(uid), sequenceNumber: 0).encoded())
    }

    static let uids: [Row] = [
        Row("one uid on 100 connections", .saysOnMany(cat(upgrade(), report), 100), "duplicates"),
        .limited("uids without end", upgraded(endlessUIDs), "registry_full", agents: 100),
    ]

    static let http: [Row] = [
        Row("silence", .says([]), "connections_unused"),
        Row(
            "garbage instead of HTTP", .says(Array("\u{0}\u{1}nonsense\r\n\r\n".utf8)), "requests_malformed",
            told: "400"),
        Row("TLS on a port without it", .says([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0, 10]), "requests_malformed"),
        Row(
            "a head without end", .says(Array("GET /\(String(repeating: "x", count: 100_000))".utf8)),
            "requests_too_large"),
        Row(
            "a thousand fields", .says(head(String(repeating: "A: b\r\n", count: 1_000))), "requests_too_large",
            told: "431"),
        Row(
            "a head, byte by byte", .drips(Array("GET / HTTP/1.1\r\n".utf8), Array("A: b\r\n".utf8)), "head_timeouts",
            told: "408"),
        Row("a body, byte by byte", .drips(head("Content-Length: 100000\r\n"), [0]), "body_timeouts", told: "408"),
        Row("a body that never comes", .says(head("Content-Length: 100\r\n")), "body_timeouts", told: "408"),
        Row(
            "a length of 2^63", .says(head("Content-Length: 9223372036854775808\r\n")), "requests_too_large",
            told: "413"),
        Row(
            "a length of 2^64", .says(head("Content-Length: 18446744073709551616\r\n")), "requests_too_large",
            told: "413"),
        Row("100 MB announced", .says(head("Content-Length: 100000000\r\n")), "requests_too_large", told: "413"),
        Row("a negative length", .says(head("Content-Length: -1\r\n")), "requests_malformed", told: "400"),
        Row(
            "two lengths", .says(head("Content-Length: 1\r\nContent-Length: 2\r\n")),
            "requests_malformed", told: "400"),
        Row(
            "a length and chunks", .says(head("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")),
            "requests_malformed", told: "400"),
        Row(
            "a chunk of 2^64", .says(cat(head("Transfer-Encoding: chunked\r\n"), Array("10000000000000000\r\n".utf8))),
            "requests_malformed"),
        Row(
            "chunks without end", .drips(head("Transfer-Encoding: chunked\r\n"), Array("1\r\nx\r\n".utf8)),
            "body_timeouts", told: "408"),
        Row("gzip that is none", .says(post([1, 2, 3], coding: "gzip")), "requests_malformed", told: "400"),
        Row(
            "gzip that ends early", .says(post(Array(HostileFrames.bomb(.gzip).prefix(40)), coding: "gzip")),
            "requests_malformed", told: "400"),
        Row(
            "a bomb in gzip", .says(post(HostileFrames.bomb(.gzip), coding: "gzip")),
            "requests_too_large", told: "413"),
        Row(
            "a bomb in zstd", .says(post(HostileFrames.bomb(.zstd), coding: "zstd")),
            "requests_too_large", told: "413"),
        Row("another coding", .says(post([1], coding: "br")), nil, told: "415"),
        Row("another path", .says(head("Content-Length: 0\r\n", path: "/")), nil, told: "404"),
        Row("another method", .says(head("Content-Length: 0\r\n", method: "DELETE")), nil, told: "405"),
        Row("an empty report", .says(post([])), "malformed", told: "200"),
        Row("invalid protobuf", .says(post([0x0A, 200])), "malformed", told: "200"),
        Row("a poll, then a half-close", .saysAndHalfCloses(post(HostileFrames.report)), nil, told: "200"),
        Row("a reset in a body", .saysAndResets(cat(head("Content-Length: 100\r\n"), [1, 2, 3])), nil),
    ]

    static let frames: [Row] = [
        Row("a frame, byte by byte", .drips(cat(upgrade(), frame(0x82, announcing: 100_000)), [0]), "message_timeouts"),
        Row("a frame that never comes", upgraded(frame(0x82, announcing: 100)), "message_timeouts"),
        Row("fragments without end", .drips(cat(upgrade(), frame(0x02, [0])), frame(0x00, [0])), "message_timeouts"),
        Row(
            "fragments above the limit",
            upgraded(
                cat(frame(0x02, [0]), HostileFrames.repeated(frame(0x00, [UInt8](repeating: 0, count: 60_000)), 40))),
            "messages_too_large"),
        Row("100 MB announced in a frame", upgraded(frame(0x82, announcing: 100_000_000)), "messages_too_large"),
        Row("a frame of 2^62", upgraded(frame(0x82, announcing: 1 << 62)), "messages_too_large"),
        Row("a frame of 2^63", upgraded(frame(0x82, announcing: 1 << 63)), "frames_malformed"),
        Row(
            "a length that is not the shortest", upgraded([0x82, 0xFE, 0, 5, 0, 0, 0, 0, 1, 2, 3, 4, 5]),
            "frames_malformed"),
        Row("a frame without mask", upgraded(HostileFrames.frame(0x82, [0])), "frames_malformed"),
        Row("a reserved opcode", upgraded(frame(0x83)), "frames_malformed"),
        Row("a reserved control opcode", upgraded(frame(0x8B)), "frames_malformed"),
        Row("a reserved bit", upgraded(frame(0xA2, [0])), "frames_malformed"),
        Row("compression that was not agreed on", upgraded(frame(0xC2, [1])), "frames_malformed"),
        Row("a continuation of nothing", upgraded(frame(0x80, [0])), "frames_malformed"),
        Row("a message inside a message", upgraded(cat(frame(0x02, [0]), frame(0x82, [0]))), "frames_malformed"),
        Row("a control frame in fragments", upgraded(frame(0x09, [0])), "frames_malformed"),
        Row(
            "a control frame of 126 bytes", upgraded(frame(0x89, [UInt8](repeating: 0, count: 126))), "frames_malformed"
        ),
        Row(
            "a ping between fragments",
            upgraded(cat(frame(0x02, [0]), frame(0x89, [7]), frame(0x80, HostileFrames.report))), nil),
        Row(
            "pings without pause", upgraded(HostileFrames.repeated(frame(0x89, [1, 2, 3]), 20_000)), nil
        ),
        Row(
            "pongs that nobody asked for",
            upgraded(cat(HostileFrames.repeated(frame(0x8A, [1]), 1_000), report)), nil),
        Row("text", upgraded(frame(0x81, [0x30])), "malformed"),
        Row("text that is not UTF-8", upgraded(frame(0x81, [0xFF, 0xFE])), "frames_malformed"),
        Row("another message header", upgraded(frame(0x82, cat([1], HostileFrames.report))), "malformed"),
        Row("a message without header", upgraded(frame(0x82)), "malformed"),
        Row("a report without uid", upgraded(frame(0x82, [0])), "malformed"),
        Row("a report with a short uid", upgraded(frame(0x82, [0, 0x0A, 2, 1, 2])), "malformed"),
        Row("invalid protobuf in a frame", upgraded(frame(0x82, [0, 0x0A, 200])), "malformed"),
        Row("a group that does not end", upgraded(frame(0x82, [0, 0x0B])), "malformed"),
        Row("a deflate bomb", .says(cat(deflating, frame(0xC2, HostileFrames.deflateBomb))), "messages_too_large"),
        Row("deflate that is none", .says(cat(deflating, frame(0xC2, [0xFF, 0xFF, 0xFF]))), "frames_malformed"),
        Row("a reset in a frame", .saysAndResets(cat(upgrade(), frame(0x82, announcing: 100), [1, 2, 3])), nil),
        Row("a half-close after a report", .saysAndHalfCloses(cat(upgrade(), report)), nil),
        Row("a report, again and again with one number", upgraded(HostileFrames.repeated(report, 500)), nil),
    ]

    private static let closesCodes: [UInt16] = [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999,
    ]
    static let closes: [Row] = closesCodes.map { code in
        Row("close code \(code)", upgraded(HostileFrames.close(code, isMasked: true)), nil)
    }

    private static let badClosesCodes: [UInt16] = [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535]
    static let badCloses: [Row] = badClosesCodes.map { code in
        Row("close code \(code)", upgraded(HostileFrames.close(code, isMasked: true)), "frames_malformed")
    }

    static let otherCloses: [Row] = [
        Row("a close without a code", upgraded(HostileFrames.close(nil, isMasked: true)), nil),
        Row("a close of one byte", upgraded(frame(0x88, [3])), "frames_malformed"),
        Row(
            "a close reason that is not UTF-8", upgraded(HostileFrames.close(1000, reason: [0xFF], isMasked: true)),
            "frames_malformed"),
        Row("a report after the close", upgraded(cat(HostileFrames.close(1000, isMasked: true), report)), nil),
    ]

    static let tls: [Row] = [
        Row("plaintext on a port with TLS", .says(post(HostileFrames.report)), "tls_failures", isSecured: true),
        Row("silence on a port with TLS", .says([]), "handshake_timeouts", isSecured: true),
        Row("half a ClientHello", .drips([0x16, 3, 1, 2, 0, 1, 0, 1], [0]), "handshake_timeouts", isSecured: true),
        Row(
            "a record of the wrong version", .says([0x16, 9, 9, 0, 5, 1, 0, 0, 1, 0]), "tls_failures", isSecured: true),
        Row("an alert", .says([0x15, 3, 3, 0, 2, 2, 40]), "tls_failures", isSecured: true),
        Row("a reset in the handshake", .saysAndResets([0x16, 3, 1]), nil, isSecured: true),
    ]

    @Test(
        "Each behaviour is counted under its name, and good agents go on",
        arguments: [http, frames, closes, badCloses, otherCloses, tls, uids].flatMap(\.self))
    func row(_ row: Row) async throws {
        let memory = MemoryRow("client: \(row.name)", counter: row.counter ?? "")
        defer { memory?.end() }
        var wire = ServerWire()
        wire.largestMessage = 1 << 20
        wire.receiving.handshake = .milliseconds(300)
        wire.receiving.head = .milliseconds(300)
        wire.receiving.message = .milliseconds(300)
        var security: ServerSecurity?
        if row.isSecured {
            let authority = try CertificateAuthority()
            security = try ServerSecurity(
                TLSServerOptions(
                    identity: authority.issue(
                        CertificateAuthority.Request(commonName: "localhost", hosts: ["127.0.0.1"], use: .server))))
        }
        var plan = ServerPlan()
        plan.agentLimit = row.agentLimit
        let server = try OpAMPServer(
            plan: plan, address: .loopback(port: 0), wire: wire, shards: 1, seed: 1,
            wallClockAtZero: 1_800_000_000_000, security: security)
        let shard = try Shard(label: "hostile.client")
        let fleet = row.isSecured ? nil : try SmallFleet(1, at: SmallFleet.target(server.addresses[0]))
        try await fleet?.wait(until: "an answer") { $0[.agentsAnswered] == 1 }

        let client: RawClient
        switch row.act {
        case .says(let bytes): client = RawClient.send(bytes, to: server.addresses[0], on: shard)
        case .drips(let start, let bytes):
            client = RawClient.send(start, to: server.addresses[0], on: shard)
            Task {
                var index = 0
                while !client.isClosed {
                    try await Task.sleep(for: .milliseconds(20))
                    client.say([bytes[index % bytes.count]])
                    index += 1
                }
            }
        case .saysAndResets(let bytes):
            client = RawClient.send(bytes, to: server.addresses[0], on: shard)
            try await Task.sleep(for: .milliseconds(50))
            client.reset()
        case .saysAndHalfCloses(let bytes):
            client = RawClient.send(bytes, to: server.addresses[0], on: shard)
            try await client.wait(until: "an answer") { !$0.bytes.isEmpty }
            client.halfClose()
        case .saysOnMany(let bytes, let count):
            for _ in 1..<count { _ = RawClient.send(bytes, to: server.addresses[0], on: shard) }
            client = RawClient.send(bytes, to: server.addresses[0], on: shard)
        }
        if let counter = row.counter {
            try await Self.wait(for: counter, at: server, row)
        }
        if !row.told.isEmpty { try await client.wait(until: row.told) { $0.text.contains("HTTP/1.1 \(row.told)") } }
        let before = fleet?.counters[.heartbeats] ?? 0
        try await fleet?.wait(until: "three heartbeats more") { $0[.heartbeats] >= before + 3 }
        await fleet?.stop()
        if let fleet { #expect(fleet.counters.errors == 0, "\(fleet.named.sorted)") }
        await shard.stop()
        let counts = await server.stop()
        let wrong = [
            "requests_malformed", "requests_too_large", "frames_malformed", "messages_too_large", "tls_failures",
        ]
        for name in wrong where name != row.counter { #expect(Self.count(name, counts) == 0, "\(name)") }
    }

    private static func count(_ name: String, _ counts: ServerCounts) -> UInt64 {
        ServerCounts.fields.first { $0.name == name }.map { counts[keyPath: $0.path] } ?? .max
    }

    private static func wait(for counter: String, at server: OpAMPServer, _ row: Row) async throws {
        let deadline = Shard.clock + .seconds(6)
        while Shard.clock < deadline {
            let count = count(counter, await server.counts())
            try #require(count != .max, "there is no counter \(counter)")
            if count > 0 { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        let counts = await server.counts()
        let found = ServerCounts.fields.filter { counts[keyPath: $0.path] > 0 }.map(\.name)
        Issue.record("\(row.name): \(counter) is not counted, but \(found)")
    }
}
