/// Elements of SVG. Coordinates are in units of the picture's view box.
enum Drawing {
    static func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ kind: String) -> String {
        "<rect class=\"\(kind)\" x=\"\(Markup.coordinate(x))\" y=\"\(Markup.coordinate(y))\""
            + " width=\"\(Markup.coordinate(max(width, 0)))\" height=\"\(Markup.coordinate(max(height, 0)))\"/>\n"
    }

    static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ kind: String) -> String {
        "<path class=\"\(kind)\" d=\"M\(point(x1, y1))L\(point(x2, y2))\"/>\n"
    }

    static func text(_ x: Double, _ y: Double, _ content: String, _ kind: String) -> String {
        "<text class=\"\(kind)\" x=\"\(Markup.coordinate(x))\" y=\"\(Markup.coordinate(y))\">"
            + "\(Markup.escaped(content))</text>\n"
    }

    static func path(_ d: String, _ kind: String) -> String {
        d.isEmpty ? "" : "<path class=\"\(kind)\" d=\"\(d)\"/>\n"
    }

    static func point(_ x: Double, _ y: Double) -> String { "\(Markup.coordinate(x)) \(Markup.coordinate(y))" }

    /// A line through points; where a value is missing, the line is interrupted, and a value between two missing ones
    /// is a dot.
    static func polyline(_ points: [(x: Double, y: Double)?]) -> String {
        polyline(points.map { $0.map { point($0.x, $0.y) } })
    }

    /// The same through points that are written already.
    static func polyline(_ points: [String?]) -> String {
        var path = ""
        var isDown = false
        for point in points {
            guard let point else {
                isDown = false
                continue
            }
            // A stroke of no length shows a value whose neighbours are missing.
            path += isDown ? "L" : "M"
            path += point
            if !isDown { path += "h0" }
            isDown = true
        }
        return path
    }

    /// An invisible column that shows its text when it is pointed at.
    static func hint(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ lines: [String]) -> String {
        column(x, y, width, height) + Markup.escaped(lines.joined(separator: "\n")) + columnEnd
    }

    /// The element of a hint up to its text, and what is behind that.
    static func column(_ x: Double, _ y: Double, _ width: Double, _ height: Double) -> String {
        "<rect class=\"hint\" x=\"\(Markup.coordinate(x))\" y=\"\(Markup.coordinate(y))\""
            + " width=\"\(Markup.coordinate(max(width, 0.5)))\" height=\"\(Markup.coordinate(height))\" data-h=\""
    }

    static let columnEnd = "\"/>\n"
}
