extension Override {
    /// `KEY=VALUE`: a key by its way from the top, as if VALUE, which is YAML, were written there. A number or `*` is
    /// an item of a list, or all of them.
    /// - Throws: what is not of that form, or not YAML.
    public static func setting(_ text: String, option: String) throws(Problem) -> Override {
        let wanted = "KEY=VALUE, such as heartbeat.interval=5s"
        guard let sign = text.firstIndex(of: "=") else {
            // Without a sign it may be anything, also a credential.
            throw Problem(.wrongType(found: "a text without '='", wanted: wanted), path: option)
        }
        let way = text[..<sign].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard way.allSatisfy({ !$0.isEmpty }) else {
            throw Problem(.badValue(found: String(text[...sign]), wanted: wanted), path: option)
        }
        let name = "\(option) \(text[..<sign])"
        var value: Tree
        do {
            value = try Tree(yaml: Array(text[text.index(after: sign)...].utf8))
        } catch {
            throw Problem(error.kind, path: name)
        }
        value.movePlaces { _ in .option(name) }
        return Override(name) { [value] tree in tree.put(value, at: way[...]) }
    }
}

extension Tree {
    /// Gives everything in it another place.
    mutating func movePlaces(_ move: (Place?) -> Place?) {
        place = move(place)
        switch shape {
        case .nothing, .scalar: break
        case .list(var items):
            for index in items.indices { items[index].movePlaces(move) }
            shape = .list(items)
        case .mapping(var entries):
            for index in entries.indices {
                entries[index].keyPlace = move(entries[index].keyPlace)
                entries[index].value.movePlaces(move)
            }
            shape = .mapping(entries)
        }
    }

    /// Puts a value at keys from here on. A word in the way, such as the short form of a section, gives way to a
    /// mapping.
    fileprivate mutating func put(_ value: Tree, at way: ArraySlice<String>) {
        guard let first = way.first else {
            self = value
            return
        }
        if case .list(var items) = shape, first == "*" || Int(first).map(items.indices.contains) == true {
            for index in items.indices where first == "*" || first == "\(index)" {
                items[index].put(value, at: way.dropFirst())
            }
            shape = .list(items)
            return
        }
        var entries: [Entry] = if case .mapping(let entries) = shape { entries } else { [] }
        let index =
            entries.firstIndex { $0.key == first }
            ?? {
                entries.append(Entry(key: first, keyPlace: value.place, value: Tree(.nothing, value.place)))
                return entries.count - 1
            }()
        entries[index].value.put(value, at: way.dropFirst())
        self = Tree(.mapping(entries), place ?? value.place)
    }
}
