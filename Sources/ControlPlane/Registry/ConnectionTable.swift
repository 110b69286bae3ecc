internal import Basis

/// The state of one connection since it was accepted.
enum ConnectionStage: UInt8 {
    /// The slot is not in use.
    case free
    /// Accepted; neither an upgrade nor a poll has been seen.
    case undecided
    /// An upgrade was asked for; the reply to it waits.
    case upgrading
    /// Upgraded to WebSocket.
    case webSocket
    /// Carries plain HTTP polls.
    case polling
    /// The registry asked for its end and waits for `closed`.
    case ending
}

/// One slot of a `ConnectionTable`.
struct Connection {
    var generation: UInt32 = 0
    /// The head of the list of agents that are bound to this connection; `AgentTable.none` when there is none.
    var firstAgent = AgentTable.none
    /// Replies and pushes that wait in the queue for this connection.
    var waiting: UInt32 = 0
    /// Agents that were given another instance uid on this connection.
    var renamed: UInt16 = 0
    var stage = ConnectionStage.free
    /// When the latest queued reply of this connection is due; later ones are never due before it.
    var lastDue = Instant.zero
}

/// The connections of a shard in dense, reused slots: every look-up is an index and a comparison.
struct ConnectionTable {
    var slots: [Connection] = []
    private var vacant: [UInt32] = []

    /// Takes a slot for a connection that was just accepted. Amortised O(1).
    mutating func open() -> ConnectionID {
        if let slot = vacant.popLast() {
            slots[Int(slot)].stage = .undecided
            return ConnectionID(slot: slot, generation: slots[Int(slot)].generation)
        }
        var connection = Connection()
        connection.stage = .undecided
        slots.append(connection)
        return ConnectionID(slot: UInt32(slots.count - 1), generation: 0)
    }

    /// The slot of a connection that is known and not closed yet.
    func index(of id: ConnectionID) -> Int? {
        let slot = Int(id.slot)
        guard slot < slots.count, slots[slot].generation == id.generation else { return nil }
        return slots[slot].stage == .free ? nil : slot
    }

    /// Gives the slot back. The id is dead afterwards.
    mutating func close(_ slot: Int) {
        var fresh = Connection()
        fresh.generation = slots[slot].generation &+ 1
        slots[slot] = fresh
        vacant.append(UInt32(slot))
    }
}
