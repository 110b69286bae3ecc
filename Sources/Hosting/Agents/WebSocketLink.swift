import AgentModel
import Basis
import Engine
import Metrics
import OpAMP
import OpenSSL
import Transport

/// The WebSocket of a link, as far as it is open: one object with its socket. It survives its connections.
class WebSocketConnection: Endpoint, @unchecked Sendable {
    // The fields are ordered by size, as those of `Endpoint`: there are tens of thousands of idle agents. As those,
    // they are touched in accesses that call nobody, so that none is checked for an overlap.

    let host: AgentHost
    /// The profile's target for the agents of this cohort.
    let home: AgentPlace
    @exclusivity(unchecked) var offered: AgentPlace?
    /// Set for an agent that reads slowly or is cut off; rare.
    @exclusivity(unchecked) var disturbance: Disturbance?
    /// The certificate that the agent shows on connections to the profile's target and to servers of files, once it has
    /// one.
    var identity: PackedIdentity?
    @exclusivity(unchecked) var stage = WebSocketStage.offline
    /// Meaningful while `open` or `closing`. Unchecked: it knows of no link.
    @exclusivity(unchecked) var reader = WebSocketReader(role: .client)
    /// How many bytes of the message that is arriving were there when its deadline was last set.
    private var arrivedBytes: UInt32 = 0
    /// The window of the messages that are compressed, in bits; 0: none are. Meaningful while `open`.
    @exclusivity(unchecked) var deflateWindow: UInt8 = 0
    /// The phase in which the state machine abandoned the attempt.
    @exclusivity(unchecked) var givenUp: OpeningPhase?
    /// The state machine asked for a new connection while the socket of the former one was still closing.
    @exclusivity(unchecked) var dialsWhenClosed = false
    @exclusivity(unchecked) var hasConnected = false
    @exclusivity(unchecked) var hasBeenAnswered = false

    init(host: AgentHost, home: AgentPlace) {
        self.host = host
        self.home = home
        super.init(shard: host.shard)
    }

    /// A message of the server that has begun has to be complete in time, even where a byte comes in now and then.
    func watchMessage() {
        guard reader.isMidMessage else {
            receiveDeadline = nil
            return
        }
        // An agent that reads slowly delays the message itself, and so does a narrow link.
        guard receiveDeadline == nil, slowReading == nil, !(offered ?? home).isNarrow else { return }
        arrivedBytes = 0
        receiveDeadline = shard.now + host.target.messageTimeout
    }

    override func receiveTimedOut() -> Instant? {
        let (timeout, arrived) = (host.target.messageTimeout, UInt32(clamping: reader.heldBytes))
        guard Double(arrived) - Double(arrivedBytes) >= Self.minBytesPerSecond * timeout.seconds else { return nil }
        arrivedBytes = arrived
        return shard.now + timeout
    }

    /// How fast a large message has to arrive.
    private static let minBytesPerSecond = 65_536.0
}

/// How far the WebSocket of a link is. The socket may outlive `offline`: a peer that was told agent_disconnect is still
/// being waited for.
enum WebSocketStage {
    case offline
    /// Straight to the server in plaintext: nothing is to be kept of the attempt.
    case dialing
    /// With a proxy, with TLS, or over a slow network.
    case connecting(ConnectAttempt)
    /// The upgrade was asked for.
    case upgrading(Upgrade)
    case open
    /// Our Close is sent, the peer's is awaited.
    case closing
}

/// The phase of a WebSocket that is being opened.
enum OpeningPhase {
    case connect(ConnectStateMachine.Phase)
    case upgrade
}

/// A state machine on a WebSocket: connects, asks for the upgrade, and turns frames into messages and reports into
/// frames (`WebSocketLink+Frames`).
protocol WebSocketLink: WebSocketConnection, Link {
    /// A message is about to be given to the state machine.
    func willReceive(_ answer: borrowing ServerToAgentView)
}

extension WebSocketLink {
    func willReceive(_ answer: borrowing ServerToAgentView) {}

    var isConnected: Bool { if case .open = stage { true } else { false } }
    var isOffline: Bool { if case .offline = stage { true } else { false } }

    // MARK: - What the state machine asks for

    func connect() {
        if isUnreachable {
            failAttempt(.refused)
        } else if let partition {
            partition.dialsAfterwards = true
        } else if isIdle {
            dial()
        } else {
            dialsWhenClosed = true
        }
    }

    private func dial() {
        host.metrics.count(.connectionsAttempted)
        let (place, timeout) = (place, agent.cohort.plan.connectTimeout)
        if place.isDirect {
            stage = .dialing
            idleTimeout = nil
            let (target, index) = (place.target, agent.index)
            connect(to: target.address(of: index), from: target.source(of: index), timeout: timeout)
            return
        }
        do throws(TLSError) {
            // The target is used in its place: a copy of it costs more than all else here.
            let isIdentified = place.target.security?.identities != nil
            let identity = isIdentified ? try packedIdentity(for: place.target) : nil
            let plan = place.target.connectPlan(
                of: agent.index, identity: identity, resumes: hasConnected, timeout: timeout,
                connection: place.target.link == nil ? 0 : numberConnection())
            let attempt = ConnectAttempt(plan, at: shard.now, metrics: host.metrics)
            stage = .connecting(attempt)
            _ = attempt.begin(on: self)
        } catch {
            hasNoUsableCertificate()
        }
    }

    /// A certificate of its own that cannot be made or used.
    private func hasNoUsableCertificate() {
        stage = .offline
        host.metrics.count(.tlsOther)
        host.metrics.count(named: "own certificate unusable")
        failAttempt(.tls)
    }

    /// The attempt has failed before it began. The state machine gets this failure in a later turn, because the effect
    /// that requested the connection is still being performed.
    private func failAttempt(_ cause: ConnectFailure) {
        shard.perform { [self] in
            guard agent.state == .connecting, isOffline else { return }
            act { machine, now, effects in machine.connectionFailed(cause, reason: nil, at: now, &effects) }
        }
    }

    func packedIdentity(for target: AgentTarget) throws(TLSError) -> PackedIdentity? {
        guard let identities = host.identities(for: target) else { return nil }
        let (index, cohort) = (agent.index, agent.cohort.plan.name)
        if offered != nil { return try identities.identity(of: index, cohort: cohort) }
        if identity == nil { identity = try identities.identity(of: index, cohort: cohort) }
        return identity
    }

    func close(code: UInt16) {
        guard case .open = stage else { return }
        host.watch?.closed(self)
        WebSocketFrame.appendClose(WebSocketCloseCode(rawValue: code), mask: host.maskingKey(), to: &host.output)
        stage = .closing
    }

    func drop() {
        if let partition {
            if partition.dialsAfterwards { givenUp = .connect(.dial) }
            partition.dialsAfterwards = false
            return giveUpSocket()
        }
        flush()
        uncork()
        switch stage {
        case .dialing: givenUp = .connect(.dial)
        case .connecting(let attempt):
            if let failure { host.metrics.count(attempt.closed(failure)) }
            givenUp = failure == nil ? attempt.phase.map { .connect($0) } : nil
        case .upgrading: givenUp = .upgrade
        case .offline, .open: givenUp = nil
        case .closing:
            givenUp = nil
            host.metrics.count(.connectionsAborted)
        }
        stage = .offline
        abort()
    }

    func countsItself(_ anomaly: Anomaly, _ amount: Int) -> Bool {
        guard case .connectTimedOut = anomaly else { return false }
        // Where the engine noticed first, it has been counted by its cause.
        switch givenUp {
        case .connect(let phase): host.metrics.count(ConnectError(phase: phase, reason: .timedOut))
        case .upgrade: host.metrics.count(.upgradeTimedOut)
        case nil: break
        }
        givenUp = nil
        return true
    }

    func answered(_ answer: AnsweredReport) {
        host.metrics.record(answer)
    }

    func unanswered(_ report: UnansweredReport) {
        var report = report
        if report.cause == .timedOut, isWithheld(report) { report.cause = .withheld }
        host.metrics.record(report)
    }

    func readSlowly(_ bytesPerSecond: Int) {
        slowReading = SlowReading(bytesPerSecond: bytesPerSecond, agentWake: timer ?? .distantFuture)
    }

    func setWake(at agentWake: Instant) {
        var instant = agentWake
        if let slowReading {
            slowReading.agentWake = agentWake
            instant = min(agentWake, slowReading.resumesAt)
        }
        if instant == .distantFuture {
            cancelTimer()
        } else {
            setTimer(at: instant)
        }
    }

    func advance() {
        flush()
    }

    /// Writes the frames that the effects have left in the host's output.
    func flush() {
        guard !host.output.isEmpty else { return }
        if let partition { return hold(&host.output, in: partition) }
        host.metrics.count(.bytesSent, host.output.count)
        var output: [UInt8] = []
        swap(&output, &host.output)
        write(output.span.bytes)
        output.removeAll(keepingCapacity: true)
        swap(&output, &host.output)
    }

    // MARK: - What the socket reports

    /// The socket's one timer serves a slow reading as well.
    /// - Returns: whether it has fired for the state machine.
    func isAgentDue() -> Bool {
        guard let slowReading, partition == nil else { return true }
        slowReading.timerFired(at: shard.now, on: self)
        if slowReading.agentWake <= shard.now { return true }
        setWake(at: slowReading.agentWake)
        return false
    }

    func socketConnected() {
        switch stage {
        case .dialing:
            host.metrics.record(.connect, shard.now - shard.connectBegan)
            beginUpgrade()
        case .connecting(let attempt): connecting(attempt.connected(on: self))
        case .offline, .upgrading, .open, .closing: break
        }
    }

    func socketReceived(_ bytes: RawSpan) {
        host.metrics.count(.bytesReceived, bytes.byteCount)
        defer {
            if let slowReading {
                slowReading.received(bytes.byteCount, at: shard.now, on: self)
                setWake(at: slowReading.agentWake)
            }
        }
        var offset = 0
        // One read can lead to several answers: they are sent together.
        cork()
        switch stage {
        case .open, .closing: break
        case .connecting(let attempt): return connecting(attempt.received(bytes, at: &offset, on: self))
        case .upgrading(let upgrade): guard finish(upgrade, bytes, &offset) else { return }
        case .offline, .dialing: return
        }
        readFrames(bytes, &offset)
        if isConnected { watchMessage() }
    }

    func socketClosed(_ cause: CloseCause) {
        let former = stage
        stage = .offline
        if slowReading != nil { slowReading = nil }
        switch former {
        case .offline:
            if dialsWhenClosed {
                dialsWhenClosed = false
                guard partition == nil else { return connect() }
                // The attempt counts from now on: what the former socket took to close is the tool's own time.
                machine.attemptBegins(at: shard.now)
                dial()
            }
        case .dialing:
            connectFailed(ConnectError(cause, in: .dial))
        case .connecting(let attempt):
            connectFailed(attempt.closed(cause))
        case .upgrading:
            // In TLS 1.3 the server judges the agent's certificate when the agent is done with the handshake already.
            if case .tls = cause {
                host.metrics.count(closed: cause)
                return connectFailed(.tls)
            }
            upgradeEnded(cause)
        case .open:
            host.metrics.count(closed: cause)
            if reader.isMidMessage || reader.heldBytes > 0 { host.metrics.count(.incompleteMessage) }
            act { machine, now, effects in machine.connectionLost(LossCause(cause), at: now, &effects) }
        case .closing:
            host.metrics.count(.connectionsClosed)
            act { machine, now, effects in machine.closeCompleted(at: now, &effects) }
        }
    }

    /// The connection has ended before the upgrade was answered.
    private func upgradeEnded(_ cause: CloseCause) {
        switch cause {
        case .timedOut(.idle):
            host.metrics.count(.upgradeTimedOut)
            connectFailed(.timedOut)
        case .peerClosed, .reset:
            host.metrics.count(.upgradeClosed)
            connectFailed(.closedDuringUpgrade)
        default:
            host.metrics.count(closed: cause)
            connectFailed(ConnectFailure(cause))
        }
    }

    // MARK: - Connecting

    private func connecting(_ progress: ConnectAttempt.Progress) {
        switch progress {
        case .underWay: break
        case .ready: beginUpgrade()
        case .failed(let error):
            stage = .offline
            connectFailed(error)
        }
    }

    private func connectFailed(_ error: ConnectError) {
        host.metrics.count(error)
        if case .proxy(.refused(let refusal)) = error.reason {
            upgradeRefused(refusal)
        } else {
            connectFailed(ConnectFailure(error))
        }
    }

    func connectFailed(_ failure: ConnectFailure) {
        act { machine, now, effects in machine.connectionFailed(failure, reason: nil, at: now, &effects) }
    }

    func upgradeRefused(_ refusal: HTTPRefusal) {
        let wait = refusal.retryAfter.map { after in
            Nanoseconds.seconds(Int64(after.seconds(from: host.unixSeconds)))
        }
        act { machine, now, effects in
            machine.upgradeRefused(status: Int(refusal.status), retryAfter: wait, at: now, &effects)
        }
    }
}
