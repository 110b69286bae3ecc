/// A table: the first column to the left, the others to the right, each as wide as its widest cell, two blanks apart.
package struct TextTable {
    private var rows: [[(text: String, paint: Paint)]] = []
    /// Blanks before each row.
    package var indent = 2

    package init(header: [String]) {
        rows = [header.map { ($0, .faint) }]
    }

    package mutating func append(_ cells: [String], _ paint: Paint = .normal) {
        rows.append(cells.map { ($0, paint) })
    }

    package mutating func append(painted cells: [(text: String, paint: Paint)]) {
        rows.append(cells)
    }

    package var isEmpty: Bool { rows.count <= 1 }

    /// - Parameter leftColumns: columns set to the left besides the first.
    package func lines(leftColumns: Set<Int> = []) -> [PaintedLine] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { $0.count > column ? $0[column].text.count : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = PaintedLine(String(repeating: " ", count: indent))
            for (column, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.text.count)
                let isLeft = column == 0 || leftColumns.contains(column)
                if column > 0 { line.append("  ") }
                if !isLeft { line.append(padding) }
                if !cell.text.isEmpty { line.append(cell.text, cell.paint) }
                if isLeft, column + 1 < row.count { line.append(padding) }
            }
            return line
        }
    }

    /// The rows as plain text, without blanks at their ends.
    /// - Parameter leftColumns: columns set to the left besides the first.
    package func plainLines(leftColumns: Set<Int> = []) -> [String] {
        lines(leftColumns: leftColumns).map { $0.rendered(width: $0.width, style: .plain) }
    }
}
