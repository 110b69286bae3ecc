internal import Basis
internal import OpAMP

/// The registry's decision about the instance uid of a report.
enum Recognition {
    /// The agent is (now) this one.
    case known(Int)
    /// The agent was given this one's uid in place of its own, which it still used.
    case renamed(Int)
    /// No more agents can be remembered.
    case full
}

extension Registry {
    /// Whose report this is; binds the agent to the connection where it is not yet.
    mutating func recognise(_ facts: ReportFacts, on slot: Int, _ id: ConnectionID, at now: Instant) -> Recognition {
        let first = connections.slots[slot].firstAgent
        if first != AgentTable.none, agents.records[first].uid == facts.uid, !facts.requestsUID, isOurs(first) {
            return .known(first)
        }
        if connections.slots[slot].renamed > 0, let name = renames[id]?[facts.uid] {
            if let index = agents.index(of: name), agents.records[index].connection == slot { return .renamed(index) }
        }
        if facts.requestsUID { return rename(facts, on: slot, id, at: now) }
        if let index = agents.index(of: facts.uid) {
            if isOurs(index) { return recognise(index, facts, on: slot, id, at: now) }
            forget(index)
        }
        guard let directory else {
            return makesRoom(at: now) ? .known(enter(AgentRecord(uid: facts.uid), on: slot)) : .full
        }
        switch directory.claim(
            facts.uid, shard: shard, sequenceNumber: facts.sequenceNumber, at: now, forgotten: &counts.agentsForgotten)
        {
        case .fresh(let cell):
            var record = AgentRecord(uid: facts.uid)
            record.cell = cell
            return .known(enter(record, on: slot))
        case .returned(let remembered, let cell):
            var record = remembered ?? AgentRecord(uid: facts.uid)
            record.cell = cell
            record.settled = 0
            record.description = .nothing
            record.health = .nothing
            record.effectiveConfig = .nothing
            return .known(enter(record, on: slot))
        case .taken(let cell):
            counts.takeovers += 1
            var record = AgentRecord(uid: facts.uid)
            record.cell = cell
            record.traits.insert(.wasElsewhere)
            return .known(enter(record, on: slot))
        case .held:
            counts.duplicates += 1
            return rename(facts, on: slot, id, at: now)
        case .full:
            return .full
        }
    }

    /// The uid belongs to an agent of this shard: on this connection, on none, or on another one.
    private mutating func recognise(
        _ index: Int, _ facts: ReportFacts, on slot: Int, _ id: ConnectionID, at now: Instant
    ) -> Recognition {
        let other = agents.records[index].connection
        if other == slot { return .known(index) }
        if other != AgentTable.none {
            // Two live connections claim one uid. A reconnecting agent continues its numbers, so a newer number says
            // that the former connection is dead and its end not seen yet; were it alive, its next report would not
            // be newer.
            guard facts.sequenceNumber > agents.records[index].sequenceNumber else {
                counts.duplicates += 1
                return rename(facts, on: slot, id, at: now)
            }
            counts.takeovers += 1
            agents.unlink(index, head: &connections.slots[other].firstAgent)
            counts.agentsConnected -= 1
        }
        bind(index, to: slot)
        return .known(index)
    }

    /// Whether the agent still belongs to this shard.
    func isOurs(_ index: Int) -> Bool {
        agents.records[index].cell.map { $0.owner == shard } ?? true
    }

    /// Puts a record into the table and binds it to the connection.
    private mutating func enter(_ record: AgentRecord, on slot: Int) -> Int {
        let index = agents.insert(record)
        bind(index, to: slot)
        return index
    }

    /// From now on the agent is reached over this connection. Over plain HTTP there is no binding.
    private mutating func bind(_ index: Int, to slot: Int) {
        let isPoll = connections.slots[slot].stage == .polling
        // One poll after another is one conversation: what was offered in it is not offered again.
        if isPoll, agents.records[index].traits.isSuperset(of: [.polls, .received]),
            !agents.records[index].traits.contains(.sentAgentDisconnect)
        {
            return
        }
        agents.records[index].traits.remove([.greeted, .sentAgentDisconnect])
        agents.records[index].remoteConfig.sent = .nothing
        agents.records[index].packages.sent = .nothing
        agents.records[index].settings.sent = .nothing
        agents.records[index].settled = 0
        // What was said while it was not there was not said to it.
        agents.records[index].noticed = notices.latest
        if agents.records[index].traits.contains(.received) {
            counts.agentsReturned += 1
        } else if !agents.records[index].traits.contains(.wasElsewhere) {
            counts.agentsKnown += 1
        }
        guard !isPoll else {
            agents.records[index].traits.insert(.polls)
            return
        }
        agents.records[index].traits.remove(.polls)
        agents.link(index, to: slot, head: &connections.slots[slot].firstAgent)
        counts.agentsConnected += 1
    }

    /// The agent is not reached over its connection any more. With several shards its record goes where all can find
    /// it.
    mutating func unbind(_ index: Int) {
        let slot = agents.records[index].connection
        if slot != AgentTable.none {
            agents.unlink(index, head: &connections.slots[slot].firstAgent)
            counts.agentsConnected -= 1
        }
        if let directory {
            let record = agents.remove(index)
            letGo(of: record)
            directory.release(record, shard: shard)
        }
    }

    /// The agent has moved to another shard; its state here is removed.
    private mutating func forget(_ index: Int) {
        let slot = agents.records[index].connection
        if slot != AgentTable.none {
            agents.unlink(index, head: &connections.slots[slot].firstAgent)
            counts.agentsConnected -= 1
        }
        letGo(of: agents.remove(index))
    }

    /// Gives the agent of this report a new uid, under which the report is taken in (spec: Duplicate instance_uid
    /// Detection, AgentToServer.flags).
    private mutating func rename(
        _ facts: ReportFacts, on slot: Int, _ id: ConnectionID, at now: Instant
    ) -> Recognition {
        guard connections.slots[slot].renamed < Self.renamesPerConnection, makesRoom(at: now) else { return .full }
        let uid = newUID(at: now)
        var record = AgentRecord(uid: uid)
        if let directory {
            let claim = directory.claim(
                uid, shard: shard, sequenceNumber: facts.sequenceNumber, at: now, forgotten: &counts.agentsForgotten)
            guard case .fresh(let cell) = claim else { return .full }
            record.cell = cell
        }
        counts.agentsRenamed += 1
        let index = enter(record, on: slot)
        if connections.slots[slot].stage == .webSocket {
            connections.slots[slot].renamed += 1
            renames[id, default: [:]][facts.uid] = uid
        }
        return .renamed(index)
    }

    /// A version 7 UUID that no agent of this shard has.
    private mutating func newUID(at now: Instant) -> InstanceUID {
        let milliseconds = wallClockAtZero &+ now.nanoseconds / 1_000_000
        var uid = InstanceUID(unixMilliseconds: milliseconds, random: &random)
        while agents.index(of: uid) != nil { uid = InstanceUID(unixMilliseconds: milliseconds, random: &random) }
        return uid
    }

    /// Enough for a gateway full of clones; a connection that wants more is turned away.
    static let renamesPerConnection: UInt16 = 4_096
}
