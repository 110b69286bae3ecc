import AgentModel

/// The agents of a shard that start next, with the links that they will have.
///
/// Links are made some hundreds at a time, before their agents start, so that they lie side by side in the heap. Each
/// would otherwise lie among what the agents before it need to connect, and the pages of that could not be given back:
/// when thousands start at once, as much memory again as the links take.
struct UpcomingAgents {
    private var schedule: any IteratorProtocol<PlannedArrival>
    /// The first of them last.
    private var made: [(arrival: PlannedArrival, link: (any FleetMember)?)] = []

    init(_ schedule: any IteratorProtocol<PlannedArrival>) {
        self.schedule = schedule
    }

    /// The agent that starts next; nil: there is none.
    /// - Parameter wanted: how many are known to start.
    mutating func first(of wanted: Int, for host: AgentHost) -> PlannedArrival? {
        if made.isEmpty { make(min(wanted, Self.madeAhead), for: host) }
        return made.last?.arrival
    }

    /// Starts the first agent.
    mutating func start(isPlanned: Bool, by host: AgentHost) {
        guard let next = made.popLast() else { return }
        host.start(next.arrival.index, next.arrival.cohort, link: next.link, isPlanned: isPlanned)
    }

    /// The first agent does not start.
    mutating func skip() {
        made.removeLast()
    }

    private mutating func make(_ count: Int, for host: AgentHost) {
        while made.count < count, let arrival = schedule.next() {
            made.append((arrival, host.makeLink(arrival.index, arrival.cohort)))
        }
        made.reverse()
    }

    /// So many links are made together: some dozens of pages, and a few tenths of a millisecond.
    private static let madeAhead = 256
}
