import Basis
import Metrics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How many values fell into each span of durations, interval by interval: what percentiles hide, such as two groups of
/// agents. The more values, the darker.
struct HeatmapChart {
    /// Cells of each decade of durations.
    private static let cellsPerDecade = 6
    /// Steps from pale to dark.
    private static let shades = 6
    /// More columns than this are narrower than a reader can tell apart.
    static let maxColumns = 120

    var title: String
    var caption: String
    var timeline: Timeline
    /// One for each interval of the timeline.
    var histograms: [CompactHistogram]
    /// Of the intervals that share a row of the table.
    var groups: [CompactHistogram]

    /// - Parameter kept: the columns of the chart before, and then of this one.
    func html(_ kept: inout DrawnColumns) -> String {
        let filled = histograms.filter { $0.count > 0 }
        guard filled.count > 1, let lowest = filled.map(\.lowest).min(), let highest = filled.map(\.highest).max()
        else { return "" }
        let scale = Scale.logarithmic(around: [lowest, highest].map { Double(max($0, LatencyScale.lowest)) })
        guard case .logarithmic(let bottom, let top) = scale else { return "" }
        let cells = Int((log10(top / bottom) * Double(Self.cellsPerDecade)).rounded())
        let edges = (1...cells).map { bottom * pow(10, Double($0) / Double(Self.cellsPerDecade)) }
        let bounds = edges.map { Nanoseconds(Int64($0)) }
        let starts = Self.starts([bottom] + edges)
        let columns = kept.columns(timeline.slots, scale) { column in
            let counts = histograms[column].counts(upTo: bounds)
            return DrawnColumns.Column(counts: counts, hint: Self.hint(counts, starts))
        }
        // By the second, so that longer intervals are not darker.
        let rates = zip(columns, timeline.slots).map { column, slot in
            column.counts.map { Double($0) / max(slot.length, 1e-9) }
        }
        let most = rates.flatMap { $0 }.max() ?? 0
        let plot = timeline.plot
        func format(_ value: Double) -> String { Figures.duration(Nanoseconds(Int64(value))) }
        let svg =
            timeline.background + drawn(rates, most, plot) + plot.rows(scale, format) + timeline.axis
            + timeline.foreground + timeline.hints { column, text in text.add(columns[column].hint) }
        return PageFigure(
            title: title, caption: caption,
            keys: [
                .mark("<rect class=\"heat q1\" width=\"30\" height=\"12\"/>", name: "few"),
                .mark(
                    "<rect class=\"heat q\(Self.shades)\" width=\"30\" height=\"12\"/>",
                    name: "up to \(Figures.rate(most)) a second"),
            ] + timeline.keys,
            svg: svg, height: plot.height, header: ["from", "values", "lowest", "p50", "p99", "highest"],
            rows: table
        ).html
    }

    /// One path for each shade.
    private func drawn(_ rates: [[Double]], _ most: Double, _ plot: Plot) -> String {
        var paths = [PageText](repeating: PageText(), count: Self.shades)
        for (place, column) in zip(timeline.places, rates) {
            let cell = plot.innerHeight / Double(column.count)
            let height = Markup.coordinate(cell)
            for (index, rate) in column.enumerated() where rate > 0 {
                // Roots, so that few values beside many are seen.
                let shade = min(Int((rate / most).squareRoot() * Double(Self.shades)), Self.shades - 1)
                let y = plot.foot - Double(index + 1) * cell
                paths[shade].add("M")
                paths[shade].add(place.start)
                paths[shade].add(" ")
                paths[shade].add(coordinate: y)
                paths[shade].add("H")
                paths[shade].add(place.end)
                paths[shade].add("v")
                paths[shade].add(height)
                paths[shade].add("H")
                paths[shade].add(place.start)
                paths[shade].add("Z")
            }
        }
        return paths.enumerated().map { Drawing.path($1, "heat q\($0 + 1)") }.joined()
    }

    /// The lines of hints up to their counts, cell by cell.
    private static func starts(_ ends: [Double]) -> [String] {
        let names = ends.map { Plot.short(Figures.duration(Nanoseconds(Int64($0)))) }
        return zip(names, names.dropFirst()).map { Markup.escaped("\n\($0) – \($1): ") }
    }

    /// The counts of an interval, from the longest durations down.
    private static func hint(_ counts: [UInt64], _ starts: [String]) -> String {
        var text = PageText(capacity: 32 * counts.count)
        var isEmpty = true
        for (start, count) in zip(starts, counts).reversed() where count > 0 {
            text.add(start)
            text.add(Figures.count(count))
            isEmpty = false
        }
        if isEmpty { text.add("\nno value") }
        return text.string
    }

    private var table: [[String]] {
        let starts = stride(from: 0, to: histograms.count, by: TimeChart.tableGroup(of: histograms.count))
        return zip(starts, groups).map { start, whole in
            let name = timeline.names[start]
            guard whole.count > 0 else { return [name, "0", "–", "–", "–", "–"] }
            let values = whole.values(atPercentiles: [0, 50, 99, 100]).map { Figures.duration($0) }
            return [name, Figures.count(whole.count)] + values
        }
    }
}
