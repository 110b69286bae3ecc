import Basis
public import Rollout
import Schema

extension World {
    /// The world of a plan.
    /// - Parameters:
    ///   - fleet: the plan's fleet, whose attributes breakages and outages name.
    ///   - seed: decides everything that is drawn.
    public init(_ plan: RolloutPlan, fleet: RolloutFleet, seed: UInt64) {
        self.init(agents: fleet.count, seed: seed)
        let planned = plan.world
        members = fleet.members
        span = .seconds(max((planned.duration.count + 999_999_999) / 1_000_000_000, 1))
        heartbeatInterval = planned.heartbeat
        applyTime = planned.applying
        latency = planned.latency
        configurationBytes = plan.change.bytes
        offlineShare = planned.offline.share
        offlineTime = planned.offline.time
        offlineFrom = planned.begin
        delivery = planned.server.delivery == .push ? .push : .answer
        server.replicas = min(max(planned.server.replicas, 1), 64)
        server.acceptsPerSecond = max(Int(planned.server.accepts), 1)
        server.acceptQueue = planned.server.backlog
        server.connectionLimit = planned.server.connections
        server.reportTime = planned.server.reportCost
        for breakage in planned.breakages { failures.append(FailureRule(breakage, fleet)) }
        for outage in planned.outages {
            let value = Named(outage.attribute, [outage.value])
            guard groups.count < Self.maxGroups, let set = AgentSet(fleet, [value]) else { continue }
            faults.append(.outage(group: groups.count, from: planned.begin + outage.at, lasting: outage.length))
            groups.append(set)
        }
        for restart in planned.restarts {
            guard let count = restart.replicas, count < server.replicas else {
                faults.append(.replicaDown(replica: nil, from: planned.begin + restart.at, lasting: restart.length))
                continue
            }
            for replica in 0..<count {
                faults.append(.replicaDown(replica: replica, from: planned.begin + restart.at, lasting: restart.length))
            }
        }
    }
}

extension FailureRule {
    fileprivate init(_ breakage: Breakage, _ fleet: RolloutFleet) {
        let failure: AgentFailure
        switch breakage.manner {
        case .fails: failure = .failsToApply
        case .mismatches: failure = .mismatches
        case .silent: failure = .silent
        case .unhealthy: failure = .unhealthy(after: breakage.after, lasts: breakage.lasts)
        case .disconnects: failure = .disconnects(after: breakage.after, lasts: breakage.lasts)
        case .crashes: failure = .crashes(after: breakage.after)
        }
        self.init(
            failure, share: breakage.share, agents: AgentSet(fleet, breakage.attributes, breakage.agents),
            cause: breakage.cause == .revision ? .revisions(1...UInt16.max) : .chance)
    }
}

extension AgentSet {
    /// The agents that have one of the values of each attribute and are among the numbers; nil: nothing is asked for,
    /// so any agent.
    init?(_ fleet: RolloutFleet, _ attributes: [Named<[String]>], _ numbers: [UInt32]? = nil) {
        guard !attributes.isEmpty || numbers != nil else { return nil }
        let selection = RolloutSelection(attributes: attributes, fleet: fleet)
        let wanted = numbers.map { Set($0) }
        self.init(count: fleet.count) { agent in wanted?.contains(agent) != false && selection.includes(agent) }
    }
}
