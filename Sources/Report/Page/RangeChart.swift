/// Rows of figures beside each other on one scale: a bar from a low to a high figure with marks on it. Of cohorts side
/// by side, and of changes with their intervals.
struct RangeChart {
    struct Row {
        var name: String
        /// The ends of the bar; nil: only the marks are known.
        var range: ClosedRange<Double>?
        /// By the shape of each: see `Shape`.
        var marks: [(value: Double, shape: Shape)]
        /// What is shown when the row is pointed at.
        var hint: [String]
    }

    /// What a mark looks like: distinguishable without colour.
    enum Shape: String {
        case dot, ring, bar, cross

        /// An element around a place.
        func element(_ x: Double, _ y: Double, _ colour: String = "a") -> String {
            let (x1, y1) = (Markup.coordinate(x), Markup.coordinate(y))
            switch self {
            case .dot: return "<circle class=\"fill \(colour)\" cx=\"\(x1)\" cy=\"\(y1)\" r=\"4\"/>"
            case .ring: return "<circle class=\"ring \(colour)\" cx=\"\(x1)\" cy=\"\(y1)\" r=\"4\"/>"
            case .bar: return Drawing.line(x, y - 6, x, y + 6, "mark \(colour)")
            case .cross:
                return Drawing.path(
                    "M\(Drawing.point(x - 4, y - 4))l8 8M\(Drawing.point(x - 4, y + 4))l8 -8", "mark \(colour)")
            }
        }
    }

    private static let rowHeight = 28.0
    /// Characters of a name for which there is room, on a screen and on a phone; the whole is in the table.
    private static let maxName = (screen: 24, phone: 15)

    var title: String
    var caption: String
    var keys: [PageFigure.Key]
    var scale: Scale
    var format: (Double) -> String
    var rows: [Row]
    /// A span that is shaded behind the rows, such as a margin.
    var shade: ClosedRange<Double>?
    /// A value with a line of its own, such as no change.
    var origin: Double?
    var header: [String]
    var table: [[String]]

    var html: String {
        guard !rows.isEmpty else { return "" }
        var plot = Plot(left: 168, top: 8, bottom: 26)
        plot.height = plot.top + plot.bottom + Self.rowHeight * Double(rows.count)
        var svg = ""
        if let shade {
            let from = plot.x(scale.position(of: shade.lowerBound))
            svg += Drawing.rectangle(
                from, plot.top, plot.x(scale.position(of: shade.upperBound)) - from, plot.innerHeight, "band")
        }
        svg += plot.columns(scale, format)
        if let origin {
            let place = plot.x(scale.position(of: origin))
            svg += Drawing.line(place, plot.top, place, plot.foot, "moment")
        }
        for (index, row) in rows.enumerated() {
            let y = plot.top + (Double(index) + 0.5) * Self.rowHeight
            for (kind, limit) in [("wide", Self.maxName.screen), ("narrow", Self.maxName.phone)] {
                let name = row.name.count > limit ? row.name.prefix(limit - 1) + "…" : row.name
                svg += Drawing.text(plot.left - 8, y + 4, name, "end \(kind)")
            }
            if let range = row.range {
                svg += Drawing.line(
                    plot.x(scale.position(of: range.lowerBound)), y, plot.x(scale.position(of: range.upperBound)), y,
                    "whisker")
            }
            svg += row.marks.map { $0.shape.element(plot.x(scale.position(of: $0.value)), y) }.joined()
            svg += Drawing.hint(
                0, y - Self.rowHeight / 2, Plot.width, Self.rowHeight, [row.name] + row.hint)
        }
        return PageFigure(
            title: title, caption: caption, keys: keys, svg: svg, height: plot.height, header: header, rows: table
        ).html
    }
}
