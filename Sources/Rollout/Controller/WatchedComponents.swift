/// Which of the components that gates name are unhealthy, of each agent: two bytes an agent, where a plan has such
/// gates.
struct WatchedComponents: Hashable, Sendable {
    /// How many agents have a component unhealthy.
    struct Counts: Hashable, Sendable {
        /// Of those that are not offered.
        var waiting = 0
        /// Those where it became so after their offer, and of those the agents of the present stage.
        var since = 0
        var stage = 0
    }

    /// What a report of an agent means.
    enum Change {
        case none
        /// It became unhealthy at an agent that is not offered.
        case ofOther
        /// It became unhealthy after the offer; `isFirst`: as the first of the agent's components.
        case since(isFirst: Bool)
    }

    /// Of each agent the components that are unhealthy, in the lower byte, and those that have been so since its offer.
    private(set) var rows: [UInt16]
    private(set) var counts: [Counts]

    init(_ components: Int, agents: Int) {
        rows = Array(repeating: 0, count: agents)
        counts = Array(repeating: Counts(), count: components)
    }

    /// Whether any of an agent's components has been unhealthy since its offer.
    func wasUnhealthy(_ agent: UInt32) -> Bool { rows[Int(agent)] >> 8 != 0 }

    /// Agents that are not offered, with an unhealthy component; one with two of them counts twice.
    var waiting: Int { counts.reduce(0) { $0 + $1.waiting } }

    mutating func change(
        _ agent: UInt32, _ component: Int, begins: Bool, isOffered: Bool, isOfStage: Bool
    ) -> Change {
        guard counts.indices.contains(component) else { return .none }
        let (index, bit) = (Int(agent), UInt16(1) << UInt16(component))
        guard (rows[index] & bit != 0) != begins else { return .none }
        rows[index] ^= bit
        let change = begins ? 1 : -1
        guard isOffered else {
            counts[component].waiting += change
            return begins ? .ofOther : .none
        }
        let isFirst = !wasUnhealthy(agent)
        // What was so before the offer is not the revision's doing.
        guard begins || rows[index] & bit << 8 != 0 else { return .none }
        counts[component].since += change
        if isOfStage { counts[component].stage += change }
        guard begins else { return .none }
        rows[index] |= bit << 8
        return .since(isFirst: isFirst)
    }

    /// An agent is offered the revision.
    mutating func offered(_ agent: UInt32) {
        guard rows[Int(agent)] & 0xFF != 0 else { return }
        for component in counts.indices where rows[Int(agent)] & 1 << UInt16(component) != 0 {
            counts[component].waiting -= 1
        }
    }

    mutating func stageBegins() { for component in counts.indices { counts[component].stage = 0 } }

    func store(_ writer: inout StateWriter) {
        writer.add(rows)
        for count in counts { for figure in [count.waiting, count.since, count.stage] { writer.add(figure) } }
    }

    mutating func restore(_ reader: inout StateReader) throws(SnapshotError) {
        let rows = try reader.list(UInt16.self)
        guard rows.count == self.rows.count else { throw .damaged }
        self.rows = rows
        for component in counts.indices {
            let (waiting, since) = (try reader.int(), try reader.int())
            counts[component] = Counts(waiting: waiting, since: since, stage: try reader.int())
        }
    }
}
