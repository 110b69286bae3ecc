/// Where a value was written: a place in a file's text, or an option of the command line.
public enum Place: Hashable, Comparable, Sendable, CustomStringConvertible {
    case text(line: Int, column: Int)
    case option(String)

    public var description: String {
        switch self {
        case .text(let line, let column): "\(line):\(column)"
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
    /// Puts `value` at keys from here on, such as `limits.downloads`; a `*` is every item of a list. Mappings that are not there
    /// are made; where another value is in the way, nothing is set, and reading reports that value.
    public mutating func set(_ way: String, _ value: Tree) {
        edit(way.split(separator: ".").map(String.init)[...]) { entries, key in
            if let index = entries.firstIndex(where: { $0.key == key }) {
                entries[index].value = value
            } else {
                entries.append(Entry(key: key, keyPlace: value.place, value: value))
            }
        } make: {
            Tree(.mapping([]), value.place)
        }
    }

    /// Removes the key at the end of `way` from every mapping that has it.
    /// - Parameter ignoringCase: of that key, as header names have it.
    public mutating func remove(_ way: String, ignoringCase: Bool = false) {
        edit(way.split(separator: ".").map(String.init)[...]) { entries, key in
            entries.removeAll { $0.key == key || ignoringCase && $0.key.lowercased() == key.lowercased() }
        } make: {
            nil
        }
    }

    private mutating func edit(
        _ way: ArraySlice<String>, _ change: (inout [Entry], String) -> Void, make: () -> Tree?
    ) {
        guard let first = way.first else { return }
        let rest = way.dropFirst()
        switch shape {
        case .list(var items) where first == "*":
            for index in items.indices { items[index].edit(rest, change, make: make) }
            shape = .list(items)
        case .mapping(var entries):
            if rest.isEmpty {
                change(&entries, first)
            } else if let index = entries.firstIndex(where: { $0.key == first }) {
                if case .nothing = entries[index].value.shape, let made = make() { entries[index].value = made }
                entries[index].value.edit(rest, change, make: make)
            } else if rest.first != "*", var made = make() {
                made.edit(rest, change, make: make)
                entries.append(Entry(key: first, keyPlace: made.place, value: made))
            }
            shape = .mapping(entries)
        case .nothing, .scalar, .list: break
        }
    }
}
