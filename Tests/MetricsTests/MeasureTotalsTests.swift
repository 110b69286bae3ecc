import Basis
import Testing

@testable import Metrics

@Suite("Totals of measures")
struct MeasureTotalsTests {
    /// Values of some measures; of each measure none, certain ones, uncertain ones, or only readings of values that may
    /// not exist.
    private static func interval(_ random: inout SeededRandom) -> [BoundedHistogram] {
        Measure.allCases.map { _ in
            var (histogram, uncertain) = (LatencyHistogram(), UncertainHistograms())
            func span() -> Nanoseconds { Nanoseconds(Int64(random.index(below: 50_000_000))) }
            let kind = random.index(below: 4)
            for _ in 0..<(kind == 1 || kind == 2 ? 1 + random.index(below: 20) : 0) { _ = histogram.record(span()) }
            guard kind > 1 else { return BoundedHistogram(histogram, nil) }
            if kind == 2 { uncertain.record(span(), .atLeast) }
            uncertain.record(span(), .optionalLow)
            uncertain.record(span(), .optionalHigh)
            return BoundedHistogram(histogram, uncertain)
        }
    }

    @Test(
        "Tick by tick the totals are the values of all intervals, and their figures those of all values",
        arguments: [UInt64(1), 2, 3, 4])
    func totals(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var totals = MeasureTotals()
        var all = [BoundedHistogram](repeating: .empty, count: Measure.allCases.count)
        for _ in 0..<6 {
            #expect(totals.histograms == all)
            #expect(totals.summaries == Measure.allCases.map { MeasureSummary($0, of: all[$0.index]) })
            let interval = Self.interval(&random)
            totals.add(interval)
            all = zip(all, interval).map { $0.merged(with: $1) }
        }
        #expect(totals.histograms == all)
        #expect(totals.summaries == Measure.allCases.map { MeasureSummary($0, of: all[$0.index]) })
    }
}
