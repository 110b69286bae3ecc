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
    private var schedule: any IteratorProtocol<PlannedArrival>
    private let isPlanned: Bool
    private let limit: Int
    private var upcoming: PlannedArrival?
    private(set) var isFinished = false

    /// - Parameters:
    ///   - isPlanned: whether the agents are among those that the host knows to come.
    ///   - limit: how many agents there may be at one time; further ones do not start, which is counted.
    init(
        host: AgentHost, schedule: any IteratorProtocol<PlannedArrival>, isPlanned: Bool = true, limit: Int = .max
    ) {
        self.host = host
        self.schedule = schedule
        self.isPlanned = isPlanned
        self.limit = limit
        super.init(shard: host.shard)
    }

    func begin() {
        advance()
    }

    func cancel() {
        isFinished = true
        upcoming = nil
        cancelTimer()
    }

    override func timerFired(due: Instant) {
        var started = 0
        while let next = upcoming, next.at <= shard.now, started < ArrivalPump.batch {
            host.metrics.record(.schedulingDelay, Shard.clock - next.at)
            if host.population.present < limit {
                host.start(index: next.index, cohort: next.cohort, isPlanned: isPlanned)
            } else {
                host.metrics.count(named: "arrivals_withheld")
            }
            upcoming = schedule.next()
            started += 1
        }
        arm()
    }

    private func advance() {
        upcoming = schedule.next()
        arm()
    }

    private func arm() {
        if let upcoming {
            setTimer(at: upcoming.at)
        } else {
            isFinished = true
        }
    }

    /// How many agents start before the shard looks at its sockets again: a mass start must not starve the agents that
    /// are already connected.
    private static let batch = 32
}
