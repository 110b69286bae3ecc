import Basis
public import OpAMP

/// The agents that an offer or command is for, the same on every shard and in every run.
public indirect enum Selection: Hashable, Sendable {
    case all
    case agents(Set<InstanceUID>)
    /// About this share (0...1) of the agents, chosen by uid; with the same salt, a larger share holds the smaller one.
    case share(Double, salt: UInt64)
    /// Those whose description has the attribute with that text; the key must be one of `ServerPlan.labels`.
    case attribute(String, equals: String)
    /// Those whose description has the attribute with one of the texts.
    case values(String, of: Set<String>)
    case not(Selection)
    case both(Selection, Selection)
}

extension Selection {
    /// - Parameter label: The agent's text for the given attribute.
    package func contains(_ uid: InstanceUID, label: (String) -> String?) -> Bool {
        switch self {
        case .all: return true
        case .agents(let uids): return uids.contains(uid)
        case .share(let share, let salt): return Self.place(of: uid, salt: salt) < share
        case .attribute(let key, let text): return label(key) == text
        case .values(let key, let texts): return label(key).map(texts.contains) ?? false
        case .not(let other): return !other.contains(uid, label: label)
        case .both(let left, let right): return left.contains(uid, label: label) && right.contains(uid, label: label)
        }
    }

    /// An even number in `0 ..< 1` for each uid.
    private static func place(of uid: InstanceUID, salt: UInt64) -> Double {
        let word = uid.high &* 0x9E37_79B9_7F4A_7C15 ^ uid.low ^ salt &* 0xD134_2543_DE82_EF95
        return SeededRandom.fraction(SeededRandom.mixed(word))
    }
}

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
