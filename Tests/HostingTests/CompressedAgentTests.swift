import AgentModel
import Basis
import ControlPlane
import Engine
import Hosting
import Metrics
import OpAMP
import TestSupport
import Testing
import Transport

/// permessage-deflate in the client role (RFC 7692).
@Suite("Agents with compressed messages")
struct CompressedAgentTests {
    private static func server(_ wire: ServerWire = ServerWire(), _ plan: ServerPlan = ServerPlan()) throws
        -> OpAMPServer
    {
        try OpAMPServer(
            plan: plan, address: .loopback(port: 0), wire: wire, shards: 1, seed: 1, wallClockAtZero: 1_800_000_000_000)
    }

    private static func target(_ address: SocketAddress, threshold: Int = 128) throws -> AgentTarget {
        try SmallFleet.target(address) {
            $0.compression = WireCompression(offersDeflate: true, threshold: threshold)
        }
    }

    @Test("Reports go compressed, their answers are understood, and both sides count the same bytes")
    func compressed() async throws {
        let server = try Self.server()
        let fleet = try SmallFleet(5, at: Self.target(server.addresses[0]))
        try await fleet.wait(until: "answers") { $0[.agentsAnswered] == 5 && $0[.heartbeats] >= 10 }
        let counts = await server.counts()
        #expect(fleet.counters.errors == 0)
        // Each first report, and no heartbeat, is worth it.
        #expect(fleet.counters[.compressedSent] == 5)
        #expect(fleet.counters[.compressedSentWireBytes] < fleet.counters[.compressedSentPlainBytes])
        #expect(counts.compressedIn == 5)
        #expect(counts.compressedBytesIn == fleet.counters[.compressedSentWireBytes])
        #expect(counts.decompressedBytesIn == fleet.counters[.compressedSentPlainBytes])
        await fleet.stop()
        _ = await server.stop()
    }

    @Test("Below a threshold of nothing even heartbeats go compressed")
    func everything() async throws {
        let server = try Self.server()
        let fleet = try SmallFleet(2, at: Self.target(server.addresses[0], threshold: 0))
        try await fleet.wait(until: "beats") { $0[.heartbeats] >= 6 && $0[.answersReceived] >= 8 }
        #expect(fleet.counters[.compressedSent] == fleet.counters[.messagesSent])
        #expect(fleet.counters.errors == 0)
        await fleet.stop()
        _ = await server.stop()
    }

    @Test("A server that declines compression gets plain messages; this is counted, and not an error")
    func declined() async throws {
        var wire = ServerWire()
        wire.agreesToDeflate = false
        let server = try Self.server(wire)
        let fleet = try SmallFleet(3, at: Self.target(server.addresses[0]))
        try await fleet.wait(until: "answers") { $0[.agentsAnswered] == 3 }
        #expect(fleet.counters[.compressionDeclined] == 3)
        #expect(fleet.counters[.compressedSent] == 0)
        #expect(fleet.counters.errors == 0)
        await fleet.stop()
        _ = await server.stop()
    }

    @Test("A long answer comes compressed and is counted with its bytes before and after")
    func answers() async throws {
        var plan = ServerPlan()
        plan.heartbeatInterval = .seconds(1)
        plan.advertisedEndpoint = "ws://" + String(repeating: "a", count: 500)
        let server = try Self.server(ServerWire(), plan)
        let fleet = try SmallFleet(1, at: Self.target(server.addresses[0])) {
            $0.capabilities.insert(.acceptsOpAMPConnectionSettings)
        }
        try await fleet.wait(until: "an offer") { $0[.compressedReceived] >= 1 }
        #expect(fleet.counters[.compressedReceivedPlainBytes] > 500)
        #expect(fleet.counters[.compressedReceivedWireBytes] < fleet.counters[.compressedReceivedPlainBytes] / 2)
        await fleet.stop()
        _ = await server.stop()
    }

    // MARK: - Servers that get it wrong

    struct Wrong: Sendable, CustomTestStringConvertible {
        let name: String
        /// What the 101 says of extensions.
        var answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        var frame: [UInt8] = []
        let counter: Counter
        var named: String?
        var testDescription: String { name }
    }

    private static func frame(_ payload: [UInt8], isCompressed: Bool = true) -> [UInt8] {
        var bytes: [UInt8] = []
        WebSocketFrame.append(.binary, payload: payload.span.bytes, mask: nil, isCompressed: isCompressed, to: &bytes)
        return bytes
    }

    private static func deflated(_ plain: [UInt8]) -> [UInt8] {
        var packed: [UInt8] = []
        Deflater()?.message(plain.span.bytes, into: &packed)
        return packed
    }

    private static let wrongs: [Wrong] = [
        Wrong(
            name: "context takeover though it was asked not to", answer: "permessage-deflate",
            counter: .upgradeMalformed, named: "upgrade_bad_deflate"),
        Wrong(
            name: "an unknown parameter",
            answer: "permessage-deflate; server_no_context_takeover; mux", counter: .upgradeMalformed,
            named: "upgrade_bad_deflate"),
        Wrong(
            name: "a window out of range",
            answer: "permessage-deflate; server_no_context_takeover; client_max_window_bits=16",
            counter: .upgradeMalformed, named: "upgrade_bad_deflate"),
        Wrong(
            name: "another extension", answer: "permessage-bzip2", counter: .upgradeMalformed,
            named: "upgrade_bad_deflate"),
        Wrong(
            name: "two extensions",
            answer: "permessage-deflate; server_no_context_takeover, permessage-deflate; server_no_context_takeover",
            counter: .upgradeMalformed, named: "upgrade_unexpected_extension"),
        Wrong(name: "a corrupt message", frame: frame([0xFF, 0xFF, 0xFF]), counter: .malformedFrame),
        Wrong(
            name: "a bomb", frame: frame(deflated([UInt8](repeating: 0, count: 1 << 20))), counter: .decompressionBomb),
        Wrong(name: "protobuf that is none", frame: frame(deflated([0, 0x0A, 200])), counter: .malformedAnswer),
        Wrong(name: "an empty message", frame: frame([]), counter: .malformedFrame),
        Wrong(
            name: "a message cut short", frame: frame(Array(deflated([UInt8](repeating: 7, count: 300)).dropLast(2))),
            counter: .malformedFrame),
        Wrong(
            name: "a compressed continuation",
            frame: [0x42, 1, 2] + [0xC0, 1, 0], counter: .malformedFrame),
        Wrong(name: "a compressed ping", frame: [0xC9, 0], counter: .malformedFrame),
        Wrong(name: "another reserved bit", frame: [0xE2, 1, 0], counter: .malformedFrame),
        Wrong(
            name: "a window that is too small",
            answer: "permessage-deflate; server_no_context_takeover; server_max_window_bits=7",
            counter: .upgradeMalformed, named: "upgrade_bad_deflate"),
        Wrong(
            name: "a window that is no number",
            answer: "permessage-deflate; server_no_context_takeover; client_max_window_bits=x",
            counter: .upgradeMalformed, named: "upgrade_bad_deflate"),
        Wrong(
            name: "a parameter twice",
            answer: "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            counter: .upgradeMalformed, named: "upgrade_bad_deflate"),
    ]

    @Test("A server with invalid compression is counted under that name, and the fleet continues", arguments: wrongs)
    func wrong(_ wrong: Wrong) async throws {
        let server = try ScriptedHTTPServer { _ in .upgrades(extensions: wrong.answer, then: .says(wrong.frame)) }
        var target = try Self.target(server.address)
        target = try SmallFleet.target(server.address) {
            $0.compression = target.compression
            $0.limits.messageBytes = 1 << 16
        }
        let fleet = try SmallFleet(1, at: target)
        try await fleet.wait(until: wrong.name) { $0[wrong.counter] >= 1 }
        if let name = wrong.named {
            #expect(fleet.named.sorted.contains { $0.name == name && $0.count >= 1 }, "\(fleet.named.sorted)")
        }
        #expect(fleet.counters[.answersReceived] == 0)
        await fleet.stop()
        await server.stop()
    }

    @Test("A compressed frame where nothing was agreed on is a broken frame")
    func neverAgreed() async throws {
        let server = try ScriptedHTTPServer { _ in
            .upgrades(extensions: nil, then: .says(Self.frame(Self.deflated([0]))))
        }
        let fleet = try SmallFleet(1, at: Self.target(server.address))
        try await fleet.wait(until: "the violation") { $0[.malformedFrame] >= 1 }
        await fleet.stop()
        await server.stop()
    }

    @Test("A server that sends a few bytes of a message now and then is left, and named")
    func slowMessage() async throws {
        // The head of a frame with 16,384 bytes, and four bytes more with each report.
        let server = try ScriptedHTTPServer { _ in .upgrades(extensions: nil, then: .says([0x82, 0x7E, 0x40, 0x00])) }
        let target = try SmallFleet.target(server.address) { $0.messageTimeout = .milliseconds(250) }
        let fleet = try SmallFleet(1, at: target)
        try await fleet.wait(until: "the end and another connection") {
            $0[.idleTimeout] >= 1 && $0[.connectionsOpened] >= 2
        }
        #expect(fleet.named.sorted.contains { $0.name == "receive timeout" }, "\(fleet.named.sorted)")
        await fleet.stop()
        await server.stop()
    }

    @Test("A smaller window that the server asks for is kept to", arguments: [9, 12, 8])
    func window(bits: Int) async throws {
        let server = try ScriptedHTTPServer { _ in
            .upgrades(
                extensions: "permessage-deflate; server_no_context_takeover; client_max_window_bits=\(bits)",
                then: .says([]))
        }
        let fleet = try SmallFleet(1, at: Self.target(server.address))
        try await fleet.wait(until: "a report") { $0[.messagesSent] >= 2 }
        // zlib cannot compress with 8 bits, and a message may always go plain.
        #expect(fleet.counters[.compressedSent] == (bits == 8 ? 0 : 1))
        await fleet.stop()
        await server.stop()
        let frames = server.upgradedBytes
        #expect(!frames.isEmpty)
        #expect(frames.first.map { $0 & 0x40 != 0 } == (bits != 8))
    }
}
