import Basis
import Engine
import Synchronization
import Transport

/// An HTTP proxy on the loopback that opens tunnels with CONNECT, or does what a test tells it instead.
final class ScriptedProxy: Sendable {
    enum Reaction: Sendable {
        /// Opens the tunnel that was asked for.
        case connects
        /// Writes these bytes and keeps the connection.
        case says([UInt8])
        case closes
        case resets
    }

    struct Memory {
        var requests: [HTTPRequestHead] = []
        var tunnels = 0
    }

    let address: SocketAddress
    private let shard: Shard
    private let listener: Listener
    private let state: State

    fileprivate final class State: Sendable {
        let memory = Mutex(Memory())
    }

    init(_ reaction: @escaping @Sendable (HTTPRequestHead) -> Reaction) throws {
        let state = State()
        self.state = state
        shard = try Shard(label: "scripted.proxy")
        listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in
            ProxyClient(shard: shard, state: state, reaction: reaction)
        }
        address = listener.addresses[0]
    }

    var requests: [HTTPRequestHead] { state.memory.withLock { $0.requests } }
    var tunnels: Int { state.memory.withLock { $0.tunnels } }

    func stop() async {
        listener.close()
        await shard.stop()
    }

    /// The side of a tunnel that asked for it.
    private final class ProxyClient: Endpoint, @unchecked Sendable {
        private let state: State
        private let reaction: @Sendable (HTTPRequestHead) -> Reaction
        private var reader = HTTPReader(.requests)
        private var server: ProxyServer?

        init(shard: Shard, state: State, reaction: @escaping @Sendable (HTTPRequestHead) -> Reaction) {
            self.state = state
            self.reaction = reaction
            super.init(shard: shard)
        }

        override func received(_ bytes: RawSpan) {
            if let server { return server.forward(bytes) }
            var offset = 0
            while let event = try? reader.next(bytes, at: &offset) {
                guard case .request(let head) = event else { continue }
                state.memory.withLock { $0.requests.append(head) }
                switch reaction(head) {
                case .connects: tunnel(to: head.target)
                case .says(let answer): write(answer.span.bytes)
                case .closes: closeGracefully()
                case .resets: abort()
                }
                return
            }
        }

        private func tunnel(to authority: String) {
            let parts = authority.split(separator: ":")
            guard parts.count == 2, let port = UInt16(parts[1]),
                let address = SocketAddress(host: String(parts[0]), port: port)
            else { return abort() }
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

        func forward(_ bytes: RawSpan) { write(bytes) }
        override func connected() { client?.opened() }
        override func received(_ bytes: RawSpan) { client?.write(bytes) }
        override func closed(_ cause: CloseCause) {
            client?.closeGracefully()
            client = nil
        }
    }
}
