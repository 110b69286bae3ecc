/// Where a value was written: a place in the document's text or in a file that it names, or an option of the command
/// line.
public enum Place: Hashable, Comparable, Sendable, CustomStringConvertible {
    case text(line: Int, column: Int)
    case file(String, line: Int, column: Int)
    case option(String)

    public var description: String {
        switch self {
        case .text(let line, let column): "\(line):\(column)"
        case .file(let name, let line, let column): "\(name):\(line):\(column)"
        case .option(let name): name
        }
    }
}

/// A document as it is read and as it is written: words, lists and mappings, each with its place.
public struct Tree: Hashable, Sendable {
    public struct Entry: Hashable, Sendable {
        public var key: String
        public var keyPlace: Place?
        public var value: Tree
    }

    public enum Shape: Hashable, Sendable {
        case nothing
        /// A word or text; `plain` where it has no quotes. On the way out a plain one is written as it is.
        case scalar(String, plain: Bool)
        case list([Tree])
        case mapping([Entry])
    }

    public var shape: Shape
    public var place: Place?
    /// What outputs show in place of a text that is a credential or holds one.
    var shown: String?

    public init(_ shape: Shape, _ place: Place? = nil) {
        self.shape = shape
        self.place = place
    }

    public static func word(_ text: String) -> Tree { Tree(.scalar(text, plain: true)) }
    public static func text(_ text: String) -> Tree { Tree(.scalar(text, plain: false)) }
    public static func mapping(_ entries: [(String, Tree)]) -> Tree {
        Tree(.mapping(entries.map { Entry(key: $0.0, value: $0.1) }))
    }

    public subscript(key: String) -> Entry? {
        guard case .mapping(let entries) = shape else { return nil }
        return entries.first { $0.key == key }
    }

    /// The word or text of a scalar.
    public var scalar: String? { if case .scalar(let text, _) = shape { text } else { nil } }

    /// What it is, for messages.
    var inWords: String {
        switch shape {
        case .nothing: "nothing"
        case .scalar(let text, let plain): plain ? "'\(text)'" : "the text '\(text)'"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}

extension Tree {
    /// Puts `value` at keys from here on, such as `limits` and `downloads`. Mappings that are not there are made; where
    /// another value is in the way, nothing is set, and reading reports that value.
    public mutating func set(_ way: [String], _ value: Tree) {
        edit(way, makes: value.place) { $0 = value }
    }

    /// Removes the key at the end of `way`, where it is given.
    public mutating func remove(_ way: [String], ignoringCase: Bool = false) {
        edit(way, ignoringCase: ignoringCase) { $0 = nil }
    }

    /// Changes the value at keys from here on; a `*` is every item of a list. A value that is not given is nil and is
    /// only changed where `makes` has a place for the new keys.
    /// - Parameter ignoringCase: of the last key, as header names have it.
    public mutating func edit(
        _ way: [String], makes place: Place? = nil, ignoringCase: Bool = false, _ change: (inout Tree?) -> Void
    ) {
        edit(way[...], place, ignoringCase, change)
    }

    private mutating func edit(
        _ way: ArraySlice<String>, _ place: Place?, _ ignoringCase: Bool, _ change: (inout Tree?) -> Void
    ) {
        guard let first = way.first else { return }
        let rest = way.dropFirst()
        switch shape {
        case .list(var items) where first == "*":
            for index in items.indices { items[index].edit(rest, place, ignoringCase, change) }
            shape = .list(items)
        case .mapping(let entries):
            let isLast = rest.isEmpty
            var isThere = false
            var edited: [Entry] = entries.compactMap { entry in
                guard entry.key == first || isLast && ignoringCase && entry.key.lowercased() == first.lowercased()
                else {
                    return entry
                }
                isThere = true
                var value: Tree? = entry.value
                if isLast {
                    change(&value)
                } else {
                    if case .nothing? = value?.shape, let place { value = Tree(.mapping([]), place) }
                    value?.edit(rest, place, ignoringCase, change)
                }
                return value.map { Entry(key: entry.key, keyPlace: entry.keyPlace, value: $0) }
            }
            if !isThere, let place, rest.first != "*" {
                var value: Tree? = isLast ? nil : Tree(.mapping([]), place)
                if isLast { change(&value) } else { value?.edit(rest, place, ignoringCase, change) }
                if let value { edited.append(Entry(key: first, keyPlace: place, value: value)) }
            }
            shape = .mapping(edited)
        case .nothing, .scalar, .list: break
        }
    }
}
