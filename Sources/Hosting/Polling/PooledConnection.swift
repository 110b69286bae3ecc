import Basis
import Engine
import Metrics
import Transport

/// One HTTP connection of a pool: dialling, lent to an agent for one exchange, or idle. Confined to its shard.
final class PooledConnection: Endpoint, @unchecked Sendable {
    private enum Stage {
        case dialing(Instant)
        /// A proxy was asked for a tunnel.
        case tunnelling(ProxyTunnel)
        case securing(Instant)
        case idle
        /// Lent to an agent; a request may or may not be in flight.
        case lent(PollLink)
        /// Out of the pool; the socket may still be closing.
        case over
    }

    /// How an exchange ended.
    enum Outcome {
        case response(HTTPResponseHead, body: [UInt8])
        /// The server closed an idle connection just as the request left; it may be sent again.
        case lostRace
        /// The connection ended before the response was complete.
        case lost(CloseCause)
        /// What came back is no HTTP.
        case malformed(HTTPExchangeError)
        case timedOut
    }

    private let pool: ConnectionPool
    private var exchange: HTTPExchange
    private var stage = Stage.over
    /// When it was first of use.
    private var opened = Instant.zero
    /// It was up once: where TLS keeps sessions, it has left one.
    private(set) var hasOpened = false
    /// What TLS is to begin with once a proxy has opened its tunnel.
    private var identity: PackedIdentity?
    private var resumes = false

    init(pool: ConnectionPool, limits: HTTPLimits) {
        self.pool = pool
        exchange = HTTPExchange(limits: limits)
        super.init(shard: pool.shard)
    }

    // MARK: - Steered by the pool and by the agent that has it

    /// - Parameters:
    ///   - identity: the certificate to show when asked.
    ///   - resumes: whether an earlier session may be resumed.
    func dial(
        to address: SocketAddress, from source: SocketAddress?, timeout: Nanoseconds, security: TargetSecurity?,
        identity: PackedIdentity?, resumes: Bool
    ) {
        stage = .dialing(shard.now)
        pool.metrics.count(.connectionsAttempted)
        // Behind a proxy TLS begins once there is a tunnel.
        let isDirect = pool.tunnel == nil
        if !isDirect { (self.identity, self.resumes) = (identity, resumes) }
        let isUnderWay = connect(
            to: address, from: source, timeout: timeout, tls: isDirect ? security?.context : nil,
            serverName: security?.serverName, identity: isDirect ? identity : nil, resumes: resumes)
        if !isUnderWay {
            // The shard is stopping: nobody is served any more.
            stage = .over
        }
    }

    func lend(to link: PollLink) {
        stage = .lent(link)
        cancelTimer()
    }

    /// Nobody needs it for now.
    func rest(for span: Nanoseconds) {
        stage = .idle
        setTimer(at: shard.now + span)
    }

    /// Whether another exchange may begin on it.
    var isReusable: Bool { isOpen && exchange.isReady && waitingBytes == 0 }

    /// Whether it has lived for longer than `liveness`.
    func isTooOld(for liveness: Nanoseconds?) -> Bool {
        liveness.map { shard.now >= opened + $0 } ?? false
    }

    /// Writes a request of the agent that has the connection.
    func send(
        target: String, host: String, fields: HTTPFields, body: [UInt8], timeout: Nanoseconds, output: inout [UInt8]
    ) {
        exchange.begin(.post, target: target, host: host, fields: fields, body: body.span.bytes, to: &output)
        setTimer(at: shard.now + timeout)
        pool.metrics.count(.bytesSent, output.count)
        write(output.span.bytes)
        output.removeAll(keepingCapacity: true)
    }

    /// The agent that has it did not use it.
    func giveBack() {
        pool.release(self, isReusable: true)
    }

    /// Leaves the pool in good order.
    func leave() {
        guard isInPool else { return }
        stage = .over
        cancelTimer()
        pool.metrics.count(.connectionsClosed)
        pool.left(self)
        closeGracefully(within: WebSocketLink.closeTimeout)
    }

    /// Leaves the pool at once, with whatever was in flight.
    func drop() {
        guard isInPool else { return }
        stage = .over
        cancelTimer()
        pool.left(self)
        abort()
    }

    private var isInPool: Bool {
        if case .over = stage { return false }
        return true
    }

    // MARK: - What the socket reports

    override func reached() {
        guard case .dialing(let since) = stage else { return }
        pool.metrics.record(.connect, shard.now - since)
        stage = .securing(shard.now)
    }

    override func connected() {
        switch stage {
        case .dialing(let since):
            pool.metrics.record(.connect, shard.now - since)
            askForTunnel()
        case .securing(let since):
            pool.metrics.recordHandshake(shard.now - since, isResumed: isTLSResumed)
            open()
        case .tunnelling, .idle, .lent, .over:
            return
        }
    }

    private func askForTunnel() {
        guard let route = pool.tunnel else { return open() }
        let tunnel = ProxyTunnel()
        var request: [UInt8] = []
        tunnel.appendRequest(authority: route.authority, fields: route.fields, to: &request)
        stage = .tunnelling(tunnel)
        setTimer(at: shard.now + PooledConnection.tunnelTimeout)
        pool.metrics.count(.bytesSent, request.count)
        write(request.span.bytes)
    }

    /// The proxy's tunnel stands: TLS begins in it, where the target is secured.
    private func reachedServer() {
        guard let security = pool.security else { return open() }
        stage = .securing(shard.now)
        secure(
            with: security.context, to: pool.address, serverName: security.serverName, identity: identity,
            resumes: resumes)
        identity = nil
    }

    /// Requests may be sent.
    private func open() {
        opened = shard.now
        pool.metrics.count(.connectionsOpened)
        hasOpened = true
        pool.ready(self)
    }

    /// Bytes from the proxy.
    private func received(_ bytes: RawSpan, in tunnel: ProxyTunnel) {
        var (tunnel, offset) = (tunnel, 0)
        do throws(ProxyError) {
            let isOpen = try tunnel.next(bytes, at: &offset)
            stage = .tunnelling(tunnel)
            guard isOpen else { return }
            cancelTimer()
            reachedServer()
        } catch {
            noTunnel(error)
        }
    }

    /// The proxy does not let us through.
    private func noTunnel(_ error: ProxyError) {
        pool.metrics.count(proxy: error)
        drop()
        pool.dialFailed(.noTunnel(error))
    }

    override func received(_ bytes: RawSpan) {
        pool.metrics.count(.bytesReceived, bytes.byteCount)
        if case .tunnelling(let tunnel) = stage { return received(bytes, in: tunnel) }
        var offset = 0
        do throws(HTTPExchangeError) {
            guard let response = try exchange.next(bytes, at: &offset) else { return }
            if offset < bytes.byteCount {
                // More than the response: whatever that is, it belongs to no request.
                pool.metrics.count(named: HTTPExchangeError.unsolicited.name)
            }
            let isReusable = response.keepAlive && offset == bytes.byteCount
            if !response.keepAlive { pool.metrics.count(.keepAliveRefusals) }
            finish(.response(response.head, body: exchange.body), isReusable: isReusable)
        } catch {
            if case .lent = stage {
                finish(.malformed(error), isReusable: false)
            } else {
                pool.metrics.count(named: error.name)
                drop()
            }
        }
    }

    override func closed(_ cause: CloseCause) {
        let former = stage
        stage = .over
        cancelTimer()
        switch former {
        case .dialing, .securing:
            pool.left(self)
            pool.count(cause)
            pool.dialFailed(.failed(cause))
        case .tunnelling(let tunnel):
            pool.left(self)
            if cause == .peerClosed {
                pool.metrics.count(proxy: tunnel.transportClosed())
            } else {
                pool.count(cause)
            }
            pool.dialFailed(.failed(cause))
        case .idle:
            pool.metrics.count(.connectionsClosed)
            pool.left(self)
        case .lent(let link):
            pool.left(self)
            link.finished(outcome(of: cause), on: self)
            link.advance()
        case .over:
            break
        }
    }

    private func outcome(of cause: CloseCause) -> Outcome {
        switch exchange.transportClosed() {
        case .response(let head): .response(head, body: exchange.body)
        case .lostRace where cause == .peerClosed || cause == .reset: .lostRace
        case .idle, .lostRace, .unanswered, .truncated: .lost(cause)
        }
    }

    override func timerFired(due: Instant) {
        switch stage {
        case .idle: leave()
        case .lent: finish(.timedOut, isReusable: false)
        case .tunnelling:
            pool.metrics.count(.connectTimedOut)
            drop()
            pool.dialFailed(.failed(.timedOut(.connect)))
        case .dialing, .securing, .over: break
        }
    }

    /// The exchange is over: the agent is told, the connection goes to whoever waits, and the agent says what it has left to say.
    private func finish(_ outcome: Outcome, isReusable: Bool) {
        guard case .lent(let link) = stage else { return }
        cancelTimer()
        link.finished(outcome, on: self)
        if case .timedOut = outcome {
            drop()
        } else {
            pool.release(self, isReusable: isReusable)
        }
        link.advance()
    }

    /// How long a proxy may take to open a tunnel.
    private static let tunnelTimeout = Nanoseconds.seconds(10)
}
