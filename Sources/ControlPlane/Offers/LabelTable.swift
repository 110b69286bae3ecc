internal import OpAMP

/// The attributes by which agents are selected, each combination stored once.
struct LabelTable: Sendable {
    /// Combinations kept at most: selection is by zone, version and the like, which have few values. An agent with a
    /// combination beyond them has no labels.
    static let limit = 65_536

    private let keys: [String]
    private var rows: RowTable<String?>

    init(keys: [String]) {
        self.keys = keys
        rows = RowTable(first: [String?](repeating: nil, count: keys.count), limit: Self.limit)
    }

    var isEmpty: Bool { keys.isEmpty }

    /// The number of the combination that the description has; 0 for none.
    mutating func number(for description: AgentDescription) -> UInt32 {
        rows.number(
            of: keys.map { key in
                let attribute =
                    description.identifyingAttributes.first { $0.key == key }
                    ?? description.nonIdentifyingAttributes.first { $0.key == key }
                return attribute?.value?.stringValue
            })
    }

    func text(_ number: UInt32, key: String) -> String? {
        guard let column = keys.firstIndex(of: key) else { return nil }
        return rows.row(number)[column]
    }
}
