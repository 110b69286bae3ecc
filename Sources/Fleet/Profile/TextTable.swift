/// Columns as wide as their widest cell, two blanks apart.
struct TextTable {
    var rows: [[String]]
    /// The columns in which figures stand.
    var rightAligned: Set<Int>

    var lines: [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                if rightAligned.contains(column) { return padding + cell }
                return column == row.count - 1 ? cell : cell + padding
            }
            return "  " + cells.joined(separator: "  ")
        }
    }
}
