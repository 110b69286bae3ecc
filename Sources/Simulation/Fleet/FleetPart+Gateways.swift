import AgentModel
import Basis

/// Agents that share the connection of a gateway: each runs for itself, and what is drawn about the connection is the
/// same for all.
extension FleetPart {
    /// The agent whose number the draws about the agent's connection have.
    @inline(__always)
    func carrier(_ place: Int) -> UInt32 { model.carriers.carrier(of: number(place)) }

    /// Whether the agent's connection counts as one of the server's: it has none where it polls, and of those behind
    /// one gateway the first counts.
    @inline(__always)
    func hasConnection(_ place: Int) -> Bool {
        guard !agents[place].flags.isDisjoint(with: [.polls, .isBehindGateway]) else { return true }
        return !agents[place].flags.contains(.polls) && carrier(place) == number(place)
    }

    mutating func joinGateway(_ place: Int) {
        agents[place].flags.insert(.isBehindGateway)
        agents[place].connections = Self.lossOfAll
    }

    /// In the number of a loss: the gateway has lost its connection, not the agent the gateway.
    private static let lossOfAll: UInt16 = 0x8000

    /// The connection of an agent behind a gateway ends: its number follows from the time, so that it is the same for
    /// all that lose it.
    mutating func numberLoss(_ place: Int, ofAll: Bool, at now: Instant) {
        let second = UInt16(truncatingIfNeeded: now.nanoseconds / 1_000_000_000) & (Self.lossOfAll - 1)
        agents[place].connections = ofAll ? Self.lossOfAll | second : second
    }

    /// Whether the agent has lost its gateway while that kept its connection: then it is the gateway that lets it in.
    func isLetInByGateway(_ place: Int) -> Bool {
        let replica = Int(agents[place].replica)
        return agents[place].flags.contains(.isBehindGateway) && agents[place].connections & Self.lossOfAll == 0
            && !window.isReplicaDown[replica] && window.cutGroups[replica] & agents[place].groups == 0
    }
}
