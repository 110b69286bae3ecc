/// One attribute of an agent's description: a key and a text, perhaps different for each agent.
public struct AttributeTemplate: Hashable, Sendable {
    public var key: String
    /// In which `{{index}}`, `{{cohort}}`, `{{zone}}`, `{{region}}` and `{{instance_uid}}` stand for the agent's own.
    public var text: String

    public init(key: String, text: String) {
        self.key = key
        self.text = text
    }
}

/// The words that may stand between `{{` and `}}` in an attribute.
enum TemplateWord: String, CaseIterable {
    /// The agent's number, from 0.
    case index
    /// The name of its cohort.
    case cohort
    /// Its zone, drawn from the cohort's `zones`.
    case zone
    /// Its zone without the letter at the end: `eu-west-1` of `eu-west-1a`.
    case region
    /// Its instance uid in canonical text.
    case instanceUID = "instance_uid"

    /// Throws what is wrong with the words in `text`.
    static func check(_ text: String) throws(Problem) {
        var rest = text[...]
        while let start = open(in: rest) {
            let inner = rest[start...].dropFirst(2)
            guard let end = close(in: inner) else { throw .unclosed }
            let name = inner[..<end].filter { $0 != " " }
            guard TemplateWord(rawValue: name) != nil else { throw .unknown(name) }
            rest = inner[end...].dropFirst(2)
        }
    }

    enum Problem: Error {
        case unclosed
        case unknown(String)
    }

    private static func open(in text: Substring) -> String.Index? { pair("{", in: text) }
    private static func close(in text: Substring) -> String.Index? { pair("}", in: text) }

    /// The first place where `character` stands twice in a row.
    private static func pair(_ character: Character, in text: Substring) -> String.Index? {
        zip(text.indices, text.indices.dropFirst()).first { text[$0] == character && text[$1] == character }?.0
    }
}
