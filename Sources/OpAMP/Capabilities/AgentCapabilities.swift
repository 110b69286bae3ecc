/// What an agent can do, as it says in each report (spec: AgentToServer.capabilities). Unknown bits are kept.
public struct AgentCapabilities: OptionSet, Hashable, Sendable {
    public var rawValue: UInt64

    @inlinable
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// It sends status reports; every agent does.
    public static let reportsStatus = AgentCapabilities(rawValue: 1 << 0)
    /// It takes configs from the server.
    public static let acceptsRemoteConfig = AgentCapabilities(rawValue: 1 << 1)
    /// It reports the config it runs with.
    public static let reportsEffectiveConfig = AgentCapabilities(rawValue: 1 << 2)
    /// It takes packages from the server.
    public static let acceptsPackages = AgentCapabilities(rawValue: 1 << 3)
    /// It reports the state of its packages.
    public static let reportsPackageStatuses = AgentCapabilities(rawValue: 1 << 4)
    /// It can send its own traces where the server says.
    public static let reportsOwnTraces = AgentCapabilities(rawValue: 1 << 5)
    /// It can send its own metrics where the server says.
    public static let reportsOwnMetrics = AgentCapabilities(rawValue: 1 << 6)
    /// It can send its own logs where the server says.
    public static let reportsOwnLogs = AgentCapabilities(rawValue: 1 << 7)
    /// It takes settings of its OpAMP connection.
    public static let acceptsOpAMPConnectionSettings = AgentCapabilities(rawValue: 1 << 8)
    /// It takes settings of other connections.
    public static let acceptsOtherConnectionSettings = AgentCapabilities(rawValue: 1 << 9)
    /// It restarts when told to.
    public static let acceptsRestartCommand = AgentCapabilities(rawValue: 1 << 10)
    /// It reports its health.
    public static let reportsHealth = AgentCapabilities(rawValue: 1 << 11)
    /// It reports what became of an offered config.
    public static let reportsRemoteConfig = AgentCapabilities(rawValue: 1 << 12)
    /// It sends heartbeats, at the interval the server offers or else its own.
    public static let reportsHeartbeat = AgentCapabilities(rawValue: 1 << 13)
    /// It reports the components built into it.
    public static let reportsAvailableComponents = AgentCapabilities(rawValue: 1 << 14)
    /// It reports what became of offered connection settings.
    public static let reportsConnectionSettingsStatus = AgentCapabilities(rawValue: 1 << 15)
}
