import Synchronization

/// How many bytes of memory all connections of a server use together for messages that have not wholly arrived, and how
/// many they may. Shared by the shards.
final class BufferBudget: Sendable {
    /// The limit in bytes.
    let limit: Int
    private let used = Atomic<Int>(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// Adds what a connection uses more, or, where negative, less.
    /// - Returns: whether the limit is kept.
    func add(_ bytes: Int) -> Bool {
        used.add(bytes, ordering: .relaxed).newValue <= limit
    }
}
