import Basis

/// A mapping of the profile while it is read: each key asked for is a key allowed, and `finish` reports all others.
///
/// What is wrong goes into the shared list and the value stays what it was, so that one reading finds everything.
final class Section {
    let path: String
    let place: ProfileError.Place
    let problems: ProblemList
    private let entries: [YAMLTree.Entry]
    private var known: [String] = []

    /// The mapping at `path`; where `tree` is none, that is reported and the section is empty.
    init(_ tree: YAMLTree, path: String, problems: ProblemList) {
        self.path = path
        self.problems = problems
        place = tree.place
        if case .mapping(let entries) = tree.shape {
            self.entries = entries
        } else {
            entries = []
            problems.add(
                .wrongType(found: tree.kindInWords, wanted: "a mapping (`key: value`, indented)"), path: path,
                place: place)
        }
    }

    /// The keys that stand here, in their order.
    var keys: [String] { entries.map(\.key) }

    func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// The value of an allowed key.
    func value(_ key: String) -> YAMLTree? {
        if !known.contains(key) { known.append(key) }
        return entries.first { $0.key == key }?.value
    }

    /// The mapping under an allowed key.
    func section(_ key: String) -> Section? {
        value(key).map { Section($0, path: path(of: key), problems: problems) }
    }

    /// The items of the list under an allowed key, with their paths; nil where there is no such key.
    func items(_ key: String, _ count: ClosedRange<Int>, of what: String) -> [(tree: YAMLTree, path: String)]? {
        guard let tree = value(key) else { return nil }
        guard case .list(let items) = tree.shape else {
            complain(.wrongType(found: tree.kindInWords, wanted: "a list of \(what)"), key, tree)
            return nil
        }
        guard count.contains(items.count) else {
            let allowed = "allowed are \(count.lowerBound) to \(count.upperBound)"
            complain(.outOfRange(found: "a list of \(items.count) \(what)", allowed: allowed), key, tree)
            return nil
        }
        return items.enumerated().map { ($0.element, "\(path(of: key))[\($0.offset)]") }
    }

    /// Reports every key that nobody asked for. Call when all allowed keys have been asked for.
    func finish() {
        for entry in entries where !known.contains(entry.key) {
            let suggestion = Suggestion.nearest(to: entry.key, among: known)
            let path = path(of: entry.key)
            problems.add(
                .unknownKey(entry.key, suggestion: suggestion, allowed: known), path: path, place: entry.keyPlace)
        }
    }

    func complain(_ kind: ProfileError.Kind, _ key: String, _ tree: YAMLTree?) {
        problems.add(kind, path: path(of: key), place: tree?.place ?? place)
    }
}

extension Section {
    /// The word or text under a key, in quotes or not; nil where there is none or it is something else (reported).
    func scalar(_ key: String, wanted: String) -> (text: String, plain: Bool, tree: YAMLTree)? {
        guard let tree = value(key) else { return nil }
        guard case .scalar(let text, let plain) = tree.shape else {
            complain(.wrongType(found: tree.kindInWords, wanted: wanted), key, tree)
            return nil
        }
        return (text, plain, tree)
    }

    func text(_ key: String, bytes: ClosedRange<Int>, or standard: String) -> String {
        guard let (text, _, tree) = scalar(key, wanted: "text") else { return standard }
        guard bytes.contains(text.utf8.count) else {
            let allowed = "allowed are \(bytes.lowerBound) to \(bytes.upperBound) bytes"
            complain(.outOfRange(found: "a text of \(text.utf8.count) bytes", allowed: allowed), key, tree)
            return standard
        }
        return text
    }

    func integer(_ key: String, in range: ClosedRange<Int>, or standard: Int) -> Int {
        let wanted = "a whole number"
        guard let (text, plain, tree) = scalar(key, wanted: wanted) else { return standard }
        guard plain, let number = NumberText.integer(text) else {
            complain(.wrongType(found: tree.kindInWords, wanted: wanted), key, tree)
            return standard
        }
        guard range.contains(number) else {
            complain(
                .outOfRange(found: text, allowed: "allowed is \(range.lowerBound) to \(range.upperBound)"), key, tree)
            return standard
        }
        return number
    }

    func duration(_ key: String, in range: ClosedRange<Nanoseconds>, or standard: Nanoseconds) -> Nanoseconds {
        quantity(key, DurationText.wanted, or: standard) { text throws(QuantityProblem) in
            try DurationText.parse(text, in: range)
        }
    }

    func share(_ key: String, or standard: Double) -> Double {
        quantity(key, ShareText.wanted, or: standard) { text throws(QuantityProblem) in try ShareText.parse(text) }
    }

    /// Reads by `parse` what stands under a key; `standard` where there is nothing or nothing right.
    func quantity<Value>(
        _ key: String, _ wanted: String, or standard: Value, _ parse: (String) throws(QuantityProblem) -> Value
    ) -> Value {
        guard let (text, _, tree) = scalar(key, wanted: wanted) else { return standard }
        do {
            return try parse(text)
        } catch {
            complain(.quantity(error), key, tree)
            return standard
        }
    }

    /// One of a few words.
    func word<Choice>(_ key: String, or standard: Choice) -> Choice
    where Choice: CaseIterable & RawRepresentable, Choice.RawValue == String {
        let words = Choice.allCases.map(\.rawValue)
        let wanted = words.joined(separator: " or ")
        guard let (text, _, tree) = scalar(key, wanted: wanted) else { return standard }
        guard let choice = Choice(rawValue: text) else {
            complain(
                .badValue(found: text, wanted: wanted, suggestion: Suggestion.nearest(to: text, among: words)), key,
                tree)
            return standard
        }
        return choice
    }

    /// A time of the run: `30s` after its start, or `50%` of its duration.
    func runTime(_ key: String) -> RunTime? {
        guard value(key) != nil else {
            problems.add(.missingKey(key), path: path(of: key), place: place)
            return nil
        }
        let wanted = "a time such as 30s, or a share of the run such as 50%"
        return quantity(key, wanted, or: nil) { text throws(QuantityProblem) in
            text.hasSuffix("%")
                ? .share(try ShareText.parse(text)) : .after(try DurationText.parse(text, in: ProfileBounds.runTime))
        }
    }
}
