import Basis
import Prometheus

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

    /// Durations in seconds; where they count, `FineBuckets` says.
    public init(_ histogram: CompactHistogram) {
        count = histogram.count
        sum = histogram.mean.seconds * Double(histogram.count)
        min = Double(histogram.lowest) / 1e9
        max = Double(histogram.highest) / 1e9
        let fine = FineBuckets(histogram)
        zeroCount = fine.zeroCount
        guard let first = fine.buckets.first?.index, let last = fine.buckets.last?.index else {
            (scale, offset, counts) = (Self.maxScale, 0, [])
            return
        }
        var shift = 0
        while (last >> shift) - (first >> shift) >= Self.maxBuckets { shift += 1 }
        let offset = first >> shift
        var counts = [UInt64](repeating: 0, count: (last >> shift) - offset + 1)
        for (index, count) in fine.buckets { counts[(index >> shift) - offset] &+= count }
        (scale, self.offset, self.counts) = (Self.maxScale - shift, offset, counts)
    }
}

/// Where the values of a histogram are among exponential buckets of the finest scale.
///
/// A value counts where the middle of its bucket falls: at most half a bucket of ours from where it was, which is
/// 0.05 % of it, or 32 ns. Those of the lowest bucket of ours, 0 to 63 ns, count as zero.
private struct FineBuckets {
    var zeroCount: UInt64 = 0
    /// Rising, each once.
    var buckets: [(index: Int, count: UInt64)] = []

    init(_ histogram: CompactHistogram) {
        histogram.forEachBucket { bucket, count in
            guard bucket > 0 else {
                zeroCount &+= count
                return
            }
            let index = Int(Self.indices[bucket])
            if let last = buckets.indices.last, buckets[last].index == index {
                buckets[last].count &+= count
            } else {
                buckets.append((index, count))
            }
        }
    }

    /// By bucket of ours: the index i of the bucket above base to the power of i, up to base to the power of i + 1.
    private static let indices: [Int16] = (0..<LatencyScale.bucketCount).map { bucket in
        guard bucket > 0 else { return .min }
        let low = Double(LatencyScale.lowestValue(at: bucket))
        let middle = (low + Double(LatencyScale.highestValue(at: bucket))) / 2 / 1e9
        let exact = middle.naturalLogarithm / logarithmOf2 * Double(1 << ScaledHistogram.maxScale)
        return Int16(exact.rounded(.up)) - 1
    }

    private static let logarithmOf2 = 0.693147180559945309
}

extension NativeBuckets {
    /// More buckets with values than this are merged in pairs: by a coarser schema.
    static let maxBuckets = 320
    /// Two to the power of -24 seconds, 60 ns: the end of a bucket of every schema, and between the middles of the two
    /// lowest buckets of ours. What counts as zero lies below it, to half a bucket of ours.
    static let zeroThreshold = 1.0 / Double(1 << 24)

    /// Durations in seconds, in the finest schema that has few enough buckets with values. Of the same values and more
    /// the schema is never finer.
    init(_ histogram: CompactHistogram) {
        let fine = FineBuckets(histogram)
        var schema = ScaledHistogram.maxScale
        // Buckets here are named by their upper ends.
        var buckets = fine.buckets.map { Bucket(index: $0.index + 1, count: $0.count) }
        while buckets.count > Self.maxBuckets {
            schema -= 1
            buckets = buckets.reduce(into: []) { merged, bucket in
                // The halves end where a bucket of the coarser schema ends: 2i - 1 and 2i are its bucket i.
                let index = (bucket.index + 1) >> 1
                if let last = merged.indices.last, merged[last].index == index {
                    merged[last].count &+= bucket.count
                } else {
                    merged.append(Bucket(index: index, count: bucket.count))
                }
            }
        }
        self.init(schema: schema, zeroThreshold: Self.zeroThreshold, zeroCount: fine.zeroCount, buckets: buckets)
    }
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
