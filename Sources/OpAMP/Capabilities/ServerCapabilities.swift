/// What a server can do, as it says in its first answer at least (spec: ServerToAgent.capabilities). Unknown bits are kept.
public struct ServerCapabilities: OptionSet, Hashable, Sendable {
    public var rawValue: UInt64

    @inlinable
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// It takes status reports; every server does.
    public static let acceptsStatus = ServerCapabilities(rawValue: 1 << 0)
    /// It offers configs.
    public static let offersRemoteConfig = ServerCapabilities(rawValue: 1 << 1)
    /// It takes effective configs.
    public static let acceptsEffectiveConfig = ServerCapabilities(rawValue: 1 << 2)
    /// It offers packages.
    public static let offersPackages = ServerCapabilities(rawValue: 1 << 3)
    /// It takes the state of packages.
    public static let acceptsPackagesStatus = ServerCapabilities(rawValue: 1 << 4)
    /// It offers connection settings.
    public static let offersConnectionSettings = ServerCapabilities(rawValue: 1 << 5)
    /// It answers requests for connection settings.
    public static let acceptsConnectionSettingsRequest = ServerCapabilities(rawValue: 1 << 6)
}
