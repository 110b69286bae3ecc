public import Basis

/// How a value is read, written, described and drawn for tests.
public struct Kind<Value: Equatable & Sendable>: Sendable {
    let shape: Shape
    /// The value at a spot; nil where it is wrong, which is reported. The second is what is inherited.
    let read: @Sendable (Spot, Value?) -> Value?
    /// Its tree; nil where the key is left out.
    let write: @Sendable (Value) -> Tree?
    /// The second is what is inherited.
    let sample: @Sendable (inout SeededRandom, Value?) -> Value
}

extension Kind {
    /// A kind whose values are one word or text.
    /// - Parameters:
    ///   - words: for the reference: `duration, 10ms to 1d`.
    ///   - wanted: for errors: `a duration such as 10s`.
    ///   - quotes: whether the text is the user's, so written in quotes where it could be mistaken.
    public static func scalar(
        _ words: String, wanted: String, example: String, json: JSON = ["type": "string"], quotes: Bool = false,
        sample: @escaping @Sendable (inout SeededRandom) -> Value,
        format: @escaping @Sendable (Value) -> String,
        parse: @escaping @Sendable (_ text: String, _ plain: Bool) throws(Problem.Kind) -> Value
    ) -> Kind {
        Kind(
            shape: Shape(words: words, wanted: wanted, example: example, detail: .scalar(json)),
            read: { spot, _ in
                guard let (text, plain) = spot.scalar(wanted) else { return nil }
                do throws(Problem.Kind) {
                    return try parse(text, plain)
                } catch {
                    spot.report(error)
                    return nil
                }
            },
            write: { value in quotes ? .text(format(value)) : .word(format(value)) },
            sample: { random, _ in sample(&random) })
    }

    /// A quantity with a unit.
    static func quantity(
        _ words: String, wanted: String, example: String, json: JSON,
        sample: @escaping @Sendable (inout SeededRandom) -> Value, format: @escaping @Sendable (Value) -> String,
        within range: ClosedRange<Value>? = nil, parse: @escaping @Sendable (String) throws(QuantityProblem) -> Value
    ) -> Kind where Value: Comparable {
        scalar(words, wanted: wanted, example: example, json: json, sample: sample, format: format) {
            text, _ throws(Problem.Kind) in
            let value: Value
            do throws(QuantityProblem) { value = try parse(text) } catch { throw .quantity(error) }
            if let range, !range.contains(value) {
                let allowed = "allowed is \(format(range.lowerBound)) to \(format(range.upperBound))"
                throw .quantity(QuantityProblem(kind: .outOfRange, found: text, wanted: allowed))
            }
            return value
        }
    }

    /// The value, or nil where the key is left out or has the word for nothing.
    /// - Parameter none: the word, such as `auto`; without one nil is not written.
    public static func optional<Wrapped>(_ kind: Kind<Wrapped>, none: String? = nil) -> Kind
    where Value == Wrapped? {
        var shape = kind.shape
        if let none {
            shape = Shape(
                words: "\(kind.shape.words), or `\(none)`", wanted: kind.shape.wanted, example: kind.shape.example,
                detail: .optional(kind.shape, none: none))
        }
        return Kind(
            shape: shape,
            read: { spot, current in
                if let none, spot.tree.shape == .scalar(none, plain: true) { return .some(nil) }
                return kind.read(spot, current ?? nil).map { .some($0) }
            },
            write: { value in value.map { kind.write($0) } ?? none.map { .word($0) } },
            sample: { random, current in random.chance(0.4) ? nil : kind.sample(&random, current ?? nil) })
    }

    /// - Parameters:
    ///   - noun: what the items are called: `stages`.
    ///   - unique: whether each item may be there once only.
    public static func list<Item>(
        _ noun: String, _ count: ClosedRange<Int>, of kind: Kind<Item>, unique: Bool = false
    ) -> Kind where Value == [Item] {
        list(noun, count, of: kind, unique: unique, start: nil)
    }

    static func list<Item>(
        _ noun: String, _ count: ClosedRange<Int>, of kind: Kind<Item>, unique: Bool = false, start: Item?
    ) -> Kind where Value == [Item] {
        let example = Array(repeating: kind.shape.example, count: max(count.lowerBound, 1)).joined(separator: ", ")
        let shape = Shape(
            words: "list of \(count.lowerBound) to \(count.upperBound) \(noun)", wanted: "a list of \(noun)",
            example: "[\(example)]", detail: .list(kind.shape, count))
        return Kind(
            shape: shape,
            read: { spot, _ in
                guard case .list(let trees) = spot.tree.shape else {
                    spot.report(.wrongType(found: spot.tree.inWords, wanted: "a list of \(noun)"))
                    return nil
                }
                guard spot.admits(trees.count, count, noun, found: "a list of \(trees.count) \(noun)") else {
                    return nil
                }
                var values: [Item] = []
                for (index, tree) in trees.enumerated() {
                    var item = spot.item(index, tree)
                    item.inherited = spot.inherited
                    guard let value = kind.read(item, start) else { continue }
                    if unique, values.contains(value) {
                        item.report(.contradiction("duplicate \(kind.write(value)?.flow ?? "item") in the list"))
                    }
                    values.append(value)
                }
                return values
            },
            write: { values in Tree(.list(values.compactMap { kind.write($0) })) },
            sample: { random, _ in
                let limit = min(count.upperBound, max(count.lowerBound, 4))
                var values: [Item] = []
                for _ in 0..<Int.random(in: count.lowerBound...limit, using: &random) {
                    let value = kind.sample(&random, start)
                    if !unique || !values.contains(value) { values.append(value) }
                }
                return values
            })
    }

    /// Names to values, in their order.
    /// - Parameters:
    ///   - names: the bytes that a name may have.
    ///   - replaces: whether the mapping replaces what is inherited; else it adds to that and replaces values of the
    ///     same name.
    public static func map<Item>(
        _ noun: String, _ count: ClosedRange<Int>, of kind: Kind<Item>, names: ClosedRange<Int> = 0...1_000,
        replaces: Bool = true
    ) -> Kind where Value == [Named<Item>] {
        let shape = Shape(
            words: "up to \(count.upperBound) \(noun) by name", wanted: Shape.sectionInWords,
            example: "{name: \(kind.shape.example)}", detail: .map(kind.shape, count))
        return Kind(
            shape: shape,
            read: { spot, current in
                guard case .mapping(let entries) = spot.tree.shape else {
                    spot.report(.wrongType(found: spot.tree.inWords, wanted: shape.wanted))
                    return nil
                }
                var values = replaces ? [] : current ?? []
                let total = replaces ? entries.count : Set(values.map(\.name) + entries.map(\.key)).count
                guard spot.admits(total, count, noun, found: "\(total) \(noun)") else { return nil }
                for entry in entries {
                    let child = spot.child(entry)
                    if !names.contains(entry.key.utf8.count) {
                        let allowed = "a name has \(names.lowerBound) to \(names.upperBound) bytes"
                        child.report(.outOfRange(found: "this name", allowed: allowed))
                    }
                    let index = values.firstIndex { $0.name == entry.key }
                    guard let value = kind.read(child, index.map { values[$0].value }) else { continue }
                    if let index { values[index].value = value } else { values.append(Named(entry.key, value)) }
                }
                return values
            },
            write: { values in .mapping(values.compactMap { item in kind.write(item.value).map { (item.name, $0) } }) },
            sample: { random, current in
                let fresh = (0..<max(count.lowerBound, min(random.index(below: 3), count.upperBound))).map {
                    Named("key\($0)", kind.sample(&random, nil))
                }
                if replaces { return fresh }
                // As a reader merges: what is named again stays in its place.
                let kept = (current ?? []).map { old in fresh.first { $0.name == old.name } ?? old }
                return kept + fresh.filter { new in !kept.contains { $0.name == new.name } }
            })
    }
}

extension Spot {
    /// Whether a count is allowed; reports it if it is not.
    fileprivate func admits(_ total: Int, _ count: ClosedRange<Int>, _ noun: String, found: String) -> Bool {
        if count.contains(total) { return true }
        let allowed =
            count.lowerBound == 0
            ? "allowed are up to \(count.upperBound)" : "allowed are \(count.lowerBound) to \(count.upperBound)"
        report(.outOfRange(found: found, allowed: allowed))
        return false
    }
}

/// A value with its key.
public struct Named<Value: Hashable & Sendable>: Hashable, Sendable {
    public var name: String
    public var value: Value

    public init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }
}

extension Kind {
    /// The same text for another type. The two closures have to be inverse to each other.
    public func converted<New: Equatable & Sendable>(
        _ new: @escaping @Sendable (Value) -> New, _ old: @escaping @Sendable (New) -> Value
    ) -> Kind<New> {
        Kind<New>(
            shape: shape, read: { spot, current in read(spot, current.map(old)).map(new) },
            write: { write(old($0)) }, sample: { new(sample(&$0, $1.map(old))) })
    }

    /// The same kind with a further condition. `mend` makes drawn values comply with it.
    public func checked(
        _ objection: @escaping @Sendable (Value) -> String?, mend: @escaping @Sendable (Value) -> Value = { $0 }
    ) -> Kind {
        reading(
            { spot, value in
                guard let objection = objection(value) else { return value }
                spot.report(.contradiction(objection))
                return nil
            }, mend: mend)
    }

    /// The same kind with a further step of reading, which may need the place: it gives the value, or nil after it has
    /// reported what is wrong. `mend` makes drawn values such that the step changes nothing.
    public func reading(
        _ step: @escaping @Sendable (Spot, Value) -> Value?, mend: @escaping @Sendable (Value) -> Value = { $0 }
    ) -> Kind {
        Kind(
            shape: shape, read: { spot, current in read(spot, current).flatMap { step(spot, $0) } }, write: write,
            sample: { mend(sample(&$0, $1)) })
    }

    /// The same kind, which replaces what is inherited as a whole.
    public var replacing: Kind {
        Kind(
            shape: shape, read: { spot, _ in read(spot, nil) }, write: write,
            sample: { random, _ in sample(&random, nil) })
    }

    /// The same kind, written in quotes where YAML could take the text for a number.
    public var quoted: Kind {
        Kind(
            shape: shape, read: read,
            write: { value in
                var tree = write(value)
                if case .scalar(let text, _)? = tree?.shape { tree?.shape = .scalar(text, plain: false) }
                return tree
            }, sample: sample)
    }
}
