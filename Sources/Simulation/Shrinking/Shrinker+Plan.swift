import AgentModel
import Basis
public import Rollout

extension Shrinker {
    /// A plan that fails, reduced.
    public struct ReducedPlan: Sendable {
        public let outcome: Outcome
        /// It can be written down and rehearsed again; its seed is the one that was rehearsed with.
        public let plan: RolloutPlan
        /// How the reduced plan fails when it is rehearsed by itself.
        public let again: String?
    }

    /// Reduces a plan whose rehearsal is not as expected.
    /// - Returns: `nil` where it is as expected.
    public func shrink(_ plan: RolloutPlan, seed: UInt64) -> ReducedPlan? {
        let plan = Self.withoutWhatIsMet(plan, seed)
        let outcome = shrink(Rehearsal(plan, seed: seed)) { result in
            RehearsalSummary(result.controllers.last?.plan ?? plan, seed: seed, result).failure
        }
        guard let outcome else { return nil }
        let reduced = outcome.plan(from: plan)
        let again = RehearsalSummary(reduced, seed: seed, Rehearsal(reduced, seed: seed).run()).failure
        return ReducedPlan(outcome: outcome, plan: reduced, again: again)
    }
}

extension Shrinker {
    /// The plan without the limit of broken agents, if that is kept and another expectation is not: scaled to a small
    /// fleet it would be none.
    private static func withoutWhatIsMet(_ plan: RolloutPlan, _ seed: UInt64) -> RolloutPlan {
        guard plan.expect.broken != nil else { return plan }
        switch RehearsalSummary(plan, seed: seed, Rehearsal(plan, seed: seed).run()).unmet.first {
        case .within?, .left?:
            var reduced = plan
            reduced.expect.broken = nil
            return reduced
        case .outcome?, .broken?, nil: return plan
        }
    }
}

extension Shrinker.Outcome {
    /// `plan` with the agents and the faults that are left: it can be written down and rehearsed again.
    public func plan(from plan: RolloutPlan) -> RolloutPlan {
        var reduced = rehearsal.rollouts.first?.plan ?? plan
        let world = plan.world
        reduced.seed = rehearsal.world.seed
        reduced.world = world
        reduced.world.only = agents
        reduced.world.breakages = Self.grouped(
            faults.compactMap { fault -> (Breakage, UInt32)? in
                guard case .failure(let agent, let failure, let cause) = fault else { return nil }
                return Breakage(failure, cause).map { ($0, agent) }
            }
        ) { $0.agents = $1 }
        reduced.world.flapping = Self.grouped(
            faults.compactMap { fault -> (Flapping, UInt32)? in
                guard case .flapping(let agents) = fault, let agent = agents.agent else { return nil }
                var flapping = Flapping()
                (flapping.share, flapping.every) = (1, agents.every)
                return (flapping, agent)
            }
        ) { $0.agents = $1 }
        func isLeft(_ fault: WorldFault?) -> Bool { fault.map(faults.contains) ?? false }
        reduced.world.outages = world.outages.filter { isLeft($0.fault(in: world)) }
        reduced.world.restarts = world.restarts.filter { isLeft($0.fault(in: world)) }
        reduced.world.partitions = world.partitions.filter { isLeft($0.fault(in: world)) }
        reduced.world.slowReplicas = world.slowReplicas.filter { isLeft($0.fault(in: world)) }
        reduced.world.offline.share = rehearsal.world.offlineShare
        reduced.world.messageLoss = rehearsal.world.messageLoss
        if rehearsal.world.controllerRestarts.isEmpty { reduced.world.controllerRestarts = [] }
        if rehearsal.world.heartbeatGroups.isEmpty { reduced.world.heartbeats = [] }
        reduced.world.server.accepts = Double(rehearsal.world.server.acceptsPerSecond)
        reduced.world.server.backlog = rehearsal.world.server.acceptQueue
        reduced.world.server.connections = rehearsal.world.server.connectionLimit
        reduced.world.server.reportCost = rehearsal.world.server.reportTime
        return reduced
    }

    /// One entry for all agents that have the same.
    private static func grouped<Entry: Hashable>(
        _ entries: [(Entry, UInt32)], _ set: (inout Entry, [UInt32]) -> Void
    ) -> [Entry] {
        var groups: [(entry: Entry, agents: [UInt32])] = []
        for (entry, agent) in entries {
            if let place = groups.firstIndex(where: { $0.entry == entry }) {
                groups[place].agents.append(agent)
            } else {
                groups.append((entry, [agent]))
            }
        }
        return groups.map { group in
            var entry = group.entry
            set(&entry, group.agents)
            return entry
        }
    }
}

extension Breakage {
    /// Nil where a plan knows no such failure.
    fileprivate init?(_ failure: AgentFailure, _ cause: FailureRule.Cause) {
        self.init()
        share = 1
        self.cause = cause == .chance ? .chance : .revision
        switch failure {
        case .failsToApply: manner = .fails
        case .failsToInstall: manner = .failsToInstall
        case .mismatches: manner = .mismatches
        case .silent: manner = .silent
        case .slow: return nil
        case .crashes(let after): (manner, self.after) = (.crashes, after)
        case .unhealthy(let after, let lasts): (manner, self.after, self.lasts) = (.unhealthy, after, lasts)
        case .partUnhealthy(let part, let after, let lasts):
            (manner, self.after, self.lasts) = (.unhealthy, after, lasts)
            component = part.name ?? Self.root
        case .disconnects(let after, let lasts): (manner, self.after, self.lasts) = (.disconnects, after, lasts)
        }
    }
}

extension RehearsalSummary {
    /// In what way the rehearsal failed, the same text for the same way whatever the size of its fleet; nil: it did
    /// not.
    public var failure: String? {
        if let violation = violations.first { return violation.kind.rawValue }
        guard let unmet = unmet.first else { return nil }
        let reason: String
        switch stopped?.reason {
        case nil: reason = ""
        case .gate(let number, _)?: reason = " by gate \(number + 1)"
        case .canaryTest?: reason = " by the canary test"
        case .stageTimeout?: reason = " by the stage's timeout"
        case .noProgress?: reason = " by lack of progress"
        case .operatorCommand?: reason = " by the operator"
        }
        let ending: String
        switch state {
        case .ended(.finished): ending = "finished"
        case .ended(.aborted): ending = "aborted" + reason
        case .ended(.rolledBack): ending = "rolled back" + reason
        case .paused: ending = "paused" + reason
        case .notBegun, .offering, .soaking, .waiting, .finishing, .rollingBack: ending = "still going on" + reason
        }
        switch unmet {
        case .outcome: return ending
        case .broken: return ending + ", with more broken agents than expected"
        case .within: return ending + ", later than expected"
        case .left: return ending + ", with more agents on another revision than expected"
        }
    }
}
