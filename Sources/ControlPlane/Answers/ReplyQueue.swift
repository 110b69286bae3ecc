internal import Basis

/// Replies and pushes that wait for their time, and connections that will be dropped.
///
/// A binary heap by due time, then by order of entry: O(log n) to put in and to take out, no allocation once it has
/// grown.
struct ReplyQueue: Sendable {
    enum Action: Sendable {
        case answer(Answer)
        case upgrade
        case refusedUpgrade(Refusal)
        case refusedPoll(Refusal)
        case drop
    }

    struct Item: Sendable {
        var due: Instant
        var order: UInt64
        var connection: ConnectionID
        var action: Action
    }

    private var heap: [Item] = []
    private var entered: UInt64 = 0

    var count: Int { heap.count }

    /// When the next one is due; never when the queue is empty.
    var nextDue: Instant { heap.first?.due ?? .distantFuture }

    mutating func insert(_ action: Action, for connection: ConnectionID, due: Instant) {
        heap.append(Item(due: due, order: entered, connection: connection, action: action))
        entered &+= 1
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard precedes(child, parent) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes out the next one if it is due by `now`.
    mutating func next(dueBy now: Instant) -> Item? {
        guard let first = heap.first, first.due <= now else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in (2 * parent + 1)...(2 * parent + 2) where child < heap.count && precedes(child, least) {
                least = child
            }
            guard least != parent else { break }
            heap.swapAt(parent, least)
            parent = least
        }
        return first
    }

    private func precedes(_ left: Int, _ right: Int) -> Bool {
        heap[left].due == heap[right].due ? heap[left].order < heap[right].order : heap[left].due < heap[right].due
    }
}
