public import Basis
public import OpAMP

/// The server's knowledge of one agent, for a display or a decision.
public struct AgentKnowledge: Equatable, Sendable {
    public var uid: InstanceUID
    public var sequenceNumber: UInt64
    public var capabilities: AgentCapabilities
    public var customCapabilities: [String]
    public var lastReport: Instant
    /// The WebSocket connection it is bound to.
    public var connection: ConnectionID?
    public var polls: Bool
    public var sentAgentDisconnect: Bool
    /// Whether it reported itself healthy.
    public var isHealthy: Bool
    /// Whether it reported that it paused (spec: Pause/Resume Example).
    public var isPaused: Bool
    /// Nothing unless `ServerPlan.retention` keeps such things and has room.
    public var description: AgentDescription?
    public var health: ComponentHealth?
    public var effectiveConfig: EffectiveConfig?
}

extension Registry {
    /// The knowledge of this shard about an agent; nil if it has never seen it or another shard has it now.
    public func knowledge(of uid: InstanceUID) -> AgentKnowledge? {
        guard let index = agents.index(of: uid), isOurs(index) else { return nil }
        let record = agents.records[index]
        let connection = record.connection == AgentTable.none ? nil : record.connection
        return AgentKnowledge(
            uid: uid, sequenceNumber: record.sequenceNumber, capabilities: record.capabilities,
            customCapabilities: record.customCapabilities?.cells ?? [], lastReport: record.lastReport,
            connection: connection.map { slot in
                ConnectionID(slot: UInt32(slot), generation: connections.slots[slot].generation)
            },
            polls: record.traits.contains(.polls), sentAgentDisconnect: record.traits.contains(.sentAgentDisconnect),
            isHealthy: record.traits.contains(.healthy), isPaused: record.traits.contains(.paused),
            description: kept(record.description), health: kept(record.health),
            effectiveConfig: kept(record.effectiveConfig))
    }

    /// The agents of this shard, in no particular order.
    public var agentUIDs: [InstanceUID] { agents.uids }

    private func kept<Message: WireMessage>(_ fingerprint: Fingerprint) -> Message? {
        // What was kept is part of a report that decoded before.
        pool.bytes(fingerprint).flatMap { try? Message(decoding: $0) }
    }

    /// Changes one fingerprint of an agent, and what is kept under it.
    mutating func keep(
        _ fingerprint: Fingerprint, _ bytes: [UInt8], of index: Int, _ path: WritableKeyPath<AgentRecord, Fingerprint>
    ) {
        let former = agents.records[index][keyPath: path]
        guard former != fingerprint else { return }
        agents.records[index][keyPath: path] = fingerprint
        guard keepsMessages else { return }
        pool.retain(fingerprint, bytes)
        pool.release(former)
    }

    /// Lets go of what is kept of an agent that leaves this shard.
    mutating func letGo(of record: AgentRecord) {
        guard keepsMessages else { return }
        for fingerprint in [record.description, record.health, record.effectiveConfig] { pool.release(fingerprint) }
    }
}
