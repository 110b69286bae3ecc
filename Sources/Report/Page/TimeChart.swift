import Basis
import Metrics

/// A picture of a run along its time, as inline SVG: lines or stacked areas, the phases as bands behind them.
struct TimeChart {
    /// One line or area.
    struct Trace {
        var name: String
        /// Its colour, dashes and hatching: see `PageStyle`.
        var colour: String
        /// A value for each row; nil where there is none.
        var values: [Double?]
    }

    enum Form {
        case lines
        /// Areas upon each other.
        case stacked
    }

    static let width = 640.0
    static let height = 250.0
    private static let left = 66.0
    private static let right = 10.0
    private static let top = 20.0
    private static let bottom = 42.0
    /// A band narrower than this has no room for its label.
    private static let minLabelWidth = 34.0
    /// The largest width of a label's character, in units, on a screen and on a phone, where text is larger.
    private static let characterWidth = (screen: 6.0, phone: 10.5)
    /// More ticks than this are too many for a phone.
    private static let maxPhoneTicks = 5

    var title: String
    /// What is drawn, in words.
    var caption: String
    var form: Form
    var isLogarithmic = false
    var rows: [SeriesRow]
    /// When the run began, in seconds since 1970: times of day are below those of the run.
    var startedAt: Double
    var traces: [Trace]
    /// How a value is written at the axis and in the hints.
    var format: (Double) -> String
    /// Whether seconds in which the generator was late are marked at the foot.
    var marksVerdict = false

    private var seconds: Double { max(rows.last.map { ($0.start + $0.length).seconds } ?? 0, 1e-9) }

    private func x(_ second: Double) -> Double {
        Self.left + (Self.width - Self.left - Self.right) * min(max(second / seconds, 0), 1)
    }

    private func y(_ value: Double, _ scale: Scale) -> Double {
        Self.height - Self.bottom - (Self.height - Self.top - Self.bottom) * scale.position(of: value)
    }

    var html: String {
        let drawn = traces.filter { $0.values.contains { ($0 ?? 0) > 0 } }
        guard !drawn.isEmpty, !rows.isEmpty else { return "" }
        let sums = rows.indices.map { row in drawn.reduce(0) { $0 + ($1.values[row] ?? 0) } }
        let values = form == .stacked ? sums : drawn.flatMap { $0.values.compactMap { $0 } }
        let scale = isLogarithmic ? Scale.logarithmic(around: values) : Scale.linear(reaching: values.max() ?? 0)
        let marks = form == .stacked ? areas(drawn, scale) : lines(drawn, scale)
        let svg = bands() + grid(scale) + marks + (marksVerdict ? verdictMarks() : "") + hints(drawn)
        let size = "0 0 \(Markup.coordinate(Self.width)) \(Markup.coordinate(Self.height))"
        return """
            <figure><figcaption><b>\(Markup.escaped(title))</b> <span>\(Markup.escaped(caption))</span>\
            \(Self.legend(drawn, form, remarks: verdictRemarks))</figcaption>
            <svg viewBox="\(size)" role="img" aria-label="\(Markup.escaped(title))">
            \(svg)</svg></figure>
            """
    }

    /// - Parameter remarks: what else is marked, in words.
    static func legend(_ traces: [Trace], _ form: Form, remarks: [String] = []) -> String {
        let items = traces.map { trace in
            let sample =
                form == .stacked
                ? "<rect class=\"stack\" width=\"30\" height=\"12\" \(PageStyle.fill(trace.colour))/>"
                : "<path class=\"line \(trace.colour)\" d=\"M1 6H29\"/>"
            return "<li><svg class=\"key\" viewBox=\"0 0 30 12\" aria-hidden=\"true\">\(sample)</svg>"
                + "\(Markup.escaped(trace.name))</li>"
        }
        return "<ul class=\"legend\">\((items + remarks.map { "<li>\(Markup.escaped($0))</li>" }).joined())</ul>"
    }

    private var verdictRemarks: [String] {
        guard marksVerdict else { return [] }
        let levels: [(Verdict.Level, String)] = [(.shared, "low"), (.toolBound, "high")]
        return levels.filter { level, _ in rows.contains { $0.level == level } }
            .map { level, mark in "\(mark) mark at the foot: generator \(level.name)" }
    }

    private func bands() -> String {
        var result = ""
        var (start, isShaded) = (0, false)
        while start < rows.count {
            let label = rows[start].phase
            let end = rows[start...].firstIndex { $0.phase != label } ?? rows.count
            let from = x(rows[start].start.seconds)
            let to = end < rows.count ? x(rows[end].start.seconds) : x(seconds)
            if isShaded {
                result += rectangle(from, Self.top, to - from, Self.height - Self.top - Self.bottom, "band")
            }
            if to - from >= Self.minLabelWidth {
                let room = Int((to - from) / Self.characterWidth.screen)
                let fitsPhone = Double(min(label.count, room)) * Self.characterWidth.phone <= to - from
                result += text(from + 3, Self.top - 6, String(label.prefix(room)), fitsPhone ? "phase" : "phase wide")
            }
            isShaded.toggle()
            start = end
        }
        return result
    }

    private func grid(_ scale: Scale) -> String {
        var result = ""
        let ticks = scale.ticks
        for (index, tick) in ticks.enumerated() {
            let height = y(tick, scale)
            result += line(Self.left, height, Self.width - Self.right, height, "grid")
            let classes = Self.isExtra(index, of: ticks.count) ? "end wide" : "end"
            result += text(Self.left - 6, height + 3.5, format(tick), classes)
        }
        for (index, moment) in Scale.moments(upTo: seconds).enumerated() {
            let classes = "middle\(index.isMultiple(of: 2) ? "" : " wide")"
            let (run, day) = (Figures.clock(Nanoseconds(seconds: moment)), Self.timeOfDay(startedAt + moment))
            result += text(x(moment), Self.height - 25, run, classes)
            result += text(x(moment), Self.height - 7, day, classes)
        }
        return result
    }

    /// Whether a phone has no room for the label of that tick.
    static func isExtra(_ index: Int, of count: Int) -> Bool { count > maxPhoneTicks && !index.isMultiple(of: 2) }

    /// `14:05:10`, of the day in UTC.
    static func timeOfDay(_ unixSeconds: Double) -> String {
        guard unixSeconds.isFinite, unixSeconds.magnitude < 1e12 else { return "" }
        let second = (Int(unixSeconds.rounded()) % 86_400 + 86_400) % 86_400
        return [second / 3_600, second / 60 % 60, second % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
            .joined(separator: ":")
    }

    /// Where a row's value is drawn: in its middle.
    private func middle(_ row: SeriesRow) -> Double { x(row.start.seconds + row.length.seconds / 2) }

    private func lines(_ traces: [Trace], _ scale: Scale) -> String {
        traces.map { trace in
            var path = ""
            var isDown = false
            for (row, value) in zip(rows, trace.values) {
                guard let value else {
                    isDown = false
                    continue
                }
                let point = "\(Markup.coordinate(middle(row))) \(Markup.coordinate(y(value, scale)))"
                // A stroke of no length shows a value whose neighbours are missing.
                path += isDown ? "L\(point)" : "M\(point)h0"
                isDown = true
            }
            return "<path class=\"line \(trace.colour)\" d=\"\(path)\"/>\n"
        }.joined()
    }

    private func areas(_ traces: [Trace], _ scale: Scale) -> String {
        var base = [Double](repeating: 0, count: rows.count)
        var result = ""
        for trace in traces {
            let top = zip(base, trace.values).map { $0 + ($1 ?? 0) }
            var path = ""
            // Steps: a row's value holds from its start to its end.
            for (index, row) in rows.enumerated() {
                let height = Markup.coordinate(y(top[index], scale))
                let from = Markup.coordinate(x(row.start.seconds))
                path += (index == 0 ? "M" : "L") + "\(from) \(height)"
                path += "H\(Markup.coordinate(x((row.start + row.length).seconds)))"
            }
            for (index, row) in rows.enumerated().reversed() {
                path += "V\(Markup.coordinate(y(base[index], scale)))H\(Markup.coordinate(x(row.start.seconds)))"
            }
            result += "<path class=\"stack\" \(PageStyle.fill(trace.colour)) d=\"\(path)Z\"/>\n"
            base = top
        }
        return result
    }

    private func verdictMarks() -> String {
        rows.map { row in
            guard row.level != .clear else { return "" }
            let (from, to) = (x(row.start.seconds), x((row.start + row.length).seconds))
            return rectangle(
                from, Self.height - Self.bottom, max(to - from, 1), row.level == .toolBound ? 9 : 4,
                row.level.name)
        }.joined()
    }

    /// Invisible columns that show their row's values when pointed at.
    private func hints(_ traces: [Trace]) -> String {
        rows.enumerated().map { index, row in
            let (from, to) = (x(row.start.seconds), x((row.start + row.length).seconds))
            let values = traces.compactMap { trace in trace.values[index].map { "\(trace.name): \(format($0))" } }
            let time = Self.timeOfDay(startedAt + row.start.seconds)
            let hint = ["\(Figures.clock(row.start)), \(time) UTC, \(row.phase)"] + values
            return "<rect class=\"hint\" x=\"\(Markup.coordinate(from))\" y=\"\(Markup.coordinate(Self.top))\""
                + " width=\"\(Markup.coordinate(max(to - from, 0.5)))\""
                + " height=\"\(Markup.coordinate(Self.height - Self.top - Self.bottom))\">"
                + "<title>\(Markup.escaped(hint.joined(separator: "\n")))</title></rect>\n"
        }.joined()
    }

    private func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ kind: String) -> String {
        "<rect class=\"\(kind)\" x=\"\(Markup.coordinate(x))\" y=\"\(Markup.coordinate(y))\""
            + " width=\"\(Markup.coordinate(max(width, 0)))\" height=\"\(Markup.coordinate(height))\"/>\n"
    }

    private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ kind: String) -> String {
        "<path class=\"\(kind)\" d=\"M\(Markup.coordinate(x1)) \(Markup.coordinate(y1))"
            + "L\(Markup.coordinate(x2)) \(Markup.coordinate(y2))\"/>\n"
    }

    private func text(_ x: Double, _ y: Double, _ content: String, _ kind: String) -> String {
        "<text class=\"\(kind)\" x=\"\(Markup.coordinate(x))\" y=\"\(Markup.coordinate(y))\">"
            + "\(Markup.escaped(content))</text>\n"
    }
}
