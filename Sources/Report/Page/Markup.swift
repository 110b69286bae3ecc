import Basis

/// Pieces of HTML and SVG. Text goes through `escaped` before it comes near either.
enum Markup {
    static func escaped(_ text: String) -> String {
        // Most texts have none of these.
        guard hasSpecials(text) else { return text }
        var result = PageText(capacity: text.utf8.count + text.utf8.count / 8)
        result.add(escaped: text)
        return result.string
    }

    /// Whether a text has characters that mean something in HTML: "&'<>.
    static func hasSpecials(_ text: String) -> Bool {
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x26, 0x27, 0x3C, 0x3E: return true
            default: continue
            }
        }
        return false
    }

    /// A table whose first column is a heading and whose others are figures.
    static func table(header: [String], rows: [[String]], texts: Set<Int> = []) -> String {
        guard !rows.isEmpty else { return "" }
        var table = PageText(capacity: 64 * (rows.count + 1) * max(header.count, 1))
        func add(_ row: [String], _ tag: String) {
            table.add("<tr>")
            for (column, cell) in row.enumerated() {
                table.add("<")
                table.add(tag)
                table.add(column == 0 || texts.contains(column) ? " class=\"text\">" : ">")
                table.add(escaped: cell)
                table.add("</")
                table.add(tag)
                table.add(">")
            }
            table.add("</tr>")
        }
        table.add("<div class=\"scroll\"><table><thead>")
        add(header, "th")
        table.add("</thead>\n<tbody>")
        for row in rows {
            table.add("\n")
            add(row, "td")
        }
        table.add("\n</tbody></table></div>")
        return table.string
    }

    /// A coordinate: a tenth of a pixel is fine enough.
    static func coordinate(_ value: Double) -> String {
        var text = PageText(capacity: 16)
        text.add(coordinate: value)
        return text.string
    }
}
