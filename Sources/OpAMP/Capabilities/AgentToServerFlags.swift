/// What an agent asks of the server with a report (spec: AgentToServer.flags). Unknown bits are kept.
public struct AgentToServerFlags: OptionSet, Hashable, Sendable {
    public var rawValue: UInt64

    @inlinable
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// A new instance uid, because the agent cannot make one.
    public static let requestInstanceUID = AgentToServerFlags(rawValue: 1 << 0)
}
