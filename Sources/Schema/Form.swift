import Basis

/// One of the forms that a value may have: a word, a scalar, a mapping with one key, or one with several of which one
/// tells.
struct Form<Value: Equatable & Sendable>: Sendable {
    let shape: FormShape
    /// Whether a text is for this form, where there are several for scalars.
    let accepts: @Sendable (String) -> Bool
    /// The second is what is inherited.
    let read: @Sendable (Spot, Value?) -> Value?
    let sample: @Sendable (inout SeededRandom) -> Value
}

/// A value on the way out, as one of the forms of its union.
public struct Written: Sendable {
    let mark: FormShape.Mark
    let tree: @Sendable () -> Tree?
}

/// Writes a payload as one form.
public struct FormWriter<Payload: Equatable & Sendable>: Sendable {
    let mark: FormShape.Mark
    let kind: Kind<Payload>

    public func callAsFunction(_ payload: Payload) -> Written {
        Written(mark: mark) { kind.write(payload) }
    }
}

/// The forms of a union while it is declared, in the order of the reference.
public struct Forms<Value: Equatable & Sendable> {
    var list: [Form<Value>] = []

    /// A word for a value: `all-at-once`.
    public mutating func word(
        _ word: String, _ value: Value, _ documentation: String, since: String = Since.first
    ) -> Written {
        self.word(word, documentation, since: since, { _ in value })
    }

    /// A word whose value depends on what is inherited.
    @discardableResult
    public mutating func word(
        _ word: String, _ documentation: String, since: String = Since.first,
        _ make: @escaping @Sendable (_ inherited: Value?) -> Value
    ) -> Written {
        let shape = FormShape(mark: .word(word), documentation: documentation, since: since, payload: nil)
        list.append(
            Form(shape: shape, accepts: { _ in false }, read: { make($1) }, sample: { _ in make(nil) }))
        return Written(mark: shape.mark) { .word(word) }
    }

    /// A scalar of a kind: `20ms`. The first whose `when` is true of the text reads it.
    public mutating func scalar<P>(
        _ kind: Kind<P>, _ documentation: String, since: String = Since.first,
        _ make: @escaping @Sendable (P) -> Value,
        when accepts: @escaping @Sendable (String) -> Bool = { _ in true }
    ) -> FormWriter<P> { add(.scalar, kind, documentation, since, make, accepts: accepts) }

    /// A mapping with one key: `{ramp: 30s}`.
    public mutating func key<P>(
        _ key: String, _ kind: Kind<P>, _ documentation: String, since: String = Since.first,
        _ make: @escaping @Sendable (P) -> Value
    ) -> FormWriter<P> { add(.key(key, alone: true), kind, documentation, since, make) }

    /// A section that is identified by one of its keys: `{rate: 5/s, for: 1m}`.
    public mutating func keys<P: Settings>(
        _ key: String, _ documentation: String, since: String = Since.first, _ make: @escaping @Sendable (P) -> Value
    ) -> FormWriter<P> { add(.key(key, alone: false), P.schema.kind, documentation, since, make) }

    /// A section that is identified by the word under the union's tag: `{policy: fixed, delay: 1s}`; or that word
    /// alone.
    public mutating func tag<P: Settings>(
        _ word: String, _ documentation: String, since: String = Since.first, _ make: @escaping @Sendable (P) -> Value
    ) -> FormWriter<P> { add(.tag(word), P.schema.kind, documentation, since, make) }

    /// Any other mapping: the value itself is a section, of which the other forms are shorthand. It adds to what is
    /// inherited.
    public mutating func section(_ documentation: String, since: String = Since.first) -> FormWriter<Value>
    where Value: Settings {
        add(.section, Value.schema.kind, documentation, since, { $0 }, inherited: { $0 })
    }

    /// Any other mapping, for a payload.
    /// - Parameter inherited: the payload that the mapping adds to.
    public mutating func section<P: Settings>(
        _ documentation: String, since: String = Since.first, _ make: @escaping @Sendable (P) -> Value,
        inherited: @escaping @Sendable (Value) -> P? = { _ in nil }
    ) -> FormWriter<P> { add(.section, P.schema.kind, documentation, since, make, inherited: inherited) }

    private mutating func add<P>(
        _ mark: FormShape.Mark, _ kind: Kind<P>, _ documentation: String, _ since: String,
        _ make: @escaping @Sendable (P) -> Value, accepts: @escaping @Sendable (String) -> Bool = { _ in true },
        inherited: @escaping @Sendable (Value) -> P? = { _ in nil }
    ) -> FormWriter<P> {
        let shape = FormShape(mark: mark, documentation: documentation, since: since, payload: kind.shape)
        list.append(
            Form(
                shape: shape, accepts: accepts, read: { kind.read($0, $1.flatMap(inherited)).map(make) },
                sample: { make(kind.sample(&$0, nil)) }))
        return FormWriter(mark: mark, kind: kind)
    }
}

extension Kind {
    /// A value of one of several forms. It replaces what is inherited as a whole, unless a form says otherwise.
    /// - Parameters:
    ///     - tag: the key whose word identifies the form, for forms by `tag`.
    ///   - wanted: for errors; made of the forms' examples where it is nil.
    ///   - declare: declares the forms and gives the switch that writes each case as one of them.
    public static func oneOf(
        tag: String? = nil, wanted: String? = nil, _ declare: (inout Forms<Value>) -> @Sendable (Value) -> Written
    ) -> Kind {
        var declared = Forms<Value>()
        let writer = declare(&declared)
        let union = Union(tag: tag, forms: declared.list, wanted: wanted)
        return Kind(
            shape: union.shape, read: { spot, current in union.read(spot, current) },
            write: { value in
                let written = writer(value)
                guard let tree = written.tree() else { return nil }
                switch written.mark {
                case .word, .scalar, .section, .key(_, alone: false): return tree
                case .key(let key, alone: true): return .mapping([(key, tree)])
                case .tag(let word):
                    guard case .mapping(let entries) = tree.shape, !entries.isEmpty else { return .word(word) }
                    return .mapping([(tag ?? "", .word(word))] + entries.map { ($0.key, $0.value) })
                }
            },
            sample: { random, _ in union.forms[random.index(below: union.forms.count)].sample(&random) })
    }
}

/// Tells the forms of a union apart.
private struct Union<Value: Equatable & Sendable>: Sendable {
    let tag: String?
    let forms: [Form<Value>]
    let shape: Shape
    private let words: [String]
    private let keys: [String]

    init(tag: String?, forms: [Form<Value>], wanted: String?) {
        self.tag = tag
        self.forms = forms
        var shape = Shape(forms: forms.map(\.shape), tag: tag)
        if let wanted { shape.wanted = wanted }
        self.shape = shape
        words = forms.compactMap(\.shape.mark.word)
        keys = forms.compactMap(\.shape.mark.key)
    }

    func read(_ spot: Spot, _ current: Value?) -> Value? {
        switch spot.tree.shape {
        case .scalar(let text, _):
            if let form = forms.first(where: { $0.shape.mark.word == text }) { return form.read(spot.emptied, current) }
            if let form = forms.first(where: { $0.shape.mark.isScalar && $0.accepts(text) }) {
                return form.read(spot, current)
            }
            spot.report(.badValue(found: text, wanted: shape.wanted, among: words))
        case .mapping(let entries):
            if let tag { return tagged(spot, tag, entries) }
            let hasKey = entries.contains { keys.contains($0.key) }
            if !hasKey, let form = forms.first(where: \.shape.mark.isSection) { return form.read(spot, current) }
            return keyed(spot, entries)
        case .nothing, .list:
            spot.report(.wrongType(found: spot.tree.inWords, wanted: shape.wanted))
        }
        return nil
    }

    private func tagged(_ spot: Spot, _ tag: String, _ entries: [Tree.Entry]) -> Value? {
        guard let told = spot.child(tag) else {
            spot.report(.missingKey(tag), at: tag)
            return nil
        }
        let wanted = words.joined(separator: " or ")
        guard let (text, _) = told.scalar(wanted) else { return nil }
        guard let form = forms.first(where: { $0.shape.mark.word == text }) else {
            told.report(.badValue(found: text, wanted: wanted, among: words))
            return nil
        }
        if case .word = form.shape.mark { spot.refuseUnknown(allowed: [tag]) }
        var rest = spot
        rest.tree.shape = .mapping(entries.filter { $0.key != tag })
        return form.read(rest, nil)
    }

    private func keyed(_ spot: Spot, _ entries: [Tree.Entry]) -> Value? {
        let found = forms.filter { $0.shape.mark.key.map { spot.tree[$0] != nil } ?? false }
        guard found.count == 1, let form = found.first, case .key(let key, let alone) = form.shape.mark else {
            // A key of one of the forms is not unknown: the key that identifies the form is missing.
            let known = keys + forms.flatMap { $0.shape.payload?.below.map(\.name) ?? [] }
            let unknown = entries.filter { !known.contains($0.key) }
            for entry in unknown where !keys.isEmpty {
                spot.report(.unknownKey(entry.key, allowed: keys), at: entry.key, entry.keyPlace)
            }
            if unknown.isEmpty || keys.isEmpty {
                let names = entries.isEmpty ? "nothing" : entries.map(\.key).joined(separator: ", ")
                spot.report(.badValue(found: names, wanted: shape.wanted))
            }
            return nil
        }
        if !alone { return form.read(spot, nil) }
        spot.refuseUnknown(allowed: [key])
        return spot.child(key).flatMap { form.read($0, nil) }
    }
}

extension Kind {
    /// Values by the words of an enum: each word is a key with its sentence. What is inherited stays.
    public static func each<Word: CaseIterable & Hashable & Sendable, Item>(
        _ name: String, _ documentation: String, of kind: Kind<Item>, key: (Word) -> String,
        _ sentence: (Word) -> String
    ) -> Kind where Value == [Word: Item] {
        let words = Word.allCases.map { ($0, key($0)) }
        let fields = words.map { word, key in
            Field(
                name: key, shape: kind.shape, documentation: sentence(word), since: Since.first, option: nil,
                isRequired: false, standard: nil)
        }
        let names = words.map(\.1)
        return Kind(
            shape: Shape(
                section: Described(name: name, documentation: documentation, fields: fields, choice: [])),
            read: { spot, current in
                guard case .mapping = spot.tree.shape else {
                    spot.report(.wrongType(found: spot.tree.inWords, wanted: Shape.sectionInWords))
                    return nil
                }
                spot.refuseUnknown(allowed: names)
                return words.reduce(into: current ?? [:]) { values, word in
                    if let child = spot.child(word.1), let value = kind.read(child, values[word.0]) {
                        values[word.0] = value
                    }
                }
            },
            write: { values in
                .mapping(words.compactMap { word, key in values[word].flatMap(kind.write).map { (key, $0) } })
            },
            sample: { random, current in
                var values = current ?? [:]
                for (word, _) in words where random.chance(0.3) { values[word] = kind.sample(&random, nil) }
                return values
            })
    }
}
