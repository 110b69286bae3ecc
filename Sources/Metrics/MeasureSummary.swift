public import Basis

/// A histogram in the few figures that people read.
public struct MeasureSummary: Hashable, Sendable {
    public var measure: Measure
    /// How many values.
    public var count: UInt64
    public var min: Nanoseconds
    public var mean: Nanoseconds
    public var p50: Nanoseconds
    public var p90: Nanoseconds
    public var p99: Nanoseconds
    public var p999: Nanoseconds
    public var max: Nanoseconds

    /// The percentiles every summary shows.
    public static let percentiles: [Double] = [50, 90, 99, 99.9]

    /// One pass over the histogram for the percentiles, one for the mean.
    public init(_ measure: Measure, of histogram: CompactHistogram) {
        let values = histogram.values(atPercentiles: Self.percentiles)
        self.measure = measure
        count = histogram.count
        min = Nanoseconds(Int64(clamping: histogram.lowest))
        mean = histogram.mean
        p50 = values[0]
        p90 = values[1]
        p99 = values[2]
        p999 = values[3]
        max = Nanoseconds(Int64(clamping: histogram.highest))
    }
}
