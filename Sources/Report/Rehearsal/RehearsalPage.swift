import Basis
import Rollout
public import Simulation

/// A rehearsal as one page that needs nothing else: no script, nothing fetched; charts are inline SVG.
public enum RehearsalPage {
    /// - Parameter twin: a live rehearsal beside its virtual twin.
    public static func html(_ summary: RehearsalSummary, command: String, twin: TwinComparison? = nil) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(Markup.escaped(summary.plan.name)) · rehearsal · Muster</title>
        <style>
        \(PageStyle.css)
        </style>
        </head>
        <body>
        <main>
        \(verdict(summary))
        <header><h1>\(Markup.escaped(summary.plan.name))</h1>
        <p>\(Markup.escaped(summary.plan.description))</p>
        <p>\(form(summary)) · \(Figures.count(summary.agents)) agents · seed \(summary.seed) · \
        \(Markup.escaped(command))</p></header>
        \(cards(summary))
        \(section("Stages", Markup.table(
            header: RehearsalText.stageHeader, rows: RehearsalText.stageRows(summary), texts: [12])))
        \(section("Load on the server by minute", RehearsalChart(summary).html + load(summary)))
        \(section("Decisions", decisions(summary)))
        \(live(summary, twin))
        <details><summary>Plan with every default</summary><pre>\
        \(Markup.escaped(summary.plan.resolvedYAML))</pre></details>
        </main>
        </body>
        </html>

        """
    }

    private static func form(_ summary: RehearsalSummary) -> String {
        summary.live.map { "rehearsed on real sockets, times divided by \(LiveText.speed($0.speed))" }
            ?? "rehearsed in virtual time · hash \(RehearsalText.hex(summary.hash))"
    }

    private static func live(_ summary: RehearsalSummary, _ twin: TwinComparison?) -> String {
        let texts = [
            summary.live.map { ("Measured on real sockets", LiveText.lines($0)) },
            twin.map { ("Beside its virtual twin", Array(LiveText.lines($0).dropFirst())) },
        ]
        return texts.compactMap(\.self).map { title, lines in
            section(title, "<pre>\(Markup.escaped(lines.joined(separator: "\n")))</pre>")
        }.joined(separator: "\n")
    }

    private static func section(_ title: String, _ content: String) -> String {
        content.isEmpty ? "" : "<section><h2>\(Markup.escaped(title))</h2>\n\(content)</section>"
    }

    private static func verdict(_ summary: RehearsalSummary) -> String {
        var items = summary.differences
        if let stop = RehearsalText.stop(summary) { items.append("stopped by \(stop)") }
        items.append(RehearsalText.blastRadius(summary))
        if let left = RehearsalText.stragglers(summary) { items.append(left) }
        let list = items.map { "<li>\(Markup.escaped($0)).</li>" }.joined()
        let level = summary.isAsExpected ? "clear" : "tool-bound"
        return "<div class=\"verdict \(level)\"><b>\(Markup.escaped(RehearsalText.verdict(summary)))</b>"
            + "<ul>\(list)</ul></div>"
    }

    private static func cards(_ summary: RehearsalSummary) -> String {
        let tally = summary.tally
        let left = summary.stragglers.reduce(0) { $0 + $1.agents }
        let time = summary.ended.map { RehearsalText.time($0, summary) } ?? "–"
        let worst = summary.worstMinute.map { summary.minutes[$0] }
        return "<div class=\"cards\">"
            + [
                card("time to the end", time, summary.state.inWords),
                card(
                    "offered the revision", Figures.count(tally.offered),
                    "of \(Figures.count(summary.agents)) agents"),
                card("applied it", Figures.count(tally.applied), "\(Figures.count(tally.failed)) failed"),
                card("broke", Figures.count(tally.broken), "each agent once", tally.broken > 0 ? "bad" : "good"),
                card(
                    "left behind", Figures.count(left), "agents on another revision than meant",
                    left > 0 ? "bad" : "good"),
                card(
                    "reports in the worst minute", Figures.count(worst?.reports ?? 0),
                    "\(Figures.count(worst?.attempts ?? 0)) attempts to connect, "
                        + "\(Figures.count(worst?.offers ?? 0)) offers"),
            ].joined() + "</div>"
    }

    private static func card(_ label: String, _ figure: String, _ remark: String, _ kind: String = "") -> String {
        "<div class=\"card \(kind)\"><span>\(Markup.escaped(label))</span><strong>\(Markup.escaped(figure))</strong>"
            + "<span>\(Markup.escaped(remark))</span></div>"
    }

    private static func load(_ summary: RehearsalSummary) -> String {
        let rows = RehearsalText.minutes(summary, limit: 40).map { minute in
            RehearsalText.loadRow(minute, summary) + [minute == summary.worstMinute ? "the worst minute" : ""]
        }
        return Markup.table(header: RehearsalText.loadHeader + [""], rows: rows, texts: [7])
    }

    private static func decisions(_ summary: RehearsalSummary) -> String {
        let rows = summary.decisions.prefix(500).map { [RehearsalText.time($0.at, summary), "\($0)"] }
        return Markup.table(header: ["at", "decision"], rows: rows, texts: [1])
    }
}

/// The load on the server over the rollout's time, as inline SVG, with a line where each stage begins.
struct RehearsalChart {
    private let minutes: [MinuteLoad]
    private let first: Int
    private let stages: [Double]
    private let stop: Double?

    private static let width = 960.0
    private static let height = 240.0
    private static let left = 66.0
    private static let right = 10.0
    private static let top = 12.0
    private static let bottom = 26.0

    /// From a few minutes before the rollout to some after it.
    init(_ summary: RehearsalSummary) {
        func minute(_ instant: Instant) -> Double { Double(instant.nanoseconds) / 60e9 }
        let begin = Int(summary.began.map(minute) ?? 0)
        let end = Int(summary.ended.map(minute) ?? Double(summary.minutes.count))
        first = max(begin - 3, 0)
        let last = min(max(end + 10, begin + 15), summary.minutes.count)
        minutes = Array(summary.minutes[min(first, last)..<last])
        stages = summary.stages.map { minute($0.began) }
        stop = summary.stopped.map { minute($0.at) }
    }

    private func x(_ minute: Double) -> Double {
        let share = (minute - Double(first)) / Double(max(minutes.count, 1))
        return Self.left + (Self.width - Self.left - Self.right) * min(max(share, 0), 1)
    }

    var html: String {
        let traces: [(name: String, colour: String, values: [Double])] = [
            ("reports", "a", minutes.map { Double($0.reports) }),
            ("attempts to connect", "b", minutes.map { Double($0.attempts) }),
            ("offers", "c", minutes.map { Double($0.offers) }),
        ].filter { $0.2.contains { $0 > 0 } }
        guard !minutes.isEmpty, let top = traces.flatMap(\.values).max() else { return "" }
        let scale = Scale.linear(reaching: top)
        var svg = ""
        for tick in scale.ticks {
            let height = y(tick, scale)
            svg += line(Self.left, height, Self.width - Self.right, height, "grid")
            svg += text(Self.left - 6, height + 3.5, Figures.rate(tick), "end")
        }
        for stage in stages.prefix(200) { svg += line(x(stage), Self.top, x(stage), Self.height - Self.bottom, "grid") }
        if let stop { svg += text(x(stop), Self.top + 8, "stopped", "middle") }
        for share in stride(from: 0.0, through: 1, by: 0.25) {
            let minute = Double(first) + share * Double(minutes.count)
            let label = Figures.clock(Nanoseconds(seconds: max((minute - (stages.first ?? 0)) * 60, 0)))
            svg += text(x(minute), Self.height - 8, label, "middle")
        }
        for trace in traces {
            let points = trace.values.enumerated().map { place, value in
                "\(Markup.coordinate(x(Double(first + place) + 0.5))),\(Markup.coordinate(y(value, scale)))"
            }
            svg += "<polyline class=\"line \(trace.colour)\" points=\"\(points.joined(separator: " "))\"/>"
        }
        let keys = traces.map { TimeChart.Trace(name: $0.name, colour: $0.colour, values: []) }
        return """
            <figure><figcaption><b>Load</b> <span>a minute; a vertical line where a stage begins</span>\
            \(TimeChart.legend(keys, .lines))</figcaption>
            <svg viewBox="0 0 \(Markup.coordinate(Self.width)) \(Markup.coordinate(Self.height))" role="img" \
            aria-label="Load on the server by minute">
            \(svg)</svg></figure>
            """
    }

    private func y(_ value: Double, _ scale: Scale) -> Double {
        Self.height - Self.bottom - (Self.height - Self.top - Self.bottom) * scale.position(of: value)
    }

    private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ kind: String) -> String {
        "<path class=\"\(kind)\" d=\"M\(Markup.coordinate(x1)) \(Markup.coordinate(y1))"
            + "L\(Markup.coordinate(x2)) \(Markup.coordinate(y2))\"/>"
    }

    private func text(_ x: Double, _ y: Double, _ text: String, _ kind: String) -> String {
        "<text class=\"\(kind)\" x=\"\(Markup.coordinate(x))\" y=\"\(Markup.coordinate(y))\">"
            + "\(Markup.escaped(text))</text>"
    }
}
