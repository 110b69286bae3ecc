import Basis
import Engine
import Synchronization

/// The shards' handing over of a tick's figures, awaited for a bounded time: a shard that is saturated must not hold up
/// the others' figures.
final class Handover: Sendable {
    private let missing: Mutex<Int>

    init(of shards: Int) {
        missing = Mutex(shards)
    }

    func arrived() {
        missing.withLock { $0 -= 1 }
    }

    func completion(
        within timeout: Nanoseconds, on queue: CollectorQueue, isolation: isolated (any Actor)? = #isolation
    ) async {
        let deadline = Shard.clock + timeout
        while missing.withLock({ $0 > 0 }), Shard.clock < deadline {
            await queue.pause(.milliseconds(1))
        }
    }
}
