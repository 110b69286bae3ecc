import Basis

/// A table without lost columns: if it would be too wide, it continues in further tables below, each with the first
/// column.
struct ColumnBlocks {
    typealias Cell = (text: String, paint: Paint)

    private let header: [String]
    private var rows: [[Cell]] = []

    init(header: [String]) {
        self.header = header
    }

    mutating func append(painted cells: [Cell]) { rows.append(cells) }

    mutating func append(_ cells: [String], _ paint: Paint = .normal) { rows.append(cells.map { ($0, paint) }) }

    var isEmpty: Bool { rows.isEmpty }

    func lines(width: Int) -> [PaintedLine] {
        blocks(width: width).flatMap { columns in
            var table = TextTable(header: [header[0]] + columns.map { header[$0] })
            for row in rows { table.append(painted: [row[0]] + columns.map { row[$0] }) }
            return table.lines()
        }
    }

    /// The columns of each block besides the first: in as few blocks as fit, each of about as many columns.
    private func blocks(width: Int) -> [[Int]] {
        let full = blocks(width: width, maxColumns: .max)
        let even = blocks(width: width, maxColumns: (header.count - 2) / max(full.count, 1) + 1)
        return even.count == full.count ? even : full
    }

    private func blocks(width: Int, maxColumns: Int) -> [[Int]] {
        let widths = header.indices.map { column in
            max(header[column].count, rows.map { $0[column].text.count }.max() ?? 0)
        }
        let first = Self.indent + widths[0]
        var blocks: [[Int]] = []
        var used = width
        for column in header.indices.dropFirst() {
            let needed = Self.gap + widths[column]
            if blocks.isEmpty || used + needed > width || blocks[blocks.count - 1].count >= maxColumns {
                blocks.append([])
                used = first
            }
            blocks[blocks.count - 1].append(column)
            used += needed
        }
        return blocks
    }

    private static let indent = 2
    private static let gap = 2
}
