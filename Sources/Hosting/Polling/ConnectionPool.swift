import Basis
import Engine
import Metrics
import OpenSSL
import Transport

/// The connections of one shard to one server address, shared by all agents that poll there.
///
/// A request uses the connection that was used last, or a new one while the limit allows it, or waits in a queue.
/// Confined to its shard. An endpoint without a connection of its own: its timer ends the waits that last too long.
final class ConnectionPool: Endpoint, @unchecked Sendable {
    let metrics: ShardMetrics
    private let plan: PollingPlan
    private let address: SocketAddress
    private let sources: [SocketAddress]
    private let limits: HTTPLimits
    /// Where the tunnels through a proxy lead; nil: there is no proxy.
    private let tunnel: (authority: String, fields: HTTPFields)?
    /// The codings of request bodies that the server has refused, of which none is tried again.
    private var refusedCodings: Set<ContentCoding> = []
    /// What is sent in their place.
    private var acceptedCoding = ContentCoding.identity
    private let security: TargetSecurity?
    private let linkPlan: LinkPlan?
    private let place: Place
    /// The certificate that the pool's connections show: one, because they carry the requests of many agents.
    let identity: PackedIdentity?
    /// Ended connections that left a TLS session: the same number of the next ones may resume one.
    private var resumable = 0
    private var idle: [PooledConnection] = []
    /// How many are being made, lent or idle.
    private(set) var connectionCount = 0
    private var dialing = 0
    private var dialed = 0
    private var waiting = WaitingQueue()

    /// Whose place the links of the connections have.
    enum Place {
        /// The pool is an agent's own.
        case ofAgent(UInt64)
        /// Each connection has its own place, drawn by this number and its own.
        case ofConnections(UInt64)
    }

    init(
        shard: Shard, metrics: ShardMetrics, plan: PollingPlan, address: SocketAddress, target: AgentTarget,
        identity: PackedIdentity?, place: Place
    ) {
        self.place = place
        linkPlan = target.link
        self.metrics = metrics
        self.plan = plan
        self.address = address
        sources = target.sources
        security = target.security
        self.identity = identity
        var limits = HTTPLimits()
        limits.bodyBytes = Int(target.limits.messageBytes)
        self.limits = limits
        tunnel = target.tunnel
        super.init(shard: shard)
    }

    // MARK: - Asked by agents

    /// A connection for one exchange at once, or `nil`: then `link` waits in the queue until `granted` or `notGranted`
    /// is called. If the queue is full, `notGranted` is called at once.
    func acquire(for link: PollLink) -> PooledConnection? {
        if waiting.isEmpty, let connection = takeIdle() {
            metrics.record(.poolWait, .zero)
            connection.lend(to: link)
            return connection
        }
        guard waiting.count < plan.queueLimit else {
            metrics.count(.poolTimeouts)
            link.notGranted(.waitedTooLong)
            return nil
        }
        waiting.append(link, at: shard.now)
        refill()
        if timer == nil { armTimer() }
        return nil
    }

    /// Whether every connection that it may have is made or being made.
    var isExhausted: Bool { connectionCount >= plan.connections }

    /// The agent no longer waits.
    func cancel(_ link: PollLink) {
        waiting.cancel(link)
    }

    /// How agents may encode request bodies that are to be sent in `preferred`.
    func coding(for preferred: ContentCoding) -> ContentCoding {
        refusedCodings.contains(preferred) ? acceptedCoding : preferred
    }

    /// The server does not accept `coding` in requests; the next to be tried is one that it names.
    func refused(_ coding: ContentCoding, accepting accepted: AcceptEncoding) {
        // Another agent's refusal may have come first.
        guard refusedCodings.insert(coding).inserted else { return }
        acceptedCoding = accepted.best(of: [.zstd, .gzip].filter { !refusedCodings.contains($0) })
    }

    /// A connection is given back: the next in turn gets it, or it is idle.
    func release(_ connection: PooledConnection, isReusable: Bool) {
        guard isReusable, connection.isReusable, !connection.isTooOld(for: plan.liveness) else {
            return connection.leave()
        }
        serve(connection)
    }

    // MARK: - Told by connections

    func ready(_ connection: PooledConnection) {
        dialing -= 1
        serve(connection)
    }

    /// A connection has gone; the pool has room for another.
    func left(_ connection: PooledConnection) {
        connectionCount -= 1
        if connection.hasOpened, security != nil { resumable = min(resumable + 1, plan.connections) }
        if let index = idle.firstIndex(where: { $0 === connection }) {
            idle.remove(at: index)
        }
        refill()
    }

    /// An attempt failed: the request that waited longest gets this failure; one attempt fails one request.
    func dialFailed(_ error: ConnectError) {
        dialing -= 1
        if let place = waiting.popFirst() {
            place.link.notGranted(.failed(error))
        }
        refill()
    }

    /// Dials for those who wait, as far as the limit allows.
    func refill() {
        while dialing < waiting.count, connectionCount < plan.connections {
            let connection = PooledConnection(pool: self, limits: limits)
            connectionCount += 1
            dialing += 1
            let source = sources.isEmpty ? nil : sources[dialed % sources.count]
            dialed += 1
            let resumes = resumable > 0
            if resumes { resumable -= 1 }
            connection.dial(
                ConnectPlan(
                    address: address, source: source, tunnel: tunnel,
                    tls: security?.request(identity: identity, resumes: resumes), link: linkRoute))
        }
    }

    /// The link of the connection that was counted last.
    private var linkRoute: LinkRoute? {
        linkPlan.map { plan in
            switch place {
            case .ofAgent(let agent): LinkRoute(plan, place: agent, connection: UInt64(dialed))
            case .ofConnections(let number): LinkRoute(plan, place: number &+ UInt64(dialed), connection: 0)
            }
        }
    }

    // MARK: - Turns

    private func takeIdle() -> PooledConnection? {
        while let connection = idle.popLast() {
            if connection.isReusable, !connection.isTooOld(for: plan.liveness) { return connection }
            connection.leave()
        }
        return nil
    }

    private func serve(_ connection: PooledConnection) {
        while let place = waiting.popFirst() {
            metrics.record(.poolWait, shard.now - place.since)
            connection.lend(to: place.link)
            if place.link.granted(connection) { return }
            // Whoever did not use it may have dropped it.
            guard connection.isReusable else { return connection.leave() }
        }
        idle.append(connection)
        connection.rest(for: plan.idleTimeout)
    }

    override func timerFired(due: Instant) {
        let latest = shard.now - plan.acquireTimeout
        while let place = waiting.popFirst(since: latest) {
            metrics.record(.poolWait, shard.now - place.since)
            metrics.count(.poolTimeouts)
            place.link.notGranted(.waitedTooLong)
        }
        armTimer()
    }

    private func armTimer() {
        if let oldest = waiting.oldest() {
            setTimer(at: oldest + plan.acquireTimeout)
        }
    }
}
