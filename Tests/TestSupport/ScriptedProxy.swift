package import Engine
import Synchronization
package import Transport

/// An HTTP proxy on the loopback that opens tunnels with CONNECT (RFC 9110, section 9.3.6), or does what a test tells
/// it instead.
package final class ScriptedProxy: Sendable {
    package enum Reaction: Sendable {
        /// Opens the tunnel that was asked for.
        case connects
        /// Writes these bytes and keeps the connection.
        case says([UInt8])
        case closes
        case resets
    }

    fileprivate struct Memory {
        var requests: [HTTPRequestHead] = []
        var tunnels = 0
        /// The first byte of each tunnel, as the client sent it.
        var firstBytes: [UInt8] = []
    }

    package let address: SocketAddress
    private let shard: Shard
    private let listener: Listener
    private let state: State

    fileprivate final class State: Sendable {
        let memory = Mutex(Memory())
    }

    /// - Parameter server: where all tunnels lead; nil: to the address on this machine that is asked for.
    package init(
        to server: SocketAddress? = nil,
        _ reaction: @escaping @Sendable (HTTPRequestHead) -> Reaction = { _ in .connects }
    ) throws {
        let state = State()
        self.state = state
        shard = try Shard(label: "scripted.proxy")
        listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in
            ProxyClient(shard: shard, state: state, server: server, reaction: reaction)
        }
        address = listener.addresses[0]
    }

    package var requests: [HTTPRequestHead] { state.memory.withLock { $0.requests } }
    package var tunnels: Int { state.memory.withLock { $0.tunnels } }

    package var firstBytes: [UInt8] { state.memory.withLock { $0.firstBytes } }
    package var port: UInt16 { address.port }

    package func stop() async {
        listener.close()
        await shard.stop()
    }

    /// The side of a tunnel that asked for it.
    private final class ProxyClient: Endpoint, @unchecked Sendable {
        private let state: State
        private let reaction: @Sendable (HTTPRequestHead) -> Reaction
        private var reader = HTTPReader(.requests)
        private let fixedServer: SocketAddress?
        private var server: ProxyServer?

        init(
            shard: Shard, state: State, server: SocketAddress?,
            reaction: @escaping @Sendable (HTTPRequestHead) -> Reaction
        ) {
            self.state = state
            fixedServer = server
            self.reaction = reaction
            super.init(shard: shard)
        }

        override func received(_ bytes: RawSpan) {
            if let server {
                if !server.hasForwarded, bytes.byteCount > 0 {
                    let first = bytes.unsafeLoad(as: UInt8.self)
                    state.memory.withLock { $0.firstBytes.append(first) }
                }
                return server.forward(bytes)
            }
            var offset = 0
            while let event = try? reader.next(bytes, at: &offset) {
                guard case .request(let head) = event else { continue }
                state.memory.withLock { $0.requests.append(head) }
                switch reaction(head) {
                case .connects where head.method == .connect: tunnel(to: head.target)
                case .connects:
                    let answer = Array("HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n".utf8)
                    write(answer.span.bytes)
                    closeGracefully()
                case .says(let answer): write(answer.span.bytes)
                case .closes: closeGracefully()
                case .resets: abort()
                }
                return
            }
        }

        private func tunnel(to authority: String) {
            let parts = authority.split(separator: ":")
            let asked =
                parts.count == 2
                ? UInt16(parts[1]).flatMap { SocketAddress(host: String(parts[0]), port: $0) } : nil
            guard let address = fixedServer ?? asked else { return abort() }
            let server = ProxyServer(client: self)
            self.server = server
            server.connect(to: address)
        }

        func opened() {
            state.memory.withLock { $0.tunnels += 1 }
            let answer = Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8)
            write(answer.span.bytes)
        }

        override func closed(_ cause: CloseCause) {
            server?.closeGracefully()
            server = nil
        }
    }

    /// The side of a tunnel that leads to the server.
    private final class ProxyServer: Endpoint, @unchecked Sendable {
        private var client: ProxyClient?

        init(client: ProxyClient) {
            self.client = client
            super.init(shard: client.shard)
        }

        private(set) var hasForwarded = false

        func forward(_ bytes: RawSpan) {
            hasForwarded = true
            write(bytes)
        }

        override func connected() { client?.opened() }
        override func received(_ bytes: RawSpan) { client?.write(bytes) }
        override func closed(_ cause: CloseCause) {
            client?.closeGracefully()
            client = nil
        }
    }
}
