import Basis
import Metrics

/// The intervals that the charts of a run draw, with their figures. Kept from one page of a run to its next: an
/// interval that is over is merged and summed up once, and so are the neighbours that share a row of a table.
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
    private var keptResponses: [Span: CompactHistogram] = [:]
    /// Of the chart of all latencies.
    var curves = DrawnCurves()
    /// Of the heatmap.
    var columns = DrawnColumns()

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

    /// The response times of neighbours together.
    /// - Parameter size: how many there are in each group.
    mutating func responses(of rows: [Row], by size: Int) -> [CompactHistogram] {
        let groups = stride(from: 0, to: rows.count, by: max(size, 1)).map { start in
            let group = rows[start..<min(start + max(size, 1), rows.count)]
            let span = Self.span(of: group.map(\.row)[...])
            return (span, keptResponses[span] ?? Self.responses(of: group))
        }
        keptResponses = Dictionary(groups) { first, _ in first }
        return groups.map(\.1)
    }

    private static func responses(of group: ArraySlice<Row>) -> CompactHistogram {
        group.reduce(.empty) { $0.merged(with: $1.row.histograms[Measure.heartbeatResponse.index].estimate) }
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

/// The curves of a chart of percentiles, as they were written. Most measures of a run rest once its agents are
/// connected, and so do their curves.
struct DrawnCurves: Sendable {
    struct Drawn: Sendable {
        let curve: PercentileChart.Curve
        let scale: Scale
        let nines: Double
        let path: String
        /// The values of the hints.
        let hints: [String]
        /// The values at the marked percentiles.
        let marked: [String]
    }

    private var drawn: [Drawn] = []

    init(_ drawn: [Drawn] = []) {
        self.drawn = drawn
    }

    /// A curve that is the same in every regard; nil where there was none.
    func curve(_ curve: PercentileChart.Curve, _ scale: Scale, _ nines: Double) -> Drawn? {
        drawn.first { $0.curve == curve && $0.scale == scale && $0.nines == nines }
    }
}

/// The columns of a heatmap, as they were written: one for each interval, which rests once it is over.
struct DrawnColumns: Sendable {
    struct Column: Sendable {
        /// By cell.
        let counts: [UInt64]
        let hint: String
    }

    /// Of one run, intervals with the same start and length are the same.
    private struct Span: Hashable {
        let start: Double
        let length: Double
    }

    private var scale: Scale?
    private var kept: [Span: Column] = [:]

    /// - Parameter make: writes the column of an interval.
    mutating func columns(_ slots: [Timeline.Slot], _ scale: Scale, make: (Int) -> Column) -> [Column] {
        let former = self.scale == scale ? kept : [:]
        let columns = slots.enumerated().map { index, slot in
            let span = Span(start: slot.start, length: slot.length)
            return (span, former[span] ?? make(index))
        }
        self.scale = scale
        kept = Dictionary(columns) { first, _ in first }
        return columns.map(\.1)
    }
}
