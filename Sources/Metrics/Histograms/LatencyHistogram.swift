public import Basis
import Histogram

/// The bucket layout of every histogram of a run, the same everywhere so that histograms of shards, intervals, runs and
/// hosts add up bucket by bucket.
///
/// Values are nanoseconds. Up to 131 µs a bucket is 64 ns wide; beyond, a bucket is at most 0.1 % of its value wide
/// (three significant digits), up to one hour.
public enum LatencyScale {
    /// The width of the finest bucket, in nanoseconds: finer than any clock reading through a system call is worth.
    public static let lowest: UInt64 = 64

    /// The longest duration kept apart, in nanoseconds: one hour. Longer ones are counted as this one, and counted.
    public static let highest: UInt64 = 3_600_000_000_000

    /// Significant decimal digits.
    public static let significantDigits = 3

    static let unitMagnitude = 6
    static let halfCountMagnitude = 10
    static let halfCount = 1 << halfCountMagnitude
    static let mask: UInt64 = UInt64(2 * halfCount - 1) << UInt64(unitMagnitude)

    /// How many buckets there are.
    public static let bucketCount = (index(of: highest) | (halfCount - 1)) + 1

    /// The bucket that a value falls into, for any value.
    @inline(__always)
    static func index(of value: UInt64) -> Int {
        let octave = (64 - unitMagnitude - halfCountMagnitude - 1) - (value | mask).leadingZeroBitCount
        return (octave << halfCountMagnitude) + Int(value >> UInt64(octave + unitMagnitude))
    }

    /// The smallest value of a bucket.
    @inline(__always)
    static func lowestValue(at index: Int) -> UInt64 {
        let octave = max((index >> halfCountMagnitude) - 1, 0)
        return UInt64(index - (octave << halfCountMagnitude)) << UInt64(octave + unitMagnitude)
    }

    /// The largest value of a bucket.
    @inline(__always)
    static func highestValue(at index: Int) -> UInt64 {
        let octave = max((index >> halfCountMagnitude) - 1, 0)
        return lowestValue(at: index) + (UInt64(1) << UInt64(octave + unitMagnitude)) - 1
    }

    /// The smallest and the largest value, in nanoseconds, that share a bucket with `value`: the uncertainty of any
    /// figure taken from a histogram.
    public static func bucket(holding value: UInt64) -> ClosedRange<UInt64> {
        let index = index(of: min(value, highest))
        return lowestValue(at: index)...highestValue(at: index)
    }
}

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

    /// Counts a value `count` times; otherwise as `record(_:)`.
    mutating func record(_ span: Nanoseconds, count: UInt64) -> Bool {
        guard count > 0 else { return true }
        let isInRange = record(span)
        if count > 1 {
            let kept = min(span.count > 0 ? span.count.magnitude : 0, LatencyScale.highest)
            base.record(kept, count: count - 1)
        }
        return isInRange
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

    /// Empties the histogram, which keeps its reach. A copy of an empty one is cheaper than new storage, which is
    /// filled with zeros one by one, and that is cheaper than emptying the old one in place.
    mutating func reset() {
        guard !isEmpty else { return }
        base = base.highestTrackableValue == LatencyScale.highest ? Self.emptyLong : Self.emptyShort
        // Nothing is recorded: the copy gets storage of its own here, not at the first record on the message path.
        base.record(0, count: 0)
    }

    private static let emptyShort = storage(reaching: shortReach)
    private static let emptyLong = storage(reaching: LatencyScale.highest)

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
        var long = Self.emptyLong
        long.add(base)
        base = long
    }

    private static func storage(reaching highest: UInt64) -> Histogram<UInt64> {
        Histogram<UInt64>(
            lowestDiscernibleValue: LatencyScale.lowest, highestTrackableValue: highest,
            numberOfSignificantValueDigits: .three)
    }
}
