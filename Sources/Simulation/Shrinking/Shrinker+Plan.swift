import Basis
public import Rollout

extension Shrinker.Outcome {
    /// `plan` with the agents and the faults that are left: it can be written down and rehearsed again.
    public func plan(from plan: RolloutPlan) -> RolloutPlan {
        var reduced = plan
        reduced.world.only = agents
        reduced.world.breakages = plan.world.breakages.filter { $0.cause == .chance }
        var groups: [(failure: AgentFailure, agents: [UInt32])] = []
        for case .failure(let agent, let failure) in faults {
            if let place = groups.firstIndex(where: { $0.failure == failure }) {
                groups[place].agents.append(agent)
            } else {
                groups.append((failure, [agent]))
            }
        }
        reduced.world.breakages += groups.compactMap { Breakage($0.failure, of: $0.agents) }
        var group = 0
        reduced.world.outages = plan.world.outages.filter { _ in
            defer { group += 1 }
            return faults.contains { if case .outage(group, _, _) = $0 { true } else { false } }
        }
        reduced.world.restarts = plan.world.restarts.filter { restart in
            faults.contains { fault in
                guard case .replicaDown(_, let from, let lasting) = fault else { return false }
                return from == plan.world.begin + restart.at && lasting == restart.length
            }
        }
        return reduced
    }
}

extension Breakage {
    /// Nil where a plan knows no such failure.
    fileprivate init?(_ failure: AgentFailure, of agents: [UInt32]) {
        self.init()
        share = 1
        self.agents = agents
        switch failure {
        case .failsToApply: manner = .fails
        case .mismatches: manner = .mismatches
        case .silent: manner = .silent
        case .slow: return nil
        case .crashes(let after): (manner, self.after) = (.crashes, after)
        case .unhealthy(let after, let lasts): (manner, self.after, self.lasts) = (.unhealthy, after, lasts)
        case .disconnects(let after, let lasts): (manner, self.after, self.lasts) = (.disconnects, after, lasts)
        }
    }
}

extension RehearsalSummary {
    /// In what way the rehearsal failed, the same text for the same way whatever the size of its fleet; nil: it did
    /// not.
    public var failure: String? {
        if let violation = violations.first { return violation.kind.rawValue }
        guard !differences.isEmpty else { return nil }
        let reason: String
        switch stopped?.reason {
        case nil: reason = ""
        case .gate(let number, _)?: reason = " by gate \(number + 1)"
        case .canaryTest?: reason = " by the canary test"
        case .stageTimeout?: reason = " by the stage's timeout"
        case .noProgress?: reason = " by lack of progress"
        case .operatorCommand?: reason = " by the operator"
        }
        switch state {
        case .ended(.finished): return "finished"
        case .ended(.aborted): return "aborted" + reason
        case .ended(.rolledBack): return "rolled back" + reason
        case .paused: return "paused" + reason
        case .notBegun, .offering, .soaking, .waiting, .finishing, .rollingBack: return "still going on" + reason
        }
    }
}
