import Basis
public import Metrics

/// The result of `muster find-limit` as one page that needs nothing else: the estimate with its interval, and the load
/// against the figure with every trial.
public enum LimitPage {
    /// - Parameter goal: the threshold that the trials are judged by.
    public static func html(_ document: LimitDocument, goal: Threshold) -> String {
        let kind =
            switch document.ending {
            case "narrow": "passed"
            case "trials_used_up": "not_decided"
            default: "clear"
            }
        let charts = LimitCharts(document, goal)
        let unit = LimitDocument.unit(document.load)
        return PageShell.html(
            title: "limit of \(document.load)",
            body: """
                \(PageShell.verdict(kind, document.sentence + ".", [document.kneeSentence] + (document.advice ?? [])))
                <header><h1>Limit of \(Markup.escaped(document.load))</h1>
                <p>\(Markup.escaped(document.goal)), in trials of \(Figures.decimals(document.trialSeconds, 0)) s</p>
                </header>
                \(cards(document, unit))
                \(PageShell.section("Charts", PageShell.charts([charts.figures, charts.throughput, charts.search])))
                \(PageShell.section("Trials", table(document, unit)))
                """)
    }

    private static func cards(_ document: LimitDocument, _ unit: String) -> String {
        var cards: [String] = []
        if let limit = document.limit, let low = document.low, let high = document.high {
            cards.append(PageShell.card("limit", LimitDocument.text(limit), "\(unit): half of the trials pass"))
            cards.append(
                PageShell.card(
                    "95 % interval", "\(LimitDocument.text(low)) … \(LimitDocument.text(high))",
                    "\(Figures.percent((high - low) / max(limit, 1e-9))) of the limit wide"))
        }
        if let passed = document.highestPassed {
            cards.append(PageShell.card("highest load that passed", LimitDocument.text(passed), unit))
        }
        let counts = LimitCharts.outcomes.map { outcome in
            "\(document.trials.count { $0.outcome == outcome.key }) \(outcome.title)"
        }
        cards.append(PageShell.card("trials", "\(document.trials.count)", counts.joined(separator: ", ")))
        return "<div class=\"cards\">\(cards.joined())</div>"
    }

    private static func table(_ document: LimitDocument, _ unit: String) -> String {
        Markup.table(
            header: ["trial", unit, "length", "messages/s", "outcome", "figure"],
            rows: document.trials.map { trial in
                [
                    "\(trial.number)", LimitDocument.text(trial.load), "\(Figures.decimals(trial.seconds, 0)) s",
                    trial.throughput.map(Figures.rate) ?? "–", LimitCharts.title(trial.outcome), trial.figure,
                ]
            }, texts: [4, 5])
    }
}

/// The charts of a search for a limit.
struct LimitCharts {
    /// What becomes of a trial, and how it is drawn: distinguishable without colour.
    static let outcomes: [(key: String, title: String, shape: RangeChart.Shape, colour: String)] = [
        ("passed", "passed", .dot, "c"), ("failed", "failed", .cross, "b"), ("not_decided", "not decided", .ring, "f"),
    ]

    private let document: LimitDocument
    private let goal: Threshold

    init(_ document: LimitDocument, _ goal: Threshold) {
        self.document = document
        self.goal = goal
    }

    static func title(_ outcome: String) -> String { outcomes.first { $0.key == outcome }?.title ?? outcome }

    private func mark(_ trial: LimitDocument.Trial, _ x: Double, _ y: Double) -> String {
        let outcome = Self.outcomes.first { $0.key == trial.outcome } ?? Self.outcomes[2]
        return outcome.shape.element(x, y, outcome.colour)
    }

    private var keys: [PageFigure.Key] {
        Self.outcomes.filter { outcome in document.trials.contains { $0.outcome == outcome.key } }
            .map { .mark($0.shape.element(15, 6, $0.colour), name: $0.title) }
    }

    private var intervalKeys: [PageFigure.Key] {
        guard document.limit != nil else { return [] }
        return [
            .mark("<path class=\"moment\" d=\"M15 0V12\"/>", name: "limit"),
            .mark("<rect class=\"interval\" width=\"30\" height=\"12\"/>", name: "95 % interval"),
        ]
    }

    private func hint(_ trial: LimitDocument.Trial) -> [String] {
        [
            "trial \(trial.number): \(LimitDocument.text(trial.load)) \(LimitDocument.unit(document.load))",
            Self.title(trial.outcome), trial.figure,
        ].filter { !$0.isEmpty }
    }

    private func loads() -> Scale {
        let loads = document.trials.map(\.load) + [document.low, document.high].compactMap { $0 }
        guard let low = loads.min(), let high = loads.max(), low > 0 else { return .linear(reaching: 1) }
        if high / low > 20 { return .logarithmic(around: [low, high]) }
        let room = max((high - low) * 0.06, high * 0.01)
        return .between(low: max(low - room, 0), high: high + room)
    }

    private func text(_ value: Double) -> String {
        switch goal.metric.unit {
        case .duration: Figures.duration(Nanoseconds(Int64(min(max(value, 0), 9e18))))
        case .share: Figures.percent(value)
        case .count, .rate: Figures.rate(value)
        }
    }

    /// The load against the figure, every trial a mark; those without a figure are at the upper edge.
    var figures: String {
        let trials = document.trials
        let values = trials.compactMap(\.value).filter { $0.isFinite && $0 >= 0 }
        guard !values.isEmpty else { return "" }
        let all = values + [goal.limit]
        let isTime = goal.metric.unit == .duration
        let heights = isTime ? Scale.logarithmic(around: all) : Scale.linear(reaching: all.max() ?? 1)
        let (loads, plot) = (loads(), Plot(height: 330, top: 14, bottom: 26))
        func x(_ load: Double) -> Double { plot.x(loads.position(of: load)) }
        var svg = ""
        if let low = document.low, let high = document.high {
            svg += Drawing.rectangle(x(low), plot.top, max(x(high) - x(low), 1), plot.innerHeight, "interval")
        }
        svg += plot.columns(loads, LimitDocument.text) + plot.rows(heights, text)
        svg += Drawing.line(plot.left, plot.y(goal.limit, heights), plot.end, plot.y(goal.limit, heights), "limit")
        if let limit = document.limit { svg += Drawing.line(x(limit), plot.top, x(limit), plot.foot, "moment") }
        for trial in trials {
            let y = trial.value.map { plot.y($0, heights) } ?? plot.top
            svg += mark(trial, x(trial.load), y)
        }
        for trial in trials {
            let y = trial.value.map { plot.y($0, heights) } ?? plot.top
            svg += Drawing.hint(x(trial.load) - 7, y - 7, 14, 14, hint(trial))
        }
        return PageFigure(
            title: "Load against \(goal.text.prefix { $0 != "<" && $0 != ">" && $0 != " " })",
            caption: "\(LimitDocument.unit(document.load)) to the right; every trial",
            keys: keys + [.mark("<path class=\"limit\" d=\"M1 6H29\"/>", name: document.goal)] + intervalKeys,
            svg: svg, height: plot.height, header: ["trial", "load", "figure", "outcome"],
            rows: trials.map {
                ["\($0.number)", LimitDocument.text($0.load), $0.value.map(text) ?? "–", Self.title($0.outcome)]
            }
        ).html
    }

    /// The load against the throughput, every trial a mark, with the law where it was fitted.
    var throughput: String {
        let trials = document.trials.filter { ($0.throughput ?? 0) > 0 }
        guard let greatest = trials.compactMap(\.throughput).max() else { return "" }
        let (loads, plot) = (loads(), Plot(height: 330, top: 14, bottom: 26))
        let law = document.scalability.map { law in
            (0...Self.lawSteps).map { step in
                let load = loads.value(at: Double(step) / Double(Self.lawSteps))
                return (load: load, throughput: max(law.throughput(at: load), 0))
            }
        }
        let top = max(greatest, min(law?.map(\.throughput).max() ?? 0, 2 * greatest))
        let heights = Scale.linear(reaching: top)
        func x(_ load: Double) -> Double { plot.x(loads.position(of: load)) }
        var svg = plot.columns(loads, LimitDocument.text) + plot.rows(heights, Figures.rate)
        if let law {
            svg += Drawing.path(
                Drawing.polyline(law.map { (x($0.load), plot.y($0.throughput, heights)) }), "line a")
        }
        func place(_ trial: LimitDocument.Trial) -> (x: Double, y: Double) {
            (x(trial.load), plot.y(trial.throughput ?? 0, heights))
        }
        for trial in trials { svg += mark(trial, place(trial).x, place(trial).y) }
        for trial in trials {
            let rate = "\(Figures.rate(trial.throughput ?? 0)) messages/s"
            svg += Drawing.hint(place(trial).x - 7, place(trial).y - 7, 14, 14, hint(trial) + [rate])
        }
        return PageFigure(
            title: "Load against throughput",
            caption: "\(LimitDocument.unit(document.load)) to the right, messages a second upwards; every trial",
            keys: keys + (law == nil ? [] : [.line("a", name: "universal scalability law")]), svg: svg,
            height: plot.height, header: ["trial", "load", "messages/s", "outcome"],
            rows: trials.map {
                let rate = Figures.rate($0.throughput ?? 0)
                return ["\($0.number)", LimitDocument.text($0.load), rate, Self.title($0.outcome)]
            }
        ).html
    }

    private static let lawSteps = 100

    /// The loads of the trials in their order: how the search went.
    var search: String {
        let trials = document.trials
        guard trials.count > 1 else { return "" }
        let (loads, plot) = (loads(), Plot(height: 330, top: 14, bottom: 26))
        func x(_ number: Int) -> Double { plot.x((Double(number) - 0.5) / Double(trials.count)) }
        var svg = ""
        if let low = document.low, let high = document.high {
            let y = plot.y(high, loads)
            svg += Drawing.rectangle(plot.left, y, plot.innerWidth, max(plot.y(low, loads) - y, 1), "interval")
        }
        svg += plot.rows(loads, LimitDocument.text)
        if let limit = document.limit {
            svg += Drawing.line(plot.left, plot.y(limit, loads), plot.end, plot.y(limit, loads), "moment")
        }
        let step = (trials.count + 7) / 8
        for trial in trials {
            svg += mark(trial, x(trial.number), plot.y(trial.load, loads))
            guard (trial.number - 1).isMultiple(of: step) else { continue }
            let kind = (trial.number - 1).isMultiple(of: 2 * step) ? "middle" : "middle wide"
            svg += Drawing.text(x(trial.number), plot.height - 7, "\(trial.number)", kind)
        }
        for trial in trials {
            svg += Drawing.hint(
                x(trial.number) - 7, plot.y(trial.load, loads) - 7, 14, 14, hint(trial))
        }
        return PageFigure(
            title: "Search", caption: "the load of each trial, in the order in which they were made",
            keys: keys + intervalKeys, svg: svg, height: plot.height, header: ["trial", "load", "outcome"],
            rows: trials.map { ["\($0.number)", LimitDocument.text($0.load), Self.title($0.outcome)] }
        ).html
    }
}
