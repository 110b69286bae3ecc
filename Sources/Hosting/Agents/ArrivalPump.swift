public import AgentModel
public import Basis
import Engine
import Metrics

/// One agent's place in the schedule.
public struct PlannedArrival {
    public let index: UInt64
    public let cohort: Cohort
    /// When the agent is due to start.
    public let at: Instant

    public init(index: UInt64, cohort: Cohort, at: Instant) {
        self.index = index
        self.cohort = cohort
        self.at = at
    }
}

/// Starts a shard's agents when they are due, in the order of the schedule. An endpoint without a connection: only its
/// timer is used.
final class ArrivalPump: Endpoint, @unchecked Sendable {
    private let host: AgentHost
    private var upcoming: UpcomingAgents
    private let isPlanned: Bool
    private let limit: Int
    private(set) var isFinished = false

    /// - Parameters:
    ///   - isPlanned: whether the agents are among those that the host knows to come.
    ///   - limit: how many agents there may be at one time; further ones do not start, which is counted.
    init(
        host: AgentHost, schedule: any IteratorProtocol<PlannedArrival>, isPlanned: Bool = true, limit: Int = .max
    ) {
        self.host = host
        upcoming = UpcomingAgents(schedule)
        self.isPlanned = isPlanned
        self.limit = limit
        super.init(shard: host.shard)
    }

    func begin() {
        arm()
    }

    func cancel() {
        isFinished = true
        upcoming = UpcomingAgents([PlannedArrival]().makeIterator())
        cancelTimer()
    }

    override func timerFired(due: Instant) {
        var started = 0
        while let next, next.at <= shard.now, started < ArrivalPump.batch {
            host.metrics.record(.schedulingDelay, Shard.clock - next.at)
            if host.population.present < limit {
                upcoming.start(isPlanned: isPlanned, by: host)
            } else {
                upcoming.skip()
                host.metrics.count(named: "arrivals_withheld")
            }
            started += 1
        }
        arm()
    }

    private func arm() {
        if let next {
            setTimer(at: next.at)
        } else {
            isFinished = true
        }
    }

    private var next: PlannedArrival? { upcoming.first(of: isPlanned ? .max : 1, for: host) }

    /// How many agents start before the shard looks at its sockets again: a mass start must not starve the agents that
    /// are already connected.
    private static let batch = 32
}
