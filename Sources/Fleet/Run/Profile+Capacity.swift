public import Engine
import Hosting

extension Profile {
    /// Whether this machine, as it is set up now, has room for the fleet's connections. Raises the limit of open files
    /// to what the process may have, as a run does.
    /// - Parameter destinations: how many addresses the server has.
    public func capacity(destinations: Int = 1) -> Capacity {
        _ = FileLimits.raise()
        let isEmbedded = if case .embedded = server { true } else { false }
        // Agents that poll share their connections, so there are never more of those.
        let connections =
            isPolling && !wire.polling.isPerAgent ? min(agents, wire.polling.connections) : Population(self).connections
        return Capacity.plan(
            agents: connections,
            facts: .current(sourceAddresses: sources.count, destinations: destinations, serverInProcess: isEmbedded))
    }
}
