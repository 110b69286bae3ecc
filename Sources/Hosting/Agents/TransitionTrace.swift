import AgentModel
import Basis
import Metrics

/// Counts changes of state under a small key; their names are made when the counts are handed over.
struct TransitionTally {
    private struct Key: Hashable {
        let from: AgentState
        let to: AgentState
        let cause: TransitionCause
    }

    /// The first changes of all, which are searched one by one: a storm has four, and that costs less than one hash.
    private var first: [(key: Key, count: UInt64)] = []
    private var counts: [Key: UInt64] = [:]

    private static let firstCapacity = 8

    /// Whether as many different changes are counted as the results can show: it is time to hand them over.
    var isFull: Bool { counts.count >= TransitionTable.capacity - Self.firstCapacity }

    mutating func count(_ change: StateChange) {
        let key = Key(from: change.from, to: change.to, cause: change.cause)
        for index in first.indices where first[index].key == key {
            first[index].count &+= 1
            return
        }
        if first.count < Self.firstCapacity {
            first.append((key, 1))
        } else {
            counts[key, default: 0] &+= 1
        }
    }

    /// Hands the counts over; the first changes keep their places for the next ones.
    mutating func handOver(to metrics: ShardMetrics) {
        for index in first.indices where first[index].count > 0 {
            metrics.count(Self.transition(of: first[index].key), first[index].count)
            first[index].count = 0
        }
        for (key, count) in counts { metrics.count(Self.transition(of: key), count) }
        counts.removeAll(keepingCapacity: true)
    }

    private static func transition(of key: Key) -> Transition {
        Transition(from: key.from.name, cause: key.cause.name, to: key.to.name)
    }
}

extension Transition {
    init(_ change: StateChange) {
        self.init(from: change.from.name, cause: change.cause.name, to: change.to.name)
    }
}

/// Records every change of state of each agent whose number is a multiple of the stride. Confined to its shard.
final class TransitionTrace {
    /// Changes of one shard that are kept; later ones are only counted.
    static let limit = 200_000

    private let stride: UInt64
    private(set) var steps: [(agent: UInt64, at: Instant, spent: Nanoseconds, transition: Transition)] = []

    /// - Parameter stride: at least 1.
    init(stride: UInt64) {
        self.stride = max(stride, 1)
    }

    func note(_ change: StateChange, of index: UInt64) {
        guard index % stride == 0, steps.count < Self.limit else { return }
        steps.append((index, change.at, change.spent, Transition(change)))
    }
}
