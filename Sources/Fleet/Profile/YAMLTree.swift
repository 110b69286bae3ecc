import Yams

/// A profile's YAML as a bounded tree of words, lists and mappings, each with its place.
///
/// Anchors are made harmless before the parser sees them: every `&` becomes a character that means nothing to YAML, so no
/// alias can refer to anything and no text can grow in the parser ("billion laughs"). Afterwards the `&` is put back, and a
/// word that began with it is reported as the anchor that it was meant to be.
struct YAMLTree {
    /// The most bytes of a profile: thousands of times a usual one, and read in a moment.
    static let largest = 256 << 10
    /// The deepest nesting; the deepest key that exists stands at 6.
    static let deepest = 32

    /// What the parser itself calls texts, lists and mappings; nothing more may be said of a value.
    private static let plainTags: Set<String> = [
        "", "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map",
    ]

    typealias Place = ProfileError.Place

    struct Entry {
        var key: String
        var keyPlace: Place
        var value: YAMLTree
    }

    enum Shape {
        /// No value, or a plain `~` or `null`.
        case nothing
        /// A word or text; `plain` where it stands without quotes.
        case scalar(String, plain: Bool)
        case list([YAMLTree])
        case mapping([Entry])
    }

    var shape: Shape
    var place: Place

    /// What it is, for messages.
    var kindInWords: String {
        switch shape {
        case .nothing: return "nothing"
        case .scalar(let text, let plain): return plain ? "'\(text)'" : "the text '\(text)'"
        case .list: return "a list"
        case .mapping: return "a mapping"
        }
    }

    /// Reads one document. Whatever is wrong here ends the reading: nothing after it can be trusted.
    init(bytes: [UInt8]) throws(ProfileError) {
        guard bytes.count <= Self.largest else { throw ProfileError(.tooLarge(limit: Self.largest)) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ProfileError(.notUTF8(offset: Self.firstInvalid(in: bytes)))
        }
        let document = HarmlessText(text)
        if let place = document.takenMark {
            throw ProfileError(.notTaken(what: "the character U+E000 is", remedy: "take it out"), place: place)
        }
        let root: Node?
        do {
            root = try Parser(yaml: document.text, resolver: .basic, encoding: .utf8).singleRoot()
        } catch {
            throw document.explain(error)
        }
        guard let root else { throw ProfileError(.empty) }
        try self.init(root, in: document, depth: 0)
        if case .nothing = shape { throw ProfileError(.empty) }
    }

    private init(_ node: Node, in document: HarmlessText, depth: Int) throws(ProfileError) {
        place = Place(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
        guard depth <= Self.deepest else { throw ProfileError(.tooDeep(limit: Self.deepest), place: place) }
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain
            try Self.checkTag(scalar.tag, place)
            if isPlain, scalar.string.first == HarmlessText.mark { throw HarmlessText.anchor(at: place) }
            let isNothing = isPlain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
            shape = isNothing ? .nothing : .scalar(HarmlessText.restored(scalar.string), plain: isPlain)
        case .sequence(let sequence):
            try Self.checkTag(sequence.tag, place)
            var items: [YAMLTree] = []
            for item in sequence { items.append(try YAMLTree(item, in: document, depth: depth + 1)) }
            shape = .list(items)
        case .mapping(let mapping):
            try Self.checkTag(mapping.tag, place)
            var entries: [Entry] = []
            for (key, value) in mapping {
                let name = try YAMLTree(key, in: document, depth: depth + 1)
                guard case .scalar(let word, _) = name.shape else {
                    throw ProfileError(
                        .notTaken(what: "a key that is no word is", remedy: "write `key: value`"), place: name.place)
                }
                let value = try YAMLTree(value, in: document, depth: depth + 1)
                entries.append(Entry(key: word, keyPlace: name.place, value: value))
            }
            shape = .mapping(entries)
        case .alias:
            throw HarmlessText.alias(at: place)
        }
    }

    /// Tags would make a value mean something else than what is read.
    private static func checkTag(_ tag: Tag, _ place: Place) throws(ProfileError) {
        if plainTags.contains(tag.rawValue) { return }
        throw ProfileError(.notTaken(what: "the tag '\(tag.rawValue)' is", remedy: "leave it out"), place: place)
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
