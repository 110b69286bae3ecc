import AgentModel
public import Basis
public import Metrics

/// The trials of a search for a limit: a profile at a load, with the goal as its one threshold.
public struct LimitTrials: Sendable {
    /// What is changed from trial to trial.
    public enum Load: String, CaseIterable, Sendable {
        /// The number of agents.
        case agents
        /// The heartbeats a second of the fleet, by their interval.
        case rate
    }

    /// One trial.
    public struct Trial: Sendable {
        public var profile: Profile
        /// The load that it really has: whole agents, whole nanoseconds between heartbeats.
        public var load: Double
        public var length: Nanoseconds
        /// From the start of the run to the part that counts.
        public var from: Nanoseconds

        /// The messages of the server in the part that counts, without refusals and the drain, and how long that was:
        /// less than `length` where the trial has failed before its end. Messages are counted as they arrive; to which
        /// report one belongs, and so that it is an answer, may be found out seconds later.
        public func messages(in series: [SeriesRow]) -> (count: UInt64, seconds: Double) {
            series.reduce(into: (0, 0)) { sum, row in
                guard row.start >= from, row.phase != "drain" else { return }
                let refused = row.counters[.reportsRefused]
                sum.count += max(row.counters[.messagesReceived], refused) - refused
                sum.seconds += row.length.seconds
            }
        }
    }

    private let profile: Profile
    private let load: Load
    private let goal: Threshold
    /// How long a trial that counts is, after its settling.
    public let length: Nanoseconds
    /// Uncounted, after the last agent's arrival.
    private let settling: Nanoseconds

    /// - Parameter goal: of the whole run; the trial's part of it is taken.
    public init(
        _ profile: Profile, _ load: Load, until goal: Threshold, length: Nanoseconds,
        settling: Nanoseconds = .seconds(3)
    ) {
        self.profile = profile
        self.load = load
        self.goal = goal
        self.length = length
        self.settling = settling
    }

    /// The load of the profile as it is.
    public var profileLoad: Double {
        switch load {
        case .agents: Double(profile.agents)
        case .rate: LoadEstimate(profile).heartbeatsPerSecond
        }
    }

    /// The loads that a profile can have.
    public var possible: ClosedRange<Double> {
        switch load {
        case .agents: Double(Profile.agentRange.lowerBound)...Double(Profile.agentRange.upperBound)
        // Intervals of a day to 10 ms.
        case .rate: Double(profile.agents) / 86_400...Double(profile.agents) * 100
        }
    }

    /// - Parameter isShort: for the trials that only place the search.
    public func trial(at wanted: Double, isShort: Bool) -> Trial {
        var trial = profile
        switch load {
        case .agents: trial.agents = Int(min(max(wanted, possible.lowerBound), possible.upperBound).rounded())
        case .rate:
            let rate = min(max(wanted, possible.lowerBound), possible.upperBound)
            let interval = Nanoseconds(seconds: Double(profile.agents) / rate)
            for index in trial.cohorts.indices { trial.cohorts[index].heartbeat.interval = interval }
        }
        let length = isShort ? min(self.length, Self.shortLength) : self.length
        let arrival = Self.arrival(of: trial)
        trial.arrival = .ramp(over: arrival)
        trial.events = []
        trial.limits.checkpoint = nil
        let from = arrival + settling
        trial.duration = from + length
        var goal = goal
        // What was due in the trial and is answered later belongs to it.
        goal.scope = .time(from: from, to: trial.duration + trial.drain)
        goal.expectedSamples = LoadEstimate(trial).heartbeatsPerSecond * length.seconds
        goal.abortAfter = nil
        trial.thresholds = [goal]
        let real = load == .agents ? Double(trial.agents) : LoadEstimate(trial).heartbeatsPerSecond
        return Trial(profile: trial, load: real, length: length, from: from)
    }

    private static let shortLength = Nanoseconds.seconds(5)
    /// First reports come on top of the heartbeats: near the limit of a server they must not leave a queue that lasts
    /// into the trial. Over R seconds, and with heartbeats every I seconds, that queue is at most I²/2R seconds long.
    private static func arrival(of profile: Profile) -> Nanoseconds {
        let interval = profile.cohorts.filter(\.heartbeat.enabled).map(\.heartbeat.interval).max() ?? .zero
        let spread = min(interval.scaled(by: 5), maxSpread)
        return max(Nanoseconds(seconds: Double(profile.agents) / arrivalsPerSecond), spread, minArrival)
    }

    private static let minArrival = Nanoseconds.seconds(1)
    private static let maxSpread = Nanoseconds.seconds(20)
    private static let arrivalsPerSecond = 1_000.0
}

extension Profile {
    /// The interval of the heartbeats where all agents have the same and nothing else happens; nil where a limit of
    /// heartbeats would say nothing about the fleet.
    public var onlyHeartbeatInterval: Nanoseconds? {
        let intervals = Set(cohorts.map(\.heartbeat.interval))
        let areHeartbeats = cohorts.allSatisfy { $0.heartbeat.enabled && $0.mode == .openLoop }
        return areHeartbeats && events.isEmpty && intervals.count == 1 ? intervals.first : nil
    }
}
