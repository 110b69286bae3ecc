import Basis
import Rollout

/// Reduces a rehearsal that fails to few agents and few faults that fail in the same way.
///
/// The failures that rules draw are first written out, one for each agent and rule; what is drawn for an agent does not
/// depend on which others exist, so a part of the fleet is the same agents. Agents are left out first, since a run
/// costs what its fleet costs, then faults, until neither list gets shorter.
public struct Shrinker: Sendable {
    /// What is left.
    public struct Outcome: Sendable {
        /// Fails as the first one did.
        public let rehearsal: Rehearsal
        public let failure: String
        public let agents: [UInt32]
        public let faults: [WorldFault]
        /// The agents and faults at the start.
        public let agentsBefore: Int
        public let faultsBefore: Int
        /// How often a rehearsal was run.
        public let runs: Int
    }

    /// The most runs.
    public var limit = 4_000

    public init() {}

    /// - Parameter failure: in what way a result fails, the same text for the same way; nil: it does not.
    /// - Returns: `nil` where the rehearsal does not fail.
    public func shrink(_ rehearsal: Rehearsal, failure: (RehearsalResult) -> String?) -> Outcome? {
        var start = rehearsal
        start.world = rehearsal.world.withFailuresWrittenOut()
        var runs = 1
        guard let wanted = failure(start.run()) else { return nil }
        let allAgents = start.world.members ?? (0..<UInt32(clamping: start.world.agents)).map { $0 }
        var agents = allAgents
        var faults = start.world.faults
        func fails(_ agents: [UInt32], _ faults: [WorldFault]) -> Bool {
            guard runs < limit else { return false }
            runs += 1
            return failure(start.reduced(to: agents, faults).run()) == wanted
        }
        while runs < limit {
            let before = (agents.count, faults.count)
            agents = minimized(agents, limit: limit - runs) { fails($0, faults) }
            // The faults of agents that are left out are none.
            let left = Set(agents)
            let concerned = faults.filter { fault in fault.agent.map(left.contains) ?? true }
            if concerned.count < faults.count, fails(agents, concerned) { faults = concerned }
            faults = minimized(faults, limit: limit - runs) { fails(agents, $0) }
            if before == (agents.count, faults.count) { break }
        }
        return Outcome(
            rehearsal: start.reduced(to: agents, faults), failure: wanted, agents: agents, faults: faults,
            agentsBefore: allAgents.count, faultsBefore: start.world.faults.count, runs: runs)
    }
}

extension Rehearsal {
    /// The same with a part of the agents and of the faults.
    fileprivate func reduced(to agents: [UInt32], _ faults: [WorldFault]) -> Rehearsal {
        var reduced = self
        reduced.world.members = agents
        reduced.world.faults = faults
        var fleet = RolloutFleet(count: self.fleet.count, members: agents)
        for column in self.fleet.columns {
            fleet.add(column.name, values: column.values) { Int(column.indexes[Int($0)]) }
        }
        reduced.fleet = fleet
        return reduced
    }
}

extension WorldFault {
    /// The one agent that it is about; nil: it is about more.
    public var agent: UInt32? {
        switch self {
        case .failure(let agent, _), .stop(let agent, _, _): agent
        case .outage, .replicaDown, .replicaSlow, .partition, .flapping: nil
        }
    }
}

extension World {
    /// The same world with the failures that revisions bring about as faults of single agents instead of rules.
    func withFailuresWrittenOut() -> World {
        var world = self
        let draws = KeyedDraws(seed: seed)
        let numbers = members ?? (0..<UInt32(clamping: agents)).map { $0 }
        var written: [WorldFault] = []
        for (number, rule) in failures.enumerated() {
            guard rule.cause == .revisions(1...UInt16.max) else { continue }
            for agent in numbers where rule.agents?.contains(agent) != false {
                if draws.chance(rule.share, agent, .failure, UInt32(number)) {
                    written.append(.failure(agent: agent, rule.failure))
                }
            }
        }
        world.failures = failures.filter { $0.cause != .revisions(1...UInt16.max) }
        world.faults = written + faults
        return world
    }
}
