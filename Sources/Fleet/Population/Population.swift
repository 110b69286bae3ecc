public import Basis
public import Metrics

/// Who agent i of a profile's fleet is: a pure function of the profile, its seed and i, whatever the number of shards,
/// processes or hosts the fleet is spread over.
public struct Population: Sendable {
    /// How many agents there are.
    public let agents: Int
    public let seed: UInt64
    /// How many agents each cohort of the profile has.
    public let cohortCounts: [Int]
    private let shares: CohortShares?
    fileprivate let groups: GatewayGroups?
    /// How many connections the fleet makes: one for each agent that is not behind a gateway.
    public let connections: Int
    /// The part of the fleet that this process runs; nil: all of it.
    public let part: RunPart?

    /// A profile that was read or overridden well; in one whose weights cannot be dealt out, all agents are of the
    /// first cohort.
    public init(_ profile: Profile, part: RunPart? = nil) {
        self.part = part
        agents = profile.agents
        seed = profile.seed
        let shares = CohortShares(profile.cohorts.map(\.weight))
        cohortCounts = shares?.counts(of: profile.agents, cohorts: profile.cohorts.count) ?? [profile.agents]
        self.shares = shares
        let groups = GatewayGroups(profile.cohorts, shares: shares)
        self.groups = groups
        connections = cohortCounts.enumerated().reduce(0) { sum, cohort in
            sum + (groups?.connections(of: cohort.element, cohort: cohort.offset) ?? cohort.element)
        }
    }

    /// The index of the agent's cohort in the profile's list. Among the first n agents, for every n, each cohort has
    /// its share within one agent.
    public func cohortIndex(of agent: Int) -> Int {
        shares?.cohort(of: agent) ?? 0
    }

    /// The agent's own random numbers.
    public func random(of agent: Int) -> SeededRandom {
        SeededRandom(seed: seed, stream: UInt64(agent))
    }

    /// Whether the agent is among a drawn `share` of the fleet, another one for each `occasion`.
    public func isDrawn(_ agent: Int, share: Double, occasion: UInt64) -> Bool {
        if share >= 1 { return true }
        var mixer = SeededRandom(seed: seed ^ 0x4F63_6361_7369_6F6E, stream: occasion)
        var random = SeededRandom(seed: mixer.next(), stream: UInt64(agent))
        return random.chance(share)
    }

    /// On which of `shards` shards the agent runs. Of each row of `shards` agents every shard gets one, in an order
    /// that the seed turns from row to row, so that no cohort's pattern falls on one shard. Agents that share a
    /// connection run on one shard; their gateways are dealt out to the shards in the same way.
    public func shard(of agent: Int, of shards: Int) -> Int {
        guard shards > 1 else { return 0 }
        let group = groups?.group(of: agent)
        let (row, place) = (group?.number ?? agent).quotientAndRemainder(dividingBy: shards)
        return (place + turn(row, shards, salt: group.map { $0.cohort + 1 } ?? 0)) % shards
    }

    /// Whether this process runs the agent. Of each row of as many agents as there are processes every one gets one, as
    /// `shard(of:of:)` deals them out to shards.
    public func isHere(_ agent: Int) -> Bool {
        guard let part, part.count > 1 else { return true }
        let group = groups?.group(of: agent)
        let (row, place) = (group?.number ?? agent).quotientAndRemainder(dividingBy: part.count)
        let salt = Self.processSalt + (group.map { $0.cohort + 1 } ?? 0)
        return (place + turn(row, part.count, salt: salt)) % part.count == part.index - 1
    }

    /// How many of the fleet's agents this process runs. One pass over the agents.
    public var agentsHere: Int {
        part == nil ? agents : (0..<agents).reduce(0) { $0 + (isHere($1) ? 1 : 0) }
    }

    /// The turns of processes are others than those of shards, so that each shard of a process has its part.
    private static let processSalt = 1 << 12

    /// How many connections a cohort makes.
    func connections(ofCohort cohort: Int) -> Int {
        groups?.connections(of: cohortCounts[cohort], cohort: cohort) ?? cohortCounts[cohort]
    }

    /// The agents of one shard in ascending order, and so in the order of their arrival.
    public func agents(onShard shard: Int, of shards: Int) -> ShardMembers {
        ShardMembers(population: self, limit: agents, shard: shard, shards: max(shards, 1))
    }

    /// The same without an end: the agents after the last one of the fleet, for those that come when others have left.
    func endlessAgents(onShard shard: Int, of shards: Int) -> ShardMembers {
        ShardMembers(population: self, limit: Self.placeLimit, shard: shard, shards: max(shards, 1))
    }

    /// Agents have so many places: see `AgentNumber`.
    private static let placeLimit = 1 << 40

    /// By how many places the shards are turned in a row of agents.
    /// - Parameter salt: another sequence of turns for each.
    private func turn(_ row: Int, _ shards: Int, salt: Int = 0) -> Int {
        var random = SeededRandom(seed: seed ^ 0x5368_6172_6421 &+ UInt64(salt) << 48, stream: UInt64(row))
        return random.index(below: shards)
    }

    /// The one agent of a row that runs on a shard; perhaps beyond the last agent.
    fileprivate func member(row: Int, shard: Int, shards: Int) -> Int {
        guard shards > 1 else { return row }
        return row * shards + (shard + shards - turn(row, shards)) % shards
    }
}

/// The agents of one shard, in ascending order; nothing is stored.
public struct ShardMembers: Sequence, IteratorProtocol, Sendable {
    private let population: Population
    private let limit: Int
    private let shard: Int
    private let shards: Int
    private var row = 0
    /// The next agent to look at, where agents are grouped.
    private var candidate = 0

    fileprivate init(population: Population, limit: Int, shard: Int, shards: Int) {
        self.population = population
        self.limit = limit
        self.shard = shard
        self.shards = shards
    }

    public mutating func next() -> Int? {
        while let agent = population.groups == nil ? nextOfRows() : nextOfGroups() {
            if population.isHere(agent) { return agent }
        }
        return nil
    }

    private mutating func nextOfRows() -> Int? {
        // The last row may be short, so at most one row is passed over.
        while row * shards < limit {
            let agent = population.member(row: row, shard: shard, shards: shards)
            row += 1
            if agent < limit { return agent }
        }
        return nil
    }

    /// Groups have no rows, so every agent is looked at: some nanoseconds each.
    private mutating func nextOfGroups() -> Int? {
        while candidate < limit {
            let agent = candidate
            candidate += 1
            if population.shard(of: agent, of: shards) == shard { return agent }
        }
        return nil
    }

    public var underestimatedCount: Int {
        population.groups == nil && population.part == nil ? population.agents / shards : 0
    }
}
