import Basis

/// The values of one measure, of which some may be known only within bounds: the answer to one of several reports, or
/// a report that was never answered and whose response time is at least what it waited.
///
/// Percentiles have a likeliest value and bounds that hold for every reading of the uncertain values.
public struct BoundedHistogram: Hashable, Sendable {
    /// Every value at its likeliest reading, or at what is known to be less than it.
    public let estimate: CompactHistogram
    /// By `UncertainPart.rawValue`; empty where every value is certain.
    let parts: [CompactHistogram]

    /// No values.
    public static let empty = BoundedHistogram(.empty)

    /// Values that are all certain.
    public init(_ certain: CompactHistogram) {
        estimate = certain
        parts = []
    }

    init(estimate: CompactHistogram, parts: [CompactHistogram]) {
        self.estimate = estimate
        self.parts = parts
    }

    init(_ histogram: LatencyHistogram, _ uncertain: UncertainHistograms?) {
        self.init(estimate: CompactHistogram(histogram), parts: uncertain?.compact ?? [])
    }

    /// How many values it holds.
    public var count: UInt64 { estimate.count }

    /// Whether every value is known exactly.
    public var isCertain: Bool { parts.isEmpty }

    /// How many values are ambiguous: their reading is the likeliest of several.
    public var ambiguousCount: UInt64 { self[.ambiguous].count }

    /// How many values are known only as a lower bound.
    public var atLeastCount: UInt64 { self[.atLeast].count }

    subscript(part: UncertainPart) -> CompactHistogram { parts.isEmpty ? .empty : parts[part.rawValue] }

    /// The same values as both together hold.
    public func merged(with other: BoundedHistogram) -> BoundedHistogram {
        let merged = estimate.merged(with: other.estimate)
        if parts.isEmpty { return BoundedHistogram(estimate: merged, parts: other.parts) }
        if other.parts.isEmpty { return BoundedHistogram(estimate: merged, parts: parts) }
        return BoundedHistogram(
            estimate: merged, parts: zip(parts, other.parts).map { $0.merged(with: $1) })
    }

    /// The bounds of the values at the given percentiles, whatever the true readings of the uncertain values are.
    ///
    /// The lower bound is the smallest x with C(x) + L(x) + O(x) ≥ q · (N + O(x)): every uncertain value at its lowest
    /// reading, and those that may not exist only where they lower the percentile. The upper bound is the smallest x
    /// with C(x) + H(x) ≥ q · (N + P(> x)), where values of which only a lower bound is known never count; it is
    /// unknown where no x reaches that. Exact where the readings are independent, otherwise too wide, never too narrow.
    /// One pass over the buckets for each bound.
    /// - Parameter percentiles: in rising order, each in 0...100.
    public func bounds(atPercentiles percentiles: [Double]) -> [TimeBounds] {
        guard !isCertain else {
            return estimate.values(atPercentiles: percentiles).map { TimeBounds(low: $0, high: $0) }
        }
        let steps = CumulativeCounts(self).steps
        let certainCount = self.certainCount
        let optionalCount = self[.optionalHigh].count
        return percentiles.map { percentile in
            let share = min(max(percentile, 0), 100).nextDown / 100
            func reaches(_ counted: UInt64, of count: UInt64) -> Bool {
                counted >= max(1, UInt64(max((share * Double(count)).rounded(.up), 0)))
            }
            let low = steps.first { reaches($0.lowest, of: certainCount + $0.optionalLow) }
            let high = steps.first {
                reaches($0.highest, of: certainCount + (optionalCount - min($0.optionalHigh, optionalCount)))
            }
            return TimeBounds(
                low: low.map { Nanoseconds(Int64(clamping: LatencyScale.lowestValue(at: $0.bucket))) } ?? .zero,
                high: high.map { Nanoseconds(Int64(clamping: LatencyScale.highestValue(at: $0.bucket))) })
        }
    }

    /// The bounds of the mean, each value taken in the middle of its bucket.
    public var meanBounds: TimeBounds {
        guard !isCertain else { return TimeBounds(low: estimate.mean, high: estimate.mean) }
        let low = mean([.low], optional: .optionalLow, subtracting: [.ambiguous], rising: true)
        guard self[.atLeast].count == 0 else { return TimeBounds(low: low, high: nil) }
        let high = mean([.high], optional: .optionalHigh, subtracting: [.ambiguous], rising: false)
        return TimeBounds(low: low, high: max(low, high))
    }

    /// How many values are certain to exist.
    private var certainCount: UInt64 { estimate.count - min(self[.ambiguous].count, estimate.count) + self[.low].count }

    /// The least, or the greatest, mean: of the values that may not exist only those count that move it that way.
    private func mean(
        _ added: [UncertainPart], optional: UncertainPart, subtracting: [UncertainPart], rising: Bool
    ) -> Nanoseconds {
        var (sum, count) = (0.0, 0.0)
        func middle(_ bucket: Int) -> Double {
            (Double(LatencyScale.lowestValue(at: bucket)) + Double(LatencyScale.highestValue(at: bucket) + 1)) / 2
        }
        func add(_ histogram: CompactHistogram, _ sign: Double) {
            histogram.forEachBucket { bucket, values in
                sum += sign * middle(bucket) * Double(values)
                count += sign * Double(values)
            }
        }
        add(estimate, 1)
        for part in subtracting { add(self[part], -1) }
        for part in added { add(self[part], 1) }
        var choices: [(value: Double, count: Double)] = []
        self[optional].forEachBucket { choices.append((middle($0), Double($1))) }
        for choice in rising ? choices : choices.reversed() {
            let mean = count > 0 ? sum / count : nil
            guard let mean else {
                (sum, count) = (choice.value * choice.count, choice.count)
                continue
            }
            guard rising ? choice.value < mean : choice.value > mean else { break }
            sum += choice.value * choice.count
            count += choice.count
        }
        return count > 0 ? Nanoseconds(Int64(max(sum / count, 0))) : .zero
    }
}

/// How many values lie at or below each bucket that is not empty, by what is known of them.
private struct CumulativeCounts {
    struct Step {
        let bucket: Int
        /// Every value at its lowest reading.
        let lowest: UInt64
        /// Every value at its highest reading, those without one left out.
        let highest: UInt64
        let optionalLow: UInt64
        let optionalHigh: UInt64
    }

    private(set) var steps: [Step] = []

    init(_ histogram: BoundedHistogram) {
        var deltas: [Int: [Int64]] = [:]
        func add(_ counts: CompactHistogram, _ column: Int, _ sign: Int64) {
            counts.forEachBucket { bucket, count in
                deltas[bucket, default: [0, 0, 0, 0]][column] += sign * Int64(clamping: count)
            }
        }
        let (lowest, highest, optionalLow, optionalHigh) = (0, 1, 2, 3)
        for column in [lowest, highest] {
            add(histogram.estimate, column, 1)
            add(histogram[.ambiguous], column, -1)
        }
        add(histogram[.atLeast], highest, -1)
        add(histogram[.low], lowest, 1)
        add(histogram[.high], highest, 1)
        add(histogram[.optionalLow], lowest, 1)
        add(histogram[.optionalLow], optionalLow, 1)
        add(histogram[.optionalHigh], optionalHigh, 1)
        var sums: [Int64] = [0, 0, 0, 0]
        for (bucket, delta) in deltas.sorted(by: { $0.key < $1.key }) {
            for column in sums.indices { sums[column] += delta[column] }
            steps.append(
                Step(
                    bucket: bucket, lowest: UInt64(clamping: sums[lowest]), highest: UInt64(clamping: sums[highest]),
                    optionalLow: UInt64(clamping: sums[optionalLow]),
                    optionalHigh: UInt64(clamping: sums[optionalHigh])))
        }
    }
}
