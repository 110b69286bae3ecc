package import Basis
package import Engine
import Synchronization
package import Transport

/// What a scripted server does with one request.
package enum HTTPReaction: Sendable {
    /// Writes these bytes and keeps the connection.
    case says([UInt8])
    /// Writes these bytes and closes the connection.
    case saysAndCloses([UInt8])
    /// Closes without an answer.
    case closes
    /// Resets without an answer.
    case resets
    /// Never answers.
    case ignores
    /// Writes these bytes one by one, with such a pause before each, and begins again at the end.
    case drips([UInt8], every: Nanoseconds)
    /// A 200 with an empty ServerToAgent, after this time.
    case acknowledges(after: Nanoseconds)
    /// A 200 with an empty ServerToAgent, then the connection is closed once it was idle for this time.
    case acknowledgesThenCloses(after: Nanoseconds)

    /// Upgrades to WebSocket with this Sec-WebSocket-Extensions (nil: none), then does so to each piece of bytes that
    /// follows.
    case upgrades(extensions: String? = nil, then: Upgraded)

    /// What a scripted server does with bytes behind an upgrade.
    package enum Upgraded: Sendable {
        case says([UInt8])
        /// Writes these bytes for each message, one after the other: each once the kernel has those before it.
        case answers([UInt8])
        case saysAndCloses([UInt8])
        /// Writes bytes and resets.
        case saysAndResets([UInt8])
        case resets
        /// As before an upgrade.
        case drips([UInt8], every: Nanoseconds)
    }

    package static func status(_ status: Int, _ fields: String = "") -> HTTPReaction {
        .says(Array("HTTP/1.1 \(status) Scripted\r\n\(fields)Content-Length: 0\r\n\r\n".utf8))
    }

    /// A 200 with `body` as the ServerToAgent; an empty one acknowledges.
    package static func answer(_ body: [UInt8] = [], _ fields: String = "") -> HTTPReaction {
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\n\(fields)"
            + "Content-Length: \(body.count)\r\n\r\n"
        return .says(Array(head.utf8) + body)
    }
}

/// One request as a scripted server got it.
package struct SeenRequest: Sendable {
    /// The number of the request among all of the server's, from 0.
    package let number: Int
    /// The number of its connection, from 0.
    package let connection: Int
    package let head: HTTPRequestHead
    package let body: [UInt8]
    package let at: Instant
}

/// An HTTP server on the loopback that does as a test tells it, and remembers what it was asked.
package final class ScriptedHTTPServer: Sendable {
    package typealias Script = @Sendable (SeenRequest) -> HTTPReaction

    fileprivate struct Memory {
        var requests: [SeenRequest] = []
        var connections = 0
        var open = 0
        var maxOpen = 0
        var underWay: Set<String> = []
        var overlaps = 0
        var upgraded: [UInt8] = []
    }

    package let address: SocketAddress
    private let shard: Shard
    private let listener: Listener
    private let memory: Recollection

    /// Shared by the listener's callbacks and the test.
    fileprivate final class Recollection: Sendable {
        let state = Mutex(Memory())
    }

    package convenience init(_ script: @escaping Script) throws {
        try self.init(script: script, beforeHTTP: nil)
    }

    /// A server that does so to the first bytes of a connection, whatever they are.
    package convenience init(atFirstBytes reaction: HTTPReaction) throws {
        try self.init(script: { _ in reaction }, beforeHTTP: reaction)
    }

    private init(script: @escaping Script, beforeHTTP: HTTPReaction?) throws {
        let memory = Recollection()
        self.memory = memory
        shard = try Shard(label: "scripted.http")
        listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in
            ScriptedHTTPConnection(shard: shard, memory: memory, script: script, beforeHTTP: beforeHTTP)
        }
        address = listener.addresses[0]
    }

    package var port: UInt16 { address.port }
    /// Where agents find it over WebSocket.
    package var webSocketURL: String { "ws://\(address)/v1/opamp" }

    package var requests: [SeenRequest] { memory.state.withLock { $0.requests } }
    package var connectionCount: Int { memory.state.withLock { $0.connections } }
    /// How often an agent had a second request under way.
    package var overlaps: Int { memory.state.withLock { $0.overlaps } }
    /// The most connections that were open at a time.
    package var maxOpen: Int { memory.state.withLock { $0.maxOpen } }

    /// The bytes that followed upgrades.
    package var upgradedBytes: [UInt8] { memory.state.withLock { $0.upgraded } }

    package func stop() async {
        listener.close()
        await shard.stop()
    }

    fileprivate final class ScriptedHTTPConnection: Endpoint, @unchecked Sendable {
        private let memory: Recollection
        private let script: Script
        private let number: Int
        /// What is done at the next bytes instead of reading them as HTTP.
        private var beforeHTTP: HTTPReaction?
        private var upgraded: HTTPReaction.Upgraded?
        private var exchange = HTTPServerExchange()
        private var frames = WebSocketReader(role: .server)
        private var scratch: [UInt8] = []
        /// The messages that are not answered yet, and the answer to each.
        private var owed = (messages: 0, answer: [UInt8]())
        private var hasSentAll = true
        private var closesAtTimer = false
        private var dripping: (bytes: [UInt8], offset: Int, pause: Nanoseconds)?
        private var agent = ""

        init(shard: Shard, memory: Recollection, script: @escaping Script, beforeHTTP: HTTPReaction?) {
            self.memory = memory
            self.script = script
            self.beforeHTTP = beforeHTTP
            number = memory.state.withLock { state in
                state.connections += 1
                state.open += 1
                state.maxOpen = max(state.maxOpen, state.open)
                return state.connections - 1
            }
            super.init(shard: shard)
        }

        override func received(_ bytes: RawSpan) {
            if let upgraded { return receivedUpgraded(bytes, upgraded) }
            if let beforeHTTP { return perform(beforeHTTP) }
            var offset = 0
            do {
                while let event = try exchange.next(bytes, at: &offset) {
                    switch event {
                    case .head: continue
                    case .request(let head, _), .upgrade(let head): react(to: head)
                    }
                    // What follows an upgrade is no HTTP.
                    if upgraded != nil { return }
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
            let reaction = script(request)
            if case .upgrades(let extensions, let then) = reaction { return upgrade(head, extensions, then) }
            perform(reaction)
        }

        private func upgrade(_ head: HTTPRequestHead, _ extensions: String?, _ then: HTTPReaction.Upgraded) {
            var fields = HTTPFields()
            var output: [UInt8] = []
            do {
                if let extensions { try fields.append("Sec-WebSocket-Extensions", extensions) }
                _ = try WebSocketServerHandshake.accept(head, fields: fields, to: &output)
            } catch {
                return abort()
            }
            upgraded = then
            answered()
            write(output.span.bytes)
        }

        private func receivedUpgraded(_ bytes: RawSpan, _ then: HTTPReaction.Upgraded) {
            let copy = bytes.withUnsafeBytes { Array($0) }
            memory.state.withLock { $0.upgraded += copy }
            switch then {
            case .says(let bytes):
                write(bytes.span.bytes)
            case .answers(let bytes): answer(messagesIn: copy.span.bytes, bytes)
            case .saysAndCloses(let bytes):
                write(bytes.span.bytes)
                closeGracefully()
            case .saysAndResets(let bytes):
                write(bytes.span.bytes)
                abort()
            case .drips(let bytes, let pause): drip(bytes, pause)
            case .resets:
                abort()
            }
        }

        private func answer(messagesIn bytes: RawSpan, _ answer: [UInt8]) {
            var offset = 0
            do throws(WebSocketError) {
                while let event = try frames.next(bytes, at: &offset, scratch: &scratch) {
                    switch event {
                    case .message, .compressedMessage: owed = (owed.messages + 1, answer)
                    case .close: return closeGracefully()
                    case .ping, .pong: break
                    }
                }
            } catch {
                return abort()
            }
            if hasSentAll { payOwed() }
        }

        private func payOwed() {
            while owed.messages > 0, isOpen {
                owed.messages -= 1
                hasSentAll = write(owed.answer.span.bytes)
                if !hasSentAll { return }
            }
        }

        override func drained() {
            hasSentAll = true
            payOwed()
        }

        private func drip(_ bytes: [UInt8], _ pause: Nanoseconds) {
            guard dripping == nil, !bytes.isEmpty else { return }
            dripping = (bytes, 0, pause)
            setTimer(at: shard.now + pause)
        }

        private func perform(_ reaction: HTTPReaction) {
            switch reaction {
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
            case .drips(let bytes, let pause): drip(bytes, pause)
            case .acknowledges(let span):
                setTimer(at: shard.now + span)
            case .acknowledgesThenCloses(let rest):
                acknowledge()
                closesAtTimer = true
                setTimer(at: shard.now + rest)
            case .upgrades:
                // Nothing but a request can be upgraded.
                abort()
            }
        }

        override func timerFired(due: Instant) {
            if let (bytes, offset, pause) = dripping {
                guard isOpen else { return }
                write([bytes[offset]].span.bytes)
                dripping?.offset = (offset + 1) % bytes.count
                setTimer(at: shard.now + pause)
            } else if closesAtTimer {
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
