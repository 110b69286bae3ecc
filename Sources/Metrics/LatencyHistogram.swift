public import Basis
import Histogram

/// Durations counted by bucket of `LatencyScale`: what is recorded into. 16 KiB while nothing beyond 131 µs has been
/// recorded, as for a measure that never occurs; 216 KiB from the first longer value on, then reused.
public struct LatencyHistogram: Sendable {
    private var base: Histogram<UInt64>

    /// An empty, short histogram.
    public init() {
        base = Self.storage(reaching: Self.shortReach)
    }

    /// How many values were recorded.
    public var count: UInt64 { base.totalCount }

    public var isEmpty: Bool { base.totalCount == 0 }

    /// The longest value recorded, exact; zero when empty.
    public var longest: Nanoseconds { Nanoseconds(Int64(clamping: base.maxRecorded)) }

    /// Counts one value; a negative one as zero, one beyond an hour as an hour.
    ///
    /// O(1), no allocation but for the first value beyond 131 µs.
    /// - Returns: false where the value was beyond the range.
    @inline(__always)
    public mutating func record(_ span: Nanoseconds) -> Bool {
        let value = span.count > 0 ? span.count.magnitude : 0
        let kept = min(value, LatencyScale.highest)
        if !base.record(kept) {
            lengthen()
            base.record(kept)
        }
        return value <= LatencyScale.highest
    }

    /// Adds the counts of another histogram, bucket by bucket.
    public mutating func add(_ other: LatencyHistogram) {
        guard !other.isEmpty else { return }
        if other.base.highestTrackableValue > base.highestTrackableValue { lengthen() }
        base.add(other.base)
    }

    /// Adds the counts of a compact histogram.
    public mutating func add(_ other: CompactHistogram) {
        guard other.count > 0 else { return }
        lengthen()
        other.forEachBucket { index, count in
            base.record(max(LatencyScale.lowestValue(at: index), other.lowest), count: count)
        }
        // No count, only the exact end.
        base.record(other.highest, count: 0)
    }

    /// Empties the histogram, which keeps its reach. New storage is five times cheaper than emptying the old one in place.
    mutating func reset() {
        if !isEmpty { base = Self.storage(reaching: base.highestTrackableValue) }
    }

    /// Hands over every bucket that is not empty, in rising order.
    func forEachBucket(_ body: (_ index: Int, _ count: UInt64) -> Void) {
        guard !isEmpty else { return }
        for index in 0...LatencyScale.index(of: base.maxRecorded) {
            let count = base.countForValue(LatencyScale.lowestValue(at: index))
            if count > 0 { body(index, count) }
        }
    }

    /// The exact smallest and largest value recorded, in nanoseconds; the smallest is zero where it fell into the
    /// finest bucket.
    var ends: (lowest: UInt64, highest: UInt64) {
        guard !isEmpty else { return (0, 0) }
        if base.countForValue(0) > 0 { return (0, base.maxRecorded) }
        return (base.min, base.maxRecorded)
    }

    /// What the buckets of the finest width hold.
    private static let shortReach = UInt64(2 * LatencyScale.halfCount) * LatencyScale.lowest - 1

    /// Gives room for every value of the scale.
    @inline(never)
    private mutating func lengthen() {
        guard base.highestTrackableValue < LatencyScale.highest else { return }
        var long = Self.storage(reaching: LatencyScale.highest)
        long.add(base)
        base = long
    }

    private static func storage(reaching highest: UInt64) -> Histogram<UInt64> {
        Histogram<UInt64>(
            lowestDiscernibleValue: LatencyScale.lowest, highestTrackableValue: highest,
            numberOfSignificantValueDigits: .three)
    }
}
