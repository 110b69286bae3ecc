public import Basis

/// One entry of the timer wheel per endpoint serves both the user's timer and the engine's own timeouts: it is set to
/// the earlier of the two.
extension Endpoint {
    /// Sets the endpoint's timer, or moves it. A time in the past fires in the shard's next turn; `.distantFuture`
    /// never fires. Constant time, no allocation.
    public final func setTimer(at due: Instant) {
        shard.assertOnShard()
        guard due != .distantFuture else {
            cancelTimer()
            return
        }
        guard !shard.isStopping else { return }
        timerDue = due.nanoseconds
        register()
        setWheel()
    }

    /// Unsets the endpoint's timer; it will not fire, even if it was due already.
    public final func cancelTimer() {
        shard.assertOnShard()
        guard timerDue != .max else { return }
        timerDue = .max
        setWheel()
        unregisterIfIdle()
    }

    /// What the timer is set to.
    public final var timer: Instant? {
        timerDue == .max ? nil : Instant(nanoseconds: timerDue)
    }

    /// The connection ends with `.timedOut(.idle)` when no byte has arrived for this long; nil (the default): never.
    /// Whole milliseconds, at least one. Holds for this and later connections.
    public final var idleTimeout: Nanoseconds? {
        get { idleMilliseconds == 0 ? nil : .milliseconds(Int64(idleMilliseconds)) }
        set {
            shard.assertOnShard()
            idleMilliseconds = newValue.map { UInt32(clamping: max(1, $0.count / 1_000_000)) } ?? 0
            if state == .open {
                lastReceived = shard.now.nanoseconds
                watchReceiving()
            }
        }
    }

    /// When what is being received must be complete, however often bytes of it come in; nil (the default): no limit.
    /// Then `receiveTimedOut` is asked. Unlike `idleTimeout` it does not restart with each byte, so a peer that
    /// sends a byte a second reaches it. Holds for the present connection.
    public final var receiveDeadline: Instant? {
        get { receiveDue == .max ? nil : Instant(nanoseconds: receiveDue) }
        set {
            shard.assertOnShard()
            let due = newValue?.nanoseconds ?? .max
            guard due != receiveDue else { return }
            receiveDue = due
            if state == .open { watchReceiving() }
        }
    }

    /// Sets the engine's own timeout for the present state.
    final func setDeadline(_ nanoseconds: UInt64) {
        guard deadline != nanoseconds else { return }
        deadline = nanoseconds
        setWheel()
    }

    /// Sets the deadline to when the connection will have been idle for too long, if nothing comes, or to the receive
    /// deadline, whichever is earlier.
    final func watchReceiving() {
        setDeadline(min(idleDue, receiveDue))
    }

    /// When the connection will have been idle for too long, if nothing comes.
    private var idleDue: UInt64 {
        idleMilliseconds == 0 ? .max : lastReceived &+ UInt64(idleMilliseconds) * 1_000_000
    }

    /// The wheel's entry has expired: for the deadline, the user's timer, both, or neither any more.
    final func deadlineReached() {
        let now = shard.now.nanoseconds
        if deadline <= now {
            deadline = .max
            timeOut()
        }
        guard timerDue <= now else {
            setWheel()
            return
        }
        let due = Instant(nanoseconds: timerDue)
        timerDue = .max
        setWheel()
        shard.counters.timersFired &+= 1
        timerFired(due: due)
        unregisterIfIdle()
    }

    /// The deadline of the present state has passed.
    private func timeOut() {
        switch state {
        case .connecting:
            end(.timedOut(.connect))
        case .securing:
            if case .planned(let plan) = security { return startOverdue(plan) }
            end(.timedOut(.handshake))
        case .open:
            if receiveDue <= shard.now.nanoseconds, !extendsReceiving() { return }
            // Bytes only note their time of arrival; the deadline follows when it is reached.
            if idleDue <= shard.now.nanoseconds {
                end(.timedOut(.idle))
            } else {
                watchReceiving()
            }
        case .flushing, .lingering:
            endAbruptly(.timedOut(.close))
        case .idle, .ended:
            break
        }
    }

    /// The receive deadline has passed: whether the owner gives the peer more time.
    private func extendsReceiving() -> Bool {
        receiveDue = .max
        let later = receiveTimedOut()
        guard state == .open else { return false }
        guard let later, later > shard.now else {
            end(.timedOut(.receive))
            return false
        }
        receiveDue = later.nanoseconds
        return true
    }

    private func setWheel() {
        guard slot != SlotTable.none else { return }
        let earliest = min(timerDue, deadline)
        if earliest == .max {
            shard.wheel.cancel(slot)
        } else {
            shard.wheel.set(slot, at: earliest)
        }
    }
}
