import Synchronization

/// Where a shard and the collector swap buffers, once a tick: the only thing that they share.
///
/// The shard only ever tries the lock. While the collector holds it, the shard keeps filling the buffer it has.
public final class IntervalExchange: Sendable {
    private struct Slot: Sendable {
        var interval = ShardInterval()
        var isFull = false
    }

    private let slot = Mutex(Slot())

    public init() {}

    /// Called by the shard: swaps its filled buffer for the empty one that lies here.
    /// - Returns: false where none does.
    func offer(_ interval: inout ShardInterval) -> Bool {
        slot.withLockIfAvailable { slot in
            guard !slot.isFull else { return false }
            swap(&slot.interval, &interval)
            slot.isFull = true
            return true
        } ?? false
    }

    /// Called by the collector: reads what the shard left here, then empties the buffer for the next swap.
    /// - Returns: false where the shard left nothing since the last time.
    func collect(_ read: (borrowing ShardInterval) -> Void) -> Bool {
        slot.withLock { slot in
            guard slot.isFull else { return false }
            read(slot.interval)
            slot.interval.reset()
            slot.isFull = false
            return true
        }
    }
}
