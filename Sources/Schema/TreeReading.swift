import Yams

extension Tree {
    /// The most bytes of a document: thousands of times a usual one, and read in a moment.
    public static let maxBytes = 256 << 10
    /// The deepest nesting.
    static let maxDepth = 32

    /// What the parser itself calls texts, lists and mappings; nothing more may be said of a value.
    private static let plainTags: Set<String> = [
        "", "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map",
    ]

    /// Reads one YAML document. Whatever is wrong here ends the reading: nothing after it can be trusted.
    ///
    /// Anchors are made harmless before the parser sees them: every `&` becomes a character that means nothing to YAML,
    /// so no alias can refer to anything and no text can grow in the parser ("billion laughs"). Afterwards the `&` is
    /// put back, and a word that began with it is reported as the anchor that it was meant to be.
    public init(yaml bytes: [UInt8]) throws(Problem) {
        guard bytes.count <= Self.maxBytes else { throw Problem(.tooLarge(limit: Self.maxBytes)) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Problem(.notUTF8(offset: Self.firstInvalid(in: bytes)))
        }
        let document = HarmlessText(text)
        if let place = document.markPlace {
            throw Problem(.unsupported(what: "the character U+E000 is", remedy: "remove it"), place: place)
        }
        let root: Node?
        do {
            root = try Parser(yaml: document.text, resolver: .basic, encoding: .utf8).singleRoot()
        } catch {
            throw document.explain(error)
        }
        guard let root else { throw Problem(.empty) }
        try self.init(root, in: document, depth: 0)
        if case .nothing = shape { throw Problem(.empty) }
    }

    private init(_ node: Node, in document: HarmlessText, depth: Int) throws(Problem) {
        let place = Place.text(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
        guard depth <= Self.maxDepth else { throw Problem(.tooDeep(limit: Self.maxDepth), place: place) }
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain
            try Self.checkTag(scalar.tag, place)
            if isPlain, scalar.string.first == HarmlessText.mark { throw HarmlessText.anchor(at: place) }
            let isNothing = isPlain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
            self.init(isNothing ? .nothing : .scalar(HarmlessText.restored(scalar.string), plain: isPlain), place)
        case .sequence(let sequence):
            try Self.checkTag(sequence.tag, place)
            var items: [Tree] = []
            for item in sequence { items.append(try Tree(item, in: document, depth: depth + 1)) }
            self.init(.list(items), place)
        case .mapping(let mapping):
            try Self.checkTag(mapping.tag, place)
            var entries: [Entry] = []
            for (key, value) in mapping {
                let name = try Tree(key, in: document, depth: depth + 1)
                guard case .scalar(let word, _) = name.shape else {
                    throw Problem(
                        .unsupported(what: "a key that is not a word is", remedy: "write `key: value`"),
                        place: name.place)
                }
                let value = try Tree(value, in: document, depth: depth + 1)
                entries.append(Entry(key: word, keyPlace: name.place, value: value))
            }
            self.init(.mapping(entries), place)
        case .alias:
            throw HarmlessText.alias(at: place)
        }
    }

    /// Tags would make a value mean something else than what is read.
    private static func checkTag(_ tag: Tag, _ place: Place) throws(Problem) {
        if plainTags.contains(tag.rawValue) { return }
        throw Problem(.unsupported(what: "the tag '\(tag.rawValue)' is", remedy: "leave it out"), place: place)
    }

    /// The first byte that begins no valid character.
    private static func firstInvalid(in bytes: [UInt8]) -> Int {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var offset = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { offset += UTF8.width(scalar) }
        return offset
    }
}
