/// One error of a document or of an override. The writer of the document can always correct it: the description has the
/// place, what was found and what is allowed.
public struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Error, Hashable, Sendable {
        /// The file cannot be read at all.
        case unreadable(reason: String)
        /// More bytes than a document may have.
        case tooLarge(limit: Int)
        /// A byte that is not UTF-8, counted from the start of the file.
        case notUTF8(offset: Int)
        /// Nothing but blanks and comments.
        case empty
        case syntax(String)
        /// YAML that documents do without: anchors, aliases, tags, several documents, keys that are not words.
        case unsupported(what: String, remedy: String)
        case tooDeep(limit: Int)
        case duplicateKey(String)
        case unknownKey(String, allowed: [String])
        /// A key of an earlier version.
        case renamedKey(String, to: String)
        case missingKey(String)
        /// A list where a word is wanted, and the like.
        case wrongType(found: String, wanted: String)
        /// Not the duration, size, share or rate that is wanted.
        case quantity(QuantityProblem)
        /// A text that is not allowed. The nearest of the words `among` which it was to be is suggested.
        case badValue(found: String, wanted: String, among: [String] = [])
        case outOfRange(found: String, allowed: String)
        /// Values that are each right and contradict each other, or an error in the words of whoever found it.
        case contradiction(String)
    }

    public var kind: Kind
    /// The keys from the top, such as `cohorts[0].heartbeat.interval`; empty for the document as a whole.
    public var path: String
    public var place: Place?

    public init(_ kind: Kind, path: String = "", place: Place? = nil) {
        self.kind = kind
        self.path = path
        self.place = place
    }

    /// `line:column: path: what is wrong`, on one line.
    public var description: String {
        [place?.description, path.isEmpty ? nil : Self.quoted(path), message].compactMap { $0 }.joined(separator: ": ")
    }

    /// What is wrong, without the place and the path. Suggestions are computed here, so only for errors that are shown.
    public var message: String {
        switch kind {
        case .unreadable(let reason): return "cannot be read: \(reason)"
        case .tooLarge(let limit): return "larger than the limit of \(SizeText.format(limit))"
        case .notUTF8(let offset): return "not UTF-8 at byte \(offset); save the file as UTF-8 text"
        case .empty: return "the file is empty; write at least `{}`, which has every default"
        case .syntax(let problem): return "not YAML: \(problem)"
        case .unsupported(let what, let remedy): return "\(what) not supported; \(remedy)"
        case .tooDeep(let limit): return "nested deeper than \(limit) levels"
        case .duplicateKey(let key): return "duplicate key '\(Self.quoted(key))' in the same mapping"
        case .unknownKey(let key, let allowed):
            let hint = Suggestion.nearest(to: key, among: allowed).map { ", did you mean '\($0)'?" } ?? ";"
            return "unknown key '\(Self.quoted(key))'\(hint) allowed here: \(allowed.joined(separator: ", "))"
        case .renamedKey(let key, let name): return "unknown key '\(key)': it is called '\(name)' now"
        case .missingKey(let key): return "the key '\(key)' is missing"
        case .wrongType(let found, let wanted): return "found \(Self.quoted(found)), wanted \(wanted)"
        case .quantity(let problem): return Self.quoted(problem.description)
        case .badValue(let found, let wanted, let words):
            let hint = Suggestion.nearest(to: found, among: words).map { "; did you mean '\($0)'?" } ?? ""
            return "found '\(Self.quoted(found))', wanted \(wanted)\(hint)"
        case .outOfRange(let found, let allowed): return "\(Self.quoted(found)) is out of range: \(allowed)"
        case .contradiction(let what): return what
        }
    }

    /// The longest text of the document's that a message repeats, so that one bad value cannot fill a screen.
    private static let maxQuote = 160

    /// The text on one line, without control characters, cut at a bearable length.
    public static func quoted(_ text: String) -> String {
        let visible = text.unicodeScalars.prefix(maxQuote + 1).map { scalar in
            scalar.properties.generalCategory == .control ? "\u{FFFD}" : Character(scalar)
        }
        return visible.count <= maxQuote ? String(visible) : String(visible.prefix(maxQuote)) + "…"
    }
}

/// Every error of one reading, in the order of the text.
public struct Problems: Error, Hashable, Sendable, CustomStringConvertible {
    /// The most errors kept: a file that is no such document at all should not print pages.
    public static let maxKept = 50

    /// What was read: a file's name.
    public var source: String
    /// Never empty.
    public var list: [Problem]
    /// How many more there were than `list` holds.
    public var omitted: Int

    public init(source: String, list: [Problem], omitted: Int = 0) {
        self.source = source
        self.list = list
        self.omitted = omitted
    }

    /// A line an error, `source:line:column: path: what is wrong`, which editors and terminals can follow.
    public var description: String {
        var lines = list.map { problem in
            switch problem.place {
            case .text?: "\(source):\(problem)"
            // Its place names the file.
            case .file?: "\(problem)"
            case .option?, nil: "\(source): \(problem)"
            }
        }
        if omitted > 0 { lines.append("\(source): and \(omitted) more") }
        return lines.joined(separator: "\n")
    }
}
