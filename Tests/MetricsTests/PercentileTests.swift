import Basis
import Histogram
import Testing

@testable import Metrics

@Suite("Percentiles")
struct PercentileTests {
    static let percentiles: [Double] = [0, 10, 50, 75, 90, 99, 99.9, 99.99, 100]

    /// Draws that look like latencies of one kind or another.
    static func draws(_ shape: Distribution, count: Int, seed: UInt64) -> [Nanoseconds] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in shape.draw(&random) }
    }

    static let shapes: [Distribution] = [
        .constant(.milliseconds(5)),
        .uniform(.zero, .microseconds(1)),
        .uniform(.microseconds(1), .seconds(60)),
        .exponential(mean: .milliseconds(3)),
        .logNormal(median: .microseconds(250), sigma: 1.5),
    ]

    @Test(
        "A percentile is the value of its rank among the sorted values, to the width of its bucket",
        arguments: shapes, [1, 2, 99, 1000, 4321])
    func percentileIsTheRankedValue(shape: Distribution, count: Int) {
        let values = Self.draws(shape, count: count, seed: UInt64(count))
        var histogram = LatencyHistogram()
        for value in values {
            let isInRange = histogram.record(value)
            #expect(isInRange)
        }
        let compact = CompactHistogram(histogram)
        let reported = compact.values(atPercentiles: Self.percentiles)
        for (percentile, value) in zip(Self.percentiles, reported) {
            let exact = KnownAnswers.percentile(percentile, of: values)
            #expect(
                LatencyScale.bucket(holding: exact.count.magnitude).contains(value.count.magnitude),
                "p\(percentile) of \(count): \(value), exactly \(exact)")
        }
        // The exact one, but for the finest bucket, whose values are all zero.
        let shortest = values.min().map { $0.count.magnitude < LatencyScale.lowest ? 0 : $0.count.magnitude }
        #expect(compact.lowest == shortest)
        #expect(compact.highest == values.max().map { $0.count.magnitude })
    }

    @Test("Percentiles, counts and buckets are those of the HdrHistogram library", arguments: shapes)
    func agreesWithTheLibrary(shape: Distribution) {
        var library = Histogram<UInt64>(
            lowestDiscernibleValue: LatencyScale.lowest, highestTrackableValue: LatencyScale.highest,
            numberOfSignificantValueDigits: .three)
        var histogram = LatencyHistogram()
        for value in Self.draws(shape, count: 5000, seed: 7) {
            library.record(value.count.magnitude)
            _ = histogram.record(value)
        }
        let compact = CompactHistogram(histogram)
        for percentile in Self.percentiles.dropFirst() {
            #expect(compact.value(atPercentile: percentile).count.magnitude == library.valueAtPercentile(percentile))
        }
        var buckets: [UInt64: UInt64] = [:]
        compact.forEachBucket { buckets[LatencyScale.lowestValue(at: $0)] = $1 }
        var expected: [UInt64: UInt64] = [:]
        for bucket in library.recordedValues() {
            expected[library.lowestEquivalentForValue(bucket.value)] = bucket.count
        }
        #expect(buckets == expected)
        #expect(abs(compact.mean.seconds - library.mean / 1e9) <= 0.001 * library.mean / 1e9 + 1e-9)
    }

    @Test("Every value lies in its bucket, and buckets meet without gap or overlap")
    func bucketsCoverTheScale() {
        for index in 0..<LatencyScale.bucketCount - 1 {
            #expect(LatencyScale.highestValue(at: index) + 1 == LatencyScale.lowestValue(at: index + 1))
            #expect(LatencyScale.index(of: LatencyScale.lowestValue(at: index)) == index)
            #expect(LatencyScale.index(of: LatencyScale.highestValue(at: index)) == index)
        }
        let widest = (0..<LatencyScale.bucketCount).filter { LatencyScale.lowestValue(at: $0) >= 131_072 }.map {
            index in
            Double(LatencyScale.highestValue(at: index) - LatencyScale.lowestValue(at: index) + 1)
                / Double(LatencyScale.lowestValue(at: index))
        }.max()
        #expect(widest.map { $0 <= 0.001 } == true)
    }

    @Test("A negative duration counts as zero; one beyond an hour as an hour, and as out of range")
    func endsOfTheScale() throws {
        let exchange = IntervalExchange()
        let metrics = ShardMetrics(exchange: exchange)
        metrics.record(.connect, Nanoseconds(-5))
        metrics.record(.connect, .seconds(3600))
        metrics.record(.connect, .seconds(3601))
        metrics.record(.connect, .max)
        metrics.publish()
        let recorder = RunRecorder(start: .zero, exchanges: [exchange])
        let snapshot = recorder.tick(at: Instant(nanoseconds: 1_000_000_000), process: .idle)
        let connect = snapshot.measures[Measure.connect.index]
        #expect(connect.count == 4)
        #expect(connect.min == .zero)
        #expect(connect.max == .seconds(3600))
        #expect(snapshot.counters[.outOfRange] == 2)
    }

    @Test("A histogram grows with its values: whichever comes first, whichever is added to which")
    func reach() {
        let short = [Nanoseconds](repeating: .microseconds(131), count: 3)
        let long = [Nanoseconds.microseconds(132), .seconds(5)]
        let both = CompactHistogram(HistogramLogTests.recording(short + long))
        #expect(both == CompactHistogram(HistogramLogTests.recording(long + short)))
        #expect(both.count == 5)
        for (first, second) in [(short, long), (long, short)] {
            var sum = HistogramLogTests.recording(first)
            sum.add(HistogramLogTests.recording(second))
            #expect(CompactHistogram(sum) == both)
            sum.reset()
            #expect(sum.isEmpty)
            sum.add(both)
            #expect(CompactHistogram(sum) == both)
        }
    }

    @Test("An empty histogram answers zero to everything")
    func empty() {
        let compact = CompactHistogram(LatencyHistogram())
        #expect(compact == .empty)
        #expect(compact.values(atPercentiles: [50, 100]) == [.zero, .zero])
        #expect(compact.mean == .zero)
        #expect(compact.share(atMost: .seconds(1)) == 0)
    }

    @Test("The share of values at most a duration counts its whole bucket")
    func shares() {
        var histogram = LatencyHistogram()
        for milliseconds in 1...100 { _ = histogram.record(.milliseconds(Int64(milliseconds))) }
        let compact = CompactHistogram(histogram)
        #expect(compact.share(atMost: .milliseconds(25)) == 0.25)
        #expect(compact.share(atMost: .microseconds(500)) == 0)
        #expect(compact.share(atMost: .max) == 1)
    }

    @Test("Counts between bounds are of all values, each where it lies to the width of a bucket", arguments: [1, 2, 3])
    func countsBetweenBounds(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let values = (0..<500).map { _ in Nanoseconds(Int64(random.index(below: 10_000_000))) }
        let compact = CompactHistogram(HistogramLogTests.recording(values))
        let bounds = (1...10).map { Nanoseconds.milliseconds(Int64($0)) }
        let counts = compact.counts(upTo: bounds)
        #expect(counts.reduce(0, +) == 500)
        for (index, bound) in bounds.enumerated() {
            let below = counts[...index].reduce(0, +)
            #expect(Double(below) == (compact.share(atMost: bound) * 500).rounded() || index == bounds.count - 1)
        }
        // What is beyond the last bound is not lost.
        #expect(compact.counts(upTo: [.microseconds(1)]) == [500])
        #expect(CompactHistogram.empty.counts(upTo: bounds) == [UInt64](repeating: 0, count: 10))
        #expect(compact.counts(upTo: []) == [])
    }
}
