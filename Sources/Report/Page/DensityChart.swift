import Basis
import Metrics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Which share of the values has which duration: the shape of a distribution, which percentiles do not show.
struct DensityChart {
    private static let cellsPerDecade = 10

    var title: String
    var caption: String
    var curves: [PercentileChart.Curve]

    var html: String {
        let drawn = curves.filter { $0.histogram.count > 1 }
        guard let lowest = drawn.map(\.histogram.lowest).min(), let highest = drawn.map(\.histogram.highest).max()
        else { return "" }
        let scale = Scale.logarithmic(around: [lowest, highest].map { Double(max($0, LatencyScale.lowest)) })
        guard case .logarithmic(let bottom, let top) = scale else { return "" }
        let cells = Int((log10(top / bottom) * Double(Self.cellsPerDecade)).rounded())
        let edges = (1...cells).map { bottom * pow(10, Double($0) / Double(Self.cellsPerDecade)) }
        let shares = drawn.map { curve in
            curve.histogram.counts(upTo: edges.map { Nanoseconds(Int64($0)) }).map {
                Double($0) / Double(curve.histogram.count)
            }
        }
        let plot = Plot()
        let heights = Scale.linear(reaching: shares.flatMap { $0 }.max() ?? 0)
        func format(_ value: Double) -> String { Plot.short(Figures.duration(Nanoseconds(Int64(value)))) }
        let lows = [bottom] + edges.dropLast()
        let ends = ([bottom] + edges).map(format)
        let names = zip(ends, ends.dropFirst()).map { "\($0) – \($1)" }
        let steps = zip(drawn, shares).map { curve, shares in
            var path = PageText(capacity: 16 * shares.count)
            path.add("M")
            path.add(point: plot.left, plot.foot)
            for (share, edge) in zip(shares, edges) {
                path.add("V")
                path.add(coordinate: plot.y(share, heights))
                path.add("H")
                path.add(coordinate: plot.x(scale.position(of: edge)))
            }
            path.add("V")
            path.add(coordinate: plot.foot)
            return Drawing.path(path, "line \(curve.colour)")
        }.joined()
        let hints = zip(lows, edges).enumerated().map { index, bounds in
            let from = plot.x(scale.position(of: bounds.0))
            let lines = zip(drawn, shares).map { "\($0.name): \(Figures.percent($1[index])) of the values" }
            return Drawing.hint(
                from, plot.top, plot.x(scale.position(of: bounds.1)) - from, plot.innerHeight,
                [names[index]] + lines)
        }.joined()
        let rows = names.enumerated().filter { index, _ in shares.contains { $0[index] > 0 } }
            .map { index, name in [name] + shares.map { Figures.percent($0[index]) } }
        return PageFigure(
            title: title, caption: caption, keys: drawn.map { .line($0.colour, name: $0.name) },
            svg: plot.columns(scale, format) + plot.rows(heights, Figures.percent) + steps + hints,
            header: ["duration"] + drawn.map(\.name), rows: rows
        ).html
    }
}
