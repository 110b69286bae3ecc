import AgentModel
import Basis
import Metrics

/// A change of state, as the key to its names.
struct TransitionKey: Hashable {
    let from: AgentState
    let to: AgentState
    let cause: TransitionCause

    init(_ change: StateChange) {
        (from, to, cause) = (change.from, change.to, change.cause)
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

    func note(_ change: StateChange, _ transition: Transition, of index: UInt64) {
        guard index % stride == 0, steps.count < Self.limit else { return }
        steps.append((index, change.at, change.spent, transition))
    }
}
