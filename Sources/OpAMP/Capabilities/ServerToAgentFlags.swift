/// What a server asks of the agent with an answer (spec: ServerToAgent.flags). Unknown bits are kept.
public struct ServerToAgentFlags: OptionSet, Hashable, Sendable {
    public var rawValue: UInt64

    @inlinable
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// A full report, because the server lost or never had some of it.
    public static let reportFullState = ServerToAgentFlags(rawValue: 1 << 0)
    /// The details of the available components, not only their hash.
    public static let reportAvailableComponents = ServerToAgentFlags(rawValue: 1 << 1)
}
