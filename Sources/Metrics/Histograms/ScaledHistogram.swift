import Basis

/// A histogram in the buckets of OpenTelemetry's exponential histograms and Prometheus's native ones: each bucket is so
/// many times as wide as the one below it.
public struct ScaledHistogram: Hashable, Sendable {
    public let count: UInt64
    /// Seconds; of values in the middle of their buckets.
    public let sum: Double
    public let min: Double
    public let max: Double
    public let zeroCount: UInt64
    /// Bucket i holds the values above base to the power of i, up to base to the power of i + 1; the base is 2 to the
    /// power of 2 to the power of `-scale`.
    public let scale: Int
    /// The first bucket, and the counts from there on, without gaps.
    public let offset: Int
    public let counts: [UInt64]

    /// More buckets than this are merged in pairs.
    public static let maxBuckets = 160
    /// The finest scale of Prometheus's native histograms: a bucket is 0.27 % wide.
    public static let maxScale = 8

    /// Durations in seconds. A value counts where the middle of its bucket falls: at most 0.05 % from where it was.
    public init(_ histogram: CompactHistogram) {
        count = histogram.count
        sum = histogram.mean.seconds * Double(histogram.count)
        min = Double(histogram.lowest) / 1e9
        max = Double(histogram.highest) / 1e9
        var zero = UInt64(0)
        var fine: [(index: Int, count: UInt64)] = []
        histogram.forEachBucket { bucket, count in
            let low = Double(LatencyScale.lowestValue(at: bucket))
            let middle = (low + Double(LatencyScale.highestValue(at: bucket))) / 2 / 1e9
            guard bucket > 0 else {
                zero &+= count
                return
            }
            let exact = middle.naturalLogarithm / Self.logarithmOf2 * Double(1 << Self.maxScale)
            fine.append((Int(exact.rounded(.up)) - 1, count))
        }
        zeroCount = zero
        var scale = Self.maxScale
        guard let first = fine.first?.index, let last = fine.last?.index else {
            (self.scale, offset, counts) = (scale, 0, [])
            return
        }
        var shift = 0
        while (last >> shift) - (first >> shift) >= Self.maxBuckets { shift += 1 }
        scale -= shift
        let offset = first >> shift
        var counts = [UInt64](repeating: 0, count: (last >> shift) - offset + 1)
        for (index, count) in fine { counts[(index >> shift) - offset] &+= count }
        (self.scale, self.offset, self.counts) = (scale, offset, counts)
    }

    private static let logarithmOf2 = 0.693147180559945309
}

extension CompactHistogram {
    /// The values that came after `earlier`, which holds some of these.
    public func since(_ earlier: CompactHistogram) -> CompactHistogram {
        guard earlier.count > 0 else { return self }
        var writer = BucketWriter()
        var before: [Int: UInt64] = [:]
        earlier.forEachBucket { before[$0] = $1 }
        var (total, first, last) = (UInt64(0), Int?.none, 0)
        forEachBucket { index, count in
            let fresh = count - Swift.min(before[index] ?? 0, count)
            guard fresh > 0 else { return }
            writer.append(index: index, count: fresh)
            total &+= fresh
            first = first ?? index
            last = index
        }
        guard let first else { return .empty }
        return CompactHistogram(
            bytes: writer.bytes, count: total, lowest: Swift.max(LatencyScale.lowestValue(at: first), lowest),
            highest: Swift.min(LatencyScale.highestValue(at: last), highest))
    }
}
