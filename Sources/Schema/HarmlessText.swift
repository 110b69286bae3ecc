import Yams

/// A document's text with every `&` replaced, so that the YAML parser finds no anchors in it. One character for one:
/// places stay what they were.
struct HarmlessText {
    /// Stands for `&` while the parser works: a private-use character, which no document needs.
    static let mark: Character = "\u{E000}"

    let text: String
    /// Where the text already held the stand-in; such a text is refused.
    let markPlace: Place?
    /// Where each `&` was.
    private let ampersands: [Place]

    init(_ original: String) {
        var scalars = String.UnicodeScalarView()
        var ampersands: [Place] = []
        var taken: Place?
        var (line, column) = (1, 1)
        for scalar in original.unicodeScalars {
            let place = Place.text(line: line, column: column)
            switch scalar {
            case "&":
                ampersands.append(place)
                scalars.append("\u{E000}")
            case "\u{E000}":
                taken = taken ?? place
                scalars.append(scalar)
            default:
                scalars.append(scalar)
            }
            if scalar == "\n" { (line, column) = (line + 1, 1) } else { column += 1 }
        }
        text = String(scalars)
        if taken == nil, let escape = Self.escapes.first(where: { original.lowercased().contains($0) }) {
            taken = Self.place(of: escape, in: original)
        }
        markPlace = taken
        self.ampersands = ampersands
    }

    /// The stand-in as YAML's escapes in quoted text write it.
    private static let escapes = ["\\ue000", "\\u0000e000"]

    private static func place(of word: String, in text: String) -> Place? {
        let lines = text.lowercased().split(omittingEmptySubsequences: false) { $0.isNewline }
        guard let line = lines.firstIndex(where: { $0.contains(word) }) else { return nil }
        return Place.text(line: line + 1, column: 1)
    }

    /// `text` as it was written.
    static func restored(_ text: String) -> String {
        guard text.unicodeScalars.contains("\u{E000}") else { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { scalars.append(scalar == "\u{E000}" ? "&" : scalar) }
        return String(scalars)
    }

    static func anchor(at place: Place) -> Problem {
        Problem(
            .unsupported(what: "an anchor ('&name') is", remedy: "write the value out, or in quotes if it is text"),
            place: place)
    }

    static func alias(at place: Place) -> Problem {
        Problem(
            .unsupported(what: "an alias ('*name') is", remedy: "write the value out, or in quotes if it is text"),
            place: place)
    }

    /// The parser's problem in a profile's terms.
    func explain(_ error: any Error) -> Problem {
        guard let error = error as? YamlError else { return Problem(.syntax("\(error)")) }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
            let place = Place.text(line: mark.line, column: mark.column)
            // An anchor before a block leaves a plain word where the parser then wants no mapping.
            if let anchor = ampersands.last(where: { $0 <= place }), case .text(let line, _) = anchor,
                mark.line - line <= 1
            {
                return Self.anchor(at: anchor)
            }
            if problem.contains("nesting level") {
                return Problem(.tooDeep(limit: Tree.maxDepth), place: place)
            }
            let setting = context.map { "\($0.text), " } ?? ""
            return Problem(.syntax(Self.restored(setting + problem)), place: place)
        case .composer(let context, let problem, let mark, _):
            let place = Place.text(line: mark.line, column: mark.column)
            if problem.contains("alias") { return Self.alias(at: place) }
            if context?.text.contains("single document") == true {
                return Problem(
                    .unsupported(what: "a second document is", remedy: "put it into a file of its own"), place: place)
            }
            return Problem(.syntax(problem), place: place)
        case .duplicatedKeysInMapping(let duplicates, let context):
            let place = Place.text(line: context.mark.line, column: context.mark.column)
            return Problem(.duplicateKey(Self.restored(duplicates.first ?? "")), place: place)
        case .reader(let problem, let offset, _, let yaml):
            return Problem(.syntax(problem), place: offset.map { Self.place(at: $0, in: yaml) })
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            return Problem(.syntax("\(error)"))
        }
    }

    /// The place of the character with the given number.
    private static func place(at offset: Int, in text: String) -> Place {
        let before = text.prefix(offset)
        let line = before.count { $0.isNewline } + 1
        let column = (before.lastIndex { $0.isNewline }.map { before[before.index(after: $0)...] } ?? before)
            .unicodeScalars.count
        return Place.text(line: line, column: column + 1)
    }
}
