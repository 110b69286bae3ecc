/// One thing wrong with a profile or with an override of it. Always the user's to mend; the description says where, what was
/// found and what is allowed.
public struct ProfileError: Error, Hashable, Sendable {
    /// A place in the profile's text, both counted from 1; the column in Unicode scalars.
    public struct Place: Hashable, Comparable, Sendable, CustomStringConvertible {
        public var line: Int
        public var column: Int

        public init(line: Int, column: Int) {
            self.line = line
            self.column = column
        }

        public static func < (left: Place, right: Place) -> Bool {
            (left.line, left.column) < (right.line, right.column)
        }

        public var description: String { "\(line):\(column)" }
    }

    /// What is wrong.
    public enum Kind: Hashable, Sendable {
        /// The file cannot be read at all.
        case unreadable(reason: String)
        /// The file is larger than any profile needs to be.
        case tooLarge(limit: Int)
        /// A byte that is not UTF-8, counted from the start of the file.
        case notUTF8(offset: Int)
        /// Nothing in the file but blanks and comments.
        case empty
        /// Not YAML.
        case syntax(problem: String)
        /// YAML that a profile does without: anchors, aliases, tags, several documents, keys that are not words.
        case notTaken(what: String, remedy: String)
        /// Lists and mappings stand deeper in each other than any key needs.
        case tooDeep(limit: Int)
        /// The same key twice in one mapping.
        case duplicateKey(String)
        /// No such key here.
        case unknownKey(String, suggestion: String?, allowed: [String])
        /// A key that has to be there is not.
        case missingKey(String)
        /// A list where a word is wanted, and the like.
        case wrongType(found: String, wanted: String)
        /// A text that is not the duration, size, share or rate that is wanted.
        case quantity(QuantityProblem)
        /// A word or number that is not among those allowed.
        case badValue(found: String, wanted: String, suggestion: String?)
        /// A number outside of what is allowed.
        case outOfRange(found: String, allowed: String)
        /// A server address that cannot be used.
        case server(ServerURLError)
        /// Values that are each right and cannot stand together.
        case contradiction(String)
    }

    public var kind: Kind
    /// The way to the key from the top, such as `cohorts[0].heartbeat.interval`, or an option such as `--agents`; empty for
    /// the profile as a whole.
    public var path: String
    /// Where in the text; nil where the error is in no text.
    public var place: Place?

    public init(_ kind: Kind, path: String = "", place: Place? = nil) {
        self.kind = kind
        self.path = path
        self.place = place
    }
}

extension ProfileError: CustomStringConvertible {
    /// `line:column: path: what is wrong`, on one line.
    public var description: String {
        [place.map(\.description), path.isEmpty ? nil : path, message].compactMap { $0 }.joined(separator: ": ")
    }

    /// What is wrong, without the place and the path.
    public var message: String {
        switch kind {
        case .unreadable(let reason): return "cannot be read: \(reason)"
        case .tooLarge(let limit): return "larger than \(SizeText.format(limit)), the most that a profile may have"
        case .notUTF8(let offset): return "not UTF-8 at byte \(offset); save the file as UTF-8 text"
        case .empty: return "the profile is empty; the least that a profile may be is `agents: 100`"
        case .syntax(let problem): return "not YAML: \(problem)"
        case .notTaken(let what, let remedy): return "\(what) not taken in a profile; \(remedy)"
        case .tooDeep(let limit): return "nested deeper than \(limit) levels"
        case .duplicateKey(let key): return "the key '\(Self.quoted(key))' stands more than once in the same mapping"
        case .unknownKey(let key, let suggestion, let allowed):
            let hint = suggestion.map { ", did you mean '\($0)'?" } ?? ";"
            return "unknown key '\(Self.quoted(key))'\(hint) allowed here: \(allowed.joined(separator: ", "))"
        case .missingKey(let key): return "the key '\(key)' is missing"
        case .wrongType(let found, let wanted): return "found \(Self.quoted(found)), wanted \(wanted)"
        case .quantity(let problem): return Self.quoted(problem.description)
        case .badValue(let found, let wanted, let suggestion):
            return "found '\(Self.quoted(found))', wanted \(wanted)"
                + (suggestion.map { "; did you mean '\($0)'?" } ?? "")
        case .outOfRange(let found, let allowed): return "\(Self.quoted(found)) is out of range: \(allowed)"
        case .server(let error): return Self.quoted(error.description)
        case .contradiction(let what): return what
        }
    }

    /// The longest text of the user's that a message repeats, so that one bad value cannot fill a screen.
    private static let longestQuote = 160

    /// The user's text on one line, without control characters, cut at a bearable length.
    private static func quoted(_ text: String) -> String {
        let visible = text.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control ? "\u{FFFD}" : Character(scalar)
        }
        return visible.count <= longestQuote ? String(visible) : String(visible.prefix(longestQuote)) + "…"
    }
}
