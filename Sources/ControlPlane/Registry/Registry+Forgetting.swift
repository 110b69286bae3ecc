internal import Basis

/// Disconnected agents are forgotten, so that unused uids do not fill the registry.
extension Registry {
    /// Forgets a few agents that disconnected long ago, if there are any, so that there is room for one more: if
    /// the registry is full, the agent without a report for longest, of a few that are looked at, is forgotten.
    /// - Returns: Whether there is room.
    mutating func makesRoom(at now: Instant) -> Bool {
        for _ in 0..<Self.placesPerAgent {
            guard let index = agents.nextPlace() else { break }
            if isGone(index), agents.records[index].lastReport + plan.forgetsAfter <= now { forgetGone(index) }
        }
        guard agents.count >= plan.agentLimit else { return true }
        var oldest: Int?
        for _ in 0..<Self.placesForRoom {
            guard let index = agents.nextPlace(), isGone(index) else { continue }
            if let other = oldest, agents.records[other].lastReport <= agents.records[index].lastReport { continue }
            oldest = index
        }
        guard let oldest else { return false }
        forgetGone(oldest)
        return true
    }

    /// Whether the place holds an agent without a connection that no answer waits for.
    private func isGone(_ index: Int) -> Bool {
        agents.isOccupied(index) && agents.records[index].connection == AgentTable.none && isOurs(index)
    }

    private mutating func forgetGone(_ index: Int) {
        letGo(of: agents.remove(index))
        counts.agentsForgotten += 1
    }

    /// Places looked at for each new agent: more than one, so that the table shrinks as fast as it grows.
    private static let placesPerAgent = 4
    /// Places looked at for an agent to forget where the table is full.
    private static let placesForRoom = 64
}
