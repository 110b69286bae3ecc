public import Basis
import CLinux
import Synchronization

/// The loop: what a shard does between two times that Dispatch wakes it.
extension Shard {
    /// Timers fired before the sockets get their turn again; with a few microseconds each, under a millisecond or two.
    private static let timersPerTurn = 128
    /// Work on sockets after which the timers are looked at again, nanoseconds: a storm of connections makes hundreds
    /// of sockets ready at once, with some 50 µs of work each, or 300 µs with a TLS handshake.
    private static let slice: UInt64 = 1_000_000

    /// The source's event handler.
    func run() {
        counters.wakes &+= 1
        onThread { loop() }
    }

    /// Turns until there was nothing to do for a while, or until something else wants the thread.
    private func loop() {
        guard !poller.isClosed, !isStopping else { return }
        now = Shard.clock
        var lastBusy = now
        var pause = ShardPause.none
        while true {
            let didWork = turn(after: pause)
            if isStopping || waitingBlocks.load(ordering: .relaxed) > 0 { break }
            if didWork { lastBusy = now }
            let idleLimit = lastBusy + options.lingerLimit
            guard idleLimit > now else { break }
            let next = min(nextWake ?? .max, idleLimit.nanoseconds)
            pause = ShardPause(
                until: next, now: now.nanoseconds, wakeLatency: wakeLatency.nanoseconds, after: pause)
        }
        poller.wake(at: nextWake, now: now.nanoseconds)
    }

    /// Runs `body` on the queue's thread of this moment and adds the CPU time of it to the shard's.
    func onThread(_ body: () -> Void) {
        threadStart = clinux_thread_cpu()
        body()
        counters.threadCPU &+= clinux_thread_cpu() &- threadStart
        threadStart = 0
    }

    /// CPU time that the shard has used so far, with the present callback. On the shard.
    public var threadCPU: Nanoseconds {
        assertOnShard()
        let present = threadStart == 0 ? 0 : clinux_thread_cpu() &- threadStart
        return Nanoseconds(Int64(clamping: counters.threadCPU &+ present))
    }

    /// One pause, the events of the sockets, the due timers, and the notifications of ended connections. `now` is the
    /// instant of its end. Returns whether there was anything.
    private func turn(after pause: ShardPause) -> Bool {
        let count = pass(pause)
        for index in 0..<count {
            guard let event = poller.event(index), let endpoint = slots.endpoint(for: event.tag) else { continue }
            counters.events &+= 1
            endpoint.ready(event.readiness)
            endCallback()
            // What the clock says after one event is the instant of the next.
            fireTimersBetweenSlices()
        }
        let fired = fireTimers()
        let told = settleEnded()
        let admitted = admitHandshakes()
        if fired || told || admitted { now = Shard.clock }
        return count > 0 || fired || told || admitted
    }

    /// Passes a pause; `now` is the instant of its end. Returns how many sockets are ready.
    private func pass(_ pause: ShardPause) -> Int {
        var count = 0
        switch pause {
        case .none:
            counters.waits &+= 1
            count = poller.wait(nanoseconds: 0)
            now = Shard.clock
        case .asleep(let span):
            count = sleep(span)
        case .awake(let end):
            repeat { now = Shard.clock } while now.nanoseconds < end
        }
        return count
    }

    private func sleep(_ span: UInt64) -> Int {
        counters.waits &+= 1
        // First the flag, then the look at the waiting blocks; `perform` does the reverse. So either the block is seen
        // here, or its sender sees the flag and rings the bell.
        isLingering.store(true, ordering: .sequentiallyConsistent)
        let blocksWait = waitingBlocks.load(ordering: .sequentiallyConsistent) > 0
        let count = poller.wait(nanoseconds: blocksWait ? 0 : span)
        isLingering.store(false, ordering: .relaxed)
        let due = now.nanoseconds &+ span
        now = Shard.clock
        if count == 0, !blocksWait, now.nanoseconds >= due { wakeLatency.observe(now.nanoseconds - due) }
        return count
    }

    /// Fires the timers that are due, where that has not been done for a millisecond. For a block that works on many
    /// endpoints, between one and the next: callbacks of any endpoint may run in it.
    public func fireTimersBetweenSlices() {
        assertOnShard()
        now = Shard.clock
        guard now.nanoseconds &- timersFiredAt >= Self.slice, fireTimers() else { return }
        now = Shard.clock
    }

    /// Fires the timers that are due at `now`, and then a moment later.
    private func fireTimers() -> Bool {
        timersFiredAt = now.nanoseconds
        wheel.advance(to: now.nanoseconds)
        var fired = 0
        while fired < Self.timersPerTurn, let slot = wheel.takeExpired() {
            guard let endpoint = slots.endpoint(at: slot) else { continue }
            if fired > 0 { now = Shard.clock }
            fired += 1
            endpoint.deadlineReached()
            endCallback()
        }
        return fired > 0
    }

    /// Begins handshakes that waited for others to end.
    private func admitHandshakes() -> Bool {
        var admitted = false
        while let slot = handshakes.admit() {
            now = Shard.clock
            guard let endpoint = slots.endpoint(at: slot), endpoint.state == .securing,
                case .planned(let plan) = endpoint.security
            else {
                handshakes.leave(at: now)
                continue
            }
            endpoint.startPlanned(plan)
            endCallback()
            fireTimersBetweenSlices()
            admitted = true
        }
        return admitted
    }

    /// Tells the owners of the connections that have ended so far; those that end meanwhile have to wait for the next
    /// turn, so that an owner who reconnects at once cannot starve the rest.
    @discardableResult
    func settleEnded() -> Bool {
        guard !ended.isEmpty else { return false }
        let present = ended.count
        for index in 0..<present {
            guard let endpoint = slots.endpoint(at: ended[index]) else { continue }
            now = Shard.clock
            endpoint.tellEnd()
            endCallback()
            fireTimersBetweenSlices()
        }
        if ended.count == present {
            ended.removeAll(keepingCapacity: true)
        } else {
            ended.removeFirst(present)
        }
        return true
    }

    /// After each callback: corked frames are sent now.
    func endCallback() {
        if let corked = corkBuffer.owner { corked.uncork() }
    }

    /// After a block of `perform`: owners are notified of ends, and the shard goes on. It does not give its thread back
    /// first: a timer that is due soon would then wait for Dispatch.
    func settleAfterBlock() {
        settleEnded()
        loop()
    }

    /// When the next turn is needed, in nanoseconds; nil: only when a socket is ready.
    private var nextWake: UInt64? {
        ended.isEmpty ? wheel.nextWake(slack: timerSlack) : 0
    }
}
