import AgentModel
public import Basis
import OpAMP

/// Watches the messages of a fleet and its server, with their times, and knows what the fleet is like.
///
/// Sans-I/O: it is told what passed and when. It keeps numbers, times and hashes, and of the contents only the
/// attributes `service.name`, `service.version` and those that the user has named.
///
/// An agent is there while it has a WebSocket, or polls. One that has lost its connection is away: it has reconnected
/// if it is back within `ObservingLimits.returnTime`, else it has left, at the time when it was lost.
public struct FleetObserver {
    let limits: ObservingLimits
    let start: Instant
    var agents: [InstanceUID: SeenAgent] = [:]
    var cohorts: [CohortFigures] = []
    private var places: [CohortKey: Int] = [:]
    /// Agents to look at again: those that are away, and those that poll. Times rise nearly always.
    private var lookups: [(uid: InstanceUID, due: Instant)] = []
    private var nextLookup = 0

    var checkers: [InstanceUID: ConformanceChecker] = [:]
    /// The rules that the server broke, with the number of times.
    public internal(set) var serverViolations: [ServerRule: Int] = [:]
    /// Agents that were not watched, because there were too many: counted by their connections.
    public internal(set) var agentsBeyondLimit = 0
    /// Messages that could not be read.
    public internal(set) var unreadable = 0
    /// Connections that are passed through without being watched from some moment on, by the reason.
    public internal(set) var unwatched: [UnwatchedReason: Int] = [:]
    /// When the first agent reported.
    public internal(set) var firstReport: Instant?

    /// - Parameter start: when the watch begins.
    public init(limits: ObservingLimits = ObservingLimits(), start: Instant) {
        self.limits = limits
        self.start = start
        _ = place(of: .undescribed)
    }

    /// How many agents are known to be there, or are away and may come back.
    public var agentCount: Int { agents.count }

    /// Where the figures of a kind are.
    mutating func place(of key: CohortKey) -> Int {
        if let place = places[key] { return place }
        guard cohorts.count < limits.cohorts || key == .others else { return place(of: .others) }
        places[key] = cohorts.count
        cohorts.append(CohortFigures(key: key, start: start, seed: UInt64(cohorts.count) + 1))
        return cohorts.count - 1
    }

    // MARK: - Agents that come and leave

    /// A new agent, where there is room for it.
    mutating func add(_ uid: InstanceUID, at now: Instant) -> SeenAgent? {
        guard agents.count < limits.agents else {
            agentsBeyondLimit += 1
            return nil
        }
        let agent = SeenAgent(cohort: 0, at: now)
        if firstReport == nil { firstReport = now }
        cohorts[0].agents += 1
        cohorts[0].population.came(at: now)
        return agent
    }

    /// The agent has said what it is: it belongs to that kind from when it came.
    mutating func move(_ agent: inout SeenAgent, to place: Int) {
        guard agent.cohort != place else { return }
        cohorts[agent.cohort].agents -= 1
        cohorts[agent.cohort].population.didNotCome(at: agent.firstSeen)
        cohorts[place].agents += 1
        cohorts[place].population.came(at: agent.firstSeen)
        if agent.polls {
            cohorts[agent.cohort].polling -= 1
            cohorts[place].polling += 1
        }
        agent.cohort = place
    }

    /// It has lost its last connection, or has sent agent_disconnect over plain HTTP.
    mutating func isAway(_ uid: InstanceUID, since: Instant, _ way: LeaveMethod?) {
        agents[uid]?.presence = .away(since: since, way)
        lookAgain(at: uid, since + limits.returnTime)
    }

    func silence(of agent: SeenAgent) -> Nanoseconds { max(limits.pollingSilence, agent.longestGap * 3) }

    mutating func lookAgain(at uid: InstanceUID, _ due: Instant) {
        lookups.append((uid, due))
    }

    /// Time has passed: agents that were away for too long have left. Call it about once a second.
    public mutating func passed(to now: Instant) {
        while nextLookup < lookups.count, lookups[nextLookup].due <= now {
            look(at: lookups[nextLookup].uid, now)
            nextLookup += 1
        }
        guard nextLookup > lookups.count / 2 else { return }
        lookups.removeFirst(nextLookup)
        nextLookup = 0
    }

    private mutating func look(at uid: InstanceUID, _ now: Instant) {
        guard let agent = agents[uid] else { return }
        switch agent.presence {
        case .away(let since, let way):
            guard since + limits.returnTime <= now else { return }
            hasLeft(uid, agent, at: since, way)
        case .present where agent.polls:
            let due = agent.lastReport + silence(of: agent)
            if due <= now { isAway(uid, since: agent.lastReport, .silent) } else { lookAgain(at: uid, due) }
        case .present: break
        }
    }

    private mutating func hasLeft(_ uid: InstanceUID, _ agent: SeenAgent, at time: Instant, _ way: LeaveMethod?) {
        agents[uid] = nil
        checkers[uid] = nil
        let life = CohortFigures.EndedSpan(span: (time - agent.firstSeen).seconds, endedAt: time, way: way)
        cohorts[agent.cohort].lives.add(life)
        cohorts[agent.cohort].population.left(at: time)
        if !agent.polls { cohorts[agent.cohort].connectionAges.add((time - agent.connectedAt).seconds) }
    }

    // MARK: - What was seen

    /// What is known at `now`. Agents that are away have left. Linear in the number of agents.
    public func observation(at now: Instant) -> Observation {
        var end = self
        for (uid, agent) in agents {
            if case .away(let since, let way) = agent.presence { end.hasLeft(uid, agent, at: since, way) }
        }
        for place in end.cohorts.indices { end.cohorts[place].population.reach(now) }
        for agent in end.agents.values {
            end.cohorts[agent.cohort].ages.add((now - agent.firstSeen).seconds)
            if !agent.polls { end.cohorts[agent.cohort].connectionAges.add((now - agent.connectedAt).seconds) }
        }
        end.measureConcentration(of: agents.values)
        return Observation(end, end: now)
    }

    /// How many of the last heartbeats of a kind fall into the same tenth of an interval.
    private mutating func measureConcentration(of agents: some Collection<SeenAgent>) {
        var phases = [[Double]](repeating: [], count: cohorts.count)
        let intervals = cohorts.map { $0.heartbeatGaps.quantiles?.median ?? 0 }
        for agent in agents {
            guard let beat = agent.lastHeartbeat, intervals[agent.cohort] > 0 else { continue }
            let turns = (beat - start).seconds / intervals[agent.cohort]
            phases[agent.cohort].append(turns - turns.rounded(.down))
        }
        for (place, phases) in phases.enumerated() where phases.count >= Self.fewestPhases {
            cohorts[place].concentration = Self.largestShare(of: phases.sorted(), within: 0.1)
        }
    }

    /// - Parameter phases: 0..<1, sorted.
    private static func largestShare(of phases: [Double], within width: Double) -> Double {
        let twice = phases + phases.map { $0 + 1 }
        var (most, end) = (0, 0)
        for first in phases.indices {
            while end < twice.count, twice[end] <= phases[first] + width { end += 1 }
            most = max(most, min(end - first, phases.count))
        }
        return Double(most) / Double(phases.count)
    }

    /// With fewer agents their heartbeats may fall together by chance.
    private static let fewestPhases = 10
}
