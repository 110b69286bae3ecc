import Basis
import Engine
import Transport

/// A server that misbehaves in one way, on the loopback.
final class ScriptedServer: Sendable {
    /// What it does to a connection.
    enum Script: Sendable {
        /// Accepts and never says a word.
        case silent
        /// Answers the request with these bytes and closes.
        case says([UInt8])
        /// Answers the request with these bytes and keeps the connection.
        case saysAndStays([UInt8])
        /// Upgrades in order, then sends these bytes for the first frame that comes, and stays.
        case upgradesAndSends([UInt8])
        /// The same, and closes the connection behind them.
        case upgradesSendsAndCloses([UInt8])
        /// The same, and resets it.
        case upgradesAndResets
    }

    let port: UInt16
    private let shard: Shard
    private let listener: Listener

    init(_ script: Script) throws {
        shard = try Shard(label: "scripted")
        let loopback = SocketAddress.loopback(port: 0)
        listener = try Listener(shard: shard, addresses: [loopback]) { shard, _ in
            ScriptedConnection(shard: shard, script: script)
        }
        port = listener.addresses[0].port
    }

    var url: String { "ws://127.0.0.1:\(port)/v1/opamp" }

    func stop() async {
        listener.close()
        await shard.stop()
    }
}

private final class ScriptedConnection: Endpoint, @unchecked Sendable {
    private let script: ScriptedServer.Script
    private var requests = HTTPReader(.requests)
    private var isUpgraded = false

    init(shard: Shard, script: ScriptedServer.Script) {
        self.script = script
        super.init(shard: shard)
    }

    override func received(_ bytes: RawSpan) {
        switch script {
        case .silent:
            break
        case .says(let answer):
            write(answer.span.bytes)
            closeGracefully()
        case .saysAndStays(let answer):
            write(answer.span.bytes)
        case .upgradesAndSends(let frames):
            upgraded(bytes) { write(frames.span.bytes) }
        case .upgradesSendsAndCloses(let frames):
            upgraded(bytes) {
                write(frames.span.bytes)
                closeGracefully()
            }
        case .upgradesAndResets:
            upgraded(bytes) { abort() }
        }
    }

    /// Upgrades at the request; does `then` at what comes after it.
    private func upgraded(_ bytes: RawSpan, _ then: () -> Void) {
        if isUpgraded { return then() }
        var offset = 0
        var output: [UInt8] = []
        do {
            while let event = try requests.next(bytes, at: &offset) {
                guard case .request(let head) = event else { continue }
                _ = try WebSocketServerHandshake.accept(head, to: &output)
                isUpgraded = true
                write(output.span.bytes)
                return
            }
        } catch {
            abort()
        }
    }
}
