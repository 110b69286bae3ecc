public import Basis

/// How the health of a cohort's agents goes, and how they notice (ComponentHealth Message).
public struct HealthPlan: Hashable, Sendable {
    /// Between the starts of two checks.
    public var checkInterval: Nanoseconds
    /// After this a check that gets no answer has failed.
    public var checkTimeout: Nanoseconds
    /// So many checks in a row must find the same before it is reported; recovery is reported at once.
    public var failureThreshold: Int
    /// The health faults of the agents. Empty: they stay healthy, and no check is ever made.
    public var healthFaults: [HealthFault]

    public init(
        checkInterval: Nanoseconds = .seconds(10),
        checkTimeout: Nanoseconds = .seconds(3),
        failureThreshold: Int = 2,
        healthFaults: [HealthFault] = []
    ) {
        self.checkInterval = max(checkInterval, Self.shortestInterval)
        self.checkTimeout = min(max(checkTimeout, .zero), self.checkInterval)
        self.failureThreshold = min(max(failureThreshold, 1), 100)
        self.healthFaults = Array(healthFaults.prefix(Self.maximumHealthFaults))
    }

    /// Checks more often than this would be a load of their own.
    public static let shortestInterval = Nanoseconds.milliseconds(100)
    /// Each one is gone through at each check.
    public static let maximumHealthFaults = 16

    /// Whether any health fault depends on an agent's version.
    var dependsOnVersion: Bool { healthFaults.contains { $0.version != nil } }

    /// A health fault of a share of the agents.
    public struct HealthFault: Hashable, Sendable {
        public var model: HealthModel
        /// The share of the cohort's agents that have it, drawn by their seeds, 0 ... 1.
        public var share: Double
        /// Only agents of this zone have it; `nil`: of any zone.
        public var zone: String?
        /// The version of the agent (`service.version`) that causes it: it begins when an agent starts to run that
        /// version and is over when the agent runs another. `nil`: it has nothing to do with the version.
        public var version: String?
        /// Whether checks of an unhealthy component get no answer, so that they last as long as the timeout, instead of
        /// failing at once.
        public var hangs: Bool

        public init(
            _ model: HealthModel, share: Double = 1, zone: String? = nil, version: String? = nil, hangs: Bool = false
        ) {
            self.model = model
            self.share = share
            self.zone = zone
            self.version = version
            self.hangs = hangs
        }
    }
}

/// How a health fault proceeds.
public enum HealthModel: Hashable, Sendable {
    /// One component is up for a while, down for a while, and so on.
    case flapping(up: Distribution, down: Distribution)
    /// One component after another goes down and stays down; with the last the agent is unhealthy.
    case decay(each: Distribution)
    /// The collector's process ends and is not restarted: unhealthy, and without a start time.
    case suddenDeath(after: Distribution)
    /// All agents that have it are unhealthy together, from a time of the run for a duration (`nil`: permanently):
    /// power, network, a bad version.
    case outage(from: Nanoseconds, lasting: Nanoseconds?)
}
