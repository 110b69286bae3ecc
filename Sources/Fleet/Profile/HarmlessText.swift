import Yams

/// A profile's text with every `&` replaced, so that the YAML parser finds no anchors in it. One character for one: places
/// stay what they were.
struct HarmlessText {
    /// Stands for `&` while the parser works: a private-use character, which no profile needs.
    static let mark: Character = "\u{E000}"

    let text: String
    /// Where the text already held the stand-in; such a text is refused.
    let takenMark: ProfileError.Place?
    /// Where each `&` was.
    private let ampersands: [ProfileError.Place]

    init(_ original: String) {
        var scalars = String.UnicodeScalarView()
        var ampersands: [ProfileError.Place] = []
        var taken: ProfileError.Place?
        var place = ProfileError.Place(line: 1, column: 1)
        for scalar in original.unicodeScalars {
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
            if scalar == "\n" {
                place = ProfileError.Place(line: place.line + 1, column: 1)
            } else {
                place.column += 1
            }
        }
        text = String(scalars)
        if taken == nil, let escape = Self.escapes.first(where: { original.lowercased().contains($0) }) {
            taken = Self.place(of: escape, in: original)
        }
        takenMark = taken
        self.ampersands = ampersands
    }

    /// The stand-in as YAML's escapes in quoted text write it.
    private static let escapes = ["\\ue000", "\\u0000e000"]

    private static func place(of word: String, in text: String) -> ProfileError.Place? {
        let lines = text.lowercased().split(omittingEmptySubsequences: false) { $0.isNewline }
        guard let line = lines.firstIndex(where: { $0.contains(word) }) else { return nil }
        return ProfileError.Place(line: line + 1, column: 1)
    }

    /// `text` as it was written.
    static func restored(_ text: String) -> String {
        guard text.unicodeScalars.contains("\u{E000}") else { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { scalars.append(scalar == "\u{E000}" ? "&" : scalar) }
        return String(scalars)
    }

    static func anchor(at place: ProfileError.Place) -> ProfileError {
        ProfileError(
            .notTaken(what: "an anchor ('&name') is", remedy: "write the value out, or in quotes if it is text"),
            place: place)
    }

    static func alias(at place: ProfileError.Place) -> ProfileError {
        ProfileError(
            .notTaken(what: "an alias ('*name') is", remedy: "write the value out, or in quotes if it is text"),
            place: place)
    }

    /// The parser's problem in a profile's terms.
    func explain(_ error: any Error) -> ProfileError {
        guard let error = error as? YamlError else { return ProfileError(.syntax(problem: "\(error)")) }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
            let place = ProfileError.Place(line: mark.line, column: mark.column)
            // An anchor before a block leaves a plain word where the parser then wants no mapping.
            if let anchor = ampersands.last(where: { $0 <= place }), place.line - anchor.line <= 1 {
                return Self.anchor(at: anchor)
            }
            if problem.contains("nesting level") {
                return ProfileError(.tooDeep(limit: YAMLTree.deepest), place: place)
            }
            let setting = context.map { "\($0.text), " } ?? ""
            return ProfileError(.syntax(problem: Self.restored(setting + problem)), place: place)
        case .composer(let context, let problem, let mark, _):
            let place = ProfileError.Place(line: mark.line, column: mark.column)
            if problem.contains("alias") { return Self.alias(at: place) }
            if context?.text.contains("single document") == true {
                return ProfileError(
                    .notTaken(what: "a second document is", remedy: "put it into a file of its own"), place: place)
            }
            return ProfileError(.syntax(problem: problem), place: place)
        case .duplicatedKeysInMapping(let duplicates, let context):
            let place = ProfileError.Place(line: context.mark.line, column: context.mark.column)
            return ProfileError(.duplicateKey(Self.restored(duplicates.first ?? "")), place: place)
        case .reader(let problem, let offset, _, let yaml):
            return ProfileError(.syntax(problem: problem), place: offset.map { Self.place(at: $0, in: yaml) })
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            return ProfileError(.syntax(problem: "\(error)"))
        }
    }

    /// The place of the character with the given number.
    private static func place(at offset: Int, in text: String) -> ProfileError.Place {
        let before = text.prefix(offset)
        let line = before.count { $0.isNewline } + 1
        let column = (before.lastIndex { $0.isNewline }.map { before[before.index(after: $0)...] } ?? before)
            .unicodeScalars.count
        return ProfileError.Place(line: line, column: column + 1)
    }
}
