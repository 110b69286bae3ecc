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
    struct Curve {
        var name: String
        var colour: String
        var histogram: CompactHistogram
    }

    private static let width = TimeChart.width
    private static let height = TimeChart.height
    private static let left = 66.0
    private static let right = 14.0
    private static let top = 10.0
    private static let bottom = 24.0
    /// Beyond 99.9999 % there is never more than a handful of values.
    private static let maxNines = 6.0
    private static let pointsPerNine = 40

    var title: String
    var caption: String
    var curves: [Curve]

    var html: String {
        let drawn = curves.filter { $0.histogram.count > 1 }
        guard let count = drawn.map(\.histogram.count).max() else { return "" }
        let nines = min(max(log10(Double(count)).rounded(.up), 1), Self.maxNines)
        let ends = drawn.flatMap { [Double($0.histogram.lowest), Double($0.histogram.highest)] }
        let scale = Scale.logarithmic(around: ends.map { max($0, Double(LatencyScale.lowest)) })
        let svg = grid(scale, nines) + drawn.map { path(of: $0, scale, nines) }.joined()
        let traces = drawn.map { TimeChart.Trace(name: $0.name, colour: $0.colour, values: []) }
        let size = "0 0 \(Markup.coordinate(Self.width)) \(Markup.coordinate(Self.height))"
        return """
            <figure><figcaption><b>\(Markup.escaped(title))</b> <span>\(Markup.escaped(caption))</span>\
            \(TimeChart.legend(traces, .lines))</figcaption>
            <svg viewBox="\(size)" role="img" aria-label="\(Markup.escaped(title))">
            \(svg)</svg></figure>
            """
    }

    private func x(_ position: Double, _ nines: Double) -> String {
        Markup.coordinate(Self.left + (Self.width - Self.left - Self.right) * min(position / nines, 1))
    }

    private func y(_ value: Double, _ scale: Scale) -> String {
        Markup.coordinate(
            Self.height - Self.bottom - (Self.height - Self.top - Self.bottom) * scale.position(of: value))
    }

    private func grid(_ scale: Scale, _ nines: Double) -> String {
        var result = ""
        let right = Markup.coordinate(Self.width - Self.right)
        let ticks = scale.ticks
        for (index, tick) in ticks.enumerated() {
            let classes = TimeChart.isExtra(index, of: ticks.count) ? "end wide" : "end"
            let height = y(tick, scale)
            let label = Figures.duration(Nanoseconds(Int64(tick)))
            result += "<path class=\"grid\" d=\"M\(Markup.coordinate(Self.left)) \(height)H\(right)\"/>\n"
            let place = Markup.coordinate(Self.left - 6)
            result += "<text class=\"\(classes)\" x=\"\(place)\" y=\"\(height)\" dy=\"3.5\">\(label)</text>\n"
        }
        let (top, foot) = (Markup.coordinate(Self.top), Markup.coordinate(Self.height - Self.bottom))
        for (position, label) in Self.marks where position <= nines {
            let place = x(position, nines)
            let anchor =
                (position == 0 ? "" : position >= nines ? "end" : "middle") + (Self.isExtra(position) ? " wide" : "")
            result += "<path class=\"grid\" d=\"M\(place) \(top)V\(foot)\"/>\n"
            result +=
                "<text class=\"\(anchor)\" x=\"\(place)\" y=\"\(Markup.coordinate(Self.height - 7))\">\(label)</text>\n"
        }
        return result
    }

    /// Marks for which a phone has no room.
    private static func isExtra(_ position: Double) -> Bool { position == 0 || position == 3 || position == 5 }

    /// Percentiles to be marked, by their number of nines.
    private static let marks: [(position: Double, label: String)] = [
        (0, "0 %"), (0.301, "50 %"), (1, "90 %"), (2, "99 %"), (3, "99.9 %"), (4, "99.99 %"), (5, "99.999 %"),
        (6, "99.9999 %"),
    ]

    private func path(of curve: Curve, _ scale: Scale, _ nines: Double) -> String {
        // A curve ends where one value is all that is left.
        let end = min(log10(Double(curve.histogram.count)), nines)
        let positions =
            (0...Int(end * Double(Self.pointsPerNine))).map { Double($0) / Double(Self.pointsPerNine) } + [end]
        let values = curve.histogram.values(atPercentiles: positions.map { 100 * (1 - pow(10, -$0)) })
        var points = zip(positions, values).dropLast().map { position, value in
            "\(x(position, nines)) \(y(Double(value.count), scale))"
        }
        points.append("\(x(end, nines)) \(y(Double(curve.histogram.highest), scale))")
        return "<path class=\"line \(curve.colour)\" d=\"M\(points.joined(separator: "L"))\"/>\n"
    }
}
