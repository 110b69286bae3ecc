public import Basis

/// What the agents of a cohort report about themselves, once a server has offered a destination.
public struct OwnTelemetryProfile: Hashable, Sendable {
    public enum Signal: String, CaseIterable, Hashable, Sendable {
        case metrics, traces, logs
    }

    public var signals: [Signal] = []
    public var interval: Nanoseconds = .seconds(10)
}

/// A change of what the agents of a cohort declare while they run.
public struct CapabilityChangeProfile: Hashable, Sendable {
    public var after: Nanoseconds
    public var adds: [CapabilityWord] = []
    public var removes: [CapabilityWord] = []
}

/// A capability of an agent that may come and go (specification: AgentCapabilities).
public enum CapabilityWord: String, CaseIterable, Hashable, Sendable {
    case acceptsRemoteConfig = "accepts-remote-config"
    case reportsEffectiveConfig = "reports-effective-config"
    case acceptsPackages = "accepts-packages"
    case reportsPackageStatuses = "reports-package-statuses"
    case reportsOwnTraces = "reports-own-traces"
    case reportsOwnMetrics = "reports-own-metrics"
    case reportsOwnLogs = "reports-own-logs"
    case acceptsOpAMPConnectionSettings = "accepts-opamp-connection-settings"
    case acceptsOtherConnectionSettings = "accepts-other-connection-settings"
    case acceptsRestartCommand = "accepts-restart-command"
    case reportsHealth = "reports-health"
    case reportsRemoteConfig = "reports-remote-config"
    case reportsHeartbeat = "reports-heartbeat"
    case reportsAvailableComponents = "reports-available-components"
    case reportsConnectionSettingsStatus = "reports-connection-settings-status"
}
