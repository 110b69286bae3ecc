public import OpAMP

/// An agent's health in one word, as in its last report (ComponentHealth Message).
public enum HealthGrade: Int, CaseIterable, Sendable {
    /// The agent and all of its components are healthy.
    case healthy
    /// The agent is healthy as a whole, or reports so, and some of its components are not.
    case degraded
    /// The agent as a whole is unhealthy.
    case unhealthy

    /// The name in files, tables and machine output: stable from release to release.
    public var name: String {
        switch self {
        case .healthy: "healthy"
        case .degraded: "degraded"
        case .unhealthy: "unhealthy"
        }
    }

    /// The grade of `health`. Linear in the number of its components.
    public init(_ health: ComponentHealth) {
        guard health.healthy else {
            self = .unhealthy
            return
        }
        self = health.isHealthyThroughout ? .healthy : .degraded
    }
}

/// The health that an agent reports is another than the one before.
public struct HealthChange: Hashable, Sendable {
    /// `nil`: it had reported none.
    public let from: HealthGrade?
    public let to: HealthGrade
}
