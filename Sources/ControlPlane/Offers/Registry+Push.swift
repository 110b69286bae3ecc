internal import Basis
internal import OpAMP

/// A walk over all agents in progress: each connected one gets the present offers.
struct PushWalk: Sendable {
    /// The agent to look at next.
    var next = 0
}

extension Registry {
    /// Starts to bring every connected agent up to date, from the first one.
    mutating func startPush(at now: Instant, _ effects: inout ServerEffects) {
        walk = PushWalk()
        pushStep(at: now, &effects)
        arm(at: now, &effects)
    }

    /// Goes on with the walk until it is over or has produced enough for one step.
    mutating func pushStep(at now: Instant, _ effects: inout ServerEffects) {
        guard var walk else { return }
        var budget = Self.agentsPerStep
        while walk.next < agents.bound {
            guard budget > 0, effects.bytes.count < Self.bytesPerStep else {
                self.walk = walk
                return
            }
            budget -= 1
            bringUpToDate(walk.next, at: now, &effects)
            walk.next += 1
        }
        self.walk = nil
    }

    /// Sends a connected agent what it should have and has not.
    mutating func bringUpToDate(_ index: Int, at now: Instant, _ effects: inout ServerEffects) {
        let slot = agents.records[index].connection
        guard slot != AgentTable.none, connections.slots[slot].stage == .webSocket,
            agents.records[index].traits.contains(.greeted), isOurs(index)
        else { return }
        let id = ConnectionID(slot: UInt32(slot), generation: connections.slots[slot].generation)
        pushNotices(to: index, on: slot, id, at: now, &effects)
        var parts = AnswerExtra.Parts()
        addOffers(to: index, hearing: [], at: now, &parts, &effects)
        guard !parts.isEmpty else { return }
        let message = Answer(uid: agents.records[index].uid, kind: .push, extra: AnswerExtra(parts))
        push(message, on: slot, id, at: now, &effects)
    }

    /// Agents that one step looks at: enough to be quick, few enough that messages are not held up.
    static let agentsPerStep = 4_096
}
