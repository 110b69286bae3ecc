import Basis
import ControlPlane
import Engine
import Metrics
import Observing
import OpenSSL
import TestSupport
import Testing
import Transport

@testable import Hosting

/// A proxy between a small fleet and the embedded server, on real sockets.
@Suite("A proxy between agents and their server", .serialized)
struct ObservingProxyTests {
    /// How the agents and the proxy are secured.
    enum Security: CaseIterable {
        case plaintext, tls
    }

    private static func with(
        _ security: Security = .plaintext, limits: ObservingLimits = ObservingLimits(),
        pace: ObservingPace = ObservingPace(limit: 1), _ body: (ObservingProxy, TargetSecurity?) async throws -> Void
    ) async throws {
        var server: ServerSecurity?
        var client: TargetSecurity?
        if security == .tls {
            let authority = try CertificateAuthority()
            let identity = try authority.issue(
                CertificateAuthority.Request(commonName: "localhost", hosts: ["127.0.0.1"], use: .server))
            server = try ServerSecurity(TLSServerOptions(identity: identity))
            let trust = TLSTrust.authorities(authority.chain.map(\.pem).joined())
            client = TargetSecurity(context: try TLSClientContext(TLSClientOptions(trust: trust)), serverName: nil)
        }
        let opamp = try OpAMPServer(
            plan: ServerPlan(), address: .loopback(port: 0), shards: 1, seed: 1, wallClockAtZero: 1_800_000_000_000,
            security: server)
        let forward = try #require(ForwardTarget(addresses: opamp.addresses, security: client))
        let proxy = try ObservingProxy(
            address: .loopback(port: 0), forward: forward, tls: server?.context, limits: limits, pace: pace)
        try await body(proxy, client)
        _ = await proxy.stop()
        _ = await opamp.stop()
    }

    @Test("A fleet behind the proxy is answered, and all of it is seen", arguments: Security.allCases, [false, true])
    func webSocket(_ security: Security, compresses: Bool) async throws {
        try await Self.with(security) { proxy, client in
            let target = try SmallFleet.target(proxy.addresses[0]) {
                $0.security = client
                $0.compression = WireCompression(offersDeflate: compresses)
            }
            let fleet = try SmallFleet(20, at: target)
            try await fleet.wait(until: "heartbeats are answered") { $0[.heartbeatsAnsweredInTime] >= 60 }
            let seen = await proxy.observation()
            #expect(seen.agents == 20)
            #expect(seen.unwatched.isEmpty && seen.unreadable == 0)
            let cohort = try #require(seen.cohorts.first)
            #expect((cohort.agents, cohort.connections) == (20, 20))
            #expect(cohort.deflating == (compresses ? 20 : 0))
            #expect(cohort.configBytes.kept.allSatisfy { $0 == 2_048 })
            fleet.drain()
            try await fleet.wait(until: "all have left") { $0[.agentDisconnects] == 20 }
            await fleet.stop()
        }
    }

    @Test("Agents that poll behind the proxy are answered and seen")
    func polling() async throws {
        try await Self.with { proxy, _ in
            let fleet = try SmallFleet(20, polling: proxy.addresses[0], compression: WireCompression(requests: .gzip))
            try await fleet.wait(until: "heartbeats are answered") { $0[.heartbeatsAnsweredInTime] >= 60 }
            let seen = await proxy.observation()
            #expect(seen.agents == 20)
            #expect(seen.cohorts.first?.polling == 20)
            #expect(seen.cohorts.reduce(0) { $0 + $1.gzipRequests } >= 20)
            await fleet.stop()
        }
    }

    @Test("Without time for watching, everything passes and nothing is seen; that is counted")
    func busy() async throws {
        try await Self.with(pace: ObservingPace(limit: 0)) { proxy, _ in
            let fleet = try SmallFleet(20, at: SmallFleet.target(proxy.addresses[0]))
            try await fleet.wait(until: "heartbeats are answered") { $0[.agentsAnswered] == 20 }
            let seen = await proxy.observation()
            #expect(seen.agents == 0)
            #expect(seen.unwatched == [.busy: 20])
            await fleet.stop()
        }
    }

    @Test("A connection of bytes that are no HTTP passes them on unchanged, and their end")
    func unknownBytes() async throws {
        let echo = try EchoServer()
        let forward = try #require(ForwardTarget(addresses: [echo.address], security: nil))
        let proxy = try ObservingProxy(address: .loopback(port: 0), forward: forward)
        let shard = try Shard(label: "raw.client")
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let client = RawClient.send(bytes, to: proxy.addresses[0], on: shard)
        try await client.wait(until: "everything is back") { $0.bytes.count == bytes.count }
        #expect(client.bytes == bytes)
        client.halfClose()
        try await client.wait(until: "the server has closed, too") { $0.isClosed }
        let seen = await proxy.stop()
        #expect(seen.unwatched == [.notUnderstood: 1])
        await shard.stop()
        await echo.stop()
    }

    @Test("Agents of a server that cannot be reached are reset")
    func noServer() async throws {
        // A port that was free a moment ago.
        let free = try EchoServer()
        let address = free.address
        await free.stop()
        let forward = try #require(ForwardTarget(addresses: [address], security: nil))
        let proxy = try ObservingProxy(address: .loopback(port: 0), forward: forward)
        let shard = try Shard(label: "raw.client")
        let client = RawClient.send([1, 2, 3], to: proxy.addresses[0], on: shard)
        try await client.wait(until: "the connection is over") { $0.isClosed }
        #expect(await proxy.status().refused == 1)
        _ = await proxy.stop()
        await shard.stop()
    }
}

/// A server that sends back what it receives, and ends its stream when the client has ended its own.
private final class EchoServer: Sendable {
    private final class Link: Endpoint, @unchecked Sendable {
        override func received(_ bytes: RawSpan) { write(bytes) }

        override func peerFinished() -> Bool {
            closeGracefully()
            return true
        }
    }

    let address: SocketAddress
    private let shard: Shard

    init() throws {
        shard = try Shard(label: "echo")
        let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in Link(shard: shard) }
        address = listener.addresses[0]
    }

    func stop() async { await shard.stop() }
}
