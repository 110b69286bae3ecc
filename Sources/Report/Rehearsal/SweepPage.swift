import Basis
public import Simulation

/// A sweep as one page that needs nothing else: the trade-off as inline SVG, and the table.
public enum SweepPage {
    public static func html(_ key: String, _ points: [Sweep.Point], plan: String, command: String) -> String {
        let knee = Sweep.knee(of: points)
        let sentence =
            knee.map { SweepText.sentence($0, points) } ?? "nothing is traded, or there are too few values or seeds"
        let seeds = Figures.count(points.first?.runs.count ?? 0)
        let size = "\(seeds) seeds for each of \(Figures.count(points.count)) values"
        let table = Markup.table(
            header: SweepText.header(key, knee), rows: SweepText.rows(points, knee), texts: [0, 10])
        return PageShell.html(
            title: "\(plan) · sweep of \(key)",
            body: """
                <header><h1>\(Markup.escaped(plan)): \(Markup.escaped(key))</h1>
                <p>\(size) · \(Markup.escaped(command))</p>
                <p>\(Markup.escaped(sentence)).</p></header>
                \(PageShell.section("Charts", PageShell.charts([SweepChart(points, knee).html])))
                \(PageShell.section("All values", table))
                """)
    }
}

/// The median time to the end of each value beside the median number of broken agents, with lines from the 10th to the
/// 90th percentile.
struct SweepChart {
    /// The figures of one value at the 10th, 50th and 90th percentile.
    private struct Spot {
        let value: String
        let seconds: [Double]
        let broken: [Double]
        let isKnee: Bool
    }

    private let spots: [Spot]

    init(_ points: [Sweep.Point], _ knee: Knee?) {
        let percentiles = [0.1, 0.5, 0.9]
        spots = points.enumerated().compactMap { place, point in
            let seconds = percentiles.compactMap { point.seconds($0) }
            let broken = percentiles.compactMap { point.broken($0).map(Double.init) }
            guard seconds.count == percentiles.count, broken.count == percentiles.count else { return nil }
            return Spot(
                value: point.value, seconds: seconds, broken: broken,
                isKnee: knee?.isMarked == true && knee?.place == place)
        }
    }

    var html: String {
        guard let longest = spots.map({ $0.seconds[2] }).max(), let largest = spots.map({ $0.broken[2] }).max() else {
            return ""
        }
        let minutes = Scale.linear(reaching: max(longest / 60, 1e-3))
        let agents = Scale.linear(reaching: max(largest, 1))
        let plot = Plot(height: 330, top: 14, bottom: 26)
        func x(_ seconds: Double) -> Double { plot.x(minutes.position(of: seconds / 60)) }
        func y(_ broken: Double) -> Double { plot.y(broken, agents) }
        var svg = plot.columns(minutes, Figures.rate) + plot.rows(agents, Figures.rate)
        for spot in spots {
            let (right, height) = (x(spot.seconds[1]), y(spot.broken[1]))
            svg += Drawing.line(x(spot.seconds[0]), height, x(spot.seconds[2]), height, "line b")
            svg += Drawing.line(right, y(spot.broken[0]), right, y(spot.broken[2]), "line b")
        }
        svg += names(spots.map { (x($0.seconds[1]), y($0.broken[1])) }, plot)
        svg += Drawing.path(Drawing.polyline(spots.map { (x($0.seconds[1]), y($0.broken[1])) }), "line a")
        for spot in spots {
            svg += Drawing.hint(
                x(spot.seconds[1]) - 7, y(spot.broken[1]) - 7, 14, 14,
                [spot.value] + zip(["p10", "p50", "p90"], Self.cells(spot)).map { "\($0): \($1)" })
        }
        return PageFigure(
            title: "Broken agents", caption: "beside the minutes to the end, which go to the right",
            keys: [.line("a", name: "medians"), .line("b", name: "from the 10th to the 90th percentile")], svg: svg,
            height: plot.height, header: ["value", "p10", "p50", "p90"], rows: spots.map { [$0.value] + Self.cells($0) }
        ).html
    }

    /// The names of the values beside their points, the knee's first. One that would overlap another is left out: the
    /// figures at the pointer and the table have it.
    private func names(_ points: [(x: Double, y: Double)], _ plot: Plot) -> String {
        var svg = ""
        var placed: [(x: Double, y: Double)] = []
        for (spot, point) in zip(spots, points).sorted(by: { $0.0.isKnee && !$1.0.isKnee }) {
            guard !placed.contains(where: { abs($0.x - point.x) < 80 && abs($0.y - point.y) < 20 }) else { continue }
            placed.append(point)
            // Within the picture: left of a point in the right half.
            let isLeft = point.x < plot.left + plot.innerWidth / 2
            let name = spot.isKnee ? "\(spot.value): the knee" : spot.value
            svg += Drawing.text(point.x + (isLeft ? 6 : -6), point.y - 6, name, isLeft ? "start" : "end")
        }
        return svg
    }

    private static func cells(_ spot: Spot) -> [String] {
        zip(spot.seconds, spot.broken).map { seconds, broken in
            "\(Figures.duration(Nanoseconds(seconds: seconds))), \(Figures.rate(broken)) broken"
        }
    }
}
