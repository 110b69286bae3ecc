public import Basis

/// How the health of a cohort's agents goes, and how they notice.
public struct HealthProfile: Hashable, Sendable {
    /// Between the starts of two checks.
    public var checkInterval: Nanoseconds
    /// After this a check that gets no answer has failed; at most the interval.
    public var checkTimeout: Nanoseconds
    /// So many checks in a row must find the same before it is reported.
    public var failureThreshold: Int
    /// What befalls the agents; empty where they stay well.
    public var healthFaults: [HealthFault]

    public init(
        checkInterval: Nanoseconds = .seconds(10), checkTimeout: Nanoseconds = .seconds(3), failureThreshold: Int = 2,
        healthFaults: [HealthFault] = []
    ) {
        self.checkInterval = checkInterval
        self.checkTimeout = checkTimeout
        self.failureThreshold = failureThreshold
        self.healthFaults = healthFaults
    }

    /// Something that befalls a share of the agents.
    public struct HealthFault: Hashable, Sendable {
        public var course: Course
        /// Of the cohort's agents, drawn from the seed.
        public var share: Double
        /// The zone whose agents alone it befalls; nil: any.
        public var zone: String?
        /// The version of the agent that it comes with and goes with; nil: any.
        public var version: String?
        /// Whether checks of what is ill take as long as the timeout instead of failing at once.
        public var hangs: Bool

        public init(
            _ course: Course, share: Double = 1, zone: String? = nil, version: String? = nil, hangs: Bool = false
        ) {
            self.course = course
            self.share = share
            self.zone = zone
            self.version = version
            self.hangs = hangs
        }
    }

    /// How something ails.
    public enum Course: Hashable, Sendable {
        /// One component is up for a while, down for a while, and so on.
        case flapping(up: Distribution, down: Distribution)
        /// One component after another goes down and stays down.
        case decay(each: Distribution)
        /// The agent dies at once and stays dead.
        case suddenDeath(after: Distribution)
        /// All that it befalls are unhealthy together from a time of the run on, for a while or, where it has no length, for good.
        case outage(from: RunTime, length: Nanoseconds?)
    }
}
