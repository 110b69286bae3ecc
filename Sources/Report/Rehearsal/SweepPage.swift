import Basis
public import Simulation

/// A sweep as one page that needs nothing else: the trade-off as inline SVG, and the table.
public enum SweepPage {
    public static func html(_ key: String, _ points: [Sweep.Point], plan: String, command: String) -> String {
        let knee = Sweep.knee(of: points)
        let said =
            knee.map { SweepText.sentence($0, points) } ?? "nothing is traded, or there are too few values or seeds"
        let seeds = Figures.count(points.first?.runs.count ?? 0)
        let size = "\(seeds) seeds for each of \(Figures.count(points.count)) values"
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(Markup.escaped(plan)) · sweep of \(Markup.escaped(key)) · Muster</title>
            <style>
            \(PageStyle.css)
            </style>
            </head>
            <body>
            <main>
            <header><h1>\(Markup.escaped(plan)): \(Markup.escaped(key))</h1>
            <p>\(size) · \(Markup.escaped(command))</p></header>
            <section><h2>Time to the end and broken agents</h2>
            <p>\(Markup.escaped(said)).</p>
            \(SweepChart(points, knee).html)</section>
            <section><h2>All values</h2>
            \(Markup.table(header: SweepText.header(key, knee), rows: SweepText.rows(points, knee), texts: [0, 10]))
            </section>
            </main>
            </body>
            </html>

            """
    }
}

/// The median time to the end of each value beside the median number of broken agents, with lines from the 10th to the
/// 90th percentile.
struct SweepChart {
    private let points: [Sweep.Point]
    private let knee: Knee?

    private static let width = 960.0
    private static let height = 320.0
    private static let left = 66.0
    private static let right = 40.0
    private static let top = 16.0
    private static let bottom = 40.0

    init(_ points: [Sweep.Point], _ knee: Knee?) {
        self.points = points
        self.knee = knee
    }

    var html: String {
        let times = points.map { point in [0.1, 0.5, 0.9].compactMap { point.seconds($0) } }
        let broken = points.map { point in [0.1, 0.5, 0.9].compactMap { point.broken($0).map(Double.init) } }
        guard let longest = times.joined().max(), let most = broken.joined().max() else { return "" }
        let (across, up) = (Scale.linear(reaching: max(longest / 60, 1e-3)), Scale.linear(reaching: max(most, 1)))
        func x(_ seconds: Double) -> Double {
            Self.left + (Self.width - Self.left - Self.right) * across.position(of: seconds / 60)
        }
        func y(_ agents: Double) -> Double {
            Self.height - Self.bottom - (Self.height - Self.top - Self.bottom) * up.position(of: agents)
        }
        let (floor, end) = (Self.height - Self.bottom, Self.width - Self.right)
        var svg = ""
        for tick in up.ticks {
            svg += Self.line(Self.left, y(tick), end, y(tick), "grid")
            svg += Self.text(Self.left - 6, y(tick) + 3.5, Figures.rate(tick), "end")
        }
        for tick in across.ticks { svg += Self.text(x(tick * 60), floor + 16, Figures.rate(tick), "middle") }
        svg += Self.text(end, Self.height - 6, "minutes to the end", "end")
        var path: [String] = []
        for (place, point) in points.enumerated() where times[place].count == 3 && broken[place].count == 3 {
            let (time, agents) = (times[place], broken[place])
            svg += Self.line(x(time[0]), y(agents[1]), x(time[2]), y(agents[1]), "line b")
            svg += Self.line(x(time[1]), y(agents[0]), x(time[1]), y(agents[2]), "line b")
            path.append("\(Markup.coordinate(x(time[1]))),\(Markup.coordinate(y(agents[1])))")
            let isKnee = knee?.isMarked == true && knee?.place == place
            let label = isKnee ? "\(point.value): the knee" : point.value
            svg += Self.text(x(time[1]) + 6, y(agents[1]) - 6, label, "start")
        }
        svg += "<polyline class=\"line a\" points=\"\(path.joined(separator: " "))\"/>"
        return """
            <figure><figcaption><b>Broken agents</b> <span>beside the time to the end: medians, and lines from the \
            10th to the 90th percentile</span></figcaption>
            <svg viewBox="0 0 \(Markup.coordinate(Self.width)) \(Markup.coordinate(Self.height))" role="img" \
            aria-label="Broken agents beside the time to the end">
            \(svg)</svg></figure>
            """
    }

    private static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ kind: String) -> String {
        "<path class=\"\(kind)\" d=\"M\(Markup.coordinate(x1)) \(Markup.coordinate(y1))"
            + "L\(Markup.coordinate(x2)) \(Markup.coordinate(y2))\"/>"
    }

    private static func text(_ x: Double, _ y: Double, _ text: String, _ kind: String) -> String {
        "<text class=\"\(kind)\" x=\"\(Markup.coordinate(x))\" y=\"\(Markup.coordinate(y))\">"
            + "\(Markup.escaped(text))</text>"
    }
}
