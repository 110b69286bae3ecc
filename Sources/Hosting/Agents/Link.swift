import AgentModel
import Basis
import Engine
import Metrics
import OpAMP
import OpenSSL

/// One agent of a fleet, or several that share a connection, over any transport: the interface for the run. Confined to
/// its shard.
protocol FleetMember: AnyObject {
    /// The agent; of several, the one that the connection belongs to.
    var agent: Agent { get }
    /// Its number in the run; without a copy of the agent.
    var agentIndex: UInt64 { get }
    /// The agent that the connection belongs to has had an answer.
    var hasBeenAnswered: Bool { get }
    /// How many agents have had no answer in all their life.
    var unanswered: Int { get }
    /// The agent has ended, or all that share the connection have.
    var isOver: Bool { get }
    /// How many agents have still to send agent_disconnect.
    var unsentAgentDisconnects: Int { get }

    /// The agent starts and connects.
    func start()
    /// The run cuts the connection, as an event of the profile asks for.
    func loseConnection()
    /// The agent leaves, as the profile asks for.
    func leave(by method: LeaveMethod, then sequel: AfterLeaving)
    /// An operator restarts the agent's process.
    func restartProcess()
    /// The agent is cut off from its server. False where it is already.
    func beginPartition(until end: Instant) -> Bool
    /// The partition that was to end then is over.
    func endPartition(_ end: Instant)
    /// The agent notices that nothing is received during the partition that ends then.
    func noticePartition(_ end: Instant)
    /// The agent reports a part of its status now.
    func reportStatus(_ part: StatusPart)
    /// A rehearsal has the agent do something.
    func follow(_ command: AgentCommand)
    /// The agent waits for the answers that it is owed, at most until `deadline`, sends agent_disconnect, closes and
    /// stops.
    func drain(by deadline: Instant)
    /// The run is over: what has no end yet is counted.
    /// - Parameter isDrained: whether the server had the whole drain to answer in.
    func settle(isDrained: Bool)
}

extension FleetMember {
    var isOver: Bool { agent.state == .disconnected }
    var unanswered: Int { hasBeenAnswered ? 0 : 1 }
    var unsentAgentDisconnects: Int { agent.state.isOnline ? 1 : 0 }
}

extension AnsweredReport {
    /// Whether the agent is served: an error is no service, and neither is an answer to an agent that leaves.
    fileprivate var provesService: Bool { !isRefusal && kind != .agentDisconnect }
}

/// A state machine that one link serves: an agent, or a gateway with the agents behind it.
protocol LinkedStateMachine: SendableMetatype {
    mutating func start(at now: Instant, _ effects: inout Effects)
    mutating func attemptBegins(at now: Instant)
    mutating func connected(at now: Instant, _ effects: inout Effects)
    mutating func received(_ answer: borrowing ServerToAgentView, at now: Instant, _ effects: inout Effects)
    mutating func receivedPong(_ payload: UInt64, at now: Instant, _ effects: inout Effects)
    mutating func receivedMalformed(_ what: MalformedAnswer, at now: Instant, _ effects: inout Effects)
    mutating func upgradeRefused(status: Int, retryAfter: Nanoseconds?, at now: Instant, _ effects: inout Effects)
    mutating func connectionFailed(
        _ cause: ConnectFailure, reason: String?, at now: Instant, _ effects: inout Effects)
    mutating func connectionLost(_ cause: LossCause, at now: Instant, _ effects: inout Effects)
    mutating func loseConnection(at now: Instant, _ effects: inout Effects)
    mutating func leave(by method: LeaveMethod, then sequel: AfterLeaving, at now: Instant, _ effects: inout Effects)
    mutating func cutOff(at now: Instant, _ effects: inout Effects)
    mutating func endCutOff(at now: Instant, _ effects: inout Effects)
    mutating func restartProcess(at now: Instant, _ effects: inout Effects)
    mutating func reportStatus(_ part: StatusPart, at now: Instant, _ effects: inout Effects)
    mutating func wake(at now: Instant, _ effects: inout Effects)
    mutating func closeCompleted(at now: Instant, _ effects: inout Effects)
    mutating func drain(at now: Instant, by deadline: Instant, _ effects: inout Effects)
    mutating func settle(isDrained: Bool, at now: Instant, _ effects: inout Effects)
    mutating func downloadTold(_ update: DownloadUpdate, at now: Instant, _ effects: inout Effects)
}

extension Agent: LinkedStateMachine {}
extension Gateway: LinkedStateMachine {}

/// A state machine on a transport. The link passes the transport's events to the state machine and performs the effects
/// that the state machine returns, in one loop for every transport. It makes no decision about the protocol.
///
/// The kinds of links, `AgentLink`, `GatewayLink` and `PollLink`, are final classes: the methods here are compiled for
/// each of them, so that nothing on a heartbeat's way is looked up at run time. Confined to its shard.
protocol Link: Endpoint, FleetMember {
    associatedtype Machine: LinkedStateMachine

    var machine: Machine { get set }
    var host: AgentHost { get }
    /// The profile's target for the agents of this cohort.
    var home: AgentPlace { get }
    /// Where a server has sent the agent; `nil`: to the profile's target.
    var offered: AgentPlace? { get set }
    var hasConnected: Bool { get set }
    var hasBeenAnswered: Bool { get set }

    // What each transport does in its own way.

    /// Whether a connection of the agent is up.
    var isConnected: Bool { get }
    /// Whether the transport may connect: there is no connection, and none is being made.
    var isOffline: Bool { get }

    /// Connects to `place`.
    func connect()
    /// Sends a report, whose bytes are in the host's effects.
    func send(_ report: ReportSlice)
    /// Sends a WebSocket Ping, in the same write as the report beside it.
    func ping(_ payload: UInt64)
    /// A report was answered.
    func answered(_ answer: AnsweredReport)
    /// A report was not answered and is no longer waited for.
    func unanswered(_ report: UnansweredReport)
    /// An agent has had the first answer of a connection.
    func firstAnswered()
    /// Whether the link knows itself whose the first answers are.
    var countsFirstAnswers: Bool { get }
    /// Closes the connection in order.
    func close(code: UInt16)
    /// Drops the connection, or the attempt at one.
    func drop()
    /// Leaves the connection by `fin`, `reset` or `silent`.
    func leaveTransport(by method: LeaveMethod)
    /// Limits how fast this connection is read, in bytes per second.
    func readSlowly(_ bytesPerSecond: Int)
    /// The state machine wants to be woken; `.distantFuture`: never.
    func setWake(at instant: Instant)
    /// Whether the link itself counts what the state machine has found, or has counted it already.
    func countsItself(_ anomaly: Anomaly, _ amount: Int) -> Bool
    /// All effects of a step are performed: does what is left to do.
    func advance()
    /// The agent's certificate: on connections to `target`, and to the servers of files.
    func packedIdentity(for target: AgentTarget) throws(TLSError) -> PackedIdentity?
}

extension Link {
    /// Where the agent connects at present.
    var place: AgentPlace { offered ?? home }

    var agentIndex: UInt64 { agent.index }

    // MARK: - Steered by the run

    func start() {
        act { machine, now, effects in machine.start(at: now, &effects) }
    }

    func loseConnection() {
        asCohort { cutConnection() }
    }

    private func cutConnection() {
        if isConnected { host.metrics.count(.connectionsCut) }
        act { machine, now, effects in machine.loseConnection(at: now, &effects) }
    }

    func leave(by method: LeaveMethod, then sequel: AfterLeaving) {
        act { machine, now, effects in machine.leave(by: method, then: sequel, at: now, &effects) }
    }

    func restartProcess() {
        act { machine, now, effects in machine.restartProcess(at: now, &effects) }
    }

    func reportStatus(_ part: StatusPart) {
        act { machine, now, effects in machine.reportStatus(part, at: now, &effects) }
    }

    func drain(by deadline: Instant) {
        act { machine, now, effects in machine.drain(at: now, by: deadline, &effects) }
    }

    func settle(isDrained: Bool) {
        tell { machine, now, effects in machine.settle(isDrained: isDrained, at: now, &effects) }
    }

    /// The state machine's timer has fired.
    func wake(due: Instant) {
        host.metrics.record(.schedulingDelay, shard.now - due)
        act { machine, now, effects in machine.wake(at: now, &effects) }
    }

    // MARK: - Events and effects

    /// Passes an event to the state machine, performs its effects, and continues.
    func act(_ event: (inout Machine, Instant, inout Effects) -> Void) {
        asCohort {
            tell(event)
            advance()
        }
    }

    /// What `event` counts is counted for the agent's cohort.
    @inline(__always)
    func asCohort(_ event: () -> Void) {
        let metrics = host.metrics
        let former = metrics.enter(cohort: agent.cohort.number)
        event()
        metrics.leave(for: former)
    }

    /// Tells the state machine what happened and performs its effects; the caller calls `advance`. Never called while
    /// the effects of another step are being performed.
    func tell(_ event: (inout Machine, Instant, inout Effects) -> Void) {
        host.effects.removeAll()
        event(&machine, shard.now, &host.effects)
        performEffects()
    }

    /// Performs the effects of a step of the state machine, in their order.
    func performEffects() {
        let (host, metrics) = (host, host.metrics)
        for index in host.effects.list.indices {
            switch host.effects.list[index] {
            case .send(let report): send(report)
            case .ping(let payload): ping(payload)
            case .answered(let answer):
                answered(answer)
                if answer.provesService, !countsFirstAnswers { firstAnswered() }
            case .unanswered(let report): unanswered(report)
            case .heartbeatsNotPossible(let missed): metrics.record(missed)
            case .withoutServer(let time): metrics.record(time)
            case .firstAnswered(let span):
                metrics.record(.ready, span)
                firstAnswered()
            case .stateChanged(let change):
                host.moved(change, of: agent.index)
                if change.to == .disconnected { host.population.ended(self) }
            case .healthReported(let change): metrics.record(change)
            case .count(let anomaly, let amount): count(anomaly, Int(amount))
            case .connect:
                offered = nil
                connect()
            case .connectTo(let target): connect(to: target)
            case .close(let code): close(code: code)
            case .abort: drop()
            case .leaveTransport(let method): leaveTransport(by: method)
            case .fault(let fault): metrics.count(fault: fault)
            case .readSlowly(let bytesPerSecond): readSlowly(bytesPerSecond)
            case .offer(let step): metrics.record(step, at: shard.now)
            case .package(let step): metrics.record(step)
            case .exportTelemetry(let export): host.send(export)
            case .download(let request): beginDownload(request)
            case .cancelDownload(let agent): host.downloads.cancel(agent: agent)
            }
        }
        if let wakeAt = host.effects.wakeAt { setWake(at: wakeAt) }
    }

    private func count(_ anomaly: Anomaly, _ amount: Int) {
        if !countsItself(anomaly, amount) { host.metrics.count(anomaly: anomaly, amount) }
    }

    var countsFirstAnswers: Bool { false }

    /// An agent has had an answer. One whose first report was refused has its first answer later than its connection.
    func firstAnswered() {
        guard !hasBeenAnswered else { return }
        hasBeenAnswered = true
        host.metrics.count(.agentsAnswered)
    }

    /// The agent's transport is up.
    func countConnected() {
        if hasConnected {
            host.metrics.count(.reconnects)
        } else {
            hasConnected = true
            host.metrics.count(.agentsConnected)
        }
        host.population.connected(self)
    }

    /// Connects as the server has offered. The name is resolved off the shard; settings that cannot be used are a
    /// failed attempt.
    private func connect(to target: ConnectionTarget) {
        let (resolve, usual) = (host.resolveOffer, home.target)
        Task { [self] in
            let found: Result<AgentTarget, OfferProblem>
            do throws(OfferProblem) { found = .success(try await resolve(target.settings, usual)) } catch {
                found = .failure(error)
            }
            shard.perform { [self] in
                guard agent.state == .connecting, isOffline else { return }
                switch found {
                case .success(let target):
                    offered = AgentPlace(target)
                    connect()
                    advance()
                case .failure(let problem): cannotConnect(problem)
                }
            }
        }
    }

    private func cannotConnect(_ problem: OfferProblem) {
        let isUnresolved = problem == .nameNotResolved
        host.metrics.count(isUnresolved ? .dnsFailure : .settingsUnusable)
        if !isUnresolved { host.metrics.count(named: "settings_unusable: \(problem.rawValue)") }
        act { machine, now, effects in
            machine.connectionFailed(
                isUnresolved ? .nameNotFound : .unusableSettings, reason: "\(problem)", at: now, &effects)
        }
    }

    private func beginDownload(_ request: PackageDownload) {
        let route: DownloadRoute.Finder = { [weak self] (agent, isSecure) throws(TLSError) in
            try self?.downloadRoute(of: agent, isSecure: isSecure) ?? DownloadRoute()
        }
        host.downloads.begin(request, by: route) { [weak self] update in
            self?.act { machine, now, effects in machine.downloadTold(update, at: now, &effects) }
        }
    }
}
