import AgentModel
import Basis
import Engine
import Metrics
import OpAMP
import Transport

/// One agent that polls over plain HTTP: its state machine, and the reports that wait to be sent. An endpoint without a connection of its
/// own: only its timer is used; each request borrows a connection from the shard's pool.
///
/// For the state machine a session begins when the agent gets its first connection and lasts over any number of later ones: between two
/// polls the agent is as connected as HTTP agents ever are. A server that refuses a request for now ends the session without a
/// agent_disconnect; the state machine waits as its policy and the server's Retry-After have it, and begins another. Confined to its shard.
final class PollLink: Endpoint, FleetMember, @unchecked Sendable {
    enum Stage {
        case offline
        /// The state machine waits for the first connection of a session.
        case connecting
        case open
        /// The state machine leaves: what waits is still sent, then the session is over.
        case leaving
    }

    var agent: Agent
    let host: AgentHost
    let polling: PollingHost
    /// The profile's target for the agents of this cohort.
    let home: AgentPlace
    var stage = Stage.offline
    var requests = PollRequests()
    /// The connection that the agent has borrowed.
    var connection: PooledConnection?
    /// The agent's place in the pool's queue; 0: it has none.
    var ticket: UInt32 = 0
    /// Where a server has sent the agent to; `nil`: the profile's target.
    var offered: AgentPlace? {
        didSet { ownPool = nil }
    }
    /// Where the agent polls at present.
    var place: AgentPlace { offered ?? home }
    /// The pool of an agent whose certificate no other agent shows.
    private var ownPool: ConnectionPool?
    /// The server has refused a request: what the state machine says of that is no message and no answer.
    var isRefused = false
    /// The state machine has ended the session: what was not answered by then is nobody's loss.
    var isLeaving = false
    /// When the request that was last in flight left.
    var lastSent = Instant.zero
    var hasConnected = false
    var hasBeenAnswered = false

    /// Why the pool has no connection for the agent.
    enum NotGranted {
        case failed(CloseCause)
        case noTunnel(ProxyError)
        case waitedTooLong
    }

    init(agent: Agent, host: AgentHost, polling: PollingHost) {
        self.agent = agent
        self.host = host
        self.polling = polling
        home = host.home(of: agent.cohort)
        super.init(shard: host.shard)
    }

    /// An agent_disconnect that waits, or one that nobody has asked for.
    var unsentAgentDisconnects: Int {
        agent.state.isOnline ? 1 : requests.list.count { $0.kind == .agentDisconnect && !$0.isSent }
    }

    // MARK: - Steered by the run

    func start() {
        act { agent, now, effects in agent.start(at: now, &effects) }
    }

    func loseConnection() {
        if connection != nil { host.metrics.count(.connectionsCut) }
        host.isCutting = true
        tell { agent, now, effects in agent.loseConnection(at: now, &effects) }
        host.isCutting = false
        advance()
    }

    func drain() {
        act { agent, now, effects in agent.drain(at: now, &effects) }
    }

    override func timerFired(due: Instant) {
        host.metrics.record(.schedulingDelay, shard.now - due)
        act { agent, now, effects in agent.wake(at: now, &effects) }
    }

    // MARK: - Told by the pool

    /// It is the agent's turn. False where it has no use for the connection after all.
    func granted(_ connection: PooledConnection) -> Bool {
        take(connection)
    }

    func notGranted(_ reason: NotGranted) {
        let failure: ConnectFailure =
            switch reason {
            case .failed(let cause): ConnectFailure(cause)
            case .noTunnel: .other
            case .waitedTooLong: .noLocalResource
            }
        switch stage {
        case .connecting:
            stage = .offline
            act { agent, now, effects in agent.connectionFailed(failure, at: now, &effects) }
        case .open:
            lose(failure == .timedOut ? .idle : .reset)
            advance()
        case .leaving:
            // The agent_disconnect cannot be said.
            countUnsentAgentDisconnects()
            requests.removeAll()
            advance()
        case .offline:
            break
        }
    }

    /// The session is over without the state machine having asked for it.
    func lose(_ cause: LossCause) {
        countUnsentAgentDisconnects()
        requests.removeAll()
        switch stage {
        case .open:
            stage = .offline
            tell { agent, now, effects in agent.connectionLost(cause, at: now, &effects) }
        case .leaving, .connecting, .offline:
            // A leaving agent has nothing left to say, and `advance` ends its session.
            break
        }
    }

    // MARK: - One request at a time

    /// Does what can be done now: gets a connection where one is needed, sends the next report, ends a session that is left.
    func advance() {
        guard connection == nil, ticket == 0 else { return }
        switch stage {
        case .connecting:
            if let connection = pool.acquire(for: self, isRepeated: false) {
                if !take(connection) { connection.giveBack() }
            }
        case .open, .leaving:
            if let next = requests.first {
                if let connection = pool.acquire(for: self, isRepeated: next.isRepeated) {
                    if !take(connection) { connection.giveBack() }
                }
            } else if case .leaving = stage {
                stage = .offline
                act { agent, now, effects in agent.closeCompleted(at: now, &effects) }
            }
        case .offline:
            break
        }
    }

    /// Uses a connection: for the session that begins with it, and for the report that waits.
    /// - Returns: False where there was nothing to send: a report too large, say.
    private func take(_ connection: PooledConnection) -> Bool {
        self.connection = connection
        if case .connecting = stage {
            stage = .open
            isLeaving = false
            if hasConnected {
                host.metrics.count(.reconnects)
            } else {
                hasConnected = true
                host.metrics.count(.agentsConnected)
            }
            tell { agent, now, effects in agent.connected(at: now, &effects) }
        }
        guard let request = requests.first, self.connection === connection else {
            self.connection = nil
            return false
        }
        send(request, over: connection)
        return true
    }

    /// The connections that the agent's requests go over: those to its server's address, or to the proxy for its server.
    var pool: ConnectionPool {
        if let ownPool { return ownPool }
        let target = place.target
        let address = target.address(of: agent.index)
        guard let identities = target.security?.identities else {
            return polling.pool(of: address, target: target, identity: nil)
        }
        let cohort = agent.cohort.plan.name
        // What cannot be made is not shown, and the server says what it makes of that.
        let identity = try? identities.identity(of: agent.index, cohort: cohort)
        guard let identity, !identities.isShared(by: cohort) else {
            return polling.pool(of: address, target: target, identity: identity)
        }
        let pool = polling.ownPool(of: address, target: target, identity: identity)
        ownPool = pool
        return pool
    }

    /// The agent's certificate: that of its connections to `target` where they show one.
    func packedIdentity(for target: AgentTarget) throws(TLSError) -> PackedIdentity? {
        if target.security?.identities != nil, let shown = pool.identity { return shown }
        return try host.identities(for: target)?.identity(of: agent.index, cohort: agent.cohort.plan.name)
    }
}
