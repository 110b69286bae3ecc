import Basis
import ControlPlane
import Engine
import Hosting
import OpAMP
import TestSupport
import Testing
import Transport

/// The embedded server and permessage-deflate (RFC 7692), asked by hand.
@Suite("The embedded server with compressed messages")
struct DeflateServerTests {
    /// Upgrades with `offer`, says `frames` once that has been agreed to, and gives the frames that came back to
    /// `body`.
    private static func converse(
        _ offer: DeflateOffer, plan: ServerPlan = ServerPlan(), saying frames: [UInt8],
        _ body: (RawClient, _ agreed: DeflateParameters, _ start: Int) async throws -> Void
    ) async throws {
        let server = try OpAMPServer(
            plan: plan, address: .loopback(port: 0), shards: 1, seed: 1, wallClockAtZero: 1_800_000_000_000)
        let shard = try Shard(label: "raw.client")
        var handshake = WebSocketClientHandshake(nonce: (1, 2), offer: offer)
        var request: [UInt8] = []
        handshake.appendRequest(target: "/v1/opamp", host: "x", to: &request)
        let client = RawClient.send(request, to: server.addresses[0], on: shard)
        try await client.wait(until: "the upgrade") { $0.text.contains("\r\n\r\n") }
        var start = 0
        let agreement = try #require(try handshake.next(client.bytes.span.bytes, at: &start))
        let agreed = try #require(agreement.deflate)
        client.say(frames)
        try await body(client, agreed, start)
        await shard.stop()
        _ = await server.stop()
    }

    private static func frame(_ report: AgentToServer) throws -> [UInt8] {
        var (plain, packed, frame) = ([UInt8](), [UInt8](), [UInt8]())
        report.encode(appendingTo: &plain)
        let deflater = try #require(Deflater())
        deflater.message(plain.span.bytes, prefix: 0, into: &packed)
        WebSocketFrame.append(.binary, payload: packed.span.bytes, mask: 7, isCompressed: true, to: &frame)
        return frame
    }

    private static let report: AgentToServer = {
        var random = SeededRandom(seed: 5)
        return AgentToServer(
            instanceUID: .uid(InstanceUID(unixMilliseconds: 1_800_000_000_000, random: &random)), sequenceNumber: 0)
    }()

    @Test("A compressed report is understood, and a short answer to it comes plain")
    func compressedReport() async throws {
        try await Self.converse(DeflateOffer(), saying: Self.frame(Self.report)) { client, agreed, start in
            #expect(agreed.noContextTakeover(sentBy: .client) && agreed.noContextTakeover(sentBy: .server))
            try await client.wait(until: "an answer") { $0.bytes.count > start + 2 }
            var reader = WebSocketReader(role: .client, permessageDeflate: true)
            var (offset, scratch) = (start, [UInt8]())
            let bytes = client.bytes
            let event = try reader.next(bytes.span.bytes, at: &offset, scratch: &scratch)
            guard case .message(.binary, let payload)? = event else {
                Issue.record("not a plain message: \(String(describing: event))")
                return
            }
            let body = try WebSocketMessageHeader.body(of: payload.bytes(input: bytes.span.bytes, scratch: scratch))
            let answer = try ServerToAgent(decoding: body)
            #expect(answer.instanceUID == Self.report.instanceUID)
        }
    }

    @Test("A long answer comes compressed, also with a smaller window", arguments: [nil, 10])
    func compressedAnswer(window: Int?) async throws {
        var plan = ServerPlan()
        plan.heartbeatInterval = .seconds(30)
        plan.advertisedEndpoint = "ws://" + String(repeating: "a", count: 500)
        let offer = DeflateOffer(serverWindowBits: window)
        var report = Self.report
        report.capabilities = [.reportsStatus, .reportsHeartbeat, .acceptsOpAMPConnectionSettings]
        try await Self.converse(offer, plan: plan, saying: Self.frame(report)) { client, _, start in
            try await client.wait(until: "an answer") { $0.bytes.count > start + 20 }
            let bytes = client.bytes
            // The first byte of the frame: final, binary, and RSV1 for a compressed message.
            #expect(bytes[start] == 0xC2)
            var reader = WebSocketReader(role: .client, permessageDeflate: true)
            var (offset, scratch, plain) = (start, [UInt8](), [UInt8]())
            switch try reader.next(bytes.span.bytes, at: &offset, scratch: &scratch) {
            case .compressedMessage(let kind, let payload):
                try Inflater().message(
                    kind, payload.bytes(input: bytes.span.bytes, scratch: scratch), limit: 1 << 16, into: &plain)
            case .message(_, let payload):
                plain = payload.bytes(input: bytes.span.bytes, scratch: scratch).withUnsafeBytes { Array($0) }
            case let event:
                Issue.record("no message: \(String(describing: event))")
            }
            let answer = try ServerToAgent(decoding: Array(plain.dropFirst()))
            #expect(answer.connectionSettings?.opamp?.heartbeatIntervalSeconds == 30)
        }
    }

    @Test("Corrupt messages and bombs end the connection with their code, and the server continues")
    func hostile() async throws {
        var bomb: [UInt8] = []
        var packed: [UInt8] = []
        let zeros = [UInt8](repeating: 0, count: 65 << 20)
        try #require(Deflater()).message(zeros.span.bytes, into: &packed)
        WebSocketFrame.append(.binary, payload: packed.span.bytes, mask: 9, isCompressed: true, to: &bomb)
        var corrupt: [UInt8] = []
        let garbage: [UInt8] = [0xFF, 0xFF, 0xFF]
        WebSocketFrame.append(.binary, payload: garbage.span.bytes, mask: 9, isCompressed: true, to: &corrupt)
        for (frame, code) in [(bomb, UInt16(1009)), (corrupt, 1007)] {
            try await Self.converse(DeflateOffer(), saying: frame) { client, _, start in
                try await client.wait(until: "the close") { $0.isClosed }
                let said = Array(client.bytes[start...])
                #expect(said.first == 0x88)
                #expect(said.count >= 4 && UInt16(said[2]) << 8 | UInt16(said[3]) == code)
            }
        }
    }
}
