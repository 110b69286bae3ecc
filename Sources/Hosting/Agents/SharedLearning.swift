import Matching
import Synchronization

/// What the shards of a run have learned of their servers' service times, drops and pushes, exchanged once a second: a
/// shard with few agents matches answers as surely as all together.
public final class SharedLearning: Sendable {
    private struct State {
        var exchange = LearnedCountsExchange()
        var shards = 0
    }

    private let state = Mutex(State())

    public init() {}

    /// Another shard takes part.
    /// - Returns: Its number.
    func join() -> Int {
        state.withLock { state in
            state.shards += 1
            return state.shards
        }
    }

    /// Hands over what a shard has counted itself since its last call.
    /// - Returns: What the others have; `nil`: there are no others.
    func exchange(_ growth: @autoclosure () -> LearnedCounts, from shard: Int) -> LearnedCounts? {
        guard state.withLock({ $0.shards }) > 1 else { return nil }
        let growth = growth()
        return state.withLock { $0.exchange.exchange(growth, from: shard) }
    }
}
