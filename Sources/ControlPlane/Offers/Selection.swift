import Basis
public import OpAMP

/// Which agents are meant. The same agent is meant on every shard and in every run.
public indirect enum Selection: Hashable, Sendable {
    case all
    case agents(Set<InstanceUID>)
    /// About this share (0...1) of the agents, chosen by uid; with the same salt, a larger share holds the smaller one.
    case share(Double, salt: UInt64)
    /// Those whose description has the attribute with that text; the key must be one of `ServerPlan.labels`.
    case attribute(String, equals: String)
    case not(Selection)
    case both(Selection, Selection)
}

extension Selection {
    /// - Parameter label: The agent's text for the given attribute.
    func contains(_ uid: InstanceUID, label: (String) -> String?) -> Bool {
        switch self {
        case .all: return true
        case .agents(let uids): return uids.contains(uid)
        case .share(let share, let salt): return Self.place(of: uid, salt: salt) < share
        case .attribute(let key, let text): return label(key) == text
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
