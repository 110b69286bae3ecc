import Basis
import OpenSSL
import TLSRecords
import Testing

@testable import Engine

/// Connections of TLS 1.3 continue without their SSL.
@Suite("Hand-over to the record layer", .timeLimit(.minutes(5)))
struct HandOverTests {
    private static let suites = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]

    /// A client that has had its bytes back twice, what it counted, and what became of both ends.
    private struct Outcome: Sendable {
        var counters = TLSCounters()
        var session: TLSSessionSummary?
        var isRecords = false
        var records = RecordCounts()
        func kept(_ reason: TLSKeptReason) -> UInt64 { counters.kept[reason.rawValue] }
    }

    private static func exchange(
        _ change: (inout TLSServerOptions, inout TLSClientOptions) -> Void
    ) async throws -> Outcome {
        let authority = try CertificateAuthority()
        var server = TLSServerOptions(identity: try authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"])))
        var options = TLSClientOptions(trust: .authorities(authority.certificate.pem))
        change(&server, &options)
        let context = try TLSClientContext(options)
        let recorder = Recorder<Outcome>()
        try await withTLSEcho(server) { shard, address in
            let client = ScriptedEndpoint(shard: shard)
            client.onConnected = { $0.send([1]) }
            await shard.run { client.connect(to: address, tls: context) }
            for byte in 1...4 as ClosedRange<UInt8> {
                await client.sights.until { $0.bytes.last == byte }
                await shard.run { client.send([byte + 1]) }
            }
            let session = await shard.run { client.tlsSession }
            let isRecords = await shard.run { if case .records = client.security { true } else { false } }
            await shard.run { client.closeGracefully() }
            #expect(await client.end() == .local)
            // The server's end is closed by then, and counted.
            while await shard.run({ shard.openConnections > 0 }) { try await Task.sleep(for: .milliseconds(1)) }
            let (counters, records) = await shard.run { (shard.counters.tls, shard.tlsChannel.resources.counts) }
            recorder.note(
                Outcome(counters: counters, session: session, isRecords: isRecords, records: records))
        }
        return try #require(recorder.events.first)
    }

    @Test("Both ends of a TLS 1.3 connection are handed over, with each suite", arguments: suites)
    func eachSuite(name: String) async throws {
        let outcome = try await Self.exchange { $1.cipherSuites = [name] }
        #expect(outcome.isRecords)
        #expect(outcome.counters.handedOver == 2)
        #expect(outcome.counters.kept.allSatisfy { $0 == 0 })
        #expect(outcome.counters.firstRecordsRefused == 0)
        #expect(outcome.session?.cipher == name)
        #expect(outcome.session?.version == .tls13)
        #expect(outcome.records.closeNotifies >= 1, "the client's close_notify")
    }

    @Test("TLS 1.2 keeps its SSL, which is counted once for each end")
    func version() async throws {
        let outcome = try await Self.exchange { $1.versions = .tls12 ... .tls12 }
        #expect(!outcome.isRecords)
        #expect(outcome.counters.handedOver == 0)
        #expect(outcome.kept(.version) == 2)
    }

    @Test("A suite that the record layer does not have keeps its SSL")
    func otherSuite() async throws {
        let outcome = try await Self.exchange {
            $0.cipherSuites = ["TLS_AES_128_CCM_SHA256"]
            $1.cipherSuites = ["TLS_AES_128_CCM_SHA256"]
        }
        #expect(outcome.kept(.suite) == 2)
        #expect(outcome.counters.handedOver == 0)
    }

    @Test("A client that waits for a ticket is handed over after the second answer without one")
    func noTicket() async throws {
        let outcome = try await Self.exchange { server, _ in server.issuesTickets = false }
        #expect(outcome.counters.handedOver == 2)
        #expect(outcome.isRecords)
    }

    @Test("Handshakes beyond the limit wait, and all are made in the end", arguments: [1, 3])
    func limit(count: Int) async throws {
        let authority = try CertificateAuthority()
        let server = TLSServerOptions(identity: try authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"])))
        let context = try TLSClientContext(TLSClientOptions(trust: .authorities(authority.certificate.pem)))
        var options = ShardOptions()
        options.handshakeLimit = count
        try await withTLSEcho(server, options: options) { shard, address in
            let clients = (0..<20).map { _ in ScriptedEndpoint(shard: shard) }
            await shard.run {
                for client in clients {
                    client.onConnected = { $0.send([7]) }
                    client.connect(to: address, tls: context)
                }
                // One that gives up its place in the queue.
                clients[10].abort()
            }
            for (index, client) in clients.enumerated() where index != 10 {
                await client.sights.until { $0.bytes == [7] }
            }
            let counters = await shard.run { shard.counters.tls }
            #expect(counters.handshakesDelayed >= UInt64(19 - count - 2))
            #expect(counters.handshakesDelayed <= 19)
        }
    }

    @Test("A handshake that has waited for long enough begins beyond the limit")
    func longWait() async throws {
        let silent = try RawListener(backlog: 8)
        let authority = try CertificateAuthority()
        let server = TLSServerOptions(identity: try authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"])))
        let context = try TLSClientContext(TLSClientOptions(trust: .authorities(authority.certificate.pem)))
        var options = ShardOptions()
        options.handshakeLimit = 1
        options.handshakeWait = .milliseconds(100)
        try await withTLSEcho(server, options: options) { shard, address in
            let first = ScriptedEndpoint(shard: shard)
            let second = ScriptedEndpoint(shard: shard)
            second.onConnected = { $0.send([7]) }
            await shard.run {
                // Its server never answers.
                first.connect(to: silent.address, tls: context)
            }
            while await shard.run({ first.showsIdentity == nil }) { try await Task.sleep(for: .milliseconds(1)) }
            await shard.run { second.connect(to: address, tls: context) }
            await second.sights.until { $0.bytes == [7] }
            #expect(await shard.run { shard.counters.tls.handshakesDelayed } == 1)
        }
    }

    @Test("A handshake that waits does not begin beyond the limit as long as others end")
    func longQueue() async throws {
        let silent = try RawListener(backlog: 8)
        let authority = try CertificateAuthority()
        let context = try TLSClientContext(TLSClientOptions(trust: .authorities(authority.certificate.pem)))
        let server = TLSServerOptions(identity: try authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"])))
        var options = ShardOptions()
        options.handshakeLimit = 1
        try await withTLSEcho(server, options: options) { shard, _ in
            let clients = (0..<2).map { _ in ScriptedEndpoint(shard: shard) }
            await shard.run { for client in clients { client.connect(to: silent.address, tls: context) } }
            while await shard.run({ shard.counters.tls.handshakesDelayed == 0 }) {
                try await Task.sleep(for: .milliseconds(1))
            }
            await shard.run {
                guard let waiting = clients.first(where: { $0.showsIdentity == nil }),
                    case .planned(let plan) = waiting.security
                else {
                    Issue.record("none of the two waits")
                    return
                }
                // Another handshake has just ended, and the next has its place.
                shard.handshakes.leave(at: shard.now)
                shard.handshakes.enterBeyondLimit()
                waiting.startOverdue(plan)
                #expect(waiting.showsIdentity == nil, "it goes on waiting")
                shard.handshakes.leave(at: shard.now - shard.options.handshakeWait)
                shard.handshakes.enterBeyondLimit()
                waiting.startOverdue(plan)
                #expect(waiting.showsIdentity != nil, "no other has ended for as long as one may wait")
            }
        }
    }

    @Test("A connection that waits for a ticket keeps its place until the server's first data")
    func placeUntilData() async throws {
        let authority = try CertificateAuthority()
        var server = TLSServerOptions(identity: try authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"])))
        server.issuesTickets = false
        let context = try TLSClientContext(TLSClientOptions(trust: .authorities(authority.certificate.pem)))
        var options = ShardOptions()
        options.handshakeLimit = 1
        try await withTLSEcho(server, options: options) { shard, address in
            let clients = (0..<2).map { _ in ScriptedEndpoint(shard: shard) }
            await shard.run { for client in clients { client.connect(to: address, tls: context) } }
            var first: ScriptedEndpoint?
            while first == nil {
                first = await shard.run { clients.first { $0.state == .open } }
                try await Task.sleep(for: .milliseconds(1))
            }
            try await Task.sleep(for: .milliseconds(50))
            let holder = try #require(first)
            await shard.run {
                #expect(clients.count { $0.state == .open } == 1, "the other one waits")
                holder.send([7])
            }
            while await shard.run({ clients.contains { $0.state != .open } }) {
                try await Task.sleep(for: .milliseconds(1))
            }
        }
    }

    @Test("After a few refused first records, later connections keep their SSL")
    func turnsItselfOff() {
        let handOvers = HandOverSwitch()
        for _ in 0...HandOverSwitch.limit {
            #expect(handOvers.isOn)
            handOvers.noteRefusal()
        }
        #expect(!handOvers.isOn)
    }
}
