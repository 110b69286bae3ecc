public import Basis
public import OpAMP

/// Several agents on one connection, as behind a gateway: the leader, which is the gateway itself and owns the
/// transport, and members that connect through it. The server distinguishes them by their instance uids
/// (ServerToAgent.instance_uid).
///
/// To its host a gateway looks like one agent: the same events, the same effects, one timer. Members never see the
/// transport: the gateway answers their requests. A member is connected once it asks for a connection and the gateway
/// has one. A member is closed once all its reports are answered, agent_disconnect included. When the gateway loses its
/// connection, its members lose theirs. A member cannot connect to another server: a trial of offered connection
/// settings fails for it. A member that reads slowly slows the connection that all share, as in a real proxy.
public struct Gateway {
    public private(set) var leader: Agent
    public private(set) var members: [Agent]
    /// Where messages for a member go, by the uid that it has, or had until the server gave it another.
    private var routes: [InstanceUID: Int] = [:]
    /// Set while members still leave: until when they, and then the gateway itself, wait for answers.
    private var drainBy: Instant?
    /// What the host's timer is set to.
    private var timer: Instant = .distantFuture

    /// Every event looks at every member's timer.
    public static let memberLimit = 1_000

    /// - Parameter members: at most `memberLimit`; more are left out.
    public init(leader: Agent, members: [Agent]) {
        self.leader = leader
        self.members = Array(members.prefix(Self.memberLimit))
        for number in self.members.indices { routes[self.members[number].instanceUID] = number }
    }

    /// The state of the gateway itself; a member has its own.
    public var state: AgentState { leader.state }

    private var isOnline: Bool { leader.state.isOnline }

    /// Whether answers may still arrive.
    private var isUp: Bool { isOnline || leader.state == .closing }

    public mutating func start(at now: Instant, _ effects: inout Effects) {
        leader.start(at: now, &effects)
        for number in members.indices { tell(number, at: now, &effects) { $0.start(at: $1, &$2) } }
        setTimer(&effects)
    }

    /// Another agent's life begins: it connects through the gateway, at once where that is connected. One beyond
    /// `memberLimit` is left out.
    public mutating func join(_ member: Agent, at now: Instant, _ effects: inout Effects) {
        guard members.count < Self.memberLimit else { return }
        let number = members.count
        members.append(member)
        routes[member.instanceUID] = number
        tell(number, at: now, &effects) { $0.start(at: $1, &$2) }
        setTimer(&effects)
    }

    /// The number of the member that has, or had, the uid; `nil` where a message that names it is the gateway's own.
    public func member(named uid: InstanceUID) -> Int? {
        routes[uid]
    }

    /// The host begins the attempt to connect only now.
    public mutating func attemptBegins(at now: Instant) { leader.attemptBegins(at: now) }

    /// The transport is up: the gateway reports first, then everybody who waits for it.
    public mutating func connected(at now: Instant, _ effects: inout Effects) {
        leader.connected(at: now, &effects)
        for number in members.indices where members[number].state == .connecting {
            tell(number, at: now, &effects) { $0.connected(at: $1, &$2) }
        }
        setTimer(&effects)
    }

    public mutating func upgradeRefused(
        status: Int, retryAfter: Nanoseconds?, at now: Instant, _ effects: inout Effects
    ) {
        leader.upgradeRefused(status: status, retryAfter: retryAfter, at: now, &effects)
        setTimer(&effects)
    }

    public mutating func connectionFailed(
        _ cause: ConnectFailure, reason: String? = nil, at now: Instant, _ effects: inout Effects
    ) {
        leader.connectionFailed(cause, reason: reason, at: now, &effects)
        setTimer(&effects)
    }

    public mutating func connectionLost(_ cause: LossCause, at now: Instant, _ effects: inout Effects) {
        leader.connectionLost(cause, at: now, &effects)
        loseMembers(cause, at: now, &effects)
        if drainBy != nil { drainLeaderIfDue(at: now, &effects) }
        setTimer(&effects)
    }

    public mutating func loseConnection(at now: Instant, _ effects: inout Effects) {
        leader.loseConnection(at: now, &effects)
        loseMembers(.dropped, at: now, &effects)
        setTimer(&effects)
    }

    /// The gateway leaves, and its members with it: those of one that is gone are gone too, the others connect again
    /// through it.
    public mutating func leave(
        by method: LeaveMethod, then sequel: AfterLeaving, at now: Instant, _ effects: inout Effects
    ) {
        if sequel == .gone {
            for number in members.indices {
                tell(number, at: now, &effects) { $0.leave(by: method, then: .gone, at: $1, &$2) }
            }
        }
        tellLeader(at: now, &effects) { $0.leave(by: method, then: sequel, at: $1, &$2) }
        setTimer(&effects)
    }

    /// The gateway's connection is cut off.
    public mutating func cutOff(at now: Instant, _ effects: inout Effects) {
        tellAll(at: now, &effects) { $0.cutOff(at: $1, &$2) }
    }

    public mutating func endCutOff(at now: Instant, _ effects: inout Effects) {
        tellAll(at: now, &effects) { $0.endCutOff(at: $1, &$2) }
    }

    private mutating func tellAll(
        at now: Instant, _ effects: inout Effects, _ event: (inout Agent, Instant, inout Effects) -> Void
    ) {
        for number in members.indices { tell(number, at: now, &effects, event) }
        tellLeader(at: now, &effects, event)
        setTimer(&effects)
    }

    /// An operator restarts the gateway itself.
    public mutating func restartProcess(at now: Instant, _ effects: inout Effects) {
        tellLeader(at: now, &effects) { $0.restartProcess(at: $1, &$2) }
        setTimer(&effects)
    }

    public mutating func reportStatus(_ part: StatusPart, at now: Instant, _ effects: inout Effects) {
        tellLeader(at: now, &effects) { $0.reportStatus(part, at: $1, &$2) }
        for number in members.indices {
            tell(number, at: now, &effects) { $0.reportStatus(part, at: $1, &$2) }
        }
        setTimer(&effects)
    }

    public mutating func closeCompleted(at now: Instant, _ effects: inout Effects) {
        leader.closeCompleted(at: now, &effects)
        loseMembers(.endOfStream, at: now, &effects)
        setTimer(&effects)
    }

    /// Members send agent_disconnect first: after the gateway's own agent_disconnect nothing may follow on the
    /// connection.
    public mutating func drain(at now: Instant, by deadline: Instant, _ effects: inout Effects) {
        for number in members.indices { tell(number, at: now, &effects) { $0.drain(at: $1, by: deadline, &$2) } }
        drainBy = deadline
        drainLeaderIfDue(at: now, &effects)
        setTimer(&effects)
    }

    /// The gateway itself leaves after its members.
    private mutating func drainLeaderIfDue(at now: Instant, _ effects: inout Effects) {
        guard let deadline = drainBy, !members.contains(where: { $0.state.isOnline }) else { return }
        drainBy = nil
        leader.drain(at: now, by: deadline, &effects)
    }

    /// Leaves at once, whatever waits for an answer.
    public mutating func drain(at now: Instant, _ effects: inout Effects) {
        drain(at: now, by: now, &effects)
    }

    /// The run ends, whatever the agents are doing: counts what has no end yet.
    public mutating func settle(isDrained: Bool, at now: Instant, _ effects: inout Effects) {
        leader.settle(isDrained: isDrained, at: now, &effects)
        for number in members.indices { members[number].settle(isDrained: isDrained, at: now, &effects) }
    }

    public mutating func receivedMalformed(_ what: MalformedAnswer, at now: Instant, _ effects: inout Effects) {
        tellLeader(at: now, &effects) { $0.receivedMalformed(what, at: $1, &$2) }
        setTimer(&effects)
    }

    /// A message goes to the agent that it names; one without a uid, or with an unknown one, goes to the gateway.
    public mutating func received(_ answer: borrowing ServerToAgentView, at now: Instant, _ effects: inout Effects) {
        if let uid = answer.instanceUID.uid, let number = routes[uid] {
            // A view cannot be captured, so the step is written out here.
            let start = effects.list.count
            let former = members[number].instanceUID
            members[number].received(answer, at: now, &effects)
            settle(number, from: start, former: former, at: now, &effects)
        } else {
            let start = effects.list.count
            leader.received(answer, at: now, &effects)
            leaveWithLeader(from: start, at: now, &effects)
        }
        if drainBy != nil { drainLeaderIfDue(at: now, &effects) }
        setTimer(&effects)
    }

    /// A Pong goes to whose Ping it answers.
    public mutating func receivedPong(_ payload: UInt64, at now: Instant, _ effects: inout Effects) {
        let pong = PingPayload(value: payload)
        if pong.isFrom(leader.index) {
            tellLeader(at: now, &effects) { $0.receivedPong(payload, at: $1, &$2) }
        } else if let number = members.firstIndex(where: { pong.isFrom($0.index) }) {
            tell(number, at: now, &effects) { $0.receivedPong(payload, at: $1, &$2) }
        }
        setTimer(&effects)
    }

    public mutating func wake(at now: Instant, _ effects: inout Effects) {
        timer = .distantFuture
        if leader.timer <= now { tellLeader(at: now, &effects) { $0.wake(at: $1, &$2) } }
        for number in members.indices where members[number].timer <= now {
            tell(number, at: now, &effects) { $0.wake(at: $1, &$2) }
        }
        if drainBy != nil { drainLeaderIfDue(at: now, &effects) }
        setTimer(&effects)
    }

    /// A download of the gateway itself or of a member has proceeded, or has ended.
    public mutating func downloadTold(_ update: DownloadUpdate, at now: Instant, _ effects: inout Effects) {
        if update.agent == leader.index {
            tellLeader(at: now, &effects) { $0.downloadTold(update, at: $1, &$2) }
        } else if let number = members.firstIndex(where: { $0.index == update.agent }) {
            tell(number, at: now, &effects) { $0.downloadTold(update, at: $1, &$2) }
        }
        setTimer(&effects)
    }

    // MARK: Between the gateway and its members

    private mutating func tellLeader(
        at now: Instant, _ effects: inout Effects, _ event: (inout Agent, Instant, inout Effects) -> Void
    ) {
        let start = effects.list.count
        event(&leader, now, &effects)
        leaveWithLeader(from: start, at: now, &effects)
    }

    /// The leader has requested the end of the connection. Members that are connected lose theirs. Members that have
    /// sent agent_disconnect wait for its answer while the connection is closed in order, and no longer once it is
    /// dropped.
    private mutating func leaveWithLeader(from start: Int, at now: Instant, _ effects: inout Effects) {
        guard !isOnline, effects.list[start...].contains(where: \.endsTheConnection) else { return }
        loseMembers(.endOfStream, inOrder: isUp, at: now, &effects)
    }

    private mutating func loseMembers(
        _ cause: LossCause, inOrder: Bool = false, at now: Instant, _ effects: inout Effects
    ) {
        for number in members.indices
        where members[number].state.isOnline || (members[number].state == .closing && !inOrder) {
            tell(number, at: now, &effects) { $0.connectionLost(cause, at: $1, &$2) }
        }
    }

    /// Passes an event to a member, and answers the member's requests to the transport.
    private mutating func tell(
        _ number: Int, at now: Instant, _ effects: inout Effects,
        _ event: (inout Agent, Instant, inout Effects) -> Void
    ) {
        let start = effects.list.count
        let former = members[number].instanceUID
        event(&members[number], now, &effects)
        settle(number, from: start, former: former, at: now, &effects)
    }

    /// Removes a member's requests to the transport from the effects, and answers them. An answer may lead to another
    /// request, for example a close to a new connection. A request soon has to wait for the clock or the server, so the
    /// chain is short; `requestLimit` bounds it.
    private mutating func settle(
        _ number: Int, from start: Int, former: InstanceUID, at now: Instant, _ effects: inout Effects
    ) {
        var seen = start
        for _ in 0..<Self.requestLimit {
            let request = takeRequest(from: seen, &effects)
            seen = effects.list.count
            if request == .elsewhere {
                members[number].connectionFailed(.unreachable, at: now, &effects)
                continue
            }
            let connects = request == .connection
            if members[number].state == .closing, !isUp || members[number].outstandingReports == 0 {
                members[number].closeCompleted(at: now, &effects)
            } else if connects, isOnline, members[number].state == .connecting {
                members[number].connected(at: now, &effects)
            } else {
                break
            }
        }
        let uid = members[number].instanceUID
        // The former uid stays routed: answers to reports under way still have it.
        if uid != former { routes[uid] = number }
    }

    /// A member's requests to the transport. A close shows in the member's state.
    private enum TransportRequest {
        case nothing
        case connection
        /// A connection that a gateway cannot give: with settings of the member's own, to be tried.
        case elsewhere
    }

    /// Removes the requests to the transport from the effects that begin at `start`, except that of a slow reader,
    /// which slows all.
    private func takeRequest(from start: Int, _ effects: inout Effects) -> TransportRequest {
        var request = TransportRequest.nothing
        var kept = start
        for number in start..<effects.list.count {
            switch effects.list[number] {
            case .connect: request = .connection
            case .connectTo(let target): request = target.isCandidate ? .elsewhere : .connection
            case .close, .abort, .leaveTransport: break
            case .send, .ping, .answered, .unanswered, .heartbeatsNotPossible, .withoutServer, .firstAnswered,
                .stateChanged,
                .healthReported, .count, .fault, .offer, .package,
                .exportTelemetry, .readSlowly, .download, .cancelDownload:
                effects.list[kept] = effects.list[number]
                kept += 1
            }
        }
        effects.list.removeSubrange(kept...)
        return request
    }

    /// A failed trial, the way back, and a step more than any chain has.
    private static let requestLimit = 6

    private mutating func setTimer(_ effects: inout Effects) {
        effects.wakeAt = nil
        var wanted = leader.timer
        for number in members.indices { wanted = min(wanted, members[number].timer) }
        guard wanted < timer else { return }
        timer = wanted
        effects.wakeAt = wanted
    }
}

extension Effect {
    /// Whether it ends the connection, in order or at once.
    fileprivate var endsTheConnection: Bool {
        switch self {
        case .close, .abort, .leaveTransport: return true
        case .connect, .connectTo, .send, .ping, .answered, .unanswered, .heartbeatsNotPossible, .withoutServer,
            .firstAnswered, .stateChanged, .healthReported, .count, .fault,
            .offer, .package, .exportTelemetry, .readSlowly, .download, .cancelDownload:
            return false
        }
    }
}
