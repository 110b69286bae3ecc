/// What a value may be, without its type: what the reference, the JSON Schema, `explain` and the starter are made from.
public struct Shape: Sendable {
    /// For the reference: `duration, 10ms to 1d`.
    var words: String
    /// For errors: `a duration such as 10s`.
    var wanted: String
    var example: String
    var detail: Detail

    indirect enum Detail: Sendable {
        case scalar(JSON)
        case section(Described)
        case list(Shape, ClosedRange<Int>)
        case map(Shape, ClosedRange<Int>)
        case forms([FormShape], tag: String?)
        case optional(Shape, none: String)
    }

    init(words: String, wanted: String, example: String, detail: Detail) {
        self.words = words
        self.wanted = wanted
        self.example = example
        self.detail = detail
    }

    static let sectionInWords = "a mapping (`key: value`, indented)"

    init(section: Described) {
        self.init(
            words: "see `\(section.name)`", wanted: Self.sectionInWords, example: section.example,
            detail: .section(section))
    }

    init(forms: [FormShape], tag: String?) {
        let examples = forms.map { $0.example(tag) }
        let wanted = examples.dropLast().joined(separator: ", ") + " or " + (examples.last ?? "")
        self.init(
            words: examples.map { "`\($0)`" }.joined(separator: ", "), wanted: wanted, example: examples[0],
            detail: .forms(forms, tag: tag))
    }
}

/// The versions of Muster that keys came with.
public enum Since {
    public static let first = "0.1"
}

/// One form of a union.
struct FormShape: Sendable {
    enum Mark: Sendable {
        case word(String), scalar, section
        /// A mapping with this key and, where it is not `alone`, others of the payload's.
        case key(String, alone: Bool)
        case tag(String)

        var key: String? { if case .key(let key, _) = self { key } else { nil } }

        var isScalar: Bool { if case .scalar = self { true } else { false } }

        var isSection: Bool { if case .section = self { true } else { false } }

        /// The word that identifies the form.
        var word: String? {
            switch self {
            case .word(let word), .tag(let word): word
            case .scalar, .section, .key: nil
            }
        }
    }

    var mark: Mark
    var documentation: String
    var since: String
    var payload: Shape?

    /// The key that identifies the form, as a key of the mapping around it.
    var field: Field? {
        guard let key = mark.key, let payload else { return nil }
        return Field(
            name: key, shape: payload, documentation: documentation, since: since, option: nil, isRequired: false,
            standard: nil)
    }

    func example(_ tag: String?) -> String {
        switch mark {
        case .word(let word), .tag(let word): word
        case .scalar, .section: payload?.example ?? ""
        case .key(let key, alone: true): "{\(key): \(payload?.example ?? "")}"
        case .key(_, alone: false): payload?.example ?? ""
        }
    }
}

/// A section, described.
struct Described: Sendable {
    var name: String
    var documentation: String
    var fields: [Field]
    /// Keys of which exactly one has to be given.
    var choice: [String]

    /// The keys that have to be given, or the first.
    var example: String {
        let needed = fields.filter { $0.isRequired || $0.name == choice.first }
        let shown = needed.isEmpty ? Array(fields.prefix(1)) : needed
        return "{" + shown.map { "\($0.name): \($0.shape.example)" }.joined(separator: ", ") + "}"
    }
}

/// A key, described.
struct Field: Sendable {
    var name: String
    var shape: Shape
    var documentation: String
    var since: String
    var option: String?
    var isRequired: Bool
    /// The default as text; nil if there is none.
    var standard: Tree?
}

/// JSON, as much as a schema needs. Keys keep their order.
public indirect enum JSON: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    case string(String), number(Int), decimal(Double), boolean(Bool), array([JSON]), object([Named<JSON>])
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .number(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements.map { Named($0.0, $0.1) }) }

    static func ref(_ name: String) -> JSON { ["$ref": .string("#/$defs/\(name)")] }

    /// What fits on a line is on one line.
    public func text(_ depth: Int = 0) -> String {
        let (inner, outer) = (String(repeating: "  ", count: depth + 1), String(repeating: "  ", count: depth))
        let flat = self.flat
        if flat.utf8.count + outer.utf8.count <= 110 { return flat }
        switch self {
        case .string, .number, .decimal, .boolean: return flat
        case .array(let items):
            return "[\n" + items.map { inner + $0.text(depth + 1) }.joined(separator: ",\n") + "\n\(outer)]"
        case .object(let entries):
            let lines = entries.map { "\(inner)\(JSON.string($0.name).flat): \($0.value.text(depth + 1))" }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(outer)}"
        }
    }

    private var flat: String {
        switch self {
        case .string(let text):
            let escaped = text.unicodeScalars.map { scalar in
                switch scalar {
                case "\"": "\\\""
                case "\\": "\\\\"
                case "\n": "\\n"
                default: String(scalar)
                }
            }
            return "\"" + escaped.joined() + "\""
        case .number(let number): return "\(number)"
        case .decimal(let number): return NumberText.shortest(number)
        case .boolean(let value): return "\(value)"
        case .array(let items): return "[" + items.map(\.flat).joined(separator: ", ") + "]"
        case .object(let entries):
            return "{" + entries.map { "\(JSON.string($0.name).flat): \($0.value.flat)" }.joined(separator: ", ") + "}"
        }
    }
}

extension Shape {
    /// What a section is; nothing for other kinds.
    var documentation: String { if case .section(let section) = core { section.documentation } else { "" } }

    /// Without the word for nothing around it.
    var core: Detail {
        if case .optional(let shape, _) = detail { return shape.core }
        return detail
    }

    /// Between the path of the value and a key below it.
    var separator: String {
        switch core {
        case .list: "[]."
        case .map: ".*."
        case .section, .forms, .scalar, .optional: "."
        }
    }

    /// The keys below, in items too.
    var below: [Field] {
        switch core {
        case .section(let section): section.fields
        case .list(let shape, _), .map(let shape, _): shape.below
        case .forms(let forms, _):
            forms.flatMap { form in
                if case .key(_, alone: true) = form.mark {
                    [form.field].compactMap(\.self)
                } else {
                    form.payload?.below ?? []
                }
            }
        case .scalar, .optional: []
        }
    }
}
