import AgentModel
public import Basis
import OpAMP

extension FleetObserver {
    /// The server has sent an answer on a connection.
    /// - Parameter bytes: a ServerToAgent, without compression and without the WebSocket message header.
    public mutating func answered(_ bytes: RawSpan, on connection: inout SeenConnection, at now: Instant) {
        let isFirst = !connection.isAnswered
        connection.isAnswered = true
        guard let view = try? ServerToAgentView(bytes) else { return brokeReadability() }
        let named = view.instanceUID.uid
        let sole = connection.members.count == 1 ? connection.members.first : connection.requester
        let uid = named ?? sole
        // Before the first report it is not known whom the server may mean.
        let isMember = named.map { connection.isOf($0) || sole == nil && connection.members.isEmpty } ?? true
        if limits.checksConformance {
            let declared = uid.flatMap { agents[$0] }.map { cohorts[$0.cohort].key.capabilities }
            let isKnown = declared.map { !$0.isEmpty } ?? false
            for rule in ServerRule.broken(
                by: view, isFirst: isFirst, isAddressed: isMember, agent: isKnown ? declared : nil)
            {
                serverViolations[rule, default: 0] += 1
            }
        }
        guard let uid, agents[uid] != nil else { return }
        if limits.checksConformance, let answer = try? ServerToAgent(decoding: bytes) {
            check(uid) { $0.received(answer, at: now) }
        }
        if view.present.contains(.remoteConfig) { agents[uid]?.offeredAt = now }
        if let new = view.newInstanceUID.uid, new != uid, new.high | new.low != 0 {
            rename(uid, to: new, on: &connection)
        }
    }

    /// The server's message could not be read.
    public mutating func brokeReadability() {
        unreadable += 1
        if limits.checksConformance { serverViolations[.readable, default: 0] += 1 }
    }

    /// The server gives an agent another instance uid; it is the same agent.
    private mutating func rename(_ uid: InstanceUID, to new: InstanceUID, on connection: inout SeenConnection) {
        guard agents[new] == nil, let agent = agents.removeValue(forKey: uid) else { return }
        agents[new] = agent
        if agent.polls { lookAgain(at: new, agent.lastReport + silence(of: agent)) }
        // The checker knows the agent by both.
        checkers[new] = checkers.removeValue(forKey: uid)
        if let place = connection.members.firstIndex(of: uid) { connection.members[place] = new }
    }

    /// A connection is over.
    public mutating func ended(_ connection: SeenConnection, _ ending: ConnectionEnding, at now: Instant) {
        guard let first = connection.members.first else { return }
        if let agent = agents[first] {
            cohorts[agent.cohort].connectionEnds[Self.end(connection, ending), default: 0] += 1
        }
        for uid in connection.members {
            guard let agent = agents[uid] else { continue }
            agents[uid]?.openConnections -= 1
            guard agent.openConnections <= 1, case .present = agent.presence else { continue }
            let (since, way) = loss(of: agent, connection, ending, at: now)
            isAway(uid, since: since, way)
        }
        if limits.checksConformance {
            for uid in connection.members {
                check(uid) { checker in
                    if connection.sentClose { checker.closedByClient() }
                    checker.gone()
                }
            }
        }
    }

    private static func end(_ connection: SeenConnection, _ ending: ConnectionEnding) -> CohortFigures.ConnectionEnd {
        if connection.sentClose { return .close }
        if connection.closedByServer { return .server }
        switch ending {
        case .agentFinished: return .fin
        case .agentReset: return .reset
        case .server: return .server
        }
    }

    /// Since when an agent is away, and how it went. One whose connection the server gives up after it has been silent
    /// for more than two heartbeats was lost when it last sent something.
    private func loss(
        of agent: SeenAgent, _ connection: SeenConnection, _ ending: ConnectionEnding, at now: Instant
    ) -> (since: Instant, way: LeaveMethod?) {
        if connection.saidDisconnect { return (now, .agentDisconnect) }
        switch Self.end(connection, ending) {
        case .close: return (now, .close)
        case .fin: return (now, .fin)
        case .reset: return (now, .reset)
        case .server:
            let isSilent = agent.longestGap > .zero && now - connection.lastSent > agent.longestGap * 2
            return isSilent ? (connection.lastSent, .silent) : (now, nil)
        }
    }

    // MARK: - Conformance

    /// - Parameter restarts: the report is the first of a process.
    mutating func check(
        _ bytes: RawSpan, of uid: InstanceUID, in place: Int, isFirst: Bool, restarts: Bool,
        _ connection: SeenConnection, at now: Instant
    ) {
        check(uid, in: place) { checker in
            if isFirst {
                checker.gone()
                checker.opened(at: connection.openedAt)
            }
            if restarts { checker.restarted(uid) }
            checker.sent(bytes.copied(), at: now)
        }
    }

    private mutating func check(
        _ uid: InstanceUID, in place: Int? = nil, _ step: (inout ConformanceChecker) -> Void
    ) {
        guard let place = place ?? agents[uid]?.cohort else { return }
        var checker = checkers.removeValue(forKey: uid) ?? ConformanceChecker()
        let known = checker.counts
        step(&checker)
        if checker.counts != known {
            for (rule, count) in checker.counts {
                let found = count - known[rule, default: 0]
                if found > 0 { cohorts[place].violations[rule, default: 0] += found }
            }
        }
        checkers[uid] = checker
    }
}
