/// Whether text may carry terminal colours.
public enum TextStyle: Hashable, Sendable {
    case plain
    case colour
}

/// What a piece of text means; the terminal's own palette gives the colour.
enum Paint: String {
    case normal = ""
    case strong = "1"
    case faint = "2"
    case good = "32"
    case caution = "33"
    case bad = "31"
    case alarm = "1;37;41"
    case accent = "36"
}

/// A line of painted pieces, cut to a width when it is rendered. Every character used is one column wide.
struct PaintedLine {
    private var pieces: [(text: String, paint: Paint)] = []

    init() {}

    init(_ text: String, _ paint: Paint = .normal) {
        pieces = [(text, paint)]
    }

    static let empty = PaintedLine()

    mutating func append(_ text: String, _ paint: Paint = .normal) {
        pieces.append((text, paint))
    }

    /// Adds blanks up to a column; nothing where the line is already there.
    mutating func advance(to column: Int) {
        let width = width
        if width < column { append(String(repeating: " ", count: column - width)) }
    }

    var width: Int { pieces.reduce(0) { $0 + $1.text.count } }

    /// The text, at most `limit` columns wide; what does not fit ends in an ellipsis.
    func rendered(width limit: Int, style: TextStyle) -> String {
        var text = ""
        var room = max(limit, 1)
        let isCut = width > room
        if isCut { room -= 1 }
        for piece in pieces where room > 0 {
            let part = piece.text.prefix(room)
            room -= part.count
            text +=
                style == .plain || piece.paint == .normal
                ? String(part) : "\u{1B}[\(piece.paint.rawValue)m\(part)\u{1B}[0m"
        }
        if isCut { text += "…" }
        guard style == .plain else { return text }
        return String(text.reversed().drop { $0 == " " }.reversed())
    }
}

/// A table: the first column to the left, the others to the right, each as wide as its widest cell.
struct TextTable {
    private var rows: [[(text: String, paint: Paint)]] = []
    /// Blanks before each row.
    var indent = 2

    init(header: [String]) {
        rows = [header.map { ($0, .faint) }]
    }

    mutating func append(_ cells: [String], _ paint: Paint = .normal) {
        rows.append(cells.map { ($0, paint) })
    }

    mutating func append(painted cells: [(text: String, paint: Paint)]) {
        rows.append(cells)
    }

    var isEmpty: Bool { rows.count <= 1 }

    /// - Parameter leftColumns: columns set to the left besides the first.
    func lines(leftColumns: Set<Int> = []) -> [PaintedLine] {
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
}
