import AgentModel
import Basis
import Hosting

/// Whoever controls a run from within: what single agents do, what the server offers, and when it is over.
protocol RunConductor: Sendable {
    var script: any AgentScript { get }
    /// The components that the agents report the health of; empty: as the profile says.
    var components: [HealthGroup] { get }
    /// How far the clock of an agent is ahead; nil: all are right, unless the profile says otherwise.
    var clockSkew: (@Sendable (UInt64) -> Nanoseconds)? { get }
    /// What the server tells of the agents' reports.
    var observedParts: ObservedParts { get }
    /// Whether an agent does not start with the others; the conductor may start it later.
    func isAbsent(_ agent: Int) -> Bool
    /// From the run's start until it is over; returns soon when its task is cancelled.
    func conduct(_ run: ConductedRun) async
}

/// What a server tells of the reports of single agents.
struct ObservedParts: Sendable {
    /// The components whose health it tells; nil: the whole and everything in it.
    var components: [String?]
    /// Whether it tells what the agents take for the time.
    var hasClocks: Bool
}

/// What a conductor has of a run.
struct ConductedRun: Sendable {
    /// The run's own server; nil where it is driven against another.
    let server: OpAMPServer?
    let shards: [AgentShard]
    let population: Population
    let cohorts: [Cohort]
    let start: Instant

    /// The machine of an agent as it starts, for what is known of it beforehand.
    func agent(_ number: UInt32) -> Agent {
        Agent(index: UInt64(number), cohort: cohorts[population.cohortIndex(of: Int(number))])
    }

    /// Starts agents now that were absent.
    func start(_ agents: [UInt32]) {
        for (index, shard) in shards.enumerated() {
            let own = agents.filter { population.shard(of: Int($0), of: shards.count) == index }
            shard.start(own.map { (UInt64($0), cohorts[population.cohortIndex(of: Int($0))]) })
        }
    }

    /// Has agents do something.
    func perform(_ commands: [UInt64: [AgentCommand]]) {
        guard !commands.isEmpty else { return }
        for shard in shards { shard.perform(commands) }
    }
}
