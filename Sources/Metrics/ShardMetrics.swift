public import Basis

/// What one shard records into: histograms, counters and gauges, with no lock and no allocation.
///
/// Confined to its shard: every call comes from there. Once a tick the shard calls `publish()`, which swaps the buffer
/// it has filled for an empty one.
public final class ShardMetrics {
    /// Reached by this class alone, on its shard, one call after the other, and none of them calls out while it changes
    /// it: so a check for overlapping access, which would cost more than the recording, could find nothing.
    @exclusivity(unchecked) private var interval = ShardInterval()
    private let exchange: IntervalExchange

    /// - Parameter exchange: where the collector picks the intervals up; one for each shard.
    public init(exchange: IntervalExchange) {
        self.exchange = exchange
    }

    /// Records a duration. A negative one counts as zero; one beyond an hour as an hour, and as `.outOfRange`.
    public func record(_ measure: Measure, _ span: Nanoseconds) {
        interval.record(measure, span)
    }

    /// Adds one to a counter.
    public func count(_ counter: Counter) {
        interval.counters.count(counter, 1)
    }

    /// Adds to a counter.
    /// - Parameter amount: what to add; nothing where it is negative.
    public func count(_ counter: Counter, _ amount: Int) {
        interval.counters.count(counter, UInt64(max(amount, 0)))
    }

    /// Adds to a counter whose name is not known beforehand. A dictionary look-up, so for rare things only; bounded by
    /// `NamedCounters.capacity`.
    public func count(named name: String, _ amount: UInt64 = 1) {
        interval.named.count(name, amount)
    }

    /// Takes note that an agent went from one state to another.
    /// - Parameters:
    ///   - old: where it was; nil for an agent that was not counted before.
    ///   - new: where it is; nil for one that is not to be counted any more.
    public func agentMoved(from old: LifeState?, to new: LifeState?) {
        agentsMoved(1, from: old, to: new)
    }

    /// The same for many agents at once: a shard's whole plan at the start of a run.
    public func agentsMoved(_ count: Int, from old: LifeState?, to new: LifeState?) {
        if let old { interval.stateChanges[old] -= count }
        if let new { interval.stateChanges[new] += count }
    }

    /// Hands what was recorded since the last time to the collector. Never blocks.
    /// - Returns: false where the collector has not taken, or is just reading, the last interval. Nothing is lost then:
    ///   this one goes on.
    @discardableResult
    public func publish() -> Bool {
        exchange.offer(&interval)
    }
}
