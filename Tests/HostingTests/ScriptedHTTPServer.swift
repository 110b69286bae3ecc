import Basis
import Engine
import Synchronization
import Transport

/// What a scripted server does with one request.
enum HTTPReaction: Sendable {
    /// Writes these bytes and keeps the connection.
    case says([UInt8])
    /// Writes these bytes and closes the connection.
    case saysAndCloses([UInt8])
    /// Closes without a word.
    case closes
    /// Resets without a word.
    case resets
    /// Never answers.
    case ignores
    /// A 200 with an empty ServerToAgent, after so long.
    case acknowledges(after: Nanoseconds)
    /// A 200 with an empty ServerToAgent, then the connection is closed once it has rested for so long.
    case acknowledgesThenCloses(after: Nanoseconds)

    static func status(_ status: Int, _ fields: String = "") -> HTTPReaction {
        .says(Array("HTTP/1.1 \(status) Scripted\r\n\(fields)Content-Length: 0\r\n\r\n".utf8))
    }

    /// A 200 with `body` as the ServerToAgent; an empty one acknowledges.
    static func answer(_ body: [UInt8] = [], _ fields: String = "") -> HTTPReaction {
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\n\(fields)"
            + "Content-Length: \(body.count)\r\n\r\n"
        return .says(Array(head.utf8) + body)
    }
}

/// One request as a scripted server got it.
struct SeenRequest: Sendable {
    /// The number of the request among all of the server's, from 0.
    let number: Int
    /// The number of its connection, from 0.
    let connection: Int
    let head: HTTPRequestHead
    let body: [UInt8]
    let at: Instant
}

/// An HTTP server on the loopback that does as a test tells it, and remembers what it was asked.
final class ScriptedHTTPServer: Sendable {
    typealias Script = @Sendable (SeenRequest) -> HTTPReaction

    fileprivate struct Memory {
        var requests: [SeenRequest] = []
        var connections = 0
        var open = 0
        var maxOpen = 0
        var underWay: Set<String> = []
        var overlaps = 0
    }

    let address: SocketAddress
    private let shard: Shard
    private let listener: Listener
    private let memory: Recollection

    /// Shared by the listener's callbacks and the test.
    fileprivate final class Recollection: Sendable {
        let state = Mutex(Memory())
    }

    init(_ script: @escaping Script) throws {
        let memory = Recollection()
        self.memory = memory
        shard = try Shard(label: "scripted.http")
        listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in
            ScriptedHTTPConnection(shard: shard, memory: memory, script: script)
        }
        address = listener.addresses[0]
    }

    var requests: [SeenRequest] { memory.state.withLock { $0.requests } }
    var connectionCount: Int { memory.state.withLock { $0.connections } }
    /// How often an agent had a second request under way.
    var overlaps: Int { memory.state.withLock { $0.overlaps } }
    /// The most connections that were open at a time.
    var maxOpen: Int { memory.state.withLock { $0.maxOpen } }

    func stop() async {
        listener.close()
        await shard.stop()
    }

    fileprivate final class ScriptedHTTPConnection: Endpoint, @unchecked Sendable {
        private let memory: Recollection
        private let script: Script
        private let number: Int
        private var exchange = HTTPServerExchange()
        private var closesAtTimer = false
        private var agent = ""

        init(shard: Shard, memory: Recollection, script: @escaping Script) {
            self.memory = memory
            self.script = script
            number = memory.state.withLock { state in
                state.connections += 1
                state.open += 1
                state.maxOpen = max(state.maxOpen, state.open)
                return state.connections - 1
            }
            super.init(shard: shard)
        }

        override func received(_ bytes: RawSpan) {
            var offset = 0
            do {
                while let event = try exchange.next(bytes, at: &offset) {
                    if case .head = event { continue }
                    guard case .request(let head, _) = event else { return abort() }
                    react(to: head)
                }
            } catch {
                abort()
            }
        }

        private func react(to head: HTTPRequestHead) {
            agent = head.fields["OpAMP-Instance-UID"] ?? ""
            let agent = agent
            let (body, connection, now) = (exchange.body, number, shard.now)
            let request = memory.state.withLock { state in
                let request = SeenRequest(
                    number: state.requests.count, connection: connection, head: head, body: body, at: now)
                state.requests.append(request)
                if !state.underWay.insert(agent).inserted { state.overlaps += 1 }
                return request
            }
            switch script(request) {
            case .says(let bytes):
                answered()
                write(bytes.span.bytes)
            case .saysAndCloses(let bytes):
                answered()
                write(bytes.span.bytes)
                closeGracefully()
            case .closes:
                closeGracefully()
            case .resets:
                abort()
            case .ignores:
                break
            case .acknowledges(let span):
                setTimer(at: shard.now + span)
            case .acknowledgesThenCloses(let rest):
                acknowledge()
                closesAtTimer = true
                setTimer(at: shard.now + rest)
            }
        }

        override func timerFired(due: Instant) {
            if closesAtTimer {
                closeGracefully()
            } else {
                acknowledge()
            }
        }

        private func acknowledge() {
            answered()
            write(Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8).span.bytes)
        }

        private func answered() {
            memory.state.withLock { _ = $0.underWay.remove(agent) }
        }

        override func closed(_ cause: CloseCause) {
            memory.state.withLock { state in
                state.open -= 1
                state.underWay.remove(agent)
            }
        }
    }
}
