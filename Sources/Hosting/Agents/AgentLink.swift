import AgentModel
import Basis
import Engine
import Metrics
import OpAMP
import Transport

/// One agent on a real socket: its mind, its WebSocket and its connection in one heap object.
///
/// The link translates: what the socket reports becomes an event of the mind, what the mind asks for becomes frames and calls of the
/// engine. It decides nothing about the protocol itself. Confined to its shard; it survives its connections.
final class AgentLink: Endpoint, @unchecked Sendable {
    /// How far the connection is. The socket may outlive `offline`: a peer that was told goodbye is still being waited for.
    enum Stage {
        case offline
        /// TCP is being connected since the instant.
        case dialing(Instant)
        /// The upgrade was asked for.
        case upgrading(Upgrade)
        case open
        /// Our Close is sent, the peer's is awaited.
        case closing
    }

    var agent: Agent
    unowned(unsafe) let host: AgentHost
    var stage = Stage.offline
    /// Meaningful while `open` or `closing`.
    var reader = WebSocketReader(role: .client)
    /// Where the next connection goes: what the server has offered, or `nil` for the profile's target.
    var offered: AgentTarget?
    /// The mind asked for a new connection while the socket of the former one was still closing.
    var dialsWhenClosed = false
    /// Set for an agent that reads slowly; rare.
    var slowness: SlowReading?
    /// What the attempt that the mind has just given up was waiting for.
    var givenUp: Counter?
    var hasConnected = false
    var hasBeenAnswered = false

    init(agent: Agent, host: AgentHost) {
        self.agent = agent
        self.host = host
        super.init(shard: host.shard)
    }

    // MARK: - Steered by the run

    func start() {
        tell { agent, now, effects in agent.start(at: now, &effects) }
    }

    func loseConnection() {
        if case .open = stage {
            host.metrics.count(.connectionsCut)
        }
        host.isCutting = true
        tell { agent, now, effects in agent.loseConnection(at: now, &effects) }
        host.isCutting = false
    }

    func drain() {
        tell { agent, now, effects in agent.drain(at: now, &effects) }
    }

    // MARK: - What the socket reports

    override func timerFired(due: Instant) {
        if let slowness {
            slowness.timerFired(at: shard.now, on: self)
            guard slowness.agentWake <= shard.now else { return arm(slowness.agentWake) }
        }
        host.metrics.record(.schedulingDelay, shard.now - due)
        tell { agent, now, effects in agent.wake(at: now, &effects) }
    }

    override func connected() {
        guard case .dialing(let since) = stage else { return }
        host.metrics.record(.connect, shard.now - since)
        let target = offered ?? host.target
        let upgrade = Upgrade(
            handshake: WebSocketClientHandshake(nonce: host.handshakeNonce()), began: shard.now)
        stage = .upgrading(upgrade)
        upgrade.handshake.appendRequest(
            target: target.path, host: target.host, fields: target.fields, to: &host.output)
        flush()
    }

    override func received(_ bytes: RawSpan) {
        host.metrics.count(.bytesReceived, bytes.byteCount)
        defer {
            if let slowness {
                slowness.received(bytes.byteCount, at: shard.now, on: self)
                arm(slowness.agentWake)
            }
        }
        var offset = 0
        if case .upgrading(let upgrade) = stage {
            guard finish(upgrade, bytes, &offset) else { return }
        }
        readFrames(bytes, &offset)
    }

    override func closed(_ cause: CloseCause) {
        let former = stage
        stage = .offline
        slowness = nil
        switch former {
        case .offline:
            if dialsWhenClosed {
                dialsWhenClosed = false
                dial()
            }
        case .dialing:
            count(cause)
            tell { agent, now, effects in agent.connectionFailed(ConnectFailure(cause), at: now, &effects) }
        case .upgrading:
            host.metrics.count(cause == .timedOut(.idle) ? .upgradeTimedOut : .upgradeMalformed)
            tell { agent, now, effects in agent.connectionFailed(.badUpgrade, at: now, &effects) }
        case .open:
            count(cause)
            tell { agent, now, effects in agent.connectionLost(LossCause(cause), at: now, &effects) }
        case .closing:
            host.metrics.count(.connectionsClosed)
            tell { agent, now, effects in agent.closeCompleted(at: now, &effects) }
        }
    }

    // MARK: - Upgrade

    /// True once the connection is a WebSocket; the bytes from `offset` on are frames.
    private func finish(_ upgrade: Upgrade, _ bytes: RawSpan, _ offset: inout Int) -> Bool {
        do throws(WebSocketHandshakeError) {
            guard try upgrade.handshake.next(bytes, at: &offset) != nil else { return false }
        } catch {
            refused(error)
            return false
        }
        host.metrics.record(.upgrade, shard.now - upgrade.began)
        host.metrics.count(.connectionsOpened)
        if hasConnected {
            host.metrics.count(.reconnects)
        } else {
            hasConnected = true
            host.metrics.count(.agentsConnected)
        }
        stage = .open
        reader = WebSocketReader(role: .client, limits: host.target.limits)
        tell { agent, now, effects in agent.connected(at: now, &effects) }
        return true
    }

    private func refused(_ error: WebSocketHandshakeError) {
        stage = .offline
        abort()
        guard case .refused(let refusal) = error else {
            host.metrics.count(.upgradeMalformed)
            host.metrics.count(named: error.name)
            tell { agent, now, effects in agent.connectionFailed(.badUpgrade, at: now, &effects) }
            return
        }
        host.metrics.count(Counter.forUpgradeRefusal(status: Int(refusal.status)))
        let wait = refusal.retryAfter.map { after in
            Nanoseconds.seconds(Int64(after.seconds(from: host.unixSeconds)))
        }
        tell { agent, now, effects in
            agent.upgradeRefused(status: Int(refusal.status), retryAfter: wait, at: now, &effects)
        }
    }

    // MARK: - Frames

    private func readFrames(_ bytes: RawSpan, _ offset: inout Int) {
        // Taken out and put back, so that the bytes in it can be borrowed while the mind works.
        var scratch: [UInt8] = []
        swap(&scratch, &host.scratch)
        defer { swap(&scratch, &host.scratch) }
        do throws(WebSocketError) {
            while isReading, let event = try reader.next(bytes, at: &offset, scratch: &scratch) {
                switch event {
                case .message(let kind, let payload):
                    message(kind, payload.bytes(input: bytes, scratch: scratch))
                case .compressedMessage:
                    // Never offered on this connection, and the reader refuses the bit that would announce it.
                    host.metrics.count(.protocolViolation)
                case .ping(let payload):
                    WebSocketFrame.append(
                        .pong, payload: payload.bytes(input: bytes, scratch: scratch), mask: host.maskingKey(),
                        to: &host.output)
                    flush()
                case .pong:
                    break
                case .close(let code, _):
                    peerClosed(code)
                }
            }
        } catch {
            broken(error)
        }
    }

    private var isReading: Bool {
        switch stage {
        case .open, .closing: true
        case .offline, .dialing, .upgrading: false
        }
    }

    /// One OpAMP message: the header (a zero), then a ServerToAgent (specification: WebSocket Message Format).
    private func message(_ kind: WebSocketMessageKind, _ bytes: RawSpan) {
        guard kind == .binary else { return malformed(.text) }
        do throws(DecodingError) {
            let view = try ServerToAgentView(try WebSocketMessageHeader.body(of: bytes))
            host.metrics.count(.messagesReceived)
            host.effects.removeAll()
            agent.received(view, at: shard.now, &host.effects)
        } catch {
            return malformed(error.fault == .unknownHeader ? .header : .protobuf)
        }
        perform()
    }

    private func malformed(_ what: MalformedAnswer) {
        tell { agent, now, effects in agent.receivedMalformed(what, at: now, &effects) }
    }

    /// The peer's Close: the answer to ours, or its own, which is echoed (RFC 6455, 5.5.1).
    private func peerClosed(_ code: WebSocketCloseCode?) {
        let wasClosing = if case .closing = stage { true } else { false }
        stage = .offline
        host.metrics.count(.connectionsClosed)
        if wasClosing {
            closeGracefully(within: AgentLink.farewell)
            tell { agent, now, effects in agent.closeCompleted(at: now, &effects) }
        } else {
            WebSocketFrame.appendClose(code, mask: host.maskingKey(), to: &host.output)
            flush()
            closeGracefully(within: AgentLink.farewell)
            tell { agent, now, effects in
                agent.connectionLost(.closedByServer(code: code?.rawValue ?? 1005), at: now, &effects)
            }
        }
    }

    /// The server broke RFC 6455 or the size limit: it is told why, and dropped.
    private func broken(_ error: WebSocketError) {
        host.metrics.count(error.closeCode == .messageTooBig ? .oversizedMessage : .malformedFrame)
        host.metrics.count(named: error.name)
        stage = .offline
        WebSocketFrame.appendClose(error.closeCode, mask: host.maskingKey(), to: &host.output)
        flush()
        closeGracefully(within: AgentLink.farewell)
        tell { agent, now, effects in agent.connectionLost(.protocolError, at: now, &effects) }
    }

    /// The OpAMP message header (specification: WebSocket Message Format).
    static let header: UInt8 = 0
    /// How long a connection that is over may take to end in order.
    static let farewell = Nanoseconds.seconds(2)
}

/// An upgrade under way: rare, so it stands on the heap while it lasts.
final class Upgrade {
    var handshake: WebSocketClientHandshake
    let began: Instant

    init(handshake: WebSocketClientHandshake, began: Instant) {
        self.handshake = handshake
        self.began = began
    }
}
