public import Engine
import Hosting
public import Metrics

extension Profile {
    /// Whether this machine, as it is set up now, has room for the fleet's connections. Raises the limit of open files
    /// to what the process may have, as a run does.
    /// - Parameters:
    ///   - destinations: how many addresses the server has.
    ///   - part: the part of the fleet that runs here.
    public func capacity(destinations: Int = 1, part: RunPart? = nil) -> Capacity {
        _ = FileLimits.raise()
        let isEmbedded = if case .embedded = server { true } else { false }
        // Agents that poll share their connections, so there are never more of those.
        let agents = Population(self, part: part).agentsHere
        let connections =
            isPolling && !wire.polling.isPerAgent
            ? min(agents, wire.polling.connections)
            : part == nil ? Population(self).connections : min(Population(self).connections, agents)
        return Capacity.plan(
            agents: connections,
            facts: .current(sourceAddresses: sources.count, destinations: destinations, serverInProcess: isEmbedded))
    }
}
