import Basis

/// Durations counted in buckets of less than 1 % of their value: 15 KiB instead of the 216 KiB of a `LatencyHistogram`,
/// for figures of which a run may have many. Nothing is allocated before the first value.
struct CoarseHistogram: Sendable {
    /// Up to 16 µs a bucket is 64 ns wide; beyond, there are 128 for each doubling.
    private static let unitMagnitude = LatencyScale.unitMagnitude
    private static let halfCountMagnitude = 7
    private static let mask: UInt64 = UInt64((2 << halfCountMagnitude) - 1) << UInt64(unitMagnitude)
    static let bucketCount = index(of: LatencyScale.highest) + 1

    private var counts: [UInt32] = []
    /// How many values were recorded.
    private(set) var count: UInt64 = 0
    /// The exact ends; meaningful where there is a value.
    private var lowest = UInt64.max
    private var highest: UInt64 = 0

    @inline(__always)
    private static func index(of value: UInt64) -> Int {
        let octave = (64 - unitMagnitude - halfCountMagnitude - 1) - (value | mask).leadingZeroBitCount
        return (octave << halfCountMagnitude) + Int(value >> UInt64(octave + unitMagnitude))
    }

    private static func highestValue(at index: Int) -> UInt64 {
        let octave = max((index >> halfCountMagnitude) - 1, 0)
        let magnitude = UInt64(octave + unitMagnitude)
        return (UInt64(index - (octave << halfCountMagnitude)) + 1) << magnitude - 1
    }

    /// Counts a value, `count` times; a negative one as zero, one beyond an hour as an hour.
    mutating func record(_ span: Nanoseconds, count amount: UInt64 = 1) {
        guard amount > 0 else { return }
        let value = min(span.count > 0 ? span.count.magnitude : 0, LatencyScale.highest)
        if counts.isEmpty { counts = [UInt32](repeating: 0, count: Self.bucketCount) }
        counts[Self.index(of: value)] &+= UInt32(truncatingIfNeeded: amount)
        count &+= amount
        lowest = min(lowest, value)
        highest = max(highest, value)
    }

    /// Adds the counts of another histogram, bucket by bucket.
    mutating func add(_ other: CoarseHistogram) {
        guard other.count > 0 else { return }
        if counts.isEmpty { counts = [UInt32](repeating: 0, count: Self.bucketCount) }
        for index in counts.indices { counts[index] &+= other.counts[index] }
        count &+= other.count
        lowest = min(lowest, other.lowest)
        highest = max(highest, other.highest)
    }

    /// Empties the histogram, which keeps its storage.
    mutating func reset() {
        guard count > 0 else { return }
        for index in counts.indices { counts[index] = 0 }
        (count, lowest, highest) = (0, .max, 0)
    }

    /// The same values in the buckets of every other histogram, each at the upper end of its bucket here.
    var compact: CompactHistogram {
        guard count > 0 else { return .empty }
        var writer = BucketWriter()
        for (index, count) in counts.enumerated() where count > 0 {
            let value = min(Self.highestValue(at: index), highest)
            writer.append(index: LatencyScale.index(of: value), count: UInt64(count))
        }
        return CompactHistogram(bytes: writer.bytes, count: count, lowest: lowest, highest: highest)
    }
}
