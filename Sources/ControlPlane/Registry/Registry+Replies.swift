internal import Basis
internal import OpAMP

extension Registry {
    /// Sends a reply to a report, or has it wait for its time.
    mutating func reply(
        _ answer: Answer, on slot: Int, _ id: ConnectionID, at now: Instant, _ effects: inout ServerEffects
    ) {
        var delay = hasDelay ? plan.answerDelay.draw(&random) : .zero
        if let answerTime {
            // One answer after the other: it begins when the one before it is done.
            nextAnswer = max(nextAnswer, now) + answerTime
            delay = delay + (nextAnswer - now)
        }
        let due = replyTime(on: slot, after: delay, at: now)
        if due <= now, connections.slots[slot].waiting == 0 {
            counts.answers += 1
            emit(answer, to: id, &effects)
        } else {
            hold(.answer(answer), on: slot, id, due: due, at: now, &effects)
        }
    }

    /// Refuses an HTTP poll, in its turn.
    mutating func refusePoll(on slot: Int, _ id: ConnectionID, at now: Instant, _ effects: inout ServerEffects) {
        let due = replyTime(on: slot, after: .zero, at: now)
        if due <= now, connections.slots[slot].waiting == 0 {
            counts.refusedPolls += 1
            effects.list.append(.refuse(id, plan.refusals.refusal))
        } else {
            hold(.refusedPoll(plan.refusals.refusal), on: slot, id, due: due, at: now, &effects)
        }
    }

    /// Sends a message on the server's own initiative, behind whatever waits for the connection.
    mutating func push(
        _ answer: Answer, on slot: Int, _ id: ConnectionID, at now: Instant, _ effects: inout ServerEffects
    ) {
        let due = replyTime(on: slot, after: .zero, at: now)
        if due <= now, connections.slots[slot].waiting == 0 {
            counts.pushes += 1
            emit(answer, to: id, &effects)
        } else {
            hold(.answer(answer), on: slot, id, due: due, at: now, &effects)
        }
    }

    /// Performs what has waited long enough. What its connection did not live to see is counted.
    mutating func perform(_ item: ReplyQueue.Item, _ effects: inout ServerEffects) {
        let id = item.connection
        let slot = connections.index(of: id)
        let live = slot.flatMap { connections.slots[$0].stage == .ending ? nil : $0 }
        switch item.action {
        case .answer(let answer):
            if let slot { connections.slots[slot].waiting -= 1 }
            let isPush = answer.kind == .push
            if !isPush { counts.waiting -= 1 }
            switch (live != nil, isPush) {
            case (true, false): counts.answers += 1
            case (true, true): counts.pushes += 1
            case (false, false): counts.abandoned += 1
            case (false, true): counts.pushesDiscarded += 1
            }
            if live != nil { emit(answer, to: id, &effects) }
        case .refusedPoll(let refusal):
            if let slot { connections.slots[slot].waiting -= 1 }
            counts.waiting -= 1
            guard live != nil else {
                counts.abandoned += 1
                return
            }
            counts.refusedPolls += 1
            effects.list.append(.refuse(id, refusal))
        case .upgrade:
            guard let live else { return }
            connections.slots[live].stage = .webSocket
            counts.upgrades += 1
            effects.list.append(.upgrade(id))
        case .refusedUpgrade(let refusal):
            guard let live else { return }
            connections.slots[live].stage = .ending
            counts.upgradesRefused += 1
            effects.list.append(.refuse(id, refusal))
        case .drop:
            guard let live else { return }
            drop(id, slot: live, &effects)
        }
    }

    /// When something for this connection may leave: after the delay, behind what waits for the connection already, and
    /// not in a pause.
    private mutating func replyTime(on slot: Int, after delay: Nanoseconds, at now: Instant) -> Instant {
        var due = now + delay
        if connections.slots[slot].waiting > 0 { due = max(due, connections.slots[slot].lastDue) }
        return calendar.opening(after: due)
    }

    private mutating func hold(
        _ action: ReplyQueue.Action, on slot: Int, _ id: ConnectionID, due: Instant, at now: Instant,
        _ effects: inout ServerEffects
    ) {
        var isPush = false
        if case .answer(let answer) = action { isPush = answer.kind == .push }
        guard queue.count < plan.queueLimit else {
            if isPush { counts.pushesDiscarded += 1 } else { counts.overflowed += 1 }
            return
        }
        if !isPush { counts.waiting += 1 }
        connections.slots[slot].waiting += 1
        connections.slots[slot].lastDue = due
        queue.insert(action, for: id, due: due)
        arm(at: now, &effects)
    }

    /// Encodes an answer into the effects (spec: WebSocket Message Size Limits for what is too large).
    private mutating func emit(_ answer: Answer, to id: ConnectionID, _ effects: inout ServerEffects) {
        let start = effects.bytes.count
        if answer.extra != nil, encoder.sizeLimit(of: answer) > plan.messageLimit {
            counts.oversized += 1
            encoder.encode(Answer(uid: answer.uid, kind: answer.kind, flags: answer.flags), appendingTo: &effects.bytes)
        } else {
            encoder.encode(answer, appendingTo: &effects.bytes)
        }
        counts.bytesOut += UInt64(effects.bytes.count - start)
        effects.list.append(.send(id, AnswerSlice(range: start..<effects.bytes.count, kind: answer.kind)))
    }
}
