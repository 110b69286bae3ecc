import AgentModel
import Basis
import Metrics

/// Whether the fleet is on its way to where the profile wants it: from the first arrival, or from an event that threw
/// it over, until every agent is connected and answered again. Only then does a phase count as steady.
enum Settling {
    /// Not before the instant.
    case until(Instant)
    case over

    /// - Parameter agents: how many have to have had an answer; nil: every one that has started and is not gone.
    func isOver(_ snapshot: Snapshot, of agents: Int?, at now: Instant) -> Bool {
        guard case .until(let instant) = self, now >= instant else { return false }
        let unsettled = snapshot.states[.initializing] + snapshot.states[.connecting] + snapshot.states[.backingOff]
        let awaited =
            agents.map(UInt64.init) ?? snapshot.counters[.agentsStarted] - snapshot.counters[.agentsLeftUnanswered]
        // A fleet that is gone is not steady.
        return unsettled == 0 && snapshot.states.online > 0 && snapshot.counters[.agentsAnswered] == awaited
    }
}
