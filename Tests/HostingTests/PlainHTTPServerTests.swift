import Basis
import ControlPlane
import Engine
import Hosting
import OpAMP
import TestSupport
import Testing
import Transport

/// The embedded server over plain HTTP, asked by hand.
@Suite("The embedded server over plain HTTP")
struct PlainHTTPServerTests {
    private static let uid: InstanceUID = {
        var random = SeededRandom(seed: 3)
        return InstanceUID(unixMilliseconds: 1_800_000_000_000, random: &random)
    }()

    /// A full first report, well above what is worth compressing.
    private static let report: [UInt8] = {
        var report = AgentToServer(instanceUID: .uid(uid), sequenceNumber: 0)
        let long = KeyValue(key: "service.name", value: .string(String(repeating: "a", count: 2000)))
        report.agentDescription = AgentDescription(identifyingAttributes: [long])
        var bytes: [UInt8] = []
        report.encode(appendingTo: &bytes)
        return bytes
    }()

    private static func request(
        _ body: [UInt8], _ fields: String = "", method: String = "POST", path: String = "/v1/opamp",
        type: String = "application/x-protobuf"
    ) -> [UInt8] {
        let head =
            "\(method) \(path) HTTP/1.1\r\nHost: x\r\nContent-Type: \(type)\r\n\(fields)"
            + "Content-Length: \(body.count)\r\n\r\n"
        return Array(head.utf8) + body
    }

    private static func with(
        _ plan: ServerPlan = ServerPlan(), _ body: (SocketAddress, Shard, OpAMPServer) async throws -> Void
    ) async throws {
        let server = try OpAMPServer(
            plan: plan, address: .loopback(port: 0), shards: 1, seed: 1, wallClockAtZero: 1_800_000_000_000)
        let shard = try Shard(label: "raw.client")
        try await body(server.addresses[0], shard, server)
        await shard.stop()
        _ = await server.stop()
    }

    /// The responses in `bytes`, each with its body decoded.
    private static func responses(_ bytes: [UInt8]) throws -> [(head: HTTPResponseHead, body: [UInt8])] {
        var reader = HTTPReader(.responses)
        var (offset, found, body) = (0, [(head: HTTPResponseHead, body: [UInt8])](), [UInt8]())
        var head: HTTPResponseHead?
        reader.expectResponse(to: .post)
        while let event = try reader.next(bytes.span.bytes, at: &offset) {
            switch event {
            case .response(let response): head = response
            case .body(let range): body += bytes[range]
            case .end:
                guard let response = head else { continue }
                var plain: [UInt8] = []
                let coding = try ContentCoding(contentEncodingOf: response.fields)
                try ContentCoder().decode(body.span.bytes, as: coding, limit: 1 << 20, into: &plain)
                found.append((response, plain))
                body = []
                reader.expectResponse(to: .post)
            case .informational, .request: break
            }
        }
        return found
    }

    /// How many whole responses a client has.
    private static func count(_ client: RawClient) -> Int {
        (try? responses(client.bytes).count) ?? 0
    }

    @Test("A report is answered with the server's answer, plain or compressed", arguments: ContentCoding.allCases)
    func report(coding: ContentCoding) async throws {
        var body: [UInt8] = []
        ContentCoder().encode(Self.report.span.bytes, as: coding, into: &body)
        try await Self.with { address, shard, server in
            let field = coding == .identity ? "" : "Content-Encoding: \(coding.name)\r\n"
            let client = RawClient.send(Self.request(body, field), to: address, on: shard)
            try await client.wait(until: "an answer") { Self.count($0) == 1 }
            let response = try #require(try Self.responses(client.bytes).first)
            #expect(response.head.status == 200)
            #expect(response.head.fields.hasMediaType("application/x-protobuf"))
            #expect(try ServerToAgent(decoding: response.body).instanceUID == .uid(Self.uid))
            #expect(!client.isClosed)
            let counts = await server.counts()
            #expect(counts.fullReports == 1)
        }
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let status: UInt16
        var testDescription: String { name }
    }

    private static let mistakes: [Mistake] = [
        Mistake(name: "no HTTP", bytes: Array("hello there\r\n\r\n".utf8), status: 400),
        Mistake(name: "no host", bytes: Array("POST /v1/opamp HTTP/1.1\r\n\r\n".utf8), status: 400),
        Mistake(
            name: "a body too large by its length",
            bytes: Array("POST /v1/opamp HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n".utf8),
            status: 413),
        Mistake(name: "another method", bytes: request([], method: "PUT"), status: 405),
        Mistake(name: "another path", bytes: request([], path: "/"), status: 404),
        Mistake(name: "another type", bytes: request([], type: "text/plain"), status: 415),
        Mistake(name: "another coding", bytes: request([1], "Content-Encoding: br\r\n"), status: 415),
        Mistake(name: "no gzip", bytes: request([1, 2, 3], "Content-Encoding: gzip\r\n"), status: 400),
        Mistake(name: "a bomb", bytes: request(bomb, "Content-Encoding: gzip\r\n"), status: 413),
    ]

    /// 65 MiB of zeros in some 65 kB.
    private static let bomb: [UInt8] = {
        var bytes: [UInt8] = []
        let zeros = [UInt8](repeating: 0, count: 65 << 20)
        ContentCoder().encode(zeros.span.bytes, as: .gzip, into: &bytes)
        return bytes
    }()

    @Test("Each client error is answered with its status, and the server continues", arguments: mistakes)
    func mistake(_ mistake: Mistake) async throws {
        try await Self.with { address, shard, server in
            let client = RawClient.send(mistake.bytes, to: address, on: shard)
            try await client.wait(until: "a status") { $0.text.contains("\r\n\r\n") }
            #expect(client.text.hasPrefix("HTTP/1.1 \(mistake.status) "))
            let next = RawClient.send(Self.request(Self.report), to: address, on: shard)
            try await next.wait(until: "an answer to the next client") { $0.text.hasPrefix("HTTP/1.1 200 ") }
            let counts = await server.counts()
            #expect(counts.reports == 1)
        }
    }

    @Test("An invalid body is answered with BAD_REQUEST inside a 200")
    func badRequest() async throws {
        try await Self.with { address, shard, _ in
            let client = RawClient.send(Self.request([0x0A, 200]), to: address, on: shard)
            try await client.wait(until: "an answer") { Self.count($0) == 1 }
            let response = try #require(try Self.responses(client.bytes).first)
            #expect(try ServerToAgent(decoding: response.body).errorResponse?.type == .badRequest)
        }
    }

    @Test("A client that sends Expect is answered 100, or at once with the refusal")
    func expectContinue() async throws {
        try await Self.with { address, shard, _ in
            let head = { (path: String) in
                Array(
                    ("POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
                        + "Expect: 100-continue\r\nContent-Length: \(Self.report.count)\r\n\r\n").utf8)
            }
            let client = RawClient.send(head("/v1/opamp"), to: address, on: shard)
            try await client.wait(until: "a 100") { $0.text.hasPrefix("HTTP/1.1 100 ") }
            client.say(Self.report)
            try await client.wait(until: "a 200") { $0.text.contains("HTTP/1.1 200 ") }
            let other = RawClient.send(head("/elsewhere"), to: address, on: shard)
            try await other.wait(until: "a 404 and the end") { $0.text.hasPrefix("HTTP/1.1 404 ") && $0.isClosed }
            #expect(!other.text.contains("100"))
        }
    }

    @Test("Pipelined requests are answered in order, also if the answers are delayed")
    func pipelined() async throws {
        var plan = ServerPlan()
        plan.answerDelay = .constant(.milliseconds(20))
        try await Self.with(plan) { address, shard, server in
            let requests = Self.request(Self.report) + Self.request([], path: "/") + Self.request(Self.report)
            let client = RawClient.send(requests, to: address, on: shard)
            try await client.wait(until: "three answers") { Self.count($0) == 3 }
            #expect(try Self.responses(client.bytes).map(\.head.status) == [200, 404, 200])
        }
    }

    @Test("A client that wants the connection closed gets its answer and the end, and the registry knows of both")
    func connectionClose() async throws {
        try await Self.with { address, shard, server in
            let client = RawClient.send(Self.request(Self.report, "Connection: close\r\n"), to: address, on: shard)
            try await client.wait(until: "the end") { $0.isClosed }
            #expect(client.text.hasPrefix("HTTP/1.1 200 "))
            let deadline = Shard.clock + .seconds(5)
            while await server.counts().connectionsOpen > 0, Shard.clock < deadline {
                try await Task.sleep(for: .milliseconds(5))
            }
            let counts = await server.counts()
            #expect(counts.connectionsOpen == 0)
            #expect(counts.connectionsClosed == 1)
        }
    }

    @Test("A target in absolute form is served as its path, for requests and upgrades")
    func absoluteTarget() async throws {
        try await Self.with { address, shard, server in
            let target = "http://\(address)/v1/opamp"
            let client = RawClient.send(Self.request(Self.report, path: target), to: address, on: shard)
            try await client.wait(until: "an answer") { Self.count($0) == 1 }
            #expect(client.text.hasPrefix("HTTP/1.1 200 "))
            let upgrade =
                "GET \(target) HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            let socket = RawClient.send(Array(upgrade.utf8), to: address, on: shard)
            try await socket.wait(until: "the upgrade") { $0.text.hasPrefix("HTTP/1.1 101 ") }
        }
    }

    @Test("A refused poll carries its status and Retry-After, and the connection stays")
    func refused() async throws {
        var plan = ServerPlan()
        plan.refusals = Refusals(share: 1, status: 429, retryAfterSeconds: 7)
        try await Self.with(plan) { address, shard, _ in
            let client = RawClient.send(Self.request(Self.report), to: address, on: shard)
            try await client.wait(until: "a response") { Self.count($0) == 1 }
            let response = try #require(try Self.responses(client.bytes).first)
            #expect(response.head.status == 429)
            #expect(response.head.fields["Retry-After"] == "7")
            client.say(Self.request(Self.report))
            try await client.wait(until: "another") { Self.count($0) == 2 }
        }
    }
}
