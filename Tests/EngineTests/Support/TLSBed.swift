import Basis
import Engine
import OpenSSL
import Testing

/// Runs `body` with a TLS echo.
func withTLSEcho(
    _ server: TLSServerOptions, options: ShardOptions = ShardOptions(),
    _ body: @Sendable (Shard, SocketAddress) async throws -> Void
) async throws {
    let context = try TLSServerContext(server)
    try await withShard(options: options) { shard in
        let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)], tls: context) { shard, _ in
            EchoEndpoint(shard: shard)
        }
        try await body(shard, listener.addresses[0])
    }
}

/// How a handshake and one exchange after it went.
struct TLSOutcome: Sendable {
    /// Nil: the exchange succeeded.
    var client: CloseCause?
    /// Nil: the exchange succeeded.
    var server: CloseCause?
    /// The common name of the client's certificate, as the server saw it.
    var peerName: String?
}

/// Connects once, exchanges a byte each way, and tells how it went on both sides.
func tlsOutcome(
    _ server: TLSServerOptions, client context: TLSClientContext, identity: TLSIdentity? = nil
) async throws -> TLSOutcome {
    let serverContext = try TLSServerContext(server)
    let outcome = Recorder<TLSOutcome>()
    try await withShard { shard in
        let accepted = ScriptedEndpoint(shard: shard)
        accepted.onReceived = { accepted, bytes in accepted.send(bytes) }
        let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)], tls: serverContext) { _, _ in
            accepted
        }
        let client = ScriptedEndpoint(shard: shard)
        client.onConnected = { $0.send([1]) }
        await shard.run {
            client.connect(to: listener.addresses[0], tls: context, identity: identity.map { PackedIdentity($0) })
        }
        let sights = await client.sights.until { $0.contains { $0.isClosed || $0 == .received([1]) } }
        if sights.contains(.received([1])) {
            let name = await shard.run { accepted.peerCertificate?.commonName }
            outcome.note(TLSOutcome(peerName: name))
        } else {
            outcome.note(TLSOutcome(client: await client.end(), server: await accepted.end()))
        }
    }
    return try #require(outcome.events.first)
}

/// Passes bytes on between a client and a server, and flips some on the way when asked to.
final class FlippingProxy: @unchecked Sendable {
    let address: SocketAddress
    /// Touched on the shard only.
    var flips = false

    init(shard: Shard, to target: SocketAddress) throws {
        final class Box: @unchecked Sendable { weak var proxy: FlippingProxy? }
        let box = Box()
        let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in
            let inner = ScriptedEndpoint(shard: shard)
            let outer = ScriptedEndpoint(shard: shard)
            var early: [UInt8] = []
            inner.onReceived = { _, bytes in
                var bytes = bytes
                if box.proxy?.flips == true { bytes[bytes.count / 2] ^= 1 }
                if outer.isOpen { outer.send(bytes) } else { early += bytes }
            }
            outer.onConnected = { outer in outer.send(early) }
            outer.onReceived = { _, bytes in inner.send(bytes) }
            outer.onClosed = { _, _ in inner.closeGracefully() }
            inner.onClosed = { _, _ in outer.closeGracefully() }
            outer.connect(to: target)
            return inner
        }
        address = listener.addresses[0]
        box.proxy = self
    }
}
