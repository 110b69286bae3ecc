import Basis
import Metrics
import Statistics

/// Two sides of runs as one page that needs nothing else: the verdicts, the changes with their intervals, and the
/// charts of both sides over each other.
public enum ComparisonPage {
    public static func html(_ comparison: RunComparison) -> String {
        let kind =
            switch comparison.gate {
            case .worse: "failed"
            case .notWorse: "passed"
            case .none: "not_decided"
            }
        let charts = ComparisonCharts(comparison)
        return PageShell.html(
            title: "comparison",
            body: """
                \(PageShell.verdict(kind, comparison.headline, comparison.notes.map { "\($0)." }))
                <header><h1>Comparison</h1>
                <p>\(Markup.escaped(comparison.subject))</p></header>
                \(PageShell.section("Figures", figures(comparison)))
                \(PageShell.section("Charts", PageShell.charts(charts.all)))
                \(PageShell.section("Runs", runs(comparison)))
                """)
    }

    private static func figures(_ comparison: RunComparison) -> String {
        Markup.table(
            header: ["", "A", "B", "change (95 %)", "verdict"], rows: comparison.rows.map(comparison.cells), texts: [4])
    }

    private static func runs(_ comparison: RunComparison) -> String {
        let figures = ComparedFigure.judged
        let rows = comparison.sides.flatMap { side in
            side.runs.map { run in
                [side.name] + figures.map { run.text(of: $0) } + [run.path]
            }
        }
        return Markup.table(
            header: ["side"] + figures.map(\.name) + ["directory"], rows: rows, texts: [figures.count + 1])
    }
}

extension RunComparison {
    /// The sides with their names, for pages.
    var sides: [(name: String, runs: [ComparedRun])] { [("A", judgedRuns.a), ("B", judgedRuns.b)] }

    /// What was compared, in words.
    var subject: String {
        guard let run = (judgedRuns.a + judgedRuns.b).first?.summary.run else { return "no run could be used" }
        let servers = sides.map { side in
            var names: [String] = []
            for name in side.runs.map(\.summary.run.server) where !names.contains(name) { names.append(name) }
            return "\(side.name): \(side.runs.count) run\(side.runs.count == 1 ? "" : "s") against "
                + names.prefix(3).joined(separator: ", ")
        }
        return "profile \(run.profile), \(Figures.count(run.agents)) agents · \(servers.joined(separator: " · "))"
    }
}

extension ComparedRun {
    /// A figure as people read it; why there is none otherwise.
    func text(of figure: ComparedFigure) -> String {
        switch value(of: figure) {
        case .success(let value): figure.text(value)
        case .failure(let reason): reason.text
        }
    }
}

/// The charts of two sides over each other: A in one colour and without dashes, B in the other and dashed.
struct ComparisonCharts {
    private let comparison: RunComparison
    private static let colours = ["a", "b"]

    init(_ comparison: RunComparison) { self.comparison = comparison }

    var all: [String] {
        [
            changes, values(.responseP50), values(.responseP99), values(.throughput), values(.errors),
            percentiles(.heartbeatResponse, "Response time"), density(.heartbeatResponse, "Distribution"),
            overTime("Response time over time, p99", "each run; the same second of each beside the others", 99),
            overTime("Response time over time, p50", "each run; the same second of each beside the others", 50),
            answers,
        ]
    }

    /// The change of each figure with its interval, the margin shaded.
    private var changes: String {
        let rows = comparison.rows.compactMap { row -> RangeChart.Row? in
            guard let change = row.change else { return nil }
            return RangeChart.Row(
                name: row.figure.name, range: row.interval, marks: [(change, .bar)],
                hint: Array(comparison.cells(row).dropFirst()).filter { !$0.isEmpty })
        }
        let ends = comparison.rows.flatMap { row in
            [row.change, row.interval?.lowerBound, row.interval?.upperBound].compactMap { $0 }
        }.filter(\.isFinite)
        guard !rows.isEmpty else { return "" }
        // As far to both sides as needed, and not so far that a wide interval hides the others.
        let widest = max(ends.map(\.magnitude).max() ?? 0, 2 * comparison.margin)
        let reach = min(widest, Self.maxReach)
        return RangeChart(
            title: "Change from A to B", caption: "of each figure, with its 95 % interval; shaded: the margin",
            keys: [
                .mark(RangeChart.Shape.bar.element(15, 6), name: "change"),
                .mark("<path class=\"whisker\" d=\"M1 6H29\"/>", name: "95 % interval"),
            ] + (widest > reach ? [.remark("what ends at the edge goes on beyond it: see the figures")] : []),
            scale: .between(low: max(-reach, -1), high: reach), format: { RunComparison.percent($0) }, rows: rows,
            shade: -comparison.margin...comparison.margin, origin: 0,
            header: ["", "A", "B", "change (95 %)", "verdict"],
            table: comparison.rows.map(comparison.cells)
        ).html
    }

    private static let maxReach = 2.0
    private static let minErrors = 0.001

    /// A figure of each run as a mark, the runs of a side in a row.
    private func values(_ figure: ComparedFigure) -> String {
        let sides = comparison.sides.map { side in
            (name: side.name, values: side.runs.compactMap { try? $0.value(of: figure).get() }.map(\.exponential))
        }
        let all = sides.flatMap(\.values)
        guard let low = all.min(), let high = all.max(), high > 0 else { return "" }
        // Of next to no errors there is nothing to see.
        if figure == .errors, high < Self.minErrors { return "" }
        // A little room around the marks; the zero is not drawn, because a small change is to be seen.
        let room = max((high - low) * 0.15, high * 0.02)
        let rows = sides.map { side in
            RangeChart.Row(
                name: side.name, range: side.values.min().flatMap { low in side.values.max().map { low...$0 } },
                marks: side.values.map { ($0, side.name == "A" ? .dot : .cross) },
                hint: side.values.map { figure.text($0.naturalLogarithm) })
        }
        return RangeChart(
            title: figure.name.prefix(1).uppercased() + figure.name.dropFirst(), caption: "of each run",
            keys: [
                .mark(RangeChart.Shape.dot.element(15, 6), name: "a run of A"),
                .mark(RangeChart.Shape.cross.element(15, 6), name: "a run of B"),
            ], scale: .between(low: max(low - room, 0), high: high + room),
            format: { figure.text(max($0, 1e-12).naturalLogarithm) }, rows: rows, header: ["side", "runs"],
            table: sides.map { side in
                [side.name, side.values.map { figure.text($0.naturalLogarithm) }.joined(separator: ", ")]
            }
        ).html
    }

    private func percentiles(_ measure: Measure, _ title: String) -> String {
        PercentileChart(
            title: "\(title) by percentile", caption: "all runs of a side together", curves: curves(measure)
        ).html
    }

    private func density(_ measure: Measure, _ title: String) -> String {
        DensityChart(
            title: title, caption: "which share of the heartbeats took how long", curves: curves(measure)
        ).html
    }

    private func curves(_ measure: Measure) -> [PercentileChart.Curve] {
        zip(comparison.sides, Self.colours).map { side, colour in
            .init(
                name: side.name, colour: colour,
                histogram: side.runs.reduce(.empty) { $0.merged(with: $1.histogram(of: measure)) })
        }
    }

    /// A percentile of each run along its judged part, on one axis.
    private func overTime(_ title: String, _ caption: String, _ percentile: Double) -> String {
        series(title, caption, isLogarithmic: true, { Figures.duration(Nanoseconds(seconds: $0)) }) { part in
            part.histogram.count > 0 ? max(part.histogram.value(atPercentile: percentile).seconds, 1e-9) : nil
        }
    }

    private var answers: String {
        series("Heartbeats answered", "per second, each run", isLogarithmic: false, Figures.rate) { part in
            part.end > part.start ? Double(part.histogram.count) / (part.end - part.start) : nil
        }
    }

    private func series(
        _ title: String, _ caption: String, isLogarithmic: Bool, _ format: @escaping (Double) -> String,
        _ value: (ComparedRun.Part) -> Double?
    ) -> String {
        let lines = zip(comparison.sides, Self.colours).flatMap { side, colour in
            side.runs.prefix(Self.maxRuns).enumerated().map { index, run in
                (
                    name: "\(side.name)\(index + 1)", side: side.name, colour: colour,
                    parts: run.parts(of: .heartbeatResponse)
                )
            }
        }
        let length = lines.map { $0.parts.count }.max() ?? 0
        guard length > 1, let longest = lines.max(by: { $0.parts.count < $1.parts.count })?.parts else { return "" }
        let group = (length + DrawnRows.maxRows - 1) / DrawnRows.maxRows
        let starts = Array(stride(from: 0, to: length, by: group))
        func joined(_ parts: [ComparedRun.Part], _ start: Int) -> ComparedRun.Part? {
            guard start < parts.count else { return nil }
            let slice = parts[start..<min(start + group, parts.count)]
            return ComparedRun.Part(
                start: slice[start].start, end: slice[slice.endIndex - 1].end,
                histogram: slice.reduce(CompactHistogram.empty) { $0.merged(with: $1.histogram) })
        }
        let origin = longest[0].start
        let slots = starts.map { start in
            let part = joined(longest, start)
            let (from, to) = (part?.start ?? origin, part?.end ?? origin)
            return Timeline.Slot(start: max(from - origin, 0), length: max(to - from, 0))
        }
        return TimeChart(
            title: title, caption: caption, form: .lines, isLogarithmic: isLogarithmic,
            timeline: Timeline(slots: slots),
            traces: lines.map { line in
                .init(
                    name: line.name, colour: line.colour,
                    values: starts.map { joined(line.parts, $0).flatMap(value) }, group: "runs of \(line.side)")
            }, format: format
        ).html
    }

    /// More lines of a side than this cover each other.
    private static let maxRuns = 5
}
