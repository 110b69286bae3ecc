public import Basis

/// How the health of a cohort's agents changes, and how it is checked.
public struct HealthProfile: Hashable, Sendable {
    public var checkInterval: Nanoseconds = .seconds(10)
    public var checkTimeout: Nanoseconds = .seconds(3)
    public var failureThreshold: Int = 2
    public var healthFaults: [HealthFault] = []

    /// A health fault: it makes a share of the agents unhealthy.
    public struct HealthFault: Hashable, Sendable {
        public var course: Course
        public var share: Double
        public var zone: String?
        public var version: String?
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

    /// How it goes.
    public enum Course: Hashable, Sendable {
        /// One component is up for a while, down for a while, and so on.
        case flapping(up: Distribution, down: Distribution)
        /// One component after another goes down and stays down.
        case decay(each: Distribution)
        /// The agent dies at once and stays dead.
        case suddenDeath(after: Distribution)
        /// All of them are unhealthy together from a time of the run on, for a while or, where it has no length, for
        /// good.
        case outage(from: RunTime, length: Nanoseconds?)
    }
}
