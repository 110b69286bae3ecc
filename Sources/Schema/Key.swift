import Basis

/// A line of a table.
public struct Key<Section: Settings>: Sendable {
    let names: [String]
    /// Keys of which exactly one has to be given.
    var choice: [String] = []
    /// The names that keys had in earlier versions, with today's.
    var formerNames: [String: String] = [:]
    let isRequired: Bool
    let describe: @Sendable (Section) -> [Field]
    let read: @Sendable (Spot, inout Section) -> Void
    let write: @Sendable (Section) -> [(String, Tree)]
    let sample: @Sendable (inout SeededRandom, inout Section) -> Void
    let ways: @Sendable () -> [(path: AnyKeyPath, way: String)]
    /// The rules of a table that is included.
    var judgeIncluded: (@Sendable (Section, Spot) -> Void)?
    /// Reports where not exactly one of several keys is given.
    var judgeChoice: (@Sendable (Spot, _ hasUnknown: Bool) -> Void)?

    /// - Parameters:
    ///   - documentation: one sentence; a section's own by default.
    ///   - since: the version that brought it.
    ///   - required: whether the key has to be given; what `standard` has for it is then never seen.
    ///   - option: the option of the command line that replaces its value.
    ///   - omitsDefault: whether it is left out of the written document while it has its default.
    ///   - was: its name in earlier versions; the error for that names the new one.
    public init<Value>(
        _ name: String, _ path: any WritableKeyPath<Section, Value> & Sendable, _ kind: Kind<Value>,
        _ documentation: String? = nil, since: String = Since.first, required: Bool = false, option: String? = nil,
        omitsDefault: Bool = false, was: String? = nil
    ) {
        names = [name]
        isRequired = required
        if let was { formerNames[was] = name }
        describe = { section in
            [
                Field(
                    name: name, shape: kind.shape, documentation: documentation ?? kind.shape.documentation,
                    since: since,
                    option: option,
                    isRequired: required, standard: required ? nil : kind.write(section[keyPath: path]))
            ]
        }
        read = { spot, section in
            guard let child = spot.child(name) else {
                if required, was.map({ spot.tree[$0] != nil }) != true { spot.report(.missingKey(name), at: name) }
                return
            }
            if let value = kind.read(child, section[keyPath: path]) { section[keyPath: path] = value }
        }
        write = { section in
            let value = section[keyPath: path]
            if omitsDefault, value == Section.standard[keyPath: path] { return [] }
            return kind.write(value).map { [(name, $0)] } ?? []
        }
        sample = { random, section in section[keyPath: path] = kind.sample(&random, section[keyPath: path]) }
        ways = {
            let below: [(path: AnyKeyPath, way: String)] = (Value.self as? any Settings.Type)?.ways ?? []
            return [(path, name)]
                + below.compactMap { entry in
                    (path as AnyKeyPath).appending(path: entry.path).map { ($0, "\(name).\(entry.way)") }
                }
        }
    }

    /// The keys of another table, in the same mapping.
    public static func including<Part: Settings>(_ path: any WritableKeyPath<Section, Part> & Sendable) -> Key {
        let keys = Part.schema.keys
        var key = Key(
            names: keys.flatMap(\.names), isRequired: keys.contains(where: \.isRequired),
            describe: { section in keys.flatMap { $0.describe(section[keyPath: path]) } },
            read: { spot, section in for key in keys { key.read(spot, &section[keyPath: path]) } },
            write: { section in keys.flatMap { $0.write(section[keyPath: path]) } },
            sample: { random, section in
                for key in keys where key.isRequired || random.chance(0.6) {
                    key.sample(&random, &section[keyPath: path])
                }
            },
            ways: {
                Part.schema.ways.compactMap { entry in
                    (path as AnyKeyPath).appending(path: entry.path).map { ($0, entry.way) }
                }
            })
        key.choice = keys.flatMap(\.choice)
        key.formerNames = keys.reduce(into: [:]) { $0.merge($1.formerNames) { first, _ in first } }
        key.judgeIncluded = { section, spot in Part.schema.judge(section[keyPath: path], spot) }
        key.judgeChoice = { spot, hasUnknown in for key in keys { key.judgeChoice?(spot, hasUnknown) } }
        return key
    }

    /// One of several keys, beside the section's others: an event's action.
    /// - Parameter what: for the error: `an event`.
    public static func oneOf<Value>(
        _ path: any WritableKeyPath<Section, Value> & Sendable, _ what: String, _ kind: Kind<Value>
    ) -> Key {
        let forms: [FormShape] = if case .forms(let forms, _) = kind.shape.detail { forms } else { [] }
        let names = forms.compactMap(\.mark.key)
        var key = Key(
            names: names, isRequired: true, describe: { _ in forms.compactMap(\.field) },
            read: { spot, section in
                guard case .mapping(let entries) = spot.tree.shape else { return }
                let found = entries.filter { names.contains($0.key) }
                guard found.count == 1 else { return }
                var only = spot
                only.tree.shape = .mapping(found)
                if let value = kind.read(only, nil) { section[keyPath: path] = value }
            },
            write: { section in
                guard case .mapping(let entries)? = kind.write(section[keyPath: path])?.shape else { return [] }
                return entries.map { ($0.key, $0.value) }
            },
            sample: { random, section in section[keyPath: path] = kind.sample(&random, nil) },
            ways: { names.map { (path, $0) } })
        key.choice = names
        let wanted = "\(what) has one of \(names.map { "'\($0)'" }.joined(separator: ", "))"
        key.judgeChoice = { spot, hasUnknown in
            let found = names.count { spot.tree[$0] != nil }
            // An unknown key was probably meant for one of these, and is reported already.
            if found > 1 || found == 0 && !hasUnknown { spot.report(.contradiction(wanted)) }
        }
        return key
    }

    /// A list of sections whose keys may also be given beside the list, where they hold for every item that does not
    /// say otherwise. Without the list there is one item, made of these keys. The written document has the items in
    /// full.
    /// - Parameters:
    ///   - noun: what the items are called: `cohorts`.
    ///   - common: those of the items' keys that may be given beside the list.
    public static func list<Item: Settings>(
        _ name: String, _ path: any WritableKeyPath<Section, [Item]> & Sendable, _ noun: String,
        _ count: ClosedRange<Int>, _ documentation: String, common: [Key<Item>]
    ) -> Key {
        let item = Item.schema.kind
        let list = Kind.list(noun, count, of: item)
        return Key(
            names: common.flatMap(\.names) + [name], isRequired: false,
            describe: { _ in
                common.flatMap { $0.describe(.standard) } + [
                    Field(
                        name: name, shape: list.shape, documentation: documentation, since: Since.first, option: nil,
                        isRequired: false, standard: nil)
                ]
            },
            read: { spot, section in
                var start = Item.standard
                let before = spot.reading.count
                for key in common { key.read(spot, &start) }
                guard var child = spot.child(name) else {
                    section[keyPath: path] = [start]
                    if spot.reading.judges, spot.reading.count == before { Item.schema.judge(start, spot) }
                    return
                }
                child.inherited = [spot]
                if let items = Kind.list(noun, count, of: item, start: start).read(child, nil) {
                    section[keyPath: path] = items
                }
            },
            write: { section in list.write(section[keyPath: path]).map { [(name, $0)] } ?? [] },
            sample: { random, section in section[keyPath: path] = list.sample(&random, nil) },
            ways: { [(path, name)] })
    }

    init(
        names: [String], isRequired: Bool, describe: @escaping @Sendable (Section) -> [Field],
        read: @escaping @Sendable (Spot, inout Section) -> Void,
        write: @escaping @Sendable (Section) -> [(String, Tree)],
        sample: @escaping @Sendable (inout SeededRandom, inout Section) -> Void,
        ways: @escaping @Sendable () -> [(path: AnyKeyPath, way: String)]
    ) {
        self.names = names
        self.isRequired = isRequired
        self.describe = describe
        self.read = read
        self.write = write
        self.sample = sample
        self.ways = ways
    }
}
