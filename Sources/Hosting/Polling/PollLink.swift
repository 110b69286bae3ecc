import AgentModel
import Basis
import Engine
import Metrics
import OpAMP
import OpenSSL
import Transport

/// One agent that polls over plain HTTP: its state machine, and the reports that wait to be sent. An endpoint without a
/// connection of its own: only its timer is used; each request borrows a connection from the shard's pool.
///
/// For the state machine a session begins when the agent gets its first connection and lasts over any number of later
/// ones: between two polls the agent is as connected as HTTP agents ever are. A server that refuses a request for now
/// ends the session without an agent_disconnect; the state machine waits as its policy and the server's Retry-After
/// say, and begins another. Confined to its shard.
final class PollLink: Endpoint, Link, @unchecked Sendable {
    /// How far the agent's session is.
    enum Session {
        case offline
        /// The state machine waits for the first connection of a session.
        case connecting
        case open
        /// The state machine ends the session: what waits is still sent.
        case leaving
    }

    var machine: Agent
    let host: AgentHost
    let polling: PollingHost
    let home: AgentPlace
    var session = Session.offline
    var requests = PollRequests()
    /// The connection that the agent has borrowed.
    var connection: PooledConnection?
    /// The agent's place in the pool's queue; 0: it has none.
    var ticket: UInt32 = 0
    var offered: AgentPlace? {
        didSet { ownPool = nil }
    }
    /// The pool of an agent that shares its connection with no other.
    private var ownPool: ConnectionPool?
    /// The server has refused a request: what the state machine does about that is no message and no answer.
    var isRefused = false
    /// The agent is cut off from its server: its requests wait.
    var isCutOff = false
    var hasConnected = false
    var hasBeenAnswered = false

    /// Why the pool has no connection for the agent.
    enum NotGranted {
        case failed(ConnectError)
        case waitedTooLong
    }

    init(agent: Agent, host: AgentHost, polling: PollingHost) {
        machine = agent
        self.host = host
        self.polling = polling
        home = host.home(of: agent.cohort)
        super.init(shard: host.shard)
    }

    var agent: Agent { machine }

    override func timerFired(due: Instant) { wake(due: due) }

    // MARK: - What the state machine asks for

    var isConnected: Bool { connection != nil }
    var isOffline: Bool { if case .offline = session { true } else { false } }

    /// `advance` gets the connection.
    func connect() {
        session = .connecting
    }

    func send(_ report: ReportSlice) {
        // No agent_disconnect is sent to a server that is throttling: it would be one more request.
        if isRefused, report.kind == .agentDisconnect { return }
        let request = PollRequest(
            kind: report.kind, sequenceNumber: report.sequenceNumber, bytes: Array(host.effects.bytes[report.range]),
            dueAt: report.dueAt)
        if !requests.append(request) {
            // While the agent is cut off, that is the profile's doing.
            if !isCutOff { host.metrics.count(.writeOverflow) }
            neverSent(request)
            notReceived(from: request.sequenceNumber)
        }
    }

    /// Polls send none: a response answers its request.
    func ping(_ payload: UInt64) {}

    func close(code: UInt16) {
        guard case .open = session else { return }
        if isRefused { dropRequests(because: .connectionLost) }
        session = .leaving
    }

    /// Drops the exchange and the reports under way.
    func drop() {
        session = .offline
        dropRequests(because: agent.isLeaving ? .timedOut : .cut)
        pool.cancel(self)
        connection?.drop()
        connection = nil
    }

    /// The connection belongs to others too: the agent stops polling, whatever the method, and what is under way is
    /// cut.
    func leaveTransport(by method: LeaveMethod) {
        host.metrics.count(named: "connections_left_by_\(method)")
        session = .offline
        dropRequests(because: .cut)
        pool.cancel(self)
        connection?.drop()
        connection = nil
    }

    /// The connection belongs to others too: an agent that reads slowly cannot be had over a pool.
    func readSlowly(_ bytesPerSecond: Int) {
        host.metrics.count(named: "slow_reading_over_pool")
    }

    func setWake(at instant: Instant) {
        if instant == .distantFuture {
            cancelTimer()
        } else {
            setTimer(at: instant)
        }
    }

    func countsItself(_ anomaly: Anomaly, _ amount: Int) -> Bool {
        switch anomaly {
        case .unavailable, .badRequest: isRefused
        // An answer belongs to its request.
        case .push, .surplusAnswer: true
        default: false
        }
    }

    /// Does what can be done now: gets a connection where one is needed, sends the next report, ends a session that is
    /// left.
    func advance() {
        guard connection == nil, ticket == 0, !isCutOff else { return }
        switch session {
        case .connecting:
            useConnection()
        case .open, .leaving:
            if requests.first != nil {
                useConnection()
            } else if case .leaving = session {
                session = .offline
                act { machine, now, effects in machine.closeCompleted(at: now, &effects) }
            }
        case .offline:
            break
        }
    }

    // MARK: - Connections of the pool

    private func useConnection() {
        if let connection = pool.acquire(for: self), !use(connection) { connection.giveBack() }
    }

    /// Uses a connection: for the session that begins with it, and for the report that waits.
    /// - Returns: false where there was nothing to send: a report too large, say.
    private func use(_ connection: PooledConnection) -> Bool {
        self.connection = connection
        if case .connecting = session {
            session = .open
            countConnected()
            host.watch?.opened(self, at: shard.now)
            tell { machine, now, effects in machine.connected(at: now, &effects) }
        }
        guard let request = requests.first, self.connection === connection else {
            self.connection = nil
            return false
        }
        send(request, over: connection)
        return true
    }

    /// It is the agent's turn. False where it has no use for the connection after all.
    func granted(_ connection: PooledConnection) -> Bool {
        var isUsed = false
        asCohort { isUsed = use(connection) }
        return isUsed
    }

    func notGranted(_ reason: NotGranted) {
        asCohort { connectionFailed(reason) }
    }

    private func connectionFailed(_ reason: NotGranted) {
        if case .waitedTooLong = reason {
            host.metrics.count(.pollsWithoutConnection, requests.list.count { $0.kind == .heartbeat && !$0.isSent })
        }
        let failure: ConnectFailure =
            switch reason {
            case .failed(let error): ConnectFailure(error)
            case .waitedTooLong: .noLocalResource
            }
        switch session {
        case .connecting:
            session = .offline
            act { machine, now, effects in machine.connectionFailed(failure, reason: nil, at: now, &effects) }
        case .open:
            lose(failure == .timedOut ? .idle : .reset, reports: .connectionLost)
            advance()
        case .leaving:
            // The agent_disconnect cannot be sent.
            dropRequests(because: .connectionLost)
            advance()
        case .offline:
            break
        }
    }

    /// The session is over without the state machine having asked for it.
    /// - Parameter reports: why the answer to a request that was sent is no longer waited for.
    func lose(_ cause: LossCause, reports: UnansweredReport.Cause) {
        dropRequests(because: reports)
        switch session {
        case .open:
            session = .offline
            tell { machine, now, effects in machine.connectionLost(cause, at: now, &effects) }
        case .leaving, .connecting, .offline:
            // A leaving agent has nothing left to say, and `advance` ends its session.
            break
        }
    }

    /// The connections that the agent's requests go over: those to its server's address, or to the proxy for its
    /// server.
    var pool: ConnectionPool {
        if let ownPool { return ownPool }
        let target = place.target
        let address = target.address(of: agent.index)
        guard let identities = target.security?.identities else {
            return polling.plan.isPerAgent ? own(nil) : polling.pool(of: address, target: target, identity: nil)
        }
        let cohort = agent.cohort.plan.name
        // A certificate that cannot be made is not shown; what that means is the server's to say.
        let identity = try? identities.identity(of: agent.index, cohort: cohort)
        guard let identity, !identities.isShared(by: cohort) else {
            return polling.plan.isPerAgent
                ? own(identity) : polling.pool(of: address, target: target, identity: identity)
        }
        return own(identity)
    }

    /// A pool that is the agent's own from now on.
    private func own(_ identity: PackedIdentity?) -> ConnectionPool {
        let target = place.target
        let pool = polling.ownPool(
            of: target.address(of: agent.index), target: target, identity: identity,
            agent: agent.index)
        ownPool = pool
        return pool
    }

    func packedIdentity(for target: AgentTarget) throws(TLSError) -> PackedIdentity? {
        if target.security?.identities != nil, let shown = pool.identity { return shown }
        return try host.identities(for: target)?.identity(of: agent.index, cohort: agent.cohort.plan.name)
    }
}
