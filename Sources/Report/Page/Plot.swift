/// Where things are in a chart: margins, and scales between them.
struct Plot {
    /// Of every chart.
    static let width = 640.0
    static let usualHeight = 250.0
    /// The widths of a label's character, in units, on a screen and on a phone, where text is larger.
    static let characterWidth = (screen: 6.4, phone: 10.4)
    /// More ticks than this are too many for a phone.
    private static let maxPhoneTicks = 5

    var height = Plot.usualHeight
    var left = 78.0
    var right = 28.0
    var top = 10.0
    var bottom = 27.0

    var innerWidth: Double { Self.width - left - right }
    var innerHeight: Double { height - top - bottom }
    /// Where the horizontal axis is.
    var foot: Double { height - bottom }
    var end: Double { Self.width - right }

    /// - Parameter share: of the horizontal axis, 0...1; beyond an end it is that end.
    func x(_ share: Double) -> Double { left + innerWidth * min(max(share, 0), 1) }

    func y(_ value: Double, _ scale: Scale) -> Double { foot - innerHeight * scale.position(of: value) }

    /// The horizontal lines with their values.
    func rows(_ scale: Scale, _ format: (Double) -> String) -> String {
        var result = ""
        let ticks = scale.ticks
        for (index, tick) in ticks.enumerated() {
            let height = y(tick, scale)
            result += Drawing.line(left, height, end, height, "grid")
            let classes = Self.isExtra(index, of: ticks.count) ? "end wide" : "end"
            // The lowest is raised, so that on a phone it is above the first label of the other axis.
            let baseline = index == 0 ? min(height + 3.5, foot - 1) : height + 3.5
            result += Drawing.text(left - 6, baseline, Self.short(format(tick)), classes)
        }
        return result
    }

    /// The vertical lines with their values.
    func columns(_ scale: Scale, _ format: (Double) -> String) -> String {
        var result = ""
        let ticks = scale.ticks
        // Four labels side by side are as many as a phone has room for.
        let step = (ticks.count + 3) / 4
        for (index, tick) in ticks.enumerated() {
            let place = x(scale.position(of: tick))
            result += Drawing.line(place, top, place, foot, "grid")
            let classes = index.isMultiple(of: step) ? "middle" : "middle wide"
            result += Drawing.text(place, height - 7, Self.short(format(tick)), classes)
        }
        return result
    }

    /// Whether a phone has no room for the label of that tick.
    static func isExtra(_ index: Int, of count: Int) -> Bool { count > maxPhoneTicks && !index.isMultiple(of: 2) }

    /// A round figure without the zeros after its point: `10 ms` for `10.0 ms`.
    static func short(_ text: String) -> String {
        let bytes = text.utf8
        let (zero, nine, point) = (UInt8(ascii: "0"), UInt8(ascii: "9"), UInt8(ascii: "."))
        guard let dot = bytes.firstIndex(of: point),
            let last = bytes[dot...].lastIndex(where: { $0 >= zero && $0 <= nine })
        else { return text }
        let rest = bytes.index(after: last)
        var end = rest
        while bytes[bytes.index(before: end)] == zero { end = bytes.index(before: end) }
        if bytes[bytes.index(before: end)] == point { end = bytes.index(before: end) }
        return String(text[..<end] + text[rest...])
    }
}
