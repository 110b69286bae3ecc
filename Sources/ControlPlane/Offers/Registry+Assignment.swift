public import Basis
public import OpAMP

extension Registry {
    /// From now on a configuration is meant for single agents, or for all, and none that was assigned to them before.
    /// An equal configuration is the same offer. Linear in the agents named and in the offers in force.
    /// - Parameter uids: nil: all agents.
    /// - Throws: `OfferError` as `offer` does.
    public mutating func assign(
        _ config: AgentRemoteConfig, to uids: [InstanceUID]?, at now: Instant, _ effects: inout ServerEffects
    ) throws(OfferError) {
        let offer = Offer(revision: nextAssignment, .remoteConfig(config))
        guard let uids else { return try self.offer(offer, to: .all, at: now, &effects) }
        let assigned = history(of: .remoteConfig).filter { entry in
            guard case .agents = entry.selection else { return false }
            return !entry.isWithdrawn
        }
        let known = assigned.last { $0.offer.hash == offer.hash }
        for other in assigned where other.offer.revision != known?.offer.revision {
            try retarget(
                .remoteConfig, revision: other.offer.revision, removing: uids, pushes: false, at: now, &effects)
        }
        if let known {
            try retarget(.remoteConfig, revision: known.offer.revision, adding: uids, at: now, &effects)
        } else {
            try self.offer(offer, to: .agents(Set(uids)), at: now, &effects)
        }
    }

    /// A number that no configuration has.
    private var nextAssignment: UInt32 {
        (history(of: .remoteConfig).map(\.offer.revision).max() ?? Self.firstAssignment - 1) &+ 1
    }

    /// Above the numbers of offers that a server makes by itself.
    private static let firstAssignment: UInt32 = 1_000
}
