import AgentModel
import Basis
import Engine
import Metrics
import OpAMP
import Transport

/// A state machine on a real socket: its WebSocket and its connection in one heap object with it. `AgentLink` adds an agent to it,
/// `GatewayLink` a gateway with the agents behind it.
///
/// The link translates: what the socket reports becomes an event of the state machine, what the state machine asks for becomes frames and calls of the
/// engine. It decides nothing about the protocol itself. Confined to its shard; it survives its connections.
class WebSocketLink: Endpoint, @unchecked Sendable {
    /// How far the connection is. The socket may outlive `offline`: a peer that was told agent_disconnect is still being waited for.
    enum Stage {
        case offline
        /// TCP is being connected since the instant.
        case dialing(Instant)
        /// A proxy was asked for a tunnel.
        case tunnelling(Tunnelling)
        /// TCP is there, TLS is being agreed on since the instant.
        case securing(Instant)
        /// The upgrade was asked for.
        case upgrading(Upgrade)
        case open
        /// Our Close is sent, the peer's is awaited.
        case closing
    }

    let host: AgentHost
    /// The profile's target for the agents of this cohort.
    let home: AgentPlace
    var stage = Stage.offline
    /// Meaningful while `open` or `closing`.
    var reader = WebSocketReader(role: .client)
    /// The window of the messages that are compressed, in bits; 0: none are. Meaningful while `open`.
    var deflateWindow: UInt8 = 0
    /// Where the next connection goes: what the server has offered, or `nil` for the profile's target.
    var offered: AgentPlace?
    /// The state machine asked for a new connection while the socket of the former one was still closing.
    var dialsWhenClosed = false
    /// Set for an agent that reads slowly; rare.
    var slowness: SlowReading?
    /// The agent itself has ended the connection: what was not answered by then is nobody's loss.
    var isLeaving = false
    /// What the attempt that the state machine has just given up was waiting for.
    var givenUp: Counter?
    var hasConnected = false
    /// The certificate that the agent shows on connections to the profile's target and to servers of files, once it has one.
    var identity: PackedIdentity?
    /// The agent that the connection belongs to has had an answer.
    var hasBeenAnswered = false

    init(host: AgentHost, home: AgentPlace) {
        self.host = host
        self.home = home
        super.init(shard: host.shard)
    }

    /// Where the agent connects at present.
    var place: AgentPlace { offered ?? home }

    // MARK: - The state machine, which each kind of link has its own of

    /// Tells the state machine what happened.
    func take(_ event: LinkEvent, at now: Instant, _ effects: inout Effects) {
        preconditionFailure("a link has a mind")
    }

    /// The server says something.
    func receive(_ answer: borrowing ServerToAgentView, at now: Instant, _ effects: inout Effects) {
        preconditionFailure("a link has a mind")
    }

    /// Takes note that an agent has had the first answer of a connection.
    func firstAnswered() {
        guard !hasBeenAnswered else { return }
        hasBeenAnswered = true
        host.metrics.count(.agentsAnswered)
    }

    /// The agent that the connection belongs to.
    var agent: Agent {
        preconditionFailure("a link has a mind")
    }

    // MARK: - Steered by the run

    func start() {
        tell(.start)
    }

    func loseConnection() {
        if case .open = stage {
            host.metrics.count(.connectionsCut)
        }
        host.isCutting = true
        tell(.loseConnection)
        host.isCutting = false
    }

    func drain() {
        tell(.drain)
    }

    // MARK: - What the socket reports

    override func timerFired(due: Instant) {
        if let slowness {
            slowness.timerFired(at: shard.now, on: self)
            guard slowness.agentWake <= shard.now else { return arm(slowness.agentWake) }
        }
        host.metrics.record(.schedulingDelay, shard.now - due)
        tell(.wake)
    }

    override func reached() {
        guard case .dialing(let since) = stage else { return }
        host.metrics.record(.connect, shard.now - since)
        stage = .securing(shard.now)
    }

    override func connected() {
        switch stage {
        case .dialing(let since):
            host.metrics.record(.connect, shard.now - since)
            reachedPeer()
        case .securing(let since):
            host.metrics.recordHandshake(shard.now - since, isResumed: isTLSResumed)
            beginUpgrade()
        case .offline, .tunnelling, .upgrading, .open, .closing:
            return
        }
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
        // What a read brings may be answered more than once: it leaves in one piece.
        cork()
        if case .tunnelling(let tunnelling) = stage {
            return finish(tunnelling, bytes, &offset)
        }
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
        case .dialing, .securing:
            count(cause)
            tell(.connectionFailed(ConnectFailure(cause)))
        case .tunnelling(let tunnelling):
            if cause == .peerClosed {
                host.metrics.count(proxy: tunnelling.tunnel.transportClosed())
            } else {
                count(cause)
            }
            tell(.connectionFailed(.other))
        case .upgrading:
            // In TLS 1.3 the server judges the agent's certificate when the agent is done with the handshake already.
            if case .tls = cause {
                count(cause)
                return tell(.connectionFailed(.tls))
            }
            host.metrics.count(cause == .timedOut(.idle) ? .upgradeTimedOut : .upgradeMalformed)
            tell(.connectionFailed(.badUpgrade))
        case .open:
            count(cause)
            tell(.connectionLost(LossCause(cause)))
        case .closing:
            host.metrics.count(.connectionsClosed)
            tell(.closeCompleted)
        }
    }

    // MARK: - Upgrade

    /// True once the connection is a WebSocket; the bytes from `offset` on are frames.
    private func finish(_ upgrade: Upgrade, _ bytes: RawSpan, _ offset: inout Int) -> Bool {
        do throws(WebSocketHandshakeError) {
            guard let agreement = try upgrade.handshake.next(bytes, at: &offset) else { return false }
            agreed(on: agreement.deflate)
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
        host.watch?.opened(self, at: shard.now)
        reader = WebSocketReader(
            role: .client, limits: host.target.limits, permessageDeflate: deflateWindow != 0)
        tell(.connected)
        return true
    }

    private func refused(_ error: WebSocketHandshakeError) {
        stage = .offline
        abort()
        guard case .refused(let refusal) = error else {
            host.metrics.count(.upgradeMalformed)
            host.metrics.count(named: error.name)
            tell(.connectionFailed(.badUpgrade))
            return
        }
        host.metrics.count(Counter.forUpgradeRefusal(status: Int(refusal.status)))
        let wait = refusal.retryAfter.map { after in
            Nanoseconds.seconds(Int64(after.seconds(from: host.unixSeconds)))
        }
        tell(.upgradeRefused(status: Int(refusal.status), retryAfter: wait))
    }

    // MARK: - Frames

    private func readFrames(_ bytes: RawSpan, _ offset: inout Int) {
        // Taken out and put back, so that the bytes in it can be borrowed while the state machine works.
        var scratch: [UInt8] = []
        swap(&scratch, &host.scratch)
        defer { swap(&scratch, &host.scratch) }
        var isInflating = false
        do throws(WebSocketError) {
            while isReading, let event = try reader.next(bytes, at: &offset, scratch: &scratch) {
                switch event {
                case .message(let kind, let payload):
                    message(kind, payload.bytes(input: bytes, scratch: scratch))
                case .compressedMessage(let kind, let payload):
                    isInflating = true
                    try compressedMessage(kind, payload.bytes(input: bytes, scratch: scratch))
                    isInflating = false
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
            broken(error, whileInflating: isInflating)
        }
    }

    private var isReading: Bool {
        switch stage {
        case .open, .closing: true
        case .offline, .dialing, .tunnelling, .securing, .upgrading: false
        }
    }

    /// One OpAMP message: the header (a zero), then a ServerToAgent (specification: WebSocket Message Format).
    func message(_ kind: WebSocketMessageKind, _ bytes: RawSpan) {
        guard kind == .binary else { return malformed(.text) }
        do throws(DecodingError) {
            let body = try WebSocketMessageHeader.body(of: bytes)
            let view = try ServerToAgentView(body)
            host.metrics.count(.messagesReceived)
            if let watch = host.watch, case .open = stage { watch.received(body, on: self, at: shard.now) }
            host.effects.removeAll()
            receive(view, at: shard.now, &host.effects)
        } catch {
            return malformed(error.fault == .unknownHeader ? .header : .protobuf)
        }
        perform()
    }

    private func malformed(_ what: MalformedAnswer) {
        tell(.receivedMalformed(what))
    }

    /// The peer's Close: the answer to ours, or its own, which is echoed (RFC 6455, 5.5.1).
    private func peerClosed(_ code: WebSocketCloseCode?) {
        let wasClosing = if case .closing = stage { true } else { false }
        stage = .offline
        host.metrics.count(.connectionsClosed)
        if wasClosing {
            closeGracefully(within: WebSocketLink.closeTimeout)
            tell(.closeCompleted)
        } else {
            WebSocketFrame.appendClose(code, mask: host.maskingKey(), to: &host.output)
            flush()
            closeGracefully(within: WebSocketLink.closeTimeout)
            tell(.connectionLost(.closedByServer(code: code?.rawValue ?? 1005)))
        }
    }

    /// The server broke RFC 6455 or the size limit: it is told why, and dropped.
    private func broken(_ error: WebSocketError, whileInflating: Bool) {
        let isTooBig = error.closeCode == .messageTooBig
        host.metrics.count(isTooBig ? whileInflating ? .decompressionBomb : .oversizedMessage : .malformedFrame)
        host.metrics.count(named: error.name)
        stage = .offline
        WebSocketFrame.appendClose(error.closeCode, mask: host.maskingKey(), to: &host.output)
        flush()
        closeGracefully(within: WebSocketLink.closeTimeout)
        tell(.connectionLost(.protocolError))
    }

    /// The OpAMP message header (specification: WebSocket Message Format).
    static let header: UInt8 = 0
    /// How long a connection that is over may take to end in order.
    static let closeTimeout = Nanoseconds.seconds(2)
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
