import Basis
import Rollout

extension RolloutPlan {
    /// The plan for a smaller fleet: numbers of agents that grow with the fleet become shares or smaller numbers.
    /// - Parameters:
    ///   - ratio: the smaller fleet's size in the larger one's.
    ///   - selected: the agents that the plan is for in the larger fleet.
    ///   - canaryShare: another size of the canary. Stages that end with as many agents or fewer are left out.
    ///   - keepsSamples: whether gates keep their smallest samples, so that a small fleet does not reach them.
    func scaled(by ratio: Double, selected: Int, canaryShare: Double?, keepsSamples: Bool) -> RolloutPlan {
        var plan = self
        func share(_ amount: AgentAmount) -> AgentAmount {
            guard case .agents(let count) = amount else { return amount }
            // One more than the agents is all of them.
            return .share(min(Double(count) / Double(max(selected, 1)), 1))
        }
        func scaled(_ count: Int) -> Int { Int((Double(count) * ratio).rounded(.down)) }
        if let canary { plan.canary?.size = canaryShare.map { .share($0) } ?? share(canary.size) }
        for index in plan.stages.indices { plan.stages[index].to = share(plan.stages[index].to) }
        if let canaryShare {
            plan.stages.removeAll { if case .share(let to) = $0.to { to <= canaryShare } else { false } }
        }
        if let batches = plan.batches {
            plan.batches?.size = share(batches.size)
            plan.batches?.max = batches.max.map(share)
        }
        plan.limits.concurrency = limits.concurrency.map(share)
        if let rate = limits.rate {
            plan.limits.rate?.perSecond = max(rate.perSecond * ratio, 0.001)
            plan.limits.rate?.each = max(scaled(rate.each), 1)
            plan.limits.rate?.max = rate.max.map { max($0 * ratio, 0.001) }
        }
        for (index, gate) in gates.enumerated() {
            if case .agents(let count) = gate.above {
                plan.gates[index].above = .agents(max(scaled(count), gate.inclusive ? 1 : 0))
            }
            if !keepsSamples { plan.gates[index].minimumSample = scaled(gate.minimumSample) }
        }
        plan.expect.broken = expect.broken.map(scaled)
        plan.expect.left = expect.left.map(scaled)
        return plan
    }
}

extension ServerCapacity {
    /// A server for a smaller fleet.
    func scaled(by ratio: Double) -> ServerCapacity {
        var server = self
        server.acceptsPerSecond = max(Int((Double(acceptsPerSecond) * ratio).rounded()), 1)
        server.acceptQueue = Int((Double(acceptQueue) * ratio).rounded(.up))
        server.connectionLimit = max(Int((Double(connectionLimit) * ratio).rounded(.up)), 1)
        server.reportTime = min(Nanoseconds(seconds: reportTime.seconds / max(ratio, 1e-9)), .seconds(1))
        return server
    }
}
