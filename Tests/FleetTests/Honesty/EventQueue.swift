import Basis

/// What is going to happen on a virtual axis, in order of time; what falls together happens in the order in which it
/// was put in.
struct EventQueue<Event> {
    private struct Entry {
        let at: Instant
        let order: Int
        let event: Event

        func precedes(_ other: Entry) -> Bool {
            at == other.at ? order < other.order : at < other.at
        }
    }

    private var heap: [Entry] = []
    private var entered = 0

    mutating func put(_ event: Event, at instant: Instant) {
        heap.append(Entry(at: instant, order: entered, event: event))
        entered += 1
        var child = heap.count - 1
        while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func next() -> (at: Instant, event: Event)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return (first.at, first.event)
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            let children = (2 * parent + 1)...(2 * parent + 2)
            for child in children where child < heap.count && heap[child].precedes(heap[least]) {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
