import Basis
import COpenSSL
import OpenSSL
import Testing

@testable import Engine

/// What TLS connections hold on to, and what they let go of.
@Suite("Memory of TLS connections", .timeLimit(.minutes(5)))
struct TLSMemoryTests {
    @Test("With TLS 1.2, keys of the exchange, certificates and names of authorities are not kept")
    func handshakeForgotten() async throws {
        let bed = try MutualBed(.tls12)
        try await withTLSEcho(bed.server) { shard, address in
            let client = try await bed.connect(1, to: address, on: shard)[0]
            let found = await shard.run { client.tls.map { Remains(of: $0.pointer) } }
            let remains = try #require(found)
            #expect(!remains.hasCertificate)
            #expect(!remains.hasPrivateKey)
            #expect(remains.authorities == 0)
            #expect(remains.exchangeKeys == 0)
            // What is known of the peer stays.
            #expect(await shard.run { client.peerCertificate?.commonName } == "server")
        }
    }

    @Test("A certificate is parsed only when a server asks for it: not where none is wanted, nor for a resumed session")
    func parsedWhenAsked() async throws {
        let bed = try MutualBed(.tls13)
        try await withTLSEcho(bed.server) { shard, address in
            var wasAsked: [Bool?] = []
            for _ in 0..<2 {
                let client = try await bed.connect(1, to: address, on: shard)[0]
                await wasAsked.append(shard.run { client.showsIdentity })
                await shard.run { client.abort() }
            }
            #expect(wasAsked == [true, false])
        }
        var open = bed.server
        open.clientCertificates = .notAsked
        try await withTLSEcho(open) { shard, address in
            let client = try await bed.connect(1, to: address, on: shard)[0]
            #expect(await shard.run { client.showsIdentity } == false)
        }
    }

    @Test("Until TCP is up, a connection that is to be secured has no part of OpenSSL's")
    func plannedOnly() async throws {
        // Nobody accepts, and the backlog is full: TCP stays on its way.
        let full = try RawListener(backlog: 0)
        let context = try TLSClientContext(TLSClientOptions(trust: .anybody))
        try await withShard { shard in
            let clients = (0..<8).map { _ in ScriptedEndpoint(shard: shard) }
            let kinds = await shard.run {
                for client in clients { client.connect(to: full.address, tls: context) }
                return clients.map { client in if case .planned = client.security { true } else { false } }
            }
            #expect(kinds.allSatisfy { $0 })
            await shard.run { for client in clients { client.abort() } }
            for client in clients { #expect(await client.end() == .local) }
        }
    }
}

/// What OpenSSL still has of a handshake.
private struct Remains: Sendable {
    let hasCertificate: Bool
    let hasPrivateKey: Bool
    let authorities: Int32
    /// Keys of the key exchange, own and the peer's, that still have something in them.
    let exchangeKeys: Int

    init(of connection: OpaquePointer) {
        hasCertificate = SSL_get_certificate(connection) != nil
        hasPrivateKey = SSL_get_privatekey(connection) != nil
        authorities = copenssl_name_count(SSL_get_client_CA_list(connection))
        let keys = [copenssl_own_exchange_key(connection), copenssl_peer_exchange_key(connection)].compactMap(\.self)
        // An emptied key must not be asked for anything else.
        exchangeKeys = keys.count { EVP_PKEY_get0_provider($0) != nil }
        for key in keys { EVP_PKEY_free(key) }
    }
}

/// A server that requires a certificate, and clients that each show one.
private struct MutualBed: Sendable {
    let server: TLSServerOptions
    private let context: TLSClientContext
    private let identity: PackedIdentity

    init(_ version: TLSVersion) throws {
        let authority = try CertificateAuthority()
        var server = TLSServerOptions(
            identity: try authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"], use: .server)))
        server.clientCertificates = .required(.authorities(authority.certificate.pem))
        server.versions = version...version
        self.server = server
        context = try TLSClientContext(TLSClientOptions(trust: .authorities(authority.certificate.pem)))
        identity = PackedIdentity(try authority.issue(.init(commonName: "agent", use: .client)))
    }

    /// Clients that have each had a byte back.
    func connect(_ count: Int, to address: SocketAddress, on shard: Shard) async throws -> [ScriptedEndpoint] {
        let clients = (0..<count).map { _ in ScriptedEndpoint(shard: shard) }
        await shard.run {
            for client in clients {
                client.onConnected = { $0.send([1]) }
                client.connect(to: address, tls: context, identity: identity)
            }
        }
        for client in clients {
            let sights = await client.sights.until { $0.contains { $0.isClosed || $0 == .received([1]) } }
            try #require(sights.contains(.received([1])))
        }
        return clients
    }
}
