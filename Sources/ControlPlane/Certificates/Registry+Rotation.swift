public import Basis
public import OpAMP

/// Certificates that the server gives to agents of its own accord, or takes from them (spec: Server-initiated
/// certificate rotation, Connection Settings Management).
extension Registry {
    /// The agents of this shard that are meant and that can take a certificate, as far as they are known by now. Walks
    /// over all of them.
    public func agents(meant selection: Selection) -> [InstanceUID] {
        indices(of: selection).filter { agents.records[$0].capabilities.contains(.acceptsOpAMPConnectionSettings) }
            .map { agents.records[$0].uid }
    }

    /// The WebSocket connections of the agents meant, each once: agents behind a gateway share one. Walks over all
    /// agents.
    public func connections(of selection: Selection) -> [ConnectionID] {
        var found: Set<Int> = []
        return indices(of: selection).compactMap { index in
            let slot = agents.records[index].connection
            guard slot != AgentTable.none, found.insert(slot).inserted else { return nil }
            return ConnectionID(slot: UInt32(slot), generation: connections.slots[slot].generation)
        }
    }

    /// The certificates that this server gave to the agents meant: the latest of each.
    public func certificates(of selection: Selection) -> [TLSCertificate] {
        indices(of: selection).compactMap { agents.records[$0].certificate?.certificate }
    }

    /// A new certificate for an agent, with its key: the agent is offered OpAMP connection settings with it, at once
    /// where it is connected over WebSocket, else with its next poll or connection.
    public mutating func renewed(
        _ certificate: TLSCertificate, for uid: InstanceUID, at now: Instant, _ effects: inout ServerEffects
    ) {
        guard let index = agents.index(of: uid), isOurs(index) else { return }
        counts.certificatesIssued += 1
        agents.records[index].certificate = IssuedCertificate(certificate)
        agents.records[index].settled = 0
        bringUpToDate(index, at: now, &effects)
        arm(at: now, &effects)
    }

    /// Counts revoked certificates of agents.
    public mutating func revoked(_ count: Int) {
        counts.certificatesRevoked += UInt64(max(count, 0))
    }

    private func indices(of selection: Selection) -> [Int] {
        (0..<agents.bound).filter { index in
            guard agents.isOccupied(index), isOurs(index) else { return false }
            let record = agents.records[index]
            return selection.contains(record.uid) { key in labels.text(record.labels, key: key) }
        }
    }
}
