import Basis
import Rollout
import Schema

/// The outages and restarts of a plan's world, in the order of their times.
struct WorldFaults {
    enum Action {
        case outage([UInt32], begins: Bool)
        /// The whole server is down.
        case serverDown(begins: Bool)
        /// The connections of these agents are lost.
        case lost([UInt32])
    }

    /// The latest first.
    private var steps: [(at: Instant, action: Action)] = []

    init(_ plan: RolloutPlan, _ fleet: RolloutFleet) {
        let world = plan.world
        let begin = Instant.zero + world.begin
        let agents = fleet.members ?? Array(0..<UInt32(clamping: fleet.count))
        for outage in world.outages {
            let group = RolloutSelection(attributes: [Named(outage.attribute, [outage.value])], fleet: fleet)
            let cut = agents.filter { group.includes($0) }
            steps.append((begin + outage.at, .outage(cut, begins: true)))
            steps.append((begin + outage.at + outage.length, .outage(cut, begins: false)))
        }
        let replicas = max(world.server.replicas, 1)
        for restart in world.restarts {
            let count = restart.replicas ?? replicas
            if count < replicas {
                // The one server of a live rehearsal stands for all replicas: their part of the agents loses its
                // connections.
                steps.append((begin + restart.at, .lost(agents.filter { Int($0) % replicas < count })))
            } else {
                steps.append((begin + restart.at, .serverDown(begins: true)))
                steps.append((begin + restart.at + restart.length, .serverDown(begins: false)))
            }
        }
        // Steps of one time stay in their order.
        let order = steps.indices.sorted { (steps[$0].at, $0) > (steps[$1].at, $1) }
        steps = order.map { steps[$0] }
    }

    var next: Instant? { steps.last?.at }

    mutating func take(upTo now: Instant) -> Action? {
        guard let last = steps.last, last.at <= now else { return nil }
        steps.removeLast()
        return last.action
    }
}
