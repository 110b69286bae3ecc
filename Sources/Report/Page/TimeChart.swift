import Basis
import Metrics

/// A picture of a run along its time: lines, stacked areas, or percentiles as bands; the phases as shades behind them.
struct TimeChart {
    /// One line or area.
    struct Trace {
        var name: String
        /// Its colour, dashes and hatching: see `PageStyle`.
        var colour: String
        /// A value for each interval; nil where there is none.
        var values: [Double?]
        /// Its name in the legend, where it shares its sample with others; nil: its own.
        var group: String?
    }

    enum Form {
        case lines
        /// Areas upon each other.
        case stacked
        /// Rising percentiles: the first a line, the areas between each and the next paler and paler.
        case bands
    }

    /// Rows of the table behind the picture: with more intervals, several share a row.
    static let maxTableRows = 40

    var title: String
    /// What is drawn, in words.
    var caption: String
    var form: Form
    var isLogarithmic = false
    var timeline: Timeline
    var traces: [Trace]
    /// How a value is written at the axis and in the hints.
    var format: (Double) -> String
    /// Whether seconds in which the generator was late are marked at the foot.
    var marksVerdict = false
    /// A limit that is drawn over the traces, with its name.
    var limit: (value: Double, name: String)?

    /// Empty where there is nothing to draw.
    var html: String {
        let drawn = traces.filter { $0.values.contains { ($0 ?? 0) > 0 } }
        guard !drawn.isEmpty, !timeline.slots.isEmpty else { return "" }
        let sums = timeline.slots.indices.map { slot in drawn.reduce(0) { $0 + ($1.values[slot] ?? 0) } }
        let values = (form == .stacked ? sums : drawn.flatMap { $0.values.compactMap { $0 } }) + [limit?.value ?? 0]
        let scale = isLogarithmic ? Scale.logarithmic(around: values) : Scale.linear(reaching: values.max() ?? 0)
        let plot = timeline.plot
        let marks =
            switch form {
            case .lines: lines(drawn, scale, plot)
            case .stacked: areas(drawn, scale, plot)
            case .bands: bands(drawn, scale, plot)
            }
        let svg =
            timeline.background + plot.rows(scale, format) + timeline.axis + marks
            + limitLine(scale, plot) + timeline.foreground + (marksVerdict ? verdictMarks(plot) : "")
            + timeline.hints { slot in
                drawn.compactMap { trace in trace.values[slot].map { "\(trace.name): \(format($0))" } }
            }
        return PageFigure(
            title: title, caption: caption, keys: keys(drawn) + timeline.keys + verdictKeys, svg: svg,
            height: plot.height, header: ["from"] + drawn.map(\.name), rows: table(drawn)
        ).html
    }

    private func keys(_ traces: [Trace]) -> [PageFigure.Key] {
        let limit = limit.map { [PageFigure.Key.mark("<path class=\"limit\" d=\"M1 6H29\"/>", name: $0.name)] } ?? []
        var shown: [Trace] = []
        for trace in traces where trace.group == nil || !shown.contains(where: { $0.group == trace.group }) {
            shown.append(trace)
        }
        return shown.map { trace in
            let name = trace.group ?? trace.name
            return form == .stacked ? .area(trace.colour, name: name) : .line(trace.colour, name: name)
        } + limit
    }

    private var verdictKeys: [PageFigure.Key] {
        guard marksVerdict else { return [] }
        let levels: [(Verdict.Level, String)] = [(.shared, "low"), (.toolBound, "high")]
        return levels.filter { level, _ in timeline.slots.contains { $0.level == level } }
            .map { level, mark in .remark("\(mark) mark at the foot: generator \(level.name)") }
    }

    private func table(_ traces: [Trace]) -> [[String]] {
        let slots = timeline.slots
        let group = (slots.count + Self.maxTableRows - 1) / Self.maxTableRows
        return stride(from: 0, to: slots.count, by: max(group, 1)).map { start in
            let range = start..<min(start + group, slots.count)
            let cells = traces.map { trace in
                let values = range.compactMap { trace.values[$0] }
                guard let highest = values.max() else { return "–" }
                return format(highest) + (values.count > 1 ? " at most" : "")
            }
            return [timeline.names[start]] + cells
        }
    }

    /// As they are written.
    private func points(_ trace: Trace, _ scale: Scale, _ plot: Plot) -> [(x: String, y: String)?] {
        zip(timeline.places, trace.values).map { place, value in
            value.map { (place.middle, Markup.coordinate(plot.y($0, scale))) }
        }
    }

    private func lines(_ traces: [Trace], _ scale: Scale, _ plot: Plot) -> String {
        traces.map { trace in
            let points = points(trace, scale, plot).map { point in point.map { "\($0.x) \($0.y)" } }
            return Drawing.path(Drawing.polyline(points), "line \(trace.colour)")
        }.joined()
    }

    /// From the highest percentile down, so that the lines of the lower ones are above the areas.
    private func bands(_ traces: [Trace], _ scale: Scale, _ plot: Plot) -> String {
        var result = ""
        for (index, pair) in zip(traces, traces.dropFirst()).enumerated() {
            let (low, high) = (points(pair.0, scale, plot), points(pair.1, scale, plot))
            var (path, run) = ("", [(x: String, low: String, high: String)]())
            func close() {
                // An area needs two points; the lines show a single one.
                if run.count > 1 {
                    path += "M" + run.map { "\($0.x) \($0.high)" }.joined(separator: "L")
                    path += "L" + run.reversed().map { "\($0.x) \($0.low)" }.joined(separator: "L") + "Z"
                }
                run = []
            }
            for (bottom, top) in zip(low, high) {
                if let bottom, let top { run.append((bottom.x, bottom.y, top.y)) } else { close() }
            }
            close()
            result += Drawing.path(path, "range r\(index)")
        }
        return result + lines(traces.reversed(), scale, plot)
    }

    private func areas(_ traces: [Trace], _ scale: Scale, _ plot: Plot) -> String {
        let slots = timeline.slots
        var base = [Double](repeating: 0, count: slots.count)
        var result = ""
        for trace in traces {
            let top = zip(base, trace.values).map { $0 + ($1 ?? 0) }
            var path = ""
            // Steps: a value holds from the start of its interval to its end.
            for (index, place) in timeline.places.enumerated() {
                let height = Markup.coordinate(plot.y(top[index], scale))
                path += "\(index == 0 ? "M" : "L")\(place.start) \(height)H\(place.end)"
            }
            for (index, place) in timeline.places.enumerated().reversed() {
                path += "V\(Markup.coordinate(plot.y(base[index], scale)))H\(place.start)"
            }
            result += "<path class=\"stack\" \(PageStyle.fill(trace.colour)) d=\"\(path)Z\"/>\n"
            base = top
        }
        return result
    }

    private func limitLine(_ scale: Scale, _ plot: Plot) -> String {
        limit.map { Drawing.line(plot.left, plot.y($0.value, scale), plot.end, plot.y($0.value, scale), "limit") } ?? ""
    }

    private func verdictMarks(_ plot: Plot) -> String {
        timeline.slots.filter { $0.level != .clear }.map { slot in
            let from = timeline.x(slot.start)
            return Drawing.rectangle(
                from, plot.foot, max(timeline.x(slot.end) - from, 1), slot.level == .toolBound ? 6 : 3,
                slot.level.name)
        }.joined()
    }
}
