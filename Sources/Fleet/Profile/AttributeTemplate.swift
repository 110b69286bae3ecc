import Schema

/// One attribute of an agent's description: a key and a text, perhaps different for each agent.
public struct AttributeTemplate: Hashable, Sendable {
    public var key: String
    /// In which `{{index}}`, `{{cohort}}`, `{{zone}}`, `{{region}}` and `{{instance_uid}}` stand for the agent's own.
    public var text: String
}

/// The words between `{{` and `}}` in an attribute.
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

    /// The problem with the placeholders in `text`; nil if there is none.
    static func problem(of text: String) -> Problem.Kind? {
        var rest = text[...]
        while let start = open(in: rest) {
            let inner = rest[start...].dropFirst(2)
            guard let end = close(in: inner) else { return .badValue(found: text, wanted: "a '}}' after '{{'") }
            let name = inner[..<end].filter { $0 != " " }
            guard TemplateWord(rawValue: name) != nil else {
                let words = allCases.map { "{{\($0.rawValue)}}" }
                return .badValue(found: "{{\(name)}}", wanted: words.joined(separator: ", "), among: words)
            }
            rest = inner[end...].dropFirst(2)
        }
        return nil
    }

    private static func open(in text: Substring) -> String.Index? { pair("{", in: text) }
    private static func close(in text: Substring) -> String.Index? { pair("}", in: text) }

    /// The first place with `character` twice in a row.
    private static func pair(_ character: Character, in text: Substring) -> String.Index? {
        zip(text.indices, text.indices.dropFirst()).first { text[$0] == character && text[$1] == character }?.0
    }
}
