/// Which agents share a connection: of a cohort behind gateways every so many agents in a row, the first of them the
/// gateway.
///
/// A pure function of the profile, like everything about a population: who is behind whose gateway does not depend on
/// shards.
struct GatewayGroups: Sendable {
    private let shares: CohortShares
    /// How many agents share a connection, for each cohort; 1 where each has its own.
    private let sizes: [Int]
    /// For each turn of the order in which agents are dealt out, how many of its cohort come before it.
    private let ranks: [Int]
    /// For each cohort its turns in that order.
    private let turns: [[Int]]

    /// An agent's group among those of all cohorts behind gateways.
    struct Group: Hashable {
        let cohort: Int
        let number: Int
    }

    /// Nil where no cohort is behind gateways.
    init?(_ cohorts: [CohortProfile], shares: CohortShares?) {
        guard let shares, cohorts.contains(where: { $0.gatewayMembers > 0 }) else { return nil }
        self.shares = shares
        sizes = cohorts.map { $0.gatewayMembers + 1 }
        var ranks: [Int] = []
        var turns = [[Int]](repeating: [], count: cohorts.count)
        for turn in 0..<shares.period {
            let cohort = shares.cohort(of: turn)
            ranks.append(turns[cohort].count)
            turns[cohort].append(turn)
        }
        self.ranks = ranks
        self.turns = turns
    }

    /// The group of an agent; nil for one with a connection of its own.
    func group(of agent: Int) -> Group? {
        let cohort = shares.cohort(of: agent)
        guard sizes[cohort] > 1 else { return nil }
        let (round, turn) = agent.quotientAndRemainder(dividingBy: shares.period)
        return Group(cohort: cohort, number: (round * turns[cohort].count + ranks[turn]) / sizes[cohort])
    }

    /// How many connections `agents` agents of a cohort make.
    func connections(of agents: Int, cohort: Int) -> Int {
        (agents + sizes[cohort] - 1) / sizes[cohort]
    }
}
