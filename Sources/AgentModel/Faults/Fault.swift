public import Basis

/// A fault that can be injected into an agent. Each has a rate in the plan: the share of the cohort's agents that have
/// it.
public enum Fault: UInt8, CaseIterable, Sendable {
    /// Ignores offers of configurations and packages and never reports on them.
    case ignoresOffers
    /// Takes ten times as long to apply.
    case appliesSlowly
    /// Every configuration fails to apply.
    case failsToApply
    /// Applies a configuration, runs on it for a while, and crashes because of it.
    case diesAfterApplying
    /// A failed configuration is applied again after a while, with success.
    case recovers
    /// The process dies while it installs a package.
    case crashesInstalling
    /// Reports another hash than the one that was offered.
    case reportsWrongHash
    /// Reports APPLIED and the effective configuration from before.
    case reportsOtherConfig
    /// Reports its health every second, with a tree of fifteen components.
    case chats
    /// Reads from its connection far more slowly than the server writes.
    case readsSlowly
    /// Has another instance uid after each restart of its process.
    case forgetsInstanceUID
    /// Shares its instance uid with all other clones of the cohort, as machines made from one image do.
    case isClone
    /// Leaves out a sequence number now and then.
    case skipsSequenceNumbers
    /// Has the instance uid of the agent before it.
    case reusesInstanceUID
    /// Sends a report beyond the usual size limit now and then.
    case sendsOversized
    /// Sends an invalid AgentToServer now and then.
    case sendsMalformed
    /// Stays connected when the server answers UNAVAILABLE, and ignores Retry-After.
    case ignoresThrottling
    /// Its clock is off: the timestamps in its reports are hours away.
    case hasSkewedClock
    /// Drops its connection at the end without AgentDisconnect and without a WebSocket Close.
    case leavesWithoutAgentDisconnect
    /// Reconnects at once after every loss and failure, without back-off.
    case reconnectsTooFast
    /// Crashes now and then, without a cause that the server could see.
    case crashes

    /// The name used in profiles, tables and results.
    public var name: String { "\(self)" }
}

/// The faults that one agent has.
public struct Faults: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    init(_ fault: Fault) {
        self.init(rawValue: 1 << UInt32(fault.rawValue))
    }

    /// Whether `fault` is among them.
    @inline(__always)
    public func has(_ fault: Fault) -> Bool {
        rawValue & 1 << UInt32(fault.rawValue) != 0
    }

    mutating func insert(_ fault: Fault) {
        formUnion(Faults(fault))
    }
}

/// Which faults are injected into the agents of a cohort, and how often.
public struct FaultPlan: Hashable, Sendable {
    /// The share of the agents that have each fault, 0 ... 1; a fault that is not named has none.
    public var rates: [Fault: Double]
    /// How often faults that occur "now and then" are injected, as odds for each report.
    public var recurrence: Double
    /// How long an agent runs on a configuration that makes it crash.
    public var timeToDeath: Distribution
    /// After which a failed configuration is applied again, with success.
    public var timeToRecovery: Distribution
    /// Between the crashes of an agent that crashes without a cause.
    public var timeBetweenCrashes: Distribution
    /// How far a skewed clock is off; half of the agents are behind, half ahead.
    public var clockSkew: Nanoseconds
    /// How fast a slow reader reads, in bytes a second.
    public var slowReadingRate: Int
    /// The size of an oversized report: beyond the 64 MiB that the specification recommends as a limit would be costly,
    /// so a profile that tests for the limit sets it.
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

    /// The faults of agent `index`: drawn by the seed, each for itself, apart from everything else that the agent
    /// draws.
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
