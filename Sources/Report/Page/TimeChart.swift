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
    private static let maxTableRows = 40

    /// How many of so many intervals share a row of the table.
    static func tableGroup(of intervals: Int) -> Int { max((intervals + maxTableRows - 1) / maxTableRows, 1) }

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
            + hints(drawn)
        return PageFigure(
            title: title, caption: caption, keys: keys(drawn) + timeline.keys + verdictKeys, svg: svg,
            height: plot.height, header: ["from"] + drawn.map(\.name), rows: table(drawn)
        ).html
    }

    private func hints(_ traces: [Trace]) -> String {
        let starts = traces.map { "\n\(Markup.escaped($0.name)): " }
        return timeline.hints { slot, text in
            for (start, trace) in zip(starts, traces) {
                guard let value = trace.values[slot] else { continue }
                text.add(start)
                text.add(escaped: format(value))
            }
        }
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
        let group = Self.tableGroup(of: slots.count)
        return stride(from: 0, to: slots.count, by: group).map { start in
            let range = start..<min(start + group, slots.count)
            let cells = traces.map { trace in
                let values = range.compactMap { trace.values[$0] }
                guard let highest = values.max() else { return "–" }
                return format(highest) + (values.count > 1 ? " at most" : "")
            }
            return [timeline.names[start]] + cells
        }
    }

    /// How high each value is; nil where there is none.
    private func heights(_ trace: Trace, _ scale: Scale, _ plot: Plot) -> [Double?] {
        trace.values.map { value in value.map { plot.y($0, scale) } }
    }

    private func lines(_ traces: [Trace], _ scale: Scale, _ plot: Plot) -> String {
        traces.map { trace in
            var (path, isDown) = (PageText(capacity: 14 * trace.values.count), false)
            for (place, height) in zip(timeline.places, heights(trace, scale, plot)) {
                guard let height else {
                    isDown = false
                    continue
                }
                path.add(isDown ? "L" : "M")
                path.add(place.middle)
                path.add(" ")
                path.add(coordinate: height)
                // A stroke of no length shows a value whose neighbours are missing.
                if !isDown { path.add("h0") }
                isDown = true
            }
            return Drawing.path(path, "line \(trace.colour)")
        }.joined()
    }

    /// From the highest percentile down, so that the lines of the lower ones are above the areas.
    private func bands(_ traces: [Trace], _ scale: Scale, _ plot: Plot) -> String {
        var result = ""
        for (index, pair) in zip(traces, traces.dropFirst()).enumerated() {
            let (low, high) = (heights(pair.0, scale, plot), heights(pair.1, scale, plot))
            var (path, start) = (PageText(capacity: 28 * low.count), 0)
            while start < low.count {
                let end = (start..<low.count).first { low[$0] == nil || high[$0] == nil } ?? low.count
                // An area needs two points; the lines show a single one.
                if end - start > 1 { addArea(start..<end, low, high, to: &path) }
                start = end + 1
            }
            result += Drawing.path(path, "range r\(index)")
        }
        return result + lines(traces.reversed(), scale, plot)
    }

    /// Along the upper ends of the intervals, and back along the lower ones.
    private func addArea(_ slots: Range<Int>, _ low: [Double?], _ high: [Double?], to path: inout PageText) {
        func add(_ slot: Int, _ heights: [Double?], _ step: String) {
            path.add(step)
            path.add(timeline.places[slot].middle)
            path.add(" ")
            path.add(coordinate: heights[slot] ?? 0)
        }
        for slot in slots { add(slot, high, slot == slots.lowerBound ? "M" : "L") }
        for slot in slots.reversed() { add(slot, low, "L") }
        path.add("Z")
    }

    private func areas(_ traces: [Trace], _ scale: Scale, _ plot: Plot) -> String {
        let slots = timeline.slots
        var base = [Double](repeating: 0, count: slots.count)
        var text = PageText(capacity: 48 * slots.count * traces.count)
        for trace in traces {
            let top = zip(base, trace.values).map { $0 + ($1 ?? 0) }
            text.add("<path class=\"stack\" \(PageStyle.fill(trace.colour)) d=\"")
            // Steps: a value holds from the start of its interval to its end.
            for (index, place) in timeline.places.enumerated() {
                text.add(index == 0 ? "M" : "L")
                text.add(place.start)
                text.add(" ")
                text.add(coordinate: plot.y(top[index], scale))
                text.add("H")
                text.add(place.end)
            }
            for (index, place) in timeline.places.enumerated().reversed() {
                text.add("V")
                text.add(coordinate: plot.y(base[index], scale))
                text.add("H")
                text.add(place.start)
            }
            text.add("Z\"/>\n")
            base = top
        }
        return text.string
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
