/// What agents last reported of their health: gauges of a run. An agent that has reported none is in none of them; one that
/// has left stays where it was.
public enum ReportedHealth: Int, CaseIterable, Hashable, Sendable {
    /// The agent and all of its components are well.
    case healthy
    /// The agent is well as a whole; some of its components are not.
    case degraded
    /// The agent as a whole is not well.
    case unhealthy

    /// The name in files, tables and machine output: stable from release to release.
    public var name: String {
        switch self {
        case .healthy: "healthy"
        case .degraded: "degraded"
        case .unhealthy: "unhealthy"
        }
    }
}

/// How many agents reported which health.
public typealias HealthTable = GaugeTable<ReportedHealth>

extension HealthTable {
    /// Agents that are not well in every part.
    public var ailing: Int { self[.degraded] + self[.unhealthy] }
}
