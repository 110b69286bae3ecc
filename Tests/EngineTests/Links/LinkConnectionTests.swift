import Basis
import OpenSSL
import Testing

@testable import Engine

/// Links between real sockets. Times are asserted from below only.
@Suite("Connections behind a link", .timeLimit(.minutes(5)))
struct LinkConnectionTests {
    /// A link of 40 ms each way.
    private static let latency = Nanoseconds.milliseconds(40)

    private static func route(_ amend: (inout LinkPlan) -> Void = { _ in }) -> LinkRoute {
        var plan = LinkPlan(seed: 5)
        plan.latency = .constant(latency)
        amend(&plan)
        return LinkRoute(plan, place: 1, connection: 1)
    }

    private static func pattern(_ count: Int) -> [UInt8] {
        var random = SeededRandom(seed: UInt64(count))
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    /// A server on a shard of its own, and a client's shard.
    private static func withServer(
        tls: TLSServerContext? = nil, _ prepare: @escaping @Sendable (ScriptedEndpoint) -> Void = { _ in },
        _ body: @Sendable (Shard, ScriptedEndpoint, SocketAddress) async throws -> Void
    ) async throws {
        try await withShard { far in
            let server = ScriptedEndpoint(shard: far)
            prepare(server)
            let listener = try Listener(shard: far, addresses: [.loopback(port: 0)], tls: tls) { _, _ in server }
            try await withShard { shard in try await body(shard, server, listener.addresses[0]) }
        }
    }

    private static func tls(_ versions: ClosedRange<TLSVersion>) throws -> (TLSServerContext, TLSClientContext) {
        let authority = try CertificateAuthority()
        var server = TLSServerOptions(identity: try authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"])))
        server.versions = versions
        return (
            try TLSServerContext(server),
            try TLSClientContext(TLSClientOptions(trust: .authorities(authority.certificate.pem)))
        )
    }

    enum Security: CaseIterable { case plaintext, tls12, tls13 }

    @Test("A connect, a handshake and an exchange take their round trips, over TLS too", arguments: Security.allCases)
    func roundTrips(security: Security) async throws {
        let contexts: (server: TLSServerContext, client: TLSClientContext)? =
            switch security {
            case .plaintext: nil
            case .tls12: try Self.tls(.tls12 ... .tls12)
            case .tls13: try Self.tls(.tls13 ... .tls13)
            }
        // TCP, then one round trip of TLS 1.3 or two of TLS 1.2.
        let trips: Int64 =
            switch security {
            case .plaintext: 1;
            case .tls13: 2;
            case .tls12: 3
            }
        let sent = Self.pattern(70_000)
        try await Self.withServer(tls: contexts?.server, { $0.onReceived = { server, bytes in server.send(bytes) } }) {
            shard, server, address in
            let client = ScriptedEndpoint(shard: shard)
            let times = Recorder<Instant>()
            client.onConnected = { client in
                times.note(Shard.clock)
                client.send(sent)
            }
            client.onReceived = { _, _ in times.note(Shard.clock) }
            let start = Shard.clock
            await shard.run { client.connect(to: address, tls: contexts?.client, link: Self.route()) }
            await client.sights.until { $0.bytes.count == sent.count }
            #expect(client.bytes == sent && server.bytes == sent)
            #expect(times.events[0] - start >= Self.latency * 2 * trips)
            #expect(times.events[1] - times.events[0] >= Self.latency * 2)
            await shard.run { client.closeGracefully() }
            #expect(await client.end() == .local)
            #expect(await server.end() == .peerClosed)
            #expect(await shard.run { shard.waitingBytes } == 0)
        }
    }

    @Test("A graceful close comes after all bytes, over a narrow link too")
    func closeFlushes() async throws {
        let sent = Self.pattern(100_000)
        try await Self.withServer { shard, server, address in
            let client = ScriptedEndpoint(shard: shard)
            let times = Recorder<Instant>()
            client.onConnected = {
                times.note(Shard.clock)
                $0.send(sent)
                $0.closeGracefully(within: .milliseconds(10))
            }
            await shard.run {
                client.connect(to: address, link: Self.route { $0.bytesUp = 400_000 })
            }
            // 250 ms of bytes: the link's time does not count as the close's.
            #expect(await client.end() == .local)
            #expect(Shard.clock - times.events[0] >= .milliseconds(250) + Self.latency)
            #expect(await server.end() == .peerClosed)
            #expect(server.bytes == sent)
        }
    }

    @Test("A reset arrives after the bytes before it, and the endpoint does not wait for that")
    func resetIsLate() async throws {
        try await Self.withServer { shard, server, address in
            let client = ScriptedEndpoint(shard: shard)
            let times = Recorder<Instant>()
            client.onConnected = {
                times.note(Shard.clock)
                $0.send([1, 2, 3])
                $0.abort()
            }
            await shard.run { client.connect(to: address, link: Self.route()) }
            #expect(await client.end() == .local)
            #expect(await server.end() == .reset)
            #expect(Shard.clock - times.events[0] >= Self.latency)
            #expect(server.bytes == [1, 2, 3])
            let rest = await shard.run { (shard.openConnections, shard.waitingBytes, shard.linkTails) }
            #expect(rest == (0, 0, 0))
        }
    }

    @Test("The peer's end is learned of after its bytes, late by the latency", arguments: [true, false])
    func peerEnds(inOrder: Bool) async throws {
        let times = Recorder<Instant>()
        try await Self.withServer({ server in
            server.onReceived = { server, _ in
                server.send([4, 5, 6])
                times.note(Shard.clock)
                if inOrder { server.closeGracefully() } else { server.setTimer(at: server.shard.now) }
            }
            server.onTimer = { server, _ in server.abort() }
        }) { shard, _, address in
            let client = ScriptedEndpoint(shard: shard)
            client.onConnected = { $0.send([1]) }
            await shard.run { client.connect(to: address, link: Self.route()) }
            #expect(await client.end() == (inOrder ? .peerClosed : .reset))
            #expect(Shard.clock - times.events[0] >= Self.latency)
            // A reset may overtake bytes in the kernel; an end does not.
            if inOrder { #expect(client.bytes == [4, 5, 6]) }
        }
    }

    @Test("A refusal is learned of after a round trip; an attempt that would take longer times out")
    func attempts() async throws {
        try await withShard { shard in
            let refused = ScriptedEndpoint(shard: shard)
            let late = ScriptedEndpoint(shard: shard)
            let address = try unusedAddress()
            let start = Shard.clock
            await shard.run {
                refused.connect(to: address, link: Self.route())
                late.connect(
                    to: address, timeout: .milliseconds(20), link: Self.route { $0.latency = .constant(.seconds(9)) })
            }
            #expect(await refused.end() == .refused)
            #expect(Shard.clock - start >= Self.latency * 2)
            #expect(await late.end() == .timedOut(.connect))
        }
    }

    @Test("What is on its way from the peer is bounded: a full link slows the peer down")
    func bounded() async throws {
        let sent = Self.pattern(24 << 20)
        try await Self.withServer({ server in
            server.onReceived = { server, _ in server.send(sent) }
        }) { shard, server, address in
            let client = ScriptedEndpoint(shard: shard)
            let held = Recorder<Int>()
            client.onConnected = { $0.send([1]) }
            client.onReceived = { client, _ in held.note(client.shard.waitingBytes) }
            await shard.run { client.connect(to: address, link: Self.route()) }
            await client.sights.until { sights in
                sights.reduce(0) { if case .received(let bytes) = $1 { $0 + bytes.count } else { $0 } } == sent.count
            }
            #expect(client.bytes == sent)
            // The limit, and the read that reaches it with its segments.
            #expect(held.events.allSatisfy { $0 <= EndpointLink.receiveLimit + 80_000 })
            #expect(held.events.contains { $0 > EndpointLink.receiveLimit / 2 })
            #expect(await shard.run { shard.waitingBytes } == 0)
        }
    }

    @Test("A sender that does not wait for a narrow link ends in a write overflow")
    func overflow() async throws {
        var options = ShardOptions()
        options.writeBufferLimit = 100_000
        try await withShard(options: options) { shard in
            let server = ScriptedEndpoint(shard: shard)
            let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { _, _ in server }
            let client = ScriptedEndpoint(shard: shard)
            client.onConnected = { client in
                for _ in 0..<11 { client.send([UInt8](repeating: 1, count: 10_000)) }
            }
            await shard.run { client.connect(to: listener.addresses[0], link: Self.route { $0.bytesUp = 1_024 }) }
            #expect(await client.end() == .writeOverflow)
        }
    }

    @Test("While reading is paused nothing arrives; afterwards all does")
    func pause() async throws {
        try await Self.withServer({ $0.onReceived = { server, bytes in server.send(bytes) } }) {
            shard, server, address in
            let client = ScriptedEndpoint(shard: shard)
            client.onConnected = {
                $0.pauseReading()
                $0.send([1, 2, 3])
            }
            await shard.run { client.connect(to: address, link: Self.route()) }
            await server.sights.until { $0.bytes == [1, 2, 3] }
            try await Task.sleep(for: .milliseconds(100))
            #expect(client.bytes.isEmpty)
            await shard.run { client.resumeReading() }
            await client.sights.until { $0.bytes == [1, 2, 3] }
        }
    }

    @Test("A socket that is given away has sent what was on its way")
    func givenAway() async throws {
        try await Self.withServer { shard, server, address in
            let (client, other) = (ScriptedEndpoint(shard: shard), ScriptedEndpoint(shard: shard))
            client.onConnected = {
                $0.send([1, 2, 3])
                #expect($0.giveSocket(to: other))
            }
            await shard.run { client.connect(to: address, link: Self.route()) }
            #expect(await client.end() == .local)
            await server.sights.until { $0.bytes == [1, 2, 3] }
            #expect(!server.sights.events.contains { $0.isClosed })
            await shard.run { other.abort() }
            #expect(await server.end() == .reset)
        }
    }

    @Test("An endpoint connects again, with and without a link")
    func again() async throws {
        try await withShard { shard in
            let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in
                EchoEndpoint(shard: shard)
            }
            let client = ScriptedEndpoint(shard: shard)
            client.onConnected = { $0.send([7]) }
            client.onReceived = { client, _ in client.closeGracefully() }
            for round in 1...4 {
                await shard.run {
                    client.connect(to: listener.addresses[0], link: round % 2 == 0 ? nil : Self.route())
                }
                await client.sights.until { $0.count(where: \.isClosed) == round }
            }
            #expect(client.bytes == [7, 7, 7, 7])
            #expect(await shard.run { shard.links.count } == 0)
        }
    }
}
