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
