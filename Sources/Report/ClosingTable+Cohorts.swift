import Basis
import Metrics

extension ClosingTable {
    /// Only where there are several: the figures of one cohort are the run's.
    static func cohorts(_ summary: RunSummary, width: Int) -> [PaintedLine] {
        guard !summary.cohorts.isEmpty else { return [] }
        var table = ColumnBlocks(header: [""] + CohortSummary.counts.map(\.title) + timeTitles)
        for cohort in summary.cohorts {
            let counts: [ColumnBlocks.Cell] = CohortSummary.counts.map { count in
                let value = count.value(cohort)
                let isBad = value > 0 && ["unanswered", "errors"].contains(count.name)
                return (Figures.count(value), isBad ? .bad : .normal)
            }
            table.append(painted: [(title(of: cohort), .normal)] + counts + times(of: cohort).map { ($0, .normal) })
        }
        return table.lines(width: width)
    }

    /// What the agents' slow networks have added; it is part of every time that the agents measure.
    static func links(_ summary: RunSummary) -> [String]? {
        let segments = summary.counters[.linkSegments]
        guard segments > 0 else { return nil }
        func mean(_ counters: CounterTable) -> String {
            let span = Nanoseconds.microseconds(Int64(clamping: counters[.linkMicroseconds]))
            return Figures.duration(Nanoseconds(span.count / Int64(clamping: max(counters[.linkSegments], 1))))
        }
        var parts = ["\(mean(summary.counters)) one way on average"]
        parts += summary.cohorts.filter { $0.counters[.linkSegments] > 0 }.map {
            "\(title(of: $0)) \(mean($0.counters))"
        }
        let losses = summary.counters[.linkLosses]
        if losses > 0 { parts.append("\(Figures.count(losses)) of \(Figures.count(segments)) segments lost") }
        return parts
    }

    static let timeTitles = ["response p50", "p90", "p99", "max", "service p50", "p99"]

    /// The name; of those beyond the limit with their number.
    static func title(of cohort: CohortSummary) -> String {
        cohort.cohorts > 1 ? "\(cohort.name) (\(cohort.cohorts) cohorts)" : cohort.name
    }

    static func times(of cohort: CohortSummary) -> [String] {
        func spans(_ figures: MeasureSummary, _ values: [KeyPath<MeasureSummary, Nanoseconds>]) -> [String] {
            values.map { figures.count > 0 ? Figures.duration(figures[keyPath: $0]) : "-" }
        }
        return spans(cohort.response, [\.p50, \.p90, \.p99, \.max]) + spans(cohort.service, [\.p50, \.p99])
    }
}
