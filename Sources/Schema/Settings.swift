import Basis

/// A plain struct whose keys are declared in a table.
public protocol Settings: Hashable, Sendable {
    /// What holds where a document says nothing.
    static var standard: Self { get }
    static var schema: Schema<Self> { get }
}

/// What has to hold between the keys of a section.
public struct Rule<Section: Settings>: Sendable {
    let judge: @Sendable (Section, Check<Section>) -> Void

    public init(_ judge: @escaping @Sendable (Section, Check<Section>) -> Void) { self.judge = judge }
}

/// The table of a section: a line a key, and the rules between them.
///
/// From it come reading with every error at once, writing, overrides of the command line, the reference and random
/// values for tests. A table must not contain itself.
public struct Schema<Section: Settings>: Sendable {
    public let name: String
    public let documentation: String
    /// The section as a kind of value: a mapping. Keys that are left out keep the value that they inherit.
    public let kind: Kind<Section>
    let keys: [Key<Section>]
    let rules: [Rule<Section>]
    let described: Described

    /// - Parameters:
    ///   - rules: judged only where the section itself was read without an error.
    ///     - completing: sets values that follow from other keys; the second parameter returns whether a key is given.
    public init(
        _ name: String, _ documentation: String, _ keys: [Key<Section>], rules: [Rule<Section>] = [],
        completing: (@Sendable (inout Section, (PartialKeyPath<Section>) -> Bool) -> Void)? = nil
    ) {
        self.name = name
        self.documentation = documentation
        self.keys = keys
        self.rules = rules
        described = Described(
            name: name, documentation: documentation, fields: keys.flatMap { $0.describe(.standard) },
            choice: keys.flatMap(\.choice))
        kind = Self.kind(described, keys, rules, completing)
    }

    private static func kind(
        _ described: Described, _ keys: [Key<Section>], _ rules: [Rule<Section>],
        _ completing: (@Sendable (inout Section, (PartialKeyPath<Section>) -> Bool) -> Void)?
    ) -> Kind<Section> {
        let names = keys.flatMap(\.names)
        let renamed = keys.reduce(into: [String: String]()) { $0.merge($1.formerNames) { first, _ in first } }
        return Kind(
            shape: Shape(section: described),
            read: { spot, current in
                guard case .mapping = spot.tree.shape else {
                    spot.report(.wrongType(found: spot.tree.inWords, wanted: Shape.sectionInWords))
                    return nil
                }
                var section = current ?? .standard
                let before = spot.reading.count
                for key in keys { key.read(spot, &section) }
                let hasUnknown = spot.refuseUnknown(allowed: names, renamed: renamed)
                for key in keys { key.judgeChoice?(spot, hasUnknown) }
                completing?(&section) { path in
                    keys.contains { key in key.ways().contains { $0.path == path && spot.child($0.way) != nil } }
                }
                // Contradictions are reported only for values that were read well: the others hold their defaults.
                if spot.reading.judges, spot.reading.count == before { judge(keys, rules, section, spot) }
                return section
            },
            write: { section in .mapping(keys.flatMap { $0.write(section) }) },
            sample: { random, current in
                var section = current ?? .standard
                for key in keys where key.isRequired || random.chance(0.6) { key.sample(&random, &section) }
                return section
            })
    }

    private static func judge(_ keys: [Key<Section>], _ rules: [Rule<Section>], _ section: Section, _ spot: Spot) {
        for key in keys { key.judgeIncluded?(section, spot) }
        for rule in rules { rule.judge(section, Check(spot: spot)) }
    }

    func judge(_ section: Section, _ spot: Spot) { Self.judge(keys, rules, section, spot) }

    /// Every key path into the section, and below, with its keys from here on.
    var ways: [(path: AnyKeyPath, way: String)] { keys.flatMap { $0.ways() } }
}

extension Settings {
    static var ways: [(path: AnyKeyPath, way: String)] { schema.ways }
}

extension Kind where Value: Settings {
    /// A mapping with the keys of a table.
    public static var section: Kind { Value.schema.kind }
}

/// Where a rule reports a contradiction, at the places of the keys concerned.
public struct Check<Section: Settings> {
    let spot: Spot

    /// - Parameter path: a key of the section, or one below it.
    public func contradiction<Value>(_ path: KeyPath<Section, Value>, _ what: String) {
        guard let way = Section.schema.ways.first(where: { $0.path == path })?.way else {
            preconditionFailure("\(path) is in no table")
        }
        contradiction(at: way, what)
    }

    /// - Parameter way: keys from the section on, such as `outage.zone`, also inside of a union's forms.
    public func contradiction(at way: String, _ what: String) { spot.report(.contradiction(what), at: way) }

    /// About the section as a whole.
    public func contradiction(_ what: String) { spot.report(.contradiction(what)) }

    /// Whether the document has the key here; what is inherited is not given.
    public func isGiven(_ way: String) -> Bool { spot.child(way) != nil }

    /// The items of a list of sections, each with its own check.
    public func each<Item: Settings>(_ path: KeyPath<Section, [Item]>, in section: Section) -> [(
        item: Item, check: Check<Item>
    )] {
        guard let way = Section.schema.ways.first(where: { $0.path == path })?.way else { return [] }
        // Where the list is not written out, its one item is made of the keys around it.
        guard let list = spot.child(way) ?? spot.inherited.first?.child(way), case .list(let trees) = list.tree.shape
        else {
            return section[keyPath: path].map { ($0, Check<Item>(spot: spot)) }
        }
        return zip(section[keyPath: path], trees).enumerated().map { index, pair in
            var item = list.item(index, pair.1)
            item.inherited = [spot]
            return (pair.0, Check<Item>(spot: item))
        }
    }
}
