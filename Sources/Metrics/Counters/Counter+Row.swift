extension Counter {
    /// What kind of thing a counter counts.
    public enum Family: Hashable, Sendable {
        case agents, connections, traffic, reports, schedule, answers
        case error(Origin)
    }

    /// Whose fault an error is.
    public enum Origin: String, CaseIterable, Hashable, Sendable {
        case network, server, tool
    }

    /// The name in files and machine output: stable from release to release.
    public var name: String { row.name }

    /// The name in tables, at most 32 characters.
    public var title: String { row.columns[1] }

    /// What is counted, for a reader who sees it for the first time.
    public var summary: String { row.columns[2] }

    public var family: Family { Self.families[index] }

    private static let families = allCases.map { counter in
        guard let family = Family(counter.row.columns[0]) else {
            preconditionFailure("the row of the counter \(counter) begins with no family")
        }
        return family
    }

    public var isError: Bool {
        if case .error = family { true } else { false }
    }

    /// All errors, in the order of the table.
    public static let errors: [Counter] = allCases.filter(\.isError)

    /// The counter's place in the table, counted from 0: the index of its number in a `CounterTable`.
    ///
    /// Invariants: the enumeration has no payloads and at most 256 cases, so that its values are one byte, their place
    /// in the order of declaration. A test holds this against `allCases`; with more cases the cast itself would trap.
    @inline(__always)
    var index: Int { Int(unsafeBitCast(self, to: UInt8.self)) }

    private var row: TableRow { Self.rows[index] }

    /// The table, read once.
    private static let rows = allCases.map { TableRow($0, columns: 3) }
}

extension Counter.Family {
    /// The family that the first column of a row names.
    fileprivate init?(_ word: String) {
        switch word {
        case "agents": self = .agents
        case "connections": self = .connections
        case "traffic": self = .traffic
        case "reports": self = .reports
        case "schedule": self = .schedule
        case "answers": self = .answers
        default:
            guard let origin = Counter.Origin(rawValue: word) else { return nil }
            self = .error(origin)
        }
    }
}

/// A row of a table that is written as the raw values of an enumeration: its columns, separated by ` | `, and its name.
struct TableRow: Sendable {
    /// The name of the case in snake case: `upgradeRefused4xx` is `upgrade_refused_4xx`.
    let name: String
    let columns: [String]

    init(_ row: some RawRepresentable<String>, columns count: Int) {
        columns = row.rawValue.split(separator: " | ").map(String.init)
        precondition(columns.count == count, "the row of \(row) has not \(count) columns")
        var words = ""
        var last: Character = "_"
        for character in "\(row)" {
            if character.isUppercase || (character.isNumber && !last.isNumber) { words.append("_") }
            words.append(contentsOf: character.lowercased())
            last = character
        }
        name = words
    }
}
