import Basis
import Metrics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The whole distribution of each measure: duration against percentile, the far end stretched so that each further nine
/// has the same room. Both axes are logarithmic.
struct PercentileChart {
    /// One curve.
    struct Curve: Hashable {
        var name: String
        var colour: String
        var histogram: CompactHistogram
    }

    /// Beyond 99.9999 % there is never more than a handful of values.
    private static let maxNines = 6.0
    private static let maxNinesWithZero = 3.0
    private static let pointsPerNine = 40
    private static let hintsPerNine = 12

    var title: String
    var caption: String
    var curves: [Curve]

    var html: String {
        var kept = DrawnCurves()
        return html(&kept)
    }

    /// - Parameter kept: the curves of the chart before, and then of this one.
    func html(_ kept: inout DrawnCurves) -> String {
        let drawn = curves.filter { $0.histogram.count > 1 }
        guard let count = drawn.map(\.histogram.count).max() else { return "" }
        let nines = min(max(log10(Double(count)).rounded(.up), 1), Self.maxNines)
        let ends = drawn.flatMap { [Double($0.histogram.lowest), Double($0.histogram.highest)] }
        let scale = Scale.logarithmic(around: ends.map { max($0, Double(LatencyScale.lowest)) })
        let plot = Plot()
        let curves = drawn.map { kept.curve($0, scale, nines) ?? written($0, plot, scale, nines) }
        kept = DrawnCurves(curves)
        let svg =
            plot.rows(scale) { Figures.duration(Nanoseconds(Int64($0))) } + columns(plot, nines)
            + curves.map(\.path).joined() + hints(curves, plot, nines)
        return PageFigure(
            title: title, caption: caption, keys: drawn.map { .line($0.colour, name: $0.name) }, svg: svg,
            header: [""] + Self.marks(upTo: nines).map(\.label), rows: curves.map { [$0.curve.name] + $0.marked }
        ).html
    }

    /// What the chart has of a curve.
    private func written(_ curve: Curve, _ plot: Plot, _ scale: Scale, _ nines: Double) -> DrawnCurves.Drawn {
        DrawnCurves.Drawn(
            curve: curve, scale: scale, nines: nines, path: path(of: curve, plot, scale, nines),
            hints: Self.values(curve, Self.middles(upTo: nines)),
            marked: Self.values(curve, Self.marks(upTo: nines).map(\.position)))
    }

    private func columns(_ plot: Plot, _ nines: Double) -> String {
        Self.marks(upTo: nines).map { position, label in
            let place = plot.x(position / nines)
            // Beside 50 % there is no room for 0 % on a long axis.
            let label = position == 0 && nines > Self.maxNinesWithZero ? "" : label
            let anchor = position == 0 ? "" : position >= nines ? "end" : "middle"
            return Drawing.line(place, plot.top, place, plot.foot, "grid")
                + Drawing.text(
                    position >= nines ? place + plot.right - 4 : place, plot.height - 7, label,
                    anchor + (Self.isExtra(position) ? " wide" : ""))
        }.joined()
    }

    /// Columns around the marked percentiles with the values there.
    private func hints(_ curves: [DrawnCurves.Drawn], _ plot: Plot, _ nines: Double) -> String {
        let middles = Self.middles(upTo: nines)
        let steps = middles.count
        let starts = curves.map { "\n\(Markup.escaped($0.curve.name)): " }
        var text = PageText(capacity: 64 * steps * (curves.count + 2))
        for (step, middle) in middles.enumerated() {
            let from = Double(step) / Double(Self.hintsPerNine)
            text.add(
                Drawing.column(
                    plot.x(from / nines), plot.top, plot.innerWidth / Double(steps), plot.innerHeight))
            text.add(Figures.decimals(100 * (1 - pow(10, -middle)), 2 + Int(middle)))
            text.add(" %")
            for (start, curve) in zip(starts, curves) {
                text.add(start)
                text.add(curve.hints[step])
            }
            text.add(Drawing.columnEnd)
        }
        return text.string
    }

    /// In the middle of each hint, as numbers of nines.
    private static func middles(upTo nines: Double) -> [Double] {
        (0..<Int(nines) * hintsPerNine).map { (Double($0) + 0.5) / Double(hintsPerNine) }
    }

    private static func marks(upTo nines: Double) -> [(position: Double, label: String)] {
        marks.filter { $0.position <= nines }
    }

    private static func values(_ curve: Curve, _ positions: [Double]) -> [String] {
        let values = curve.histogram.values(atPercentiles: positions.map { 100 * (1 - pow(10, -$0)) })
        return values.map { Figures.duration($0) }
    }

    /// Marks for which a phone has no room.
    private static func isExtra(_ position: Double) -> Bool { position == 0 || position == 3 || position == 5 }

    /// Percentiles to be marked, by their number of nines.
    private static let marks: [(position: Double, label: String)] = [
        (0, "0 %"), (0.301, "50 %"), (1, "90 %"), (2, "99 %"), (3, "99.9 %"), (4, "99.99 %"), (5, "99.999 %"),
        (6, "99.9999 %"),
    ]

    private func path(of curve: Curve, _ plot: Plot, _ scale: Scale, _ nines: Double) -> String {
        // A curve ends where one value is all that is left.
        let end = min(log10(Double(curve.histogram.count)), nines)
        let positions =
            (0...Int(end * Double(Self.pointsPerNine))).map { Double($0) / Double(Self.pointsPerNine) } + [end]
        let values = curve.histogram.values(atPercentiles: positions.map { 100 * (1 - pow(10, -$0)) })
        var path = PageText(capacity: 14 * positions.count)
        path.add("M")
        for (position, value) in zip(positions, values).dropLast() {
            path.add(point: plot.x(position / nines), plot.y(Double(value.count), scale))
            path.add("L")
        }
        path.add(point: plot.x(end / nines), plot.y(Double(curve.histogram.highest), scale))
        return Drawing.path(path, "line \(curve.colour)")
    }
}
