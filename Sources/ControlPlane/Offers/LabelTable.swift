internal import OpAMP

/// The attributes by which agents are selected, each combination stored once.
struct LabelTable: Sendable {
    /// Selection is by zone, version and the like, which have few and short values. An agent with a combination
    /// beyond these limits has no labels.
    static let limits = RowTable<String?>.Limits(rows: 65_536, bytesPerRow: 4 << 10, bytes: 16 << 20)

    private let keys: [String]
    private var rows = RowTable<String?>(LabelTable.limits) { $0?.utf8.count ?? 0 }

    init(keys: [String]) {
        self.keys = keys
    }

    var isEmpty: Bool { keys.isEmpty }

    /// The combination that the description has; nil where it is too large or there are too many.
    mutating func row(for description: AgentDescription) -> SharedRow<String?>? {
        rows.shared(
            keys.map { key in
                let attribute =
                    description.identifyingAttributes.first { $0.key == key }
                    ?? description.nonIdentifyingAttributes.first { $0.key == key }
                return attribute?.value?.stringValue
            })
    }

    func text(_ row: SharedRow<String?>?, key: String) -> String? {
        guard let row, let column = keys.firstIndex(of: key), column < row.cells.count else { return nil }
        return row.cells[column]
    }
}
