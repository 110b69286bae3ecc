/// Elements of SVG. Coordinates are in units of the picture's view box.
enum Drawing {
    static func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ kind: String) -> String {
        var text = PageText(capacity: 96)
        text.addRectangle(x, y, max(width, 0), max(height, 0), kind)
        text.add("\"/>\n")
        return text.string
    }

    static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ kind: String) -> String {
        var text = PageText(capacity: 96)
        text.add("<path class=\"")
        text.add(kind)
        text.add("\" d=\"M")
        text.add(point: x1, y1)
        text.add("L")
        text.add(point: x2, y2)
        text.add("\"/>\n")
        return text.string
    }

    static func text(_ x: Double, _ y: Double, _ content: String, _ kind: String) -> String {
        var text = PageText(capacity: 96)
        text.add("<text class=\"")
        text.add(kind)
        text.add("\" x=\"")
        text.add(coordinate: x)
        text.add("\" y=\"")
        text.add(coordinate: y)
        text.add("\">")
        text.add(escaped: content)
        text.add("</text>\n")
        return text.string
    }

    static func path(_ d: String, _ kind: String) -> String {
        d.isEmpty ? "" : "<path class=\"\(kind)\" d=\"\(d)\"/>\n"
    }

    static func path(_ d: PageText, _ kind: String) -> String { path(d.string, kind) }

    static func point(_ x: Double, _ y: Double) -> String {
        var text = PageText(capacity: 24)
        text.add(point: x, y)
        return text.string
    }

    /// A line through points; where a value is missing, the line is interrupted, and a value between two missing ones
    /// is a dot.
    static func polyline(_ points: [(x: Double, y: Double)?]) -> String {
        var path = PageText(capacity: 14 * points.count)
        var isDown = false
        for point in points {
            guard let point else {
                isDown = false
                continue
            }
            // A stroke of no length shows a value whose neighbours are missing.
            path.add(isDown ? "L" : "M")
            path.add(point: point.x, point.y)
            if !isDown { path.add("h0") }
            isDown = true
        }
        return path.string
    }

    /// An invisible column that shows its text when it is pointed at.
    static func hint(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ lines: [String]) -> String {
        var text = PageText(capacity: 256)
        text.add(Drawing.column(x, y, width, height))
        for (index, line) in lines.enumerated() {
            if index > 0 { text.add("\n") }
            text.add(escaped: line)
        }
        text.add(columnEnd)
        return text.string
    }

    /// The element of a hint up to its text, and what is behind that.
    static func column(_ x: Double, _ y: Double, _ width: Double, _ height: Double) -> String {
        var text = PageText(capacity: 96)
        text.addRectangle(x, y, max(width, 0.5), height, "hint")
        text.add("\" data-h=\"")
        return text.string
    }

    static let columnEnd = "\"/>\n"
}

extension PageText {
    /// A rectangle up to the closing quotation mark of its last attribute.
    fileprivate mutating func addRectangle(
        _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ kind: String
    ) {
        add("<rect class=\"")
        add(kind)
        add("\" x=\"")
        add(coordinate: x)
        add("\" y=\"")
        add(coordinate: y)
        add("\" width=\"")
        add(coordinate: width)
        add("\" height=\"")
        add(coordinate: height)
    }
}
