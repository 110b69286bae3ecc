import Basis
import Engine
import OpenSSL
import TLSRecords
import Testing

@Suite("TLS connections", .timeLimit(.minutes(5)))
struct TLSConnectionTests {
    @Test(
        "Bytes come back from an echo over TLS, by name and by address", arguments: [TLSVersion.tls12, .tls13],
        [true, false])
    func echoes(version: TLSVersion, byName: Bool) async throws {
        let authority = try CertificateAuthority()
        let identity = try authority.issue(
            .init(commonName: "server", hosts: ["server.test", "127.0.0.1"], use: .server))
        var server = TLSServerOptions(identity: identity)
        server.applicationProtocols = ["http/1.1"]
        var options = TLSClientOptions(trust: .authorities(authority.certificate.pem))
        options.versions = version...version
        options.applicationProtocols = ["h2", "http/1.1"]
        let context = try TLSClientContext(options)
        try await withTLSEcho(server) { shard, address in
            let client = ScriptedEndpoint(shard: shard)
            client.onConnected = { $0.send([1, 2, 3]) }
            await shard.run { client.connect(to: address, tls: context, serverName: byName ? "server.test" : nil) }
            await client.sights.until { $0.contains(.received([1, 2, 3])) }
            let session = try #require(await shard.run { client.tlsSession })
            #expect(session.version == version)
            #expect(session.applicationProtocol == "http/1.1")
            #expect(session.serverName == (byName ? "server.test" : nil))
            #expect(!session.isResumed)
            #expect(session.cipher.hasPrefix("TLS_"))
            #expect(await shard.run { client.peerCertificate?.commonName } == "server")
            await shard.run { client.closeGracefully() }
            #expect(await client.end() == .local)
        }
    }

    @Test("Large writes arrive whole both ways, through small sockets", arguments: [TLSVersion.tls12, .tls13])
    func large(version: TLSVersion) async throws {
        let authority = try CertificateAuthority()
        var server = TLSServerOptions(identity: try authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"])))
        server.versions = version...version
        var random = SeededRandom(seed: 5)
        let sent = (0..<1_500_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        var options = ShardOptions()
        options.socketSendBuffer = 16_384
        options.socketReceiveBuffer = 16_384
        let context = try TLSClientContext(TLSClientOptions(trust: .authorities(authority.certificate.pem)))
        try await withTLSEcho(server, options: options) { shard, address in
            let client = ScriptedEndpoint(shard: shard)
            client.onConnected = { $0.send(sent) }
            await shard.run { client.connect(to: address, tls: context) }
            await client.sights.until { sights in
                sights.reduce(0) { sum, sight in if case .received(let bytes) = sight { sum + bytes.count } else { sum }
                }
                    == sent.count
            }
            #expect(client.bytes == sent)
            await shard.run { client.abort() }
        }
    }

    @Test("Corked frames are sent in one send, and a close_notify is reported as the peer's end")
    func corkAndCloseNotify() async throws {
        let authority = try CertificateAuthority()
        let identity = try authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"]))
        let serverContext = try TLSServerContext(TLSServerOptions(identity: identity))
        let context = try TLSClientContext(TLSClientOptions(trust: .authorities(authority.certificate.pem)))
        try await withShard { shard in
            let server = ScriptedEndpoint(shard: shard)
            let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)], tls: serverContext) { _, _ in
                server
            }
            let client = ScriptedEndpoint(shard: shard)
            let sends = Recorder<UInt64>()
            client.onConnected = { client in
                sends.note(shard.counters.sends)
                client.cork()
                for byte in 0..<50 { client.send([UInt8(byte)]) }
                client.uncork()
                sends.note(shard.counters.sends)
                client.closeGracefully()
            }
            await shard.run { client.connect(to: listener.addresses[0], tls: context) }
            #expect(await server.end() == .peerClosed)
            #expect(server.bytes == (0..<50).map { UInt8($0) })
            #expect(sends.events[1] - sends.events[0] == 1)
            #expect(await client.end() == .local)
        }
    }

    @Test(
        "A second connection resumes, also after an abort; without tickets it does not",
        arguments: [TLSVersion.tls12, .tls13], [false, true])
    func resumption(version: TLSVersion, requiresStapledStatus: Bool) async throws {
        let authority = try CertificateAuthority()
        var server = TLSServerOptions(identity: try authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"])))
        server.versions = version...version
        server.stapledStatus = try authority.stapledStatus(for: server.identity.certificate)
        var options = TLSClientOptions(trust: .authorities(authority.certificate.pem))
        options.requiresStapledStatus = requiresStapledStatus
        let context = try TLSClientContext(options)
        try await withTLSEcho(server) { shard, address in
            @Sendable func isResumed() async throws -> Bool {
                let client = ScriptedEndpoint(shard: shard)
                client.onConnected = { $0.send([1]) }
                await shard.run { client.connect(to: address, tls: context) }
                // The ticket of TLS 1.3 comes with or before the first answer.
                let sights = await client.sights.until { $0.contains { $0.isClosed || $0 == .received([1]) } }
                #expect(sights.contains(.received([1])), "\(sights)")
                let session = try #require(await shard.run { client.tlsSession })
                await shard.run { client.abort() }
                _ = await client.end()
                return session.isResumed
            }
            var outcomes: [Bool] = []
            for _ in 0..<4 { outcomes.append(try await isResumed()) }
            #expect(outcomes == [false, true, true, true])
            #expect(context.ticketCount == 1)
            context.forgetTickets()
            let afterwards = try await isResumed()
            #expect(!afterwards)
        }
    }

    @Test("A server without tickets, or a client that keeps none, makes full handshakes", arguments: [true, false])
    func noResumption(serverRefuses: Bool) async throws {
        let authority = try CertificateAuthority()
        var server = TLSServerOptions(identity: try authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"])))
        server.issuesTickets = !serverRefuses
        var options = TLSClientOptions(trust: .authorities(authority.certificate.pem))
        options.resumes = serverRefuses
        let context = try TLSClientContext(options)
        try await withTLSEcho(server) { shard, address in
            for _ in 0..<2 {
                let client = ScriptedEndpoint(shard: shard)
                client.onConnected = { $0.send([1]) }
                await shard.run { client.connect(to: address, tls: context) }
                await client.sights.until { $0.contains(.received([1])) }
                #expect(await shard.run { client.tlsSession?.isResumed } == false)
                await shard.run { client.abort() }
            }
        }
    }

    @Test(
        "A renewed server context locks a revoked agent out, its old ticket notwithstanding",
        arguments: [TLSVersion.tls12, .tls13])
    func lockedOut(version: TLSVersion) async throws {
        let authority = try CertificateAuthority()
        let agent = try authority.issue(.init(commonName: "agent", use: .client))
        var trust = TLSTrust.authorities(authority.certificate.pem)
        var server = TLSServerOptions(identity: try authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"])))
        server.clientCertificates = .required(trust)
        server.versions = version...version
        let before = try TLSServerContext(server)
        trust.revocationList = try authority.revocationList(revoking: [agent.certificate])
        server.clientCertificates = .required(trust)
        let after = try TLSServerContext(server)
        let context = try TLSClientContext(TLSClientOptions(trust: .authorities(authority.certificate.pem)))
        try await withShard { shard in
            let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)], tls: before) { shard, _ in
                EchoEndpoint(shard: shard)
            }
            @Sendable func attempt() async -> Sight? {
                let client = ScriptedEndpoint(shard: shard)
                client.onConnected = { $0.send([1]) }
                await shard.run {
                    client.connect(to: listener.addresses[0], tls: context, identity: PackedIdentity(agent))
                }
                let sights = await client.sights.until { $0.contains { $0.isClosed || $0 == .received([1]) } }
                let resumed = await shard.run { client.tlsSession?.isResumed == true }
                await shard.run { client.abort() }
                return resumed ? .drained : sights.last
            }
            let first = await attempt()
            let second = await attempt()
            #expect(first == .received([1]))
            #expect(second == .drained, "resumed")
            listener.secure(with: after)
            let third = await attempt()
            #expect(third == .closed(.tls(.alert(44))))
        }
    }

    @Test("Nothing in common is named for what it is")
    func mismatches() async throws {
        let authority = try CertificateAuthority()
        var server = TLSServerOptions(identity: try authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"])))
        server.versions = .tls13 ... .tls13
        server.applicationProtocols = ["http/1.1"]
        var old = TLSClientOptions(trust: .authorities(authority.certificate.pem))
        old.versions = .tls12 ... .tls12
        var strange = TLSClientOptions(trust: .authorities(authority.certificate.pem))
        strange.applicationProtocols = ["gopher"]
        let cases: [(TLSClientOptions, TLSFailure, TLSFailure)] = [
            (old, .alert(70), .versionMismatch), (strange, .alert(120), .protocolMismatch),
        ]
        for (options, seenByClient, seenByServer) in cases {
            let context = try TLSClientContext(options)
            let outcome = try await tlsOutcome(server, client: context)
            #expect(outcome.client == .tls(seenByClient))
            #expect(outcome.server == .tls(seenByServer))
        }
    }

    @Test("A peer with another protocol is reported as such")
    func plaintextPeers() async throws {
        let authority = try CertificateAuthority()
        let identity = try authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"]))
        let serverContext = try TLSServerContext(TLSServerOptions(identity: identity))
        let context = try TLSClientContext(TLSClientOptions(trust: .anybody))
        try await withShard { shard in
            let talker = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in
                let peer = ScriptedEndpoint(shard: shard)
                peer.onConnected = { $0.send(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)) }
                return peer
            }
            let client = ScriptedEndpoint(shard: shard)
            await shard.run { client.connect(to: talker.addresses[0], tls: context) }
            #expect(await client.end() == .tls(.notTLS))

            let closer = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in
                let peer = ScriptedEndpoint(shard: shard)
                peer.onReceived = { peer, _ in peer.closeGracefully() }
                return peer
            }
            let cut = ScriptedEndpoint(shard: shard)
            await shard.run { cut.connect(to: closer.addresses[0], tls: context) }
            #expect(await cut.end() == .tls(.interrupted))

            let server = ScriptedEndpoint(shard: shard)
            let secure = try Listener(shard: shard, addresses: [.loopback(port: 0)], tls: serverContext) { _, _ in
                server
            }
            let plain = ScriptedEndpoint(shard: shard)
            plain.onConnected = { $0.send(Array("GET / HTTP/1.1\r\n\r\n".utf8)) }
            await shard.run { plain.connect(to: secure.addresses[0]) }
            #expect(await server.end() == .tls(.notTLS))
        }
    }

    @Test(
        "A client that stops in the handshake, or sends it byte by byte, is disconnected",
        arguments: [false, true])
    func slowHandshake(drips: Bool) async throws {
        let authority = try CertificateAuthority()
        let identity = try authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"]))
        let context = try TLSServerContext(TLSServerOptions(identity: identity))
        try await withShard { shard in
            let server = ScriptedEndpoint(shard: shard)
            var options = ListenerOptions()
            options.handshakeTimeout = .milliseconds(150)
            let listener = try Listener(
                shard: shard, addresses: [.loopback(port: 0)], options: options, tls: context
            ) { _, _ in server }
            let client = try RawClient(to: listener.addresses[0])
            // The head of a record with a long message of the handshake.
            client.send([0x16, 3, 1, 2, 0])
            let dripping = Task {
                while drips, !Task.isCancelled {
                    client.send([1])
                    try? await Task.sleep(for: .milliseconds(10))
                }
            }
            #expect(await server.end() == .timedOut(.handshake))
            dripping.cancel()
        }
    }

    @Test("A server that never answers the handshake runs into the handshake timeout")
    func silentHandshake() async throws {
        let silent = try RawListener(backlog: 8)
        let context = try TLSClientContext(TLSClientOptions(trust: .anybody))
        try await withShard { shard in
            let client = ScriptedEndpoint(shard: shard)
            await shard.run { client.connect(to: silent.address, timeout: .milliseconds(150), tls: context) }
            #expect(await client.end() == .timedOut(.handshake))
        }
    }

    @Test("Flipped bytes in a record end the connection on both sides, by name")
    func corruption() async throws {
        let authority = try CertificateAuthority()
        let identity = try authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"]))
        let serverContext = try TLSServerContext(TLSServerOptions(identity: identity))
        let context = try TLSClientContext(TLSClientOptions(trust: .authorities(authority.certificate.pem)))
        try await withShard { shard in
            let server = ScriptedEndpoint(shard: shard)
            let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)], tls: serverContext) { _, _ in
                server
            }
            let proxy = try FlippingProxy(shard: shard, to: listener.addresses[0])
            let client = ScriptedEndpoint(shard: shard)
            client.onConnected = { client in
                proxy.flips = true
                client.send([UInt8](repeating: 7, count: 100))
            }
            await shard.run { client.connect(to: proxy.address, tls: context, serverName: "127.0.0.1") }
            #expect(await server.end() == .tls(.record(.badRecord)))
            #expect(await client.end() == .tls(.alert(20)))
            #expect(server.bytes.isEmpty)
        }
    }
}
