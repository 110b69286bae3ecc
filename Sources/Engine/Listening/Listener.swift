public import Basis
import CLinux

/// Accepts connections on one or several addresses and makes an endpoint of each, on one shard.
///
/// `@unchecked Sendable`: everything mutable is touched on the shard only.
public final class Listener: @unchecked Sendable {
    /// Makes the endpoint for an accepted connection, on the shard; it must belong to that shard and be idle. Nil turns
    /// the peer away (with a reset).
    public typealias Accept = @Sendable (_ shard: Shard, _ peer: SocketAddress) -> Endpoint?

    public let shard: Shard
    /// Where it listens, in the order asked for, with ports that were 0 filled in.
    public let addresses: [SocketAddress]
    private let sockets: [ListeningSocket]

    /// Listens at once, and accepts from the shard's next turn on, until `close` or the shard's stop. From any thread.
    /// - Throws: `ListenError` for the first address that cannot be had; then none is listened on.
    public init(
        shard: Shard, addresses: [SocketAddress], options: ListenerOptions = ListenerOptions(),
        tls: TLSServerContext? = nil, accept: @escaping Accept
    ) throws(ListenError) {
        var opened: [(descriptor: Int32, address: SocketAddress)] = []
        for address in addresses {
            do throws(ListenError) {
                opened.append(try Self.open(address, options))
            } catch {
                for other in opened { _ = clinux_close(other.descriptor) }
                throw error
            }
        }
        self.shard = shard
        self.addresses = opened.map(\.address)
        let sockets = opened.map {
            ListeningSocket(shard: shard, listening: $0.descriptor, options, tls: tls, accept: accept)
        }
        self.sockets = sockets
        shard.perform { for socket in sockets { socket.start() } }
    }

    /// Stops listening. Accepted connections live on. From any thread.
    public func close() {
        let sockets = sockets
        shard.perform { for socket in sockets { socket.abandon() } }
    }

    /// Secures connections accepted from now on with another context: a renewed certificate, a longer revocation list.
    /// The new context does not resume sessions of the former one, so an old ticket cannot bypass it. From any thread;
    /// established connections keep theirs.
    public func secure(with tls: TLSServerContext) {
        let sockets = sockets
        shard.perform { for socket in sockets { socket.context = tls } }
    }

    private static func open(
        _ address: SocketAddress, _ options: ListenerOptions
    ) throws(ListenError) -> (Int32, SocketAddress) {
        let descriptor = clinux_tcp_socket(address.isIPv6)
        guard descriptor >= 0 else { throw ListenError(address: address, reason: .init(errno: -descriptor)) }
        _ = clinux_set_reuse_address(descriptor)
        if options.sharesPort { _ = clinux_set_reuse_port(descriptor) }
        if address.isIPv6 { _ = clinux_set_ipv6_only(descriptor) }
        var local = address.systemAddress
        var answer = clinux_bind(descriptor, &local, false)
        if answer == 0 { answer = clinux_listen(descriptor, options.backlog) }
        if answer == 0 { answer = clinux_local_address(descriptor, &local) }
        guard answer == 0 else {
            _ = clinux_close(descriptor)
            throw ListenError(address: address, reason: .init(errno: -answer))
        }
        return (descriptor, SocketAddress(local))
    }
}

/// How to listen.
public struct ListenerOptions: Sendable {
    /// Connections that the kernel completes before they are accepted. The kernel limits this to net.core.somaxconn;
    /// the default requests that limit.
    public var backlog: Int32 = 65_535
    /// How long a client may take for the TLS handshake, counted from the accept; then `closed(.timedOut(.handshake))`.
    /// Long enough for the handshakes of a whole fleet that reconnects at once.
    public var handshakeTimeout = Nanoseconds.seconds(30)
    /// SO_REUSEPORT: several listeners, one per shard, share the address, and the kernel spreads connections over them.
    public var sharesPort = false

    public init() {}
}
