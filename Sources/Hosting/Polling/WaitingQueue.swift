import Basis

/// The agents that wait for a connection: first in, first out.
///
/// Cancelling costs nothing: the agent's ticket changes, and its place is skipped when its turn comes.
struct WaitingQueue {
    struct Place {
        let link: PollLink
        let ticket: UInt32
        let since: Instant

        /// Whether the agent still waits here.
        var isHeld: Bool { link.ticket == ticket }
    }

    private var places: [Place] = []
    private var first = 0
    private var lastTicket: UInt32 = 0
    /// How many agents wait.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ link: PollLink, at now: Instant) {
        // 0 is the ticket of those that do not wait.
        lastTicket = lastTicket == .max ? 1 : lastTicket + 1
        link.ticket = lastTicket
        count += 1
        places.append(Place(link: link, ticket: lastTicket, since: now))
    }

    /// The agent no longer wants a connection.
    mutating func cancel(_ link: PollLink) {
        guard link.ticket != 0 else { return }
        link.ticket = 0
        count -= 1
    }

    /// Whose turn it is.
    mutating func popFirst() -> Place? {
        guard let place = takeFirst() else { return nil }
        place.link.ticket = 0
        count -= 1
        return place
    }

    /// When the first of those that wait began to.
    mutating func oldest() -> Instant? {
        skipAbandoned()
        return first < places.count ? places[first].since : nil
    }

    /// One that has waited since `instant` or longer.
    mutating func popFirst(since instant: Instant) -> Place? {
        skipAbandoned()
        guard first < places.count, places[first].since <= instant else { return nil }
        return popFirst()
    }

    private mutating func takeFirst() -> Place? {
        skipAbandoned()
        guard first < places.count else { return nil }
        defer { advance() }
        return places[first]
    }

    private mutating func skipAbandoned() {
        while first < places.count, !places[first].isHeld { advance() }
    }

    private mutating func advance() {
        first += 1
        guard first >= WaitingQueue.slack, first * 2 >= places.count else { return }
        places.removeFirst(first)
        first = 0
    }

    /// So many served places are kept before the queue is moved up: moving costs as much as what still waits.
    private static let slack = 256
}
