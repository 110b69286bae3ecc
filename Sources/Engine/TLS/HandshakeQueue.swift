import Basis

/// The TLS handshakes of a shard's clients: how many are under way, and who waits.
///
/// A slot that is waiting may come to its turn when its connection has ended, or is another one: the caller checks.
struct HandshakeQueue {
    let limit: Int
    private var underWay = 0
    /// When a place last became free.
    private(set) var lastLeft = Instant.zero
    private var waiting: [Int32] = []
    private var first = 0

    /// - Parameter limit: at least 1.
    init(limit: Int) {
        self.limit = max(limit, 1)
    }

    /// Takes a place; false: there is none, or others wait already.
    mutating func enter() -> Bool {
        guard underWay < limit, first == waiting.count else { return false }
        underWay += 1
        return true
    }

    /// Takes a place although there is none.
    mutating func enterBeyondLimit() {
        underWay += 1
    }

    mutating func wait(_ slot: Int32) {
        waiting.append(slot)
    }

    mutating func leave(at now: Instant) {
        underWay -= 1
        lastLeft = now
    }

    /// Gives the next one that waits a place; nil: nobody waits, or there is no place.
    mutating func admit() -> Int32? {
        guard underWay < limit, first < waiting.count else { return nil }
        underWay += 1
        let slot = waiting[first]
        first += 1
        if first == waiting.count {
            // The storage of a jam is not kept.
            (waiting, first) = ([], 0)
        }
        return slot
    }
}
