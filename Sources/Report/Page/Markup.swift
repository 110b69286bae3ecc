import Basis

/// Pieces of HTML and SVG. Text goes through `escaped` before it comes near either.
enum Markup {
    static func escaped(_ text: String) -> String {
        // Most texts have none of these: "&'<>.
        guard text.utf8.contains(where: { [0x22, 0x26, 0x27, 0x3C, 0x3E].contains($0) }) else { return text }
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A table whose first column is a heading and whose others are figures.
    static func table(header: [String], rows: [[String]], texts: Set<Int> = []) -> String {
        guard !rows.isEmpty else { return "" }
        func cells(_ row: [String], _ tag: String) -> String {
            row.enumerated().map { column, cell in
                let isText = column == 0 || texts.contains(column)
                return "<\(tag)\(isText ? " class=\"text\"" : "")>\(escaped(cell))</\(tag)>"
            }.joined()
        }
        let body = rows.map { "<tr>\(cells($0, "td"))</tr>" }.joined(separator: "\n")
        return """
            <div class="scroll"><table><thead><tr>\(cells(header, "th"))</tr></thead>
            <tbody>
            \(body)
            </tbody></table></div>
            """
    }

    /// A coordinate: a tenth of a pixel is fine enough.
    static func coordinate(_ value: Double) -> String {
        guard value.isFinite, value.magnitude < 9e12 else { return "0" }
        let tenths = Int64((value * 10).rounded())
        let (whole, rest) = tenths.magnitude.quotientAndRemainder(dividingBy: 10)
        return "\(tenths < 0 ? "-" : "")\(whole)\(rest == 0 ? "" : ".\(rest)")"
    }
}
