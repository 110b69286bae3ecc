import AgentModel
import Basis
import ControlPlane
import Engine
import Hosting
import Metrics
import TestSupport
import Testing
import Transport

/// Agents behind an HTTP proxy, over WebSocket and over plain HTTP.
@Suite("Agents behind a proxy")
struct ProxyTests {
    static let transports: [AgentTransport] = [.webSocket, .polling(PollingPlan(connections: 3))]

    private static func target(
        _ proxy: SocketAddress, to server: String, _ transport: AgentTransport
    ) throws -> AgentTarget {
        var fields = HTTPFields()
        try fields.append("Proxy-Authorization", "Basic dTpw")
        return try SmallFleet.target(proxy, host: server, transport: transport) {
            $0.proxy = ProxyRoute(fields: fields)
            try? $0.fields.append("Authorization", "Bearer server-only")
        }
    }

    @Test(
        "The fleet reaches its server through tunnels; each end gets its own headers and not the other's",
        arguments: transports)
    func tunnel(_ transport: AgentTransport) async throws {
        let server = try OpAMPServer(
            plan: ServerPlan(), address: .loopback(port: 0), shards: 1, seed: 1, wallClockAtZero: 1_800_000_000_000)
        let proxy = try ScriptedProxy { _ in .connects }
        let authority = "\(server.addresses[0])"
        let fleet = try SmallFleet(6, at: Self.target(proxy.address, to: authority, transport))
        try await fleet.wait(until: "answers and beats") { $0[.agentsAnswered] == 6 && $0[.heartbeats] >= 12 }
        #expect(fleet.counters.errors == 0)
        fleet.drain()
        try await fleet.wait(until: "agent_disconnects") { $0[.agentDisconnects] == 6 }
        await fleet.stop()
        let counts = await server.stop()
        await proxy.stop()
        #expect(counts.agentsKnown == 6)
        #expect(proxy.tunnels == proxy.requests.count)
        #expect(proxy.tunnels == (transport == .webSocket ? 6 : 3))
        for request in proxy.requests {
            #expect(request.method == .connect)
            #expect(request.target == authority)
            #expect(request.fields["Proxy-Authorization"] == "Basic dTpw")
            #expect(!request.fields.contains("Authorization"))
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let name: String
        let reaction: ScriptedProxy.Reaction
        let counter: Counter
        var testDescription: String { name }

        init(_ name: String, _ reaction: ScriptedProxy.Reaction, _ counter: Counter) {
            (self.name, self.reaction, self.counter) = (name, reaction, counter)
        }

        init(_ name: String, _ answer: String, _ counter: Counter) {
            self.init(name, .says(Array(answer.utf8)), counter)
        }
    }

    static let refusals: [Refusal] = [
        Refusal("407", "HTTP/1.1 407 Show me\r\nContent-Length: 0\r\n\r\n", .proxyUnauthorized),
        Refusal("403", "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", .proxyRefused),
        Refusal("502", "HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n", .proxyRefused),
        Refusal("503 with Retry-After", "HTTP/1.1 503 Wait\r\nRetry-After: 60\r\n\r\n", .proxyRefused),
        Refusal("no HTTP", "SSH-2.0-OpenSSH_9.6\r\n\r\n", .proxyMalformed),
        Refusal("bytes from nowhere", "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", .proxyMalformed),
        Refusal("a close without an answer", .closes, .proxyMalformed),
        Refusal("a reset", .resets, .reset),
    ]

    @Test("A proxy that opens no tunnel is counted under its name, over WebSocket", arguments: refusals)
    func refusedWebSocket(_ refusal: Refusal) async throws {
        try await Self.refused(refusal, .webSocket)
    }

    @Test("A proxy that opens no tunnel is counted under its name, over plain HTTP", arguments: refusals)
    func refusedPolling(_ refusal: Refusal) async throws {
        try await Self.refused(refusal, .polling(PollingPlan(connections: 2)))
    }

    private static func refused(_ refusal: Refusal, _ transport: AgentTransport) async throws {
        let proxy = try ScriptedProxy { _ in refusal.reaction }
        let fleet = try SmallFleet(2, at: Self.target(proxy.address, to: "127.0.0.1:1", transport)) {
            $0.reconnect = .longRandomDelay(minimum: .seconds(60), maximum: .seconds(60))
        }
        try await fleet.wait(until: refusal.name) { $0[refusal.counter] >= 2 }
        #expect(fleet.counters[.agentsConnected] == 0)
        #expect(fleet.counters.errors == fleet.counters[refusal.counter])
        await fleet.stop()
        await proxy.stop()
    }
}
