import AgentModel
import Basis
import ControlPlane
import Engine
import Hosting
import Metrics
import TestSupport
import Testing
import Transport

/// What agents show of themselves, and a server that wants to see it.
@Suite("Credentials and headers")
struct CredentialTests {
    private static func server(_ secrets: [String]) throws -> OpAMPServer {
        var wire = ServerWire()
        wire.credentials = ServerWire.Credentials(secrets)
        return try OpAMPServer(
            plan: ServerPlan(), address: .loopback(port: 0), wire: wire, shards: 1, seed: 1,
            wallClockAtZero: 1_800_000_000_000)
    }

    private static func target(
        _ address: SocketAddress, _ fields: [AgentFields.Field], _ transport: AgentTransport = .webSocket
    ) throws -> AgentTarget {
        let fields = try AgentFields(fields)
        return try SmallFleet.target(address, transport: transport) {
            $0.fields = fields.common
            $0.agentFields = fields
        }
    }

    struct Example: Sendable, CustomTestStringConvertible {
        let name: String
        let accepted: [String]
        let field: AgentFields.Field
        var testDescription: String { name }
    }

    private static let agentNumber: Template = {
        do { return try Template("agent-{{index}}") } catch { preconditionFailure("\(error)") }
    }()

    static let examples: [Example] = [
        Example(name: "a token", accepted: ["t0ken"], field: .init("Authorization", .same("t0ken"), as: .bearer)),
        Example(
            name: "Basic", accepted: ["fleet:pass"], field: .init("Authorization", .same("fleet:pass"), as: .basic)),
        Example(
            name: "a token an agent, from a template", accepted: (0..<4).map { "agent-\($0)" },
            field: .init("Authorization", .template(agentNumber), as: .bearer)),
        Example(
            name: "a token an agent, from lines", accepted: ["a", "b", "c", "d"],
            field: .init("Authorization", .lines(["a", "b", "c", "d"]), as: .bearer)),
    ]

    @Test("Agents with the required credentials are served", arguments: examples, ProxyTests.transports)
    func admitted(_ example: Example, _ transport: AgentTransport) async throws {
        let server = try Self.server(example.accepted)
        let fleet = try SmallFleet(4, at: Self.target(server.addresses[0], [example.field], transport))
        try await fleet.wait(until: "answers") { $0[.agentsAnswered] == 4 }
        #expect(fleet.counters.errors == 0)
        await fleet.stop()
        #expect(await server.stop().unauthorized == 0)
    }

    @Test(
        "Agents that show something else, or nothing, are refused with 401 and stay away for a while",
        arguments: ProxyTests.transports)
    func refused(_ transport: AgentTransport) async throws {
        let server = try Self.server(["right"])
        for fields in [[AgentFields.Field("Authorization", .same("wrong"), as: .bearer)], []] {
            let fleet = try SmallFleet(2, at: Self.target(server.addresses[0], fields, transport)) {
                $0.reconnect = .longRandomDelay(minimum: .seconds(60), maximum: .seconds(60))
            }
            let counter: Counter = transport == .webSocket ? .upgradeUnauthorized : .requestUnauthorized
            try await fleet.wait(until: "refusals") { $0[counter] >= 2 }
            #expect(fleet.counters[.agentsAnswered] == 0)
            #expect(fleet.counters.errors == 2)
            await fleet.stop()
        }
        let counts = await server.stop()
        #expect(counts.unauthorized == 4)
        #expect(counts.reports == 0)
    }

    @Test(
        "A server that requires credentials refuses clients without them",
        arguments: [
            "", "Authorization: Bearer\r\n", "Authorization: Bearer wrong\r\n", "Authorization: right\r\n",
            "Authorization: Basic right\r\n", "Authorization: Bearer right\r\nAuthorization: Bearer right\r\n",
        ])
    func byHand(fields: String) async throws {
        let server = try Self.server(["right"])
        let shard = try Shard(label: "raw.client")
        let request =
            """
            POST /v1/opamp HTTP/1.1\r\nHost: x\r\nContent-Type: \
            application/x-protobuf\r\n\(fields)Content-Length: 0\r\n\r\n
            """
        let client = RawClient.send(Array(request.utf8), to: server.addresses[0], on: shard)
        try await client.wait(until: "a status") { $0.text.contains("\r\n\r\n") }
        #expect(client.text.hasPrefix("HTTP/1.1 401 "))
        #expect(client.text.contains("WWW-Authenticate: Bearer\r\n"))
        await shard.stop()
        _ = await server.stop()
    }

    @Test(
        "The counts and the endpoints for telemetry require the credentials that OpAMP requires",
        arguments: ["GET /muster/counts", "POST /v1/metrics", "POST /v1/traces", "POST /v1/logs"])
    func everyEndpoint(request: String) async throws {
        let server = try Self.server(["right"])
        let shard = try Shard(label: "raw.client")
        for (fields, status) in [
            ("", "401"), ("Authorization: Bearer wrong\r\n", "401"), ("Authorization: Bearer right\r\n", "200"),
        ] {
            let head =
                "\(request) HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n\(fields)"
                + "Content-Length: 0\r\n\r\n"
            let client = RawClient.send(Array(head.utf8), to: server.addresses[0], on: shard)
            try await client.wait(until: "a status") { $0.text.contains("\r\n\r\n") }
            #expect(client.text.hasPrefix("HTTP/1.1 \(status) "), "\(fields): \(client.text)")
        }
        await shard.stop()
        #expect(await server.stop().unauthorized == 2)
    }

    @Test("No type with secrets shows them when it is printed")
    func descriptions() throws {
        let fields = try AgentFields([
            .init("Authorization", .same("s3cret"), as: .bearer), .init("X", .lines(["s3cret"])),
        ])
        #expect(!"\(fields)".contains("s3cret"))
        #expect(!"\(ServerWire.Credentials(["s3cret"]))".contains("s3cret"))
        let error = #expect(throws: HTTPFieldError.self) {
            _ = try AgentFields([.init("Authorization", .same("s3cret\r\n"), as: .bearer)])
        }
        #expect(error.map { "\($0)".contains("s3cret") } == false)
    }

    @Test("A value that HTTP does not allow for one agent is left out for that one, and counted")
    func unsendable() async throws {
        let server = try ScriptedHTTPServer { _ in .answer() }
        let field = AgentFields.Field("X-Agent", .lines(["fine", "broken\u{1}"]))
        let fleet = try SmallFleet(
            2, at: Self.target(server.address, [field], .polling(PollingPlan(connections: 1))))
        try await fleet.wait(until: "answers") { $0[.agentsAnswered] == 2 }
        #expect(fleet.named.sorted.contains { $0.name == "header_not_sendable" })
        await fleet.stop()
        await server.stop()
        #expect(Set(server.requests.map { $0.head.fields["X-Agent"] ?? "" }) == ["fine", ""])
    }
}
