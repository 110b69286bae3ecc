import Basis
import Metrics

extension SummaryDocument.MeasurePart {
    init(_ histogram: CompactHistogram) {
        // Which measure it is does not show in the figures.
        self.init(MeasureSummary(.configConverged, of: histogram))
    }

    init(_ summary: MeasureSummary) {
        self.init(count: summary.count)
        guard summary.count > 0 else { return }
        func milliseconds(_ span: Nanoseconds) -> Double { Double(span.count) / 1e6 }
        minMs = milliseconds(summary.min)
        meanMs = milliseconds(summary.mean)
        p50Ms = milliseconds(summary.p50)
        p90Ms = milliseconds(summary.p90)
        p99Ms = milliseconds(summary.p99)
        p999Ms = milliseconds(summary.p999)
        maxMs = milliseconds(summary.max)
        guard summary.isBounded else { return }
        ambiguous = summary.ambiguous
        atLeast = summary.atLeast
        func bounds(_ figure: MeasureSummary.Figure) -> (low: Double, high: Double?) {
            let bounds = summary.bounds(of: figure)
            return (milliseconds(bounds.low), bounds.high.map(milliseconds))
        }
        (minLowMs, minHighMs) = bounds(.min)
        (meanLowMs, meanHighMs) = bounds(.mean)
        (p50LowMs, p50HighMs) = bounds(.p50)
        (p90LowMs, p90HighMs) = bounds(.p90)
        (p99LowMs, p99HighMs) = bounds(.p99)
        (p999LowMs, p999HighMs) = bounds(.p999)
        (maxLowMs, maxHighMs) = bounds(.max)
    }
}
