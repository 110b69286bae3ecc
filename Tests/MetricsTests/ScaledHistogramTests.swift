import Basis
import Testing

@testable import Metrics

@Suite("Exponential histograms")
struct ScaledHistogramTests {
    private static func histogram(_ values: [Nanoseconds]) -> CompactHistogram {
        CompactHistogram(HistogramLogTests.recording(values))
    }

    @Test("Every value is counted once, in the bucket that holds it to half a bucket of ours", arguments: 0..<6)
    func buckets(seed: UInt64) {
        var random = SeededRandom(seed: seed, stream: 0)
        let values = (0..<500).map { _ in
            Distribution.logNormal(median: .microseconds(Int64(10) << (seed * 4)), sigma: 0.3 + Double(seed) / 3)
                .draw(&random)
        }
        let histogram = ScaledHistogram(Self.histogram(values))
        #expect(histogram.count == 500 && histogram.counts.reduce(0, +) + histogram.zeroCount == 500)
        #expect(histogram.counts.count <= ScaledHistogram.maxBuckets)
        #expect(histogram.scale <= ScaledHistogram.maxScale)
        // The share up to a bucket's upper end is that of the values themselves, but for those within half a bucket.
        let base = (Double(1 << 20).naturalLogarithm / 20 * (1 / Double(1 << max(histogram.scale, 0)))).exponential
        guard histogram.scale >= 0 else { return }
        var below = histogram.zeroCount
        var upper = (Double(histogram.offset) * base.naturalLogarithm).exponential
        for count in histogram.counts {
            upper *= base
            below += count
            let slack = 0.0006 * upper + 70e-9
            let least = values.count { $0.seconds <= upper - slack }
            let most = values.count { $0.seconds <= upper + slack }
            #expect(UInt64(least) <= below && below <= UInt64(most))
        }
    }

    @Test("Nothing, zeros and the ends of the scale have buckets")
    func ends() {
        #expect(ScaledHistogram(.empty).counts == [] && ScaledHistogram(.empty).count == 0)
        let all = ScaledHistogram(Self.histogram([.zero, Nanoseconds(70), .seconds(3_600)]))
        #expect(all.zeroCount == 1 && all.counts.reduce(0, +) == 2 && all.counts.count <= 160)
        #expect(all.max == 3_600)
    }

    @Test("What came after an earlier histogram is the difference, bucket by bucket", arguments: [0, 1, 400])
    func since(count: Int) {
        let first = PercentileTests.draws(PercentileTests.shapes[0], count: count, seed: 3)
        let second = PercentileTests.draws(PercentileTests.shapes[1], count: 300, seed: 4)
        let later = Self.histogram(first + second).since(Self.histogram(first))
        #expect(HistogramLogTests.haveEqualBuckets(later, Self.histogram(second)))
        #expect(Self.histogram(first).since(Self.histogram(first)).count == 0)
    }
}
