public import Basis

/// A change of a document by an option of the command line, before the one reading: bounds, rules and inheritance hold
/// for it as for the document's own text.
public struct Override: Sendable {
    public let option: String
    let edit: @Sendable (inout Tree) -> Void

    public init(_ option: String, _ edit: @escaping @Sendable (_ tree: inout Tree) -> Void) {
        self.option = option
        self.edit = edit
    }
}

extension Tree {
    /// A value of the command line.
    public static func option(_ option: String, _ value: String) -> Tree {
        Tree(.scalar(value, plain: true), .option(option))
    }

    /// A mapping of the command line's values.
    public static func option(_ option: String, _ entries: [(String, Tree)]) -> Tree {
        Tree(.mapping(entries.map { Entry(key: $0.0, keyPlace: .option(option), value: $0.1) }), .option(option))
    }
}

extension Schema {
    /// Reads a document, strictly: an unknown key, a value of the wrong kind or out of range, or values that contradict
    /// each other are errors with their place, and all of them are reported at once. What reading costs is bounded,
    /// whatever the document holds: its size, its depth, the errors kept.
    /// - Parameters:
    ///   - source: its name in messages.
    ///   - folder: the folder that paths count from; nil where the document is not a file.
    ///   - judging: whether the rules are judged, too.
    ///   - base: what the document's keys replace, by the document itself; where it gives nil, the standard.
    public func read(
        _ bytes: [UInt8], source: String, folder: String? = nil, overrides: [Override] = [], judging: Bool = true,
        base: (_ document: Tree) -> Section? = { _ in nil }
    ) throws(Problems) -> Section {
        let reading = Reading(source: source, folder: folder, judges: judging)
        var tree: Tree
        do {
            tree = try Tree(yaml: bytes)
        } catch {
            throw Problems(source: source, list: [error])
        }
        for override in overrides { override.edit(&tree) }
        let section = kind.read(Spot(tree: tree, path: "", reading: reading), base(tree))
        let last = Place.text(line: .max, column: .max)
        let ordered = reading.problems.enumerated().sorted {
            ($0.element.place ?? last, $0.offset) < ($1.element.place ?? last, $1.offset)
        }
        guard let section, ordered.isEmpty else {
            throw Problems(source: source, list: ordered.map(\.element), omitted: reading.omitted)
        }
        return section
    }

    /// The document with every default, in the order of the table; reading it gives an equal value.
    public func write(_ section: Section) -> String { kind.write(section)?.yaml ?? "{}\n" }

    /// The same without credentials, for outputs; reading it again is refused where one was left out.
    public func show(_ section: Section) -> String { kind.write(section)?.redacted.yaml ?? "{}\n" }

    /// A random value that can be written and read; it need not comply with the rules.
    public func sample(_ random: inout SeededRandom) -> Section { kind.sample(&random, nil) }

    /// Every key of the document, such as `heartbeat.interval` or, in the items of a list, `cohorts[].name`; with its
    /// sentence and the option of the command line that replaces it.
    public var allKeys: [(way: String, documentation: String, option: String?)] {
        func keys(_ fields: [Field], _ prefix: String) -> [(String, String, String?)] {
            fields.flatMap { field -> [(String, String, String?)] in
                let way = prefix + field.name
                return [(way, field.documentation, field.option)] + keys(field.shape.below, way + field.shape.separator)
            }
        }
        return keys(described.fields, "").map { (way: $0.0, documentation: $0.1, option: $0.2) }
    }

    /// The override for an option of the table; nil where there is no such option. An option for a key that items
    /// inherit holds for those that say otherwise, too.
    public func override(_ option: String, _ value: String) -> Override? {
        // Those of items come later.
        guard let found = allKeys.first(where: { $0.option == option }) else { return nil }
        let first = found.way.prefix { $0 != "." }
        let lists = described.fields.filter { field in
            guard case .list(let item, _) = field.shape.detail, case .section(let section) = item.detail else {
                return false
            }
            return section.fields.contains { $0.name == first }
        }
        let way = found.way.split(separator: ".").map(String.init)
        return Override(option) { tree in
            tree.set(way, .option(option, value))
            for list in lists { tree.remove([list.name, "*"] + way) }
        }
    }
}
