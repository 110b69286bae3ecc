import Basis
import Engine
import Metrics
import OpenSSL
import Transport

/// One HTTP connection of a pool: being made, lent to an agent for one exchange, or idle. Confined to its shard.
final class PooledConnection: Endpoint, @unchecked Sendable {
    private enum Lending {
        case connecting(ConnectAttempt)
        case idle
        /// Lent to an agent; a request may or may not be in flight.
        case lent(PollLink)
        /// Out of the pool; the socket may still be closing.
        case over
    }

    /// How an exchange ended.
    enum Outcome {
        case response(HTTPResponseHead, body: [UInt8])
        /// The connection ended before the response was complete.
        case lost(CloseCause)
        /// The response is not HTTP.
        case malformed(HTTPExchangeError)
        case timedOut
    }

    private let pool: ConnectionPool
    private var exchange: HTTPExchange
    private var lending = Lending.over
    /// When it was first of use.
    private var opened = Instant.zero
    /// It was up once: where TLS keeps sessions, it has left one.
    private(set) var hasOpened = false

    init(pool: ConnectionPool, limits: HTTPLimits) {
        self.pool = pool
        exchange = HTTPExchange(limits: limits)
        super.init(shard: pool.shard)
    }

    // MARK: - Steered by the pool and by the agent that has it

    func dial(_ plan: ConnectPlan) {
        pool.metrics.count(.connectionsAttempted)
        let attempt = ConnectAttempt(plan, at: shard.now, metrics: pool.metrics)
        // A shard that is stopping serves no more requests.
        lending = attempt.begin(on: self) ? .connecting(attempt) : .over
    }

    func lend(to link: PollLink) {
        lending = .lent(link)
        cancelTimer()
    }

    /// No request waits for it.
    func rest(for span: Nanoseconds) {
        lending = .idle
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

    /// Leaves the pool and closes in order.
    func leave() {
        guard isInPool else { return }
        lending = .over
        cancelTimer()
        pool.metrics.count(.connectionsClosed)
        pool.left(self)
        closeGracefully(within: ConnectTimeouts.close)
    }

    /// Leaves the pool at once; an exchange in flight is lost.
    func drop() {
        guard isInPool else { return }
        lending = .over
        cancelTimer()
        if hasOpened { pool.metrics.count(.connectionsAborted) }
        pool.left(self)
        abort()
    }

    private var isInPool: Bool {
        if case .over = lending { return false }
        return true
    }

    // MARK: - What the socket reports

    override func connected() {
        guard case .connecting(let attempt) = lending else { return }
        connecting(attempt.connected(on: self))
    }

    private func connecting(_ progress: ConnectAttempt.Progress) {
        switch progress {
        case .underWay: break
        case .ready: open()
        case .failed(let error):
            lending = .over
            dialFailed(error)
        }
    }

    /// Requests may be sent.
    private func open() {
        opened = shard.now
        pool.metrics.count(.connectionsOpened)
        hasOpened = true
        pool.ready(self)
    }

    private func dialFailed(_ error: ConnectError) {
        pool.left(self)
        pool.metrics.count(error)
        pool.dialFailed(error)
    }

    override func received(_ bytes: RawSpan) {
        countReceived(bytes.byteCount)
        var offset = 0
        if case .connecting(let attempt) = lending {
            return connecting(attempt.received(bytes, at: &offset, on: self))
        }
        do throws(HTTPExchangeError) {
            guard let response = try exchange.next(bytes, at: &offset) else { return }
            if offset < bytes.byteCount {
                // Bytes after the response belong to no request.
                pool.metrics.count(named: HTTPExchangeError.unsolicited.name)
            }
            let isReusable = response.keepAlive && offset == bytes.byteCount
            if !response.keepAlive { pool.metrics.count(.keepAliveRefusals) }
            finish(.response(response.head, body: exchange.body), isReusable: isReusable)
        } catch {
            if case .lent = lending {
                finish(.malformed(error), isReusable: false)
            } else {
                pool.metrics.count(named: error.name)
                drop()
            }
        }
    }

    /// For the agent that has the connection, where one has.
    private func countReceived(_ bytes: Int) {
        if case .lent(let link) = lending {
            link.asCohort { pool.metrics.count(.bytesReceived, bytes) }
        } else {
            pool.metrics.count(.bytesReceived, bytes)
        }
    }

    override func enteredLink(_ span: Nanoseconds, losses: Int) {
        if case .lent(let link) = lending {
            link.asCohort { pool.metrics.enteredLink(span, losses: losses) }
        } else {
            pool.metrics.enteredLink(span, losses: losses)
        }
    }

    override func linkFired(late lag: Nanoseconds) { pool.metrics.record(.schedulingDelay, lag) }

    override func closed(_ cause: CloseCause) {
        let former = lending
        lending = .over
        cancelTimer()
        switch former {
        case .connecting(let attempt):
            dialFailed(attempt.closed(cause))
        case .idle:
            pool.metrics.count(.connectionsClosed)
            pool.left(self)
        case .lent(let link):
            pool.left(self)
            link.asCohort {
                link.finished(outcome(of: cause), on: self)
                link.advance()
            }
        case .over:
            break
        }
    }

    private func outcome(of cause: CloseCause) -> Outcome {
        switch exchange.transportClosed() {
        case .response(let head): .response(head, body: exchange.body)
        case .idle, .lostRace, .unanswered, .truncated: .lost(cause)
        }
    }

    override func timerFired(due: Instant) {
        switch lending {
        case .idle: leave()
        case .lent: finish(.timedOut, isReusable: false)
        case .connecting, .over: break
        }
    }

    /// The exchange is over: the agent is told, the connection goes to whoever waits, and the agent sends what it has
    /// left to send.
    private func finish(_ outcome: Outcome, isReusable: Bool) {
        guard case .lent(let link) = lending else { return }
        cancelTimer()
        link.asCohort { link.finished(outcome, on: self) }
        if case .timedOut = outcome {
            drop()
        } else {
            pool.release(self, isReusable: isReusable)
        }
        link.asCohort { link.advance() }
    }
}
