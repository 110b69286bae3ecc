import Basis
import Synchronization

/// What one shard recorded between two ticks.
///
/// There are two of them for each shard, made at its start: one being filled, one with the collector.
struct ShardInterval: Sendable {
    /// By `Measure.index`.
    var histograms: [LatencyHistogram]
    /// By `Measure.index`; `nil` where every value is certain.
    private(set) var uncertain: [UncertainHistograms?]
    /// By cohort; what the run as a whole counted is their sum.
    var counters: CohortCounters
    var cohortTimes: CohortTimes
    var named = NamedCounters()
    var stateChanges = StateTable()
    var healthChanges = HealthTable()
    var transitions = TransitionTable()
    var waves: [WaveSample] = []
    /// The CPU time of the shard's thread.
    var use = ShardUse()

    /// Stages of waves that one interval keeps: more than agents fit on a machine reach one in a second.
    static let waveLimit = 1 << 20

    /// - Parameter cohorts: how many the run has.
    init(cohorts: Int = 1) {
        let places = CohortPlaces.count(for: cohorts)
        counters = CohortCounters(places: places)
        cohortTimes = CohortTimes(places: places)
        // Each with storage of its own: copies of one would be parted at the first record, on the message path.
        histograms = Measure.allCases.map { _ in LatencyHistogram() }
        uncertain = [UncertainHistograms?](repeating: nil, count: Measure.allCases.count)
    }

    @inline(__always)
    mutating func record(_ measure: Measure, _ span: Nanoseconds, at place: Int) {
        if !histograms[measure.index].record(span) {
            counters.count(.outOfRange, 1, at: place)
        }
        cohortTimes.record(measure, span, at: place)
    }

    /// Records a value in one of the parts of its measure that are uncertain.
    mutating func record(_ measure: Measure, _ span: Nanoseconds, _ part: UncertainPart, count: UInt64 = 1) {
        var parts = uncertain[measure.index] ?? UncertainHistograms()
        uncertain[measure.index] = nil
        parts.record(span, part, count: count)
        uncertain[measure.index] = parts
    }

    /// Records a value `count` times.
    mutating func record(_ measure: Measure, _ span: Nanoseconds, count: UInt64, at place: Int) {
        if !histograms[measure.index].record(span, count: count) { counters.count(.outOfRange, count, at: place) }
        cohortTimes.record(measure, span, count: count, at: place)
    }

    /// Adds the values of another interval.
    mutating func addHistograms(_ other: borrowing ShardInterval) {
        for index in histograms.indices {
            histograms[index].add(other.histograms[index])
            guard let parts = other.uncertain[index] else { continue }
            var mine = uncertain[index] ?? UncertainHistograms()
            uncertain[index] = nil
            mine.add(parts)
            uncertain[index] = mine
        }
    }

    /// The values of every measure, as they are kept.
    var bounded: [BoundedHistogram] { zip(histograms, uncertain).map { BoundedHistogram($0, $1) } }

    mutating func reset() {
        for index in uncertain.indices where uncertain[index] != nil { uncertain[index] = nil }
        for index in histograms.indices { histograms[index].reset() }
        counters.reset()
        cohortTimes.reset()
        named.reset()
        stateChanges.reset()
        healthChanges.reset()
        transitions.reset()
        use = ShardUse()
        if !waves.isEmpty { waves = [] }
    }
}

/// Where a shard and the collector swap buffers, once a tick: the only thing that they share.
///
/// The shard only ever tries the lock. While the collector holds it, the shard keeps filling the buffer it has.
public final class IntervalExchange: Sendable {
    private struct Slot: Sendable {
        var interval: ShardInterval
        var isFull = false
    }

    private let slot: Mutex<Slot>
    let cohorts: Int

    /// - Parameter cohorts: how many the run has; of several, each has figures of its own.
    public init(cohorts: Int = 1) {
        self.cohorts = cohorts
        slot = Mutex(Slot(interval: ShardInterval(cohorts: cohorts)))
    }

    /// Called by the shard: swaps its filled buffer for the empty one.
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
