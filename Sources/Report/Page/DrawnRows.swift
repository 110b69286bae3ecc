import Basis
import Metrics

/// The intervals that the charts of a run draw, with their figures. Kept from one page of a run to its next: an
/// interval that is over is merged and summed up once.
public struct DrawnRows: Sendable {
    struct Row: Sendable {
        let row: SeriesRow
        /// By `Measure.index`.
        let figures: [MeasureSummary]
    }

    /// Of one run, rows with the same start and length are the same.
    private struct Span: Hashable {
        let start: Nanoseconds
        let length: Nanoseconds
    }

    private var kept: [Span: Row] = [:]

    public init() {}

    /// A chart has no room for more.
    static let maxRows = 160

    /// The rows of a series, neighbours merged until there are few enough.
    mutating func rows(of series: [SeriesRow]) -> [Row] {
        let groups = Series.groups(series.filter { $0.length > .zero }, to: Self.maxRows)
        let rows = groups.map { group in
            let row = kept[Self.span(of: group)] ?? Self.row(group)
            return (Self.span(of: group), row)
        }
        kept = Dictionary(rows) { first, _ in first }
        return rows.map(\.1)
    }

    private static func span(of group: ArraySlice<SeriesRow>) -> Span {
        Span(
            start: group[group.startIndex].start, length: group.reduce(.zero) { $0 + $1.length })
    }

    private static func row(_ group: ArraySlice<SeriesRow>) -> Row {
        let row = Series.merged(group)
        return Row(row: row, figures: Measure.allCases.map { row.summary(of: $0) })
    }
}
