import Basis
import Metrics

/// The time axis that the charts of a run share: its intervals, and what is marked by name along it.
struct Timeline {
    /// An interval of which the charts have a value.
    struct Slot {
        /// Seconds from the start.
        var start: Double
        var length: Double
        var phase = ""
        var level = Verdict.Level.clear

        var middle: Double { start + length / 2 }
        var end: Double { start + length }
    }

    /// A moment with a name: an offer, a mark that the user set.
    struct Mark: Equatable {
        var at: Double
        var name: String
    }

    /// A span of time with a name: an outage.
    struct Span: Equatable {
        var from: Double
        var to: Double
        var name: String
    }

    /// Where an interval is on the axis, as coordinates are written.
    struct Place {
        var start: String
        var middle: String
        var end: String
    }

    let slots: [Slot]
    let marks: [Mark]
    let outages: [Span]
    /// When it began, in seconds since 1970: times of day are below those of the run; nil: they are not known.
    let startedAt: Double?
    /// What the marks are, for the legend.
    var marksName = "an offer or a mark"
    /// The plot of a chart with this axis.
    let plot: Plot
    /// How each interval is called in hints and tables.
    private(set) var names: [String] = []
    private(set) var places: [Place] = []
    /// What is behind the marks of a chart, and what is above them: the same in every chart, so it is written once.
    private(set) var background = ""
    private(set) var foreground = ""
    /// The times below a chart.
    private(set) var axis = ""
    /// Each interval's hint up to the values of a chart.
    private var columns: [String] = []
    /// What is written above the charts, and where.
    private let labels: TimelineLabels
    private let bands: [Span]

    init(slots: [Slot], marks: [Mark] = [], outages: [Span] = [], startedAt: Double? = nil) {
        self.slots = slots
        self.marks = Array(marks.prefix(Self.maxMarks))
        self.outages = Array(outages.prefix(Self.maxMarks))
        self.startedAt = startedAt
        bands = Self.bands(slots)
        let seconds = max(slots.last?.end ?? 0, 1e-9)
        let places =
            bands.filter { !$0.name.isEmpty }.map { (at: $0.from / seconds, name: $0.name) }
            + self.outages.map { ($0.from / seconds, $0.name) } + self.marks.map { ($0.at / seconds, $0.name) }
        labels = TimelineLabels(places, in: Plot())
        plot = Plot(
            height: Plot.usualHeight + labels.height, top: 8 + labels.height, bottom: startedAt == nil ? 27 : 46)
        write()
    }

    private mutating func write() {
        names = slots.map(name)
        self.places = slots.map { slot in
            Place(
                start: Markup.coordinate(x(slot.start)), middle: Markup.coordinate(x(slot.middle)),
                end: Markup.coordinate(x(slot.end)))
        }
        background = drawnBackground
        foreground = drawnForeground
        axis = drawnAxis
        columns = zip(slots, names).map { slot, name in
            let from = x(slot.start)
            return Drawing.column(from, plot.top, x(slot.end) - from, plot.innerHeight) + Markup.escaped(name)
        }
    }

    /// More marks than this would be a grid.
    private static let maxMarks = 40

    var seconds: Double { max(slots.last?.end ?? 0, 1e-9) }

    func x(_ second: Double) -> Double { plot.x(second / seconds) }

    /// The phases, each with its span.
    private static func bands(_ slots: [Slot]) -> [Span] {
        var bands: [Span] = []
        for slot in slots {
            if var last = bands.last, last.name == slot.phase {
                last.to = slot.end
                bands[bands.count - 1] = last
            } else {
                bands.append(Span(from: slot.start, to: slot.end, name: slot.phase))
            }
        }
        return bands
    }

    private var drawnBackground: String {
        var result = ""
        for (index, band) in bands.enumerated() where !index.isMultiple(of: 2) {
            result += Drawing.rectangle(
                x(band.from), plot.top, x(band.to) - x(band.from), plot.innerHeight, "band")
        }
        for outage in outages {
            let from = x(outage.from)
            result += Drawing.rectangle(
                from, plot.top, max(x(outage.to) - from, 1.5), plot.innerHeight, "outage")
        }
        return result
    }

    /// Names, and the lines of the moments.
    private var drawnForeground: String {
        marks.map { mark in
            Drawing.line(x(mark.at), plot.top, x(mark.at), plot.foot, "moment")
        }.joined() + labels.svg(plot)
    }

    private var drawnAxis: String {
        Scale.moments(upTo: seconds).enumerated().map { index, moment in
            let classes = "middle\(index.isMultiple(of: 2) ? "" : " wide")"
            let place = x(moment)
            let run = Drawing.text(
                place, plot.foot + 20, Figures.clock(Nanoseconds(seconds: moment)), classes)
            guard let startedAt else { return run }
            return run + Drawing.text(place, plot.foot + 39, Self.timeOfDay(startedAt + moment), classes)
        }.joined()
    }

    private func name(_ slot: Slot) -> String {
        let time = startedAt.map { ", \(Self.timeOfDay($0 + slot.start)) UTC" } ?? ""
        let marks = marks.filter { $0.at >= slot.start && $0.at < slot.end }.map(\.name)
        let outages = outages.filter { $0.from < slot.end && $0.to > slot.start }.map(\.name)
        let names = [slot.phase].filter { !$0.isEmpty } + outages + marks
        return "\(Figures.clock(Nanoseconds(seconds: slot.start)))\(time)"
            + (names.isEmpty ? "" : ", " + names.joined(separator: ", "))
    }

    /// Invisible columns, one an interval, with its values.
    /// - Parameter addLines: appends the lines of an interval, each behind a line break.
    func hints(_ addLines: (Int, inout PageText) -> Void) -> String {
        var text = PageText(capacity: 192 * columns.count)
        for (index, column) in columns.enumerated() {
            text.add(column)
            addLines(index, &text)
            text.add(Drawing.columnEnd)
        }
        return text.string
    }

    /// What else is marked, in words.
    var keys: [PageFigure.Key] {
        var keys: [PageFigure.Key] = []
        if !outages.isEmpty {
            keys.append(.mark("<rect class=\"outage\" width=\"30\" height=\"12\"/>", name: "no answers"))
        }
        if !marks.isEmpty { keys.append(.mark("<path class=\"moment\" d=\"M15 0V12\"/>", name: marksName)) }
        if labels.dropped > 0 {
            keys.append(.remark("\(labels.dropped) names have no room here: see the tables below"))
        }
        return keys
    }

    /// `14:05:10`, of the day in UTC.
    static func timeOfDay(_ unixSeconds: Double) -> String {
        guard unixSeconds.isFinite, unixSeconds.magnitude < 1e12 else { return "" }
        let second = (Int(unixSeconds.rounded()) % 86_400 + 86_400) % 86_400
        return [second / 3_600, second / 60 % 60, second % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
            .joined(separator: ":")
    }
}

/// Names above a chart, in as many lines as they need so that none covers another: one layout for screens, one for
/// phones, where text is larger.
struct TimelineLabels {
    private struct Placed {
        var x: Double
        var end: Double
        var anchor: Double
        var lane: Int
        var name: String
    }

    private var screen: [Placed] = []
    private var phone: [Placed] = []
    /// Names without room on a screen.
    private(set) var dropped = 0
    /// Of all lines, in units.
    private(set) var height = 0.0

    private static let maxLanes = (screen: 4, phone: 3)
    private static let laneHeight = (screen: 13.0, phone: 20.0)
    private static let maxName = 40

    /// - Parameter names: with their places on the axis, 0...1.
    init(_ names: [(at: Double, name: String)], in plot: Plot) {
        let sorted = names.sorted { $0.at < $1.at }
        screen = Self.place(sorted, plot, Plot.characterWidth.screen, Self.maxLanes.screen)
        phone = Self.place(sorted, plot, Plot.characterWidth.phone, Self.maxLanes.phone)
        dropped = names.count - screen.count
        func lanes(_ placed: [Placed]) -> Double { Double((placed.map(\.lane).max() ?? -1) + 1) }
        height = max(lanes(screen) * Self.laneHeight.screen, lanes(phone) * Self.laneHeight.phone)
    }

    /// From the last to the first, so that a name is above those that begin to its right, and its line passes them on
    /// their left.
    private static func place(
        _ names: [(at: Double, name: String)], _ plot: Plot, _ characterWidth: Double, _ lanes: Int
    ) -> [Placed] {
        var starts = [Double](repeating: Plot.width + characterWidth, count: lanes)
        return names.reversed().compactMap { at, name in
            let text = name.count > maxName ? name.prefix(maxName - 1) + "…" : name
            let width = Double(text.count) * characterWidth
            let anchor = plot.x(at)
            // A name near the end of the axis is moved to the left, so that it ends within the picture.
            let x = min(anchor + 2, Plot.width - width)
            guard x >= 0, let lane = starts.firstIndex(where: { x + width + characterWidth <= $0 }) else { return nil }
            starts[lane] = x
            return Placed(x: x, end: x + width, anchor: anchor, lane: lane, name: text)
        }
    }

    /// Names of the lowest line are nearest to the plot; a line leads from each name to its place.
    func svg(_ plot: Plot) -> String {
        func drawn(_ placed: [Placed], _ laneHeight: Double, _ kind: String) -> String {
            placed.map { label in
                let y = plot.top - 5 - Double(label.lane) * laneHeight
                let isCovered = placed.contains {
                    $0.lane < label.lane && $0.x <= label.anchor && label.anchor <= $0.end
                }
                let leader =
                    (label.lane > 0 || label.x < label.anchor) && !isCovered
                    ? Drawing.line(label.anchor, min(y + 2, plot.top), label.anchor, plot.top, "leader \(kind)") : ""
                return leader + Drawing.text(label.x, y, label.name, "phase \(kind)")
            }.joined()
        }
        return drawn(screen, Self.laneHeight.screen, "wide") + drawn(phone, Self.laneHeight.phone, "narrow")
    }
}
