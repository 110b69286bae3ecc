public import Basis

/// A histogram in the few figures that people read.
public struct MeasureSummary: Hashable, Sendable {
    public var measure: Measure
    /// How many values.
    public var count: UInt64
    /// Of values that are not known exactly, the likeliest reading, or what is known to be less than them: read these
    /// only together with `bounds(of:)`.
    public var min: Nanoseconds
    public var mean: Nanoseconds
    public var p50: Nanoseconds
    public var p90: Nanoseconds
    public var p99: Nanoseconds
    public var p999: Nanoseconds
    public var max: Nanoseconds
    /// How many values are the likeliest of several readings.
    public var ambiguous: UInt64
    /// Of how many values only a lower bound is known.
    public var atLeast: UInt64
    /// By `Figure.rawValue`; empty where every value is certain.
    private var uncertain: [TimeBounds] = []

    /// A figure of the summary.
    public enum Figure: Int, CaseIterable, Sendable {
        case min, mean, p50, p90, p99, p999, max

        /// The name in files: `p99`.
        public var name: String { "\(self)" }
    }

    /// The percentiles every summary shows.
    public static let percentiles: [Double] = [50, 90, 99, 99.9]

    /// The values of `histogram`: all certain. Not the first choice for `.empty`, which both kinds of histogram have.
    @_disfavoredOverload
    public init(_ measure: Measure, of histogram: CompactHistogram) {
        self.init(measure, of: BoundedHistogram(histogram))
    }

    /// One pass over the histogram for the percentiles, one for the mean; a few more where values are uncertain.
    public init(_ measure: Measure, of histogram: BoundedHistogram) {
        let values = histogram.estimate.values(atPercentiles: Self.percentiles)
        self.measure = measure
        count = histogram.count
        min = Nanoseconds(Int64(clamping: histogram.estimate.lowest))
        mean = histogram.estimate.mean
        p50 = values[0]
        p90 = values[1]
        p99 = values[2]
        p999 = values[3]
        max = Nanoseconds(Int64(clamping: histogram.estimate.highest))
        ambiguous = histogram.ambiguousCount
        atLeast = histogram.atLeastCount
        guard !histogram.isCertain else { return }
        var bounds = histogram.bounds(atPercentiles: [0] + Self.percentiles + [100])
        bounds.insert(histogram.meanBounds, at: Figure.mean.rawValue)
        uncertain = bounds
    }

    /// Whether some of its values are known only within bounds.
    public var isBounded: Bool { !uncertain.isEmpty }

    /// A figure at its likeliest, or as what is known to be less than it.
    public subscript(figure: Figure) -> Nanoseconds {
        switch figure {
        case .min: min
        case .mean: mean
        case .p50: p50
        case .p90: p90
        case .p99: p99
        case .p999: p999
        case .max: max
        }
    }

    /// Between which bounds a figure lies, whatever the true readings of the uncertain values are.
    public func bounds(of figure: Figure) -> TimeBounds {
        uncertain.isEmpty ? TimeBounds(low: self[figure], high: self[figure]) : uncertain[figure.rawValue]
    }

    /// A figure as people read it: one number, a range, or a lower bound.
    package func text(_ figure: Figure) -> String {
        Figures.duration(self[figure], within: bounds(of: figure))
    }
}
