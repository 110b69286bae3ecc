import Basis

/// When agents in flight have to have answered. First offers are in the order of their times, so a place in a list of
/// spans is enough for all of them; agents that are offered again have entries of their own.
struct OfferDeadlines: Hashable, Sendable {
    /// A command's positions with the time of each offer.
    struct Span: Hashable, Sendable {
        var positions: Range<Int>
        var at: Instant
        var over: Nanoseconds

        func instant(_ position: Int) -> Instant {
            RolloutCommand.instant(position - positions.lowerBound, of: positions.count, at: at, over: over)
        }
    }

    /// What is due for one agent that was offered again, or is to be.
    struct Entry: Hashable, Sendable, Comparable {
        var at: Instant
        var agent: UInt32
        var attempt: UInt8
        /// Whether the agent is to be offered again then; else its answer is due.
        var isOffer: Bool

        static func < (left: Entry, right: Entry) -> Bool {
            left.at != right.at ? left.at < right.at : left.agent < right.agent
        }
    }

    let timeout: Nanoseconds
    private(set) var spans: [Span] = []
    /// Spans before it are over.
    private(set) var first = 0
    /// The next position whose answer is due.
    private(set) var position = 0
    private(set) var entries = EntryHeap()

    init(timeout: Nanoseconds) { self.timeout = timeout }

    init(timeout: Nanoseconds, spans: [Span], position: Int, entries: [Entry]) {
        self.timeout = timeout
        self.spans = spans
        self.position = position
        for entry in entries { self.entries.insert(entry) }
    }

    /// The spans that are not over.
    var remainingSpans: ArraySlice<Span> { spans[first...] }

    mutating func add(_ span: Span) {
        if first == spans.count {
            spans.removeAll(keepingCapacity: true)
            first = 0
            position = span.positions.lowerBound
        }
        spans.append(span)
    }

    mutating func add(_ entry: Entry) { entries.insert(entry) }

    mutating func removeAll() {
        spans.removeAll()
        (first, position) = (0, 0)
        entries = EntryHeap()
    }

    /// Passes over positions that are done. Linear in those, so constant for each offer.
    mutating func settle(_ isPending: (_ position: Int) -> Bool) {
        while first < spans.count {
            let span = spans[first]
            position = max(position, span.positions.lowerBound)
            while position < span.positions.upperBound {
                if isPending(position) { return }
                position += 1
            }
            first += 1
        }
    }

    /// The time of the next answer or repeated offer that is due.
    var next: Instant? {
        let answer = first < spans.count ? spans[first].instant(position) + timeout : nil
        guard let entry = entries.first?.at else { return answer }
        return answer.map { min($0, entry) } ?? entry
    }

    /// Takes out what is due at `next`.
    mutating func take() -> Due? {
        let answer = first < spans.count ? spans[first].instant(position) + timeout : nil
        if let entry = entries.first, answer.map({ entry.at < $0 }) ?? true {
            entries.removeFirst()
            return .again(entry)
        }
        guard answer != nil else { return nil }
        let due = position
        position += 1
        if position == spans[first].positions.upperBound { first += 1 }
        return .answer(position: due)
    }

    enum Due {
        case answer(position: Int)
        case again(Entry)
    }
}

/// A binary heap: the earliest first.
struct EntryHeap: Hashable, Sendable {
    private(set) var items: [OfferDeadlines.Entry] = []

    var first: OfferDeadlines.Entry? { items.first }

    mutating func insert(_ entry: OfferDeadlines.Entry) {
        items.append(entry)
        var child = items.count - 1
        while child > 0, items[child] < items[(child - 1) / 2] {
            items.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() {
        guard let last = items.popLast(), !items.isEmpty else { return }
        items[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < items.count && items[child] < items[least] {
                least = child
            }
            if least == parent { return }
            items.swapAt(parent, least)
            parent = least
        }
    }
}
