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
