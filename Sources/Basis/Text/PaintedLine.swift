/// What a piece of text means; the terminal's own palette gives the colour.
package enum Paint: String {
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
package struct PaintedLine {
    private var pieces: [(text: String, paint: Paint)] = []

    package init() {}

    package init(_ text: String, _ paint: Paint = .normal) {
        pieces = [(text, paint)]
    }

    package static let empty = PaintedLine()

    package mutating func append(_ text: String, _ paint: Paint = .normal) {
        pieces.append((text, paint))
    }

    /// Adds blanks up to a column; nothing where the line is already there.
    package mutating func advance(to column: Int) {
        let width = width
        if width < column { append(String(repeating: " ", count: column - width)) }
    }

    package var width: Int { pieces.reduce(0) { $0 + $1.text.count } }

    /// The text, at most `limit` columns wide; what does not fit ends in an ellipsis.
    package func rendered(width limit: Int, style: TextStyle) -> String {
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
