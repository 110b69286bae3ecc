import Basis
import Rollout

/// The order of the outcomes of one second: by time, then agent, kind and revision, as `AgentOutcome` has it. Most
/// differ in time or agent, which fit into one word.
struct OutcomeOrder {
    private struct Key {
        let word: UInt64
        let place: UInt32
    }

    private var keys: [Key] = []
    private var sorted: [AgentOutcome] = []

    /// - Parameter start: none is earlier; all are within four seconds from then.
    mutating func sort(_ outcomes: inout [AgentOutcome], from start: Instant) {
        guard outcomes.count > 1 else { return }
        keys.removeAll(keepingCapacity: true)
        keys.reserveCapacity(outcomes.count)
        for place in outcomes.indices {
            let time = outcomes[place].at.nanoseconds - start.nanoseconds
            keys.append(Key(word: time << 32 | UInt64(outcomes[place].agent), place: UInt32(place)))
        }
        keys.sort { left, right in
            left.word != right.word
                ? left.word < right.word : outcomes[Int(left.place)] < outcomes[Int(right.place)]
        }
        sorted.removeAll(keepingCapacity: true)
        sorted.reserveCapacity(outcomes.count)
        for key in keys { sorted.append(outcomes[Int(key.place)]) }
        swap(&sorted, &outcomes)
    }
}
