public import Basis

/// How the agents of a cohort misbehave, and how often.
public struct FaultPlan: Hashable, Sendable {
    /// The share of the agents that have each fault, 0 ... 1; a fault that is not named has none.
    public var rates: [Fault: Double]
    /// How often faults that come "now and then" strike, as odds for each report.
    public var recurrence: Double
    /// How long an agent runs on a configuration that it dies of.
    public var timeToDeath: Distribution
    /// After which a failed configuration works after all.
    public var timeToRecovery: Distribution
    /// Between the crashes of an agent that crashes for no reason.
    public var timeBetweenCrashes: Distribution
    /// How far a skewed clock is off; half of the agents are behind, half ahead.
    public var clockSkew: Nanoseconds
    /// How fast a slow reader reads, in bytes a second.
    public var slowReadingRate: Int
    /// The size of an oversized report: beyond the 64 MiB that the specification recommends as a limit would be costly, so
    /// a profile that tests for the limit sets it.
    public var oversizedBytes: Int

    public init(
        rates: [Fault: Double] = [:],
        recurrence: Double = 0.05,
        timeToDeath: Distribution = .uniform(.seconds(2), .seconds(20)),
        timeToRecovery: Distribution = .uniform(.seconds(10), .seconds(60)),
        timeBetweenCrashes: Distribution = .exponential(mean: .seconds(300)),
        clockSkew: Nanoseconds = .seconds(3 * 3600),
        slowReadingRate: Int = 64,
        oversizedBytes: Int = 8 * 1024 * 1024
    ) {
        self.rates = rates
        self.recurrence = recurrence
        self.timeToDeath = timeToDeath
        self.timeToRecovery = timeToRecovery
        self.timeBetweenCrashes = timeBetweenCrashes
        self.clockSkew = clockSkew
        self.slowReadingRate = max(slowReadingRate, 1)
        self.oversizedBytes = min(max(oversizedBytes, 0), Self.maximumOversize)
    }

    /// Somewhat beyond the 64 MiB that servers should allow.
    public static let maximumOversize = 80 * 1024 * 1024

    /// The faults of agent `index`: drawn by the seed, each for itself, apart from everything else that the agent draws.
    func faults(of index: UInt64, seed: UInt64) -> Faults {
        guard !rates.isEmpty else { return [] }
        var random = SeededRandom(seed: seed ^ 0x6661_756C_7473, stream: index)
        var faults: Faults = []
        for fault in Fault.allCases {
            // Drawn for every fault, so that a new rate for one does not move the others.
            let unit = random.unit()
            if unit < rates[fault] ?? 0 { faults.insert(fault) }
        }
        return faults
    }
}
