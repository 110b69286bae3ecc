import Basis
import Engine
import Observing

/// The agent's side of a connection that is passed on. What comes from one side is written to the other before it is
/// watched. Confined to its shard.
///
/// A side that does not read slows down the other one: its bytes are not read meanwhile. The end of a stream is passed
/// on as such, and a reset as a reset.
final class ObservedLink: Endpoint, @unchecked Sendable {
    private let host: ObservingHost
    private var observer: ConnectionObserver
    private var forward: ForwardLink?
    /// What the agent has sent before the server was reached: TLS may have decrypted it before reading paused.
    private var held: [UInt8] = []
    private var isForwarding = false
    private var isFinished = false
    /// How the connection began to end.
    private var ending: ConnectionEnding?

    init(host: ObservingHost) {
        self.host = host
        observer = ConnectionObserver(limits: host.limits, at: host.shard.now)
        super.init(shard: host.shard)
    }

    override func connected() {
        observer = ConnectionObserver(limits: host.limits, at: shard.now)
        host.add(self)
        pauseReading()
        let forward = ForwardLink(to: self, host: host)
        self.forward = forward
        if !forward.begin() { abort() }
    }

    override func received(_ bytes: RawSpan) {
        guard isForwarding, let forward else { return held.append(bytes) }
        pass(bytes, to: forward)
    }

    override func peerFinished() -> Bool {
        isFinished = true
        ending = ending ?? .agentFinished
        forward?.finishWriting()
        if forward?.isFinished == true { endInOrder() }
        return true
    }

    override func drained() { forward?.resumeReading() }

    override func closed(_ cause: CloseCause) {
        host.remove(self)
        let forward = forward
        self.forward = nil
        switch cause {
        case .local, .peerClosed: forward?.closeGracefully()
        default:
            ending = ending ?? .agentReset
            forward?.abort()
        }
        forward?.agent = nil
        host.ended(&observer, ending ?? .agentFinished)
    }

    // MARK: - The server's side

    /// The server is reached.
    func serverReached() {
        guard let forward else { return }
        isForwarding = true
        if !held.isEmpty {
            let bytes = held
            held = []
            pass(bytes.span.bytes, to: forward)
        }
        resumeReading()
    }

    /// Bytes of the server.
    func serverSent(_ bytes: RawSpan) {
        write(bytes)
        if waitingBytes > Self.waitingLimit { forward?.pauseReading() }
        host.watch(&observer) { observer, fleet, decoder in
            observer.serverSent(bytes, at: shard.now, &fleet, decoder)
        }
    }

    /// The server has ended its stream.
    func serverFinished() {
        ending = ending ?? .server
        finishWriting()
        if isFinished { endInOrder() }
    }

    /// The connection to the server is over.
    func serverLost(_ cause: CloseCause) {
        forward = nil
        ending = ending ?? .server
        switch cause {
        case .local, .peerClosed: closeGracefully()
        default: abort()
        }
    }

    /// The server could not be reached.
    func serverUnreachable() {
        host.refused += 1
        forward = nil
        ending = .server
        abort()
    }

    func endInOrder() {
        ending = ending ?? .server
        forward?.closeGracefully()
        closeGracefully()
    }

    private func pass(_ bytes: RawSpan, to forward: ForwardLink) {
        forward.write(bytes)
        if forward.waitingBytes > Self.waitingLimit { pauseReading() }
        host.watch(&observer) { observer, fleet, decoder in
            observer.agentSent(bytes, at: shard.now, &fleet, decoder)
        }
    }

    /// More bytes than this wait for a side only while the other is not read.
    private static let waitingLimit = 256 << 10
}

/// The server's side of a connection that is passed on. Confined to its shard.
final class ForwardLink: Endpoint, @unchecked Sendable {
    weak var agent: ObservedLink?
    private var attempt: ConnectAttempt?
    private(set) var isFinished = false

    init(to agent: ObservedLink, host: ObservingHost) {
        self.agent = agent
        let plan = ConnectPlan(
            address: host.address(), tls: host.forward.security?.request(identity: nil, resumes: true))
        attempt = ConnectAttempt(plan, at: host.shard.now)
        super.init(shard: host.shard)
    }

    /// - Returns: whether the attempt to connect has begun.
    func begin() -> Bool { attempt?.begin(on: self) ?? false }

    override func connected() {
        guard let attempt else { return }
        switch attempt.connected(on: self) {
        case .underWay, .failed: break
        case .ready:
            self.attempt = nil
            agent?.serverReached()
        }
    }

    override func received(_ bytes: RawSpan) { agent?.serverSent(bytes) }

    override func peerFinished() -> Bool {
        isFinished = true
        agent?.serverFinished()
        return true
    }

    override func drained() { agent?.resumeReading() }

    override func closed(_ cause: CloseCause) {
        let agent = agent
        self.agent = nil
        if attempt != nil { agent?.serverUnreachable() } else { agent?.serverLost(cause) }
    }
}
