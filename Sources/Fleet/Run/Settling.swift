import AgentModel
import Basis
import Metrics

/// Whether the fleet is on its way to where the profile wants it: from the first arrival, or from an event that threw
/// it over, until every agent is connected and answered again. Only then does a phase count as steady.
enum Settling {
    /// Not before the instant.
    case until(Instant)
    case over

    func isOver(_ snapshot: Snapshot, of agents: Int, at now: Instant) -> Bool {
        guard case .until(let instant) = self, now >= instant else { return false }
        let unsettled = snapshot.states[.initializing] + snapshot.states[.connecting] + snapshot.states[.backingOff]
        return unsettled == 0 && snapshot.counters[.agentsAnswered] == UInt64(agents)
    }
}
