/// What one reading collects. Local to it.
final class Reading {
    private(set) var problems: [Problem] = []
    private(set) var omitted = 0
    /// How many there were, repeated ones too.
    private(set) var count = 0
    /// The document's name in messages.
    let source: String
    /// The folder that paths count from; nil where the document is not a file.
    let folder: String?
    /// Whether rules are judged.
    let judges: Bool
    /// Lists by their paths, where items that are in files have taken the place of the files' names.
    var completed: [String: Tree] = [:]

    init(source: String, folder: String?, judges: Bool) {
        self.source = source
        self.folder = folder
        self.judges = judges
    }

    /// Each error once: what is inherited, or set for all items, is read more than once.
    func add(_ problem: Problem) {
        count += 1
        if problems.contains(where: { $0.place != nil && $0.place == problem.place && $0.kind == problem.kind }) {
            return
        }
        if problems.count < Problems.maxKept { problems.append(problem) } else { omitted += 1 }
    }
}

/// A value while it is read: its tree, its place and its path.
public struct Spot {
    public internal(set) var tree: Tree
    public let path: String
    let reading: Reading
    /// The mapping whose values this one inherits, if any.
    var inherited: [Spot] = []
    /// Whether the texts here are credentials, which errors do not repeat.
    var isConcealed = false

    /// The folder that paths count from: the document's; nil where the document is not a file.
    public var folder: String? { reading.folder }

    /// Whether the value came with an option of the command line: paths then count from the working directory.
    public var isOption: Bool { if case .option? = tree.place { true } else { false } }

    /// The value under a key; `a.b` also looks into the mapping under `a`.
    public func child(_ key: String) -> Spot? {
        if let entry = tree[key] { return child(entry) }
        guard let dot = key.firstIndex(of: ".") else { return nil }
        return child(String(key[..<dot]))?.child(String(key[key.index(after: dot)...]))
    }

    func child(_ entry: Tree.Entry) -> Spot {
        let path = path(to: entry.key)
        return Spot(
            tree: reading.completed[path] ?? entry.value, path: path, reading: reading,
            inherited: inherited.compactMap { $0.child(entry.key) }, isConcealed: isConcealed)
    }

    /// The same place with nothing in it, where a word stands for a section.
    var emptied: Spot { Spot(tree: Tree(.mapping([]), tree.place), path: path, reading: reading) }

    func item(_ index: Int, _ item: Tree) -> Spot {
        Spot(tree: item, path: "\(path)[\(index)]", reading: reading, isConcealed: isConcealed)
    }

    func path(to key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    public func report(_ kind: Problem.Kind) {
        reading.add(Problem(shown(kind), path: path, place: tree.place))
    }

    /// Reports an error of the value at another place: in the file that it names.
    func report(_ kind: Problem.Kind, at place: Place?) {
        reading.add(Problem(shown(kind), path: path, place: place))
    }

    /// Reports an error at keys below here.
    public func report(_ kind: Problem.Kind, at way: String, _ place: Place? = nil) {
        reading.add(Problem(shown(kind), path: path(to: way), place: place ?? self.place(of: way)))
    }

    private func shown(_ kind: Problem.Kind) -> Problem.Kind { isConcealed ? kind.concealing(tree.texts) : kind }

    /// The place of the value at keys below here, or of the nearest around it that is written out.
    private func place(of way: String) -> Place? {
        guard case .mapping(let entries) = tree.shape else { return tree.place }
        // Keys may hold dots.
        let entry = entries.filter { way == $0.key || way.hasPrefix("\($0.key).") || way.hasPrefix("\($0.key)[") }
            .max { $0.key.utf8.count < $1.key.utf8.count }
        if let entry { return child(entry).place(after: way.dropFirst(entry.key.count)) }
        let first = String(way.prefix { $0 != "." && $0 != "[" })
        return inherited.first.flatMap { $0.child(first) != nil ? $0.place(of: way) : nil } ?? tree.place
    }

    /// The same for what follows this value's key: nothing, `.key` or `[index]`.
    private func place(after way: Substring) -> Place? {
        if way.first == "." { return place(of: String(way.dropFirst())) }
        guard way.first == "[", let end = way.firstIndex(of: "]"), let index = Int(way[..<end].dropFirst()),
            case .list(let items) = tree.shape, items.indices.contains(index)
        else { return tree.place }
        return item(index, items[index]).place(after: way[way.index(after: end)...])
    }

    /// A word or text; nil where it is something else, which is reported.
    public func scalar(_ wanted: String) -> (text: String, plain: Bool)? {
        if case .scalar(let text, let plain) = tree.shape { return (text, plain) }
        report(.wrongType(found: tree.inWords, wanted: wanted))
        return nil
    }

    /// Reports each key of the mapping that is not `allowed`. Returns whether there were any.
    @discardableResult
    func refuseUnknown(allowed: [String], renamed: [String: String] = [:]) -> Bool {
        guard case .mapping(let entries) = tree.shape else { return false }
        let known = Set(allowed)
        let unknown = entries.filter { !known.contains($0.key) }
        for entry in unknown {
            let kind: Problem.Kind =
                renamed[entry.key].map { .renamedKey(entry.key, to: $0) } ?? .unknownKey(entry.key, allowed: allowed)
            report(kind, at: entry.key, entry.keyPlace)
        }
        return !unknown.isEmpty
    }
}
