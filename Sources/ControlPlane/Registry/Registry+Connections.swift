public import Basis

extension Registry {
    /// A connection was accepted. The plan's drop share may break it at once (`.abort`) or later.
    public mutating func accepted(at now: Instant, _ effects: inout ServerEffects) -> ConnectionID {
        let id = connections.open()
        counts.connectionsAccepted += 1
        counts.connectionsOpen += 1
        if plan.drops.share > 0, random.chance(plan.drops.share) {
            let after = plan.drops.after.draw(&random)
            if after == .zero {
                drop(id, slot: Int(id.slot), &effects)
            } else {
                queue.insert(.drop, for: id, due: now + after)
                arm(at: now, &effects)
            }
        }
        return id
    }

    /// The peer asks for a WebSocket. Replied to with `.upgrade` or `.refuse`, after a pause where there is one.
    public mutating func upgradeRequested(_ id: ConnectionID, at now: Instant, _ effects: inout ServerEffects) {
        guard let slot = connections.index(of: id), connections.slots[slot].stage == .undecided else { return }
        connections.slots[slot].stage = .upgrading
        let isRefused = plan.refusals.share > 0 && random.chance(plan.refusals.share)
        let action = isRefused ? ReplyQueue.Action.refusedUpgrade(plan.refusals.refusal) : .upgrade
        let due = calendar.opening(after: now)
        if due <= now {
            perform(ReplyQueue.Item(due: due, order: 0, connection: id, action: action), &effects)
        } else {
            queue.insert(action, for: id, due: due)
            arm(at: now, &effects)
        }
    }

    /// The connection is gone. Called once for each accepted one, also after `.close` and `.abort`; the id is dead
    /// then.
    public mutating func closed(
        _ id: ConnectionID, _ end: ConnectionEnd, at now: Instant, _ effects: inout ServerEffects
    ) {
        guard let slot = connections.index(of: id) else { return }
        counts.connectionsOpen -= 1
        switch end {
        case .clean: counts.connectionsClosed += 1
        case .lost: counts.connectionsLost += 1
        case .ours: counts.connectionsEnded += 1
        }
        while connections.slots[slot].firstAgent != AgentTable.none {
            let agent = connections.slots[slot].firstAgent
            if isOurs(agent) {
                counts.agentsLost += 1
                observe(.disconnected, of: agent, at: now, &effects)
            }
            unbind(agent)
        }
        if connections.slots[slot].renamed > 0 { renames[id] = nil }
        if !deferred.isEmpty, connections.slots[slot].waiting > 0 { abandonDeferred(on: id) }
        connections.close(slot)
    }

    /// Breaks a connection on purpose.
    mutating func drop(_ id: ConnectionID, slot: Int, _ effects: inout ServerEffects) {
        connections.slots[slot].stage = .ending
        counts.connectionsDropped += 1
        effects.list.append(.abort(id))
    }
}
