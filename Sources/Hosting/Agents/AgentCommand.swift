public import AgentModel
public import Basis
import Engine

/// What happens to one agent because a rehearsal says so.
public enum AgentCommand: Hashable, Sendable {
    /// The collector that it supervises stops: the agent reports itself unhealthy.
    case collectorStops
    case collectorStarts
    /// A part of what it reports the health of becomes unhealthy, and is healthy again.
    case fails(HealthPart)
    case recovers(HealthPart)
    /// The collector and all of its parts are healthy again.
    case healthIsRestored
    /// It loses its connection, and attempts to connect are refused at once.
    case cutOff
    /// It reaches its server again, with its next attempt.
    case reachable
    /// Its process ends, and starts again then.
    case processStops(until: Instant)
    /// Its connection is lost.
    case loseConnection
}

extension AgentShard {
    /// Has agents do something, by their numbers; those of other shards are passed over. One pass over the shard's
    /// agents.
    public func perform(_ commands: [UInt64: [AgentCommand]]) {
        shard.perform { [self] in host.population.perform(commands) }
    }
}

extension ShardPopulation {
    func perform(_ commands: [UInt64: [AgentCommand]]) {
        for link in links {
            for command in commands[link.agent.index] ?? [] { link.follow(command) }
        }
    }
}

extension FleetMember {
    /// Agents behind gateways and agents that poll follow no commands.
    func follow(_ command: AgentCommand) {}
}

extension AgentLink {
    func follow(_ command: AgentCommand) {
        switch command {
        case .collectorStops: act { agent, now, effects in agent.collectorStops(at: now, &effects) }
        case .collectorStarts: act { agent, now, effects in agent.collectorStarts(at: now, &effects) }
        case .fails(let part): act { agent, now, effects in agent.fails(part, at: now, &effects) }
        case .recovers(let part): act { agent, now, effects in agent.recovers(part, at: now, &effects) }
        case .healthIsRestored: act { agent, now, effects in agent.healthIsRestored(at: now, &effects) }
        case .cutOff: cutOff()
        case .reachable: isUnreachable = false
        case .processStops(let until):
            act { agent, now, effects in agent.processStops(until: until, at: now, &effects) }
        case .loseConnection: if isConnected { loseConnection() }
        }
    }

    private func cutOff() {
        isUnreachable = true
        switch stage {
        case .open: loseConnection()
        case .dialing, .connecting, .upgrading:
            drop()
            act { agent, now, effects in agent.connectionFailed(.refused, reason: nil, at: now, &effects) }
        case .offline, .closing: break
        }
    }
}
