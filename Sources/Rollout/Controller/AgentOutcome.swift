public import Basis

/// What became of an agent, as the server sees it. Outcomes are given to the controller in their order: by time, then
/// agent, then kind.
public struct AgentOutcome: Hashable, Comparable, Sendable {
    public enum Kind: UInt8, CaseIterable, Hashable, Comparable, Sendable {
        /// It reported the revision as applied, and its effective configuration is what was offered.
        case applied
        /// It reported that the revision cannot be applied.
        case failed
        /// It reported the revision as applied, with another effective configuration.
        case mismatched
        /// It reported itself unhealthy.
        case unhealthy
        /// It reported itself healthy again.
        case healthy
        /// Its connection was lost.
        case disconnected
        /// It has a connection again.
        case reconnected
        /// It reported a component unhealthy that gates name.
        case componentUnhealthy
        /// It reported that one healthy again.
        case componentHealthy

        public static func < (left: Kind, right: Kind) -> Bool { left.rawValue < right.rawValue }
    }

    public var at: Instant
    public var agent: UInt32
    /// What the agent runs, or for `failed` and `mismatched` what it was offered. For `applied` with the former
    /// revision the agent was rolled back.
    public var revision: Revision
    public var kind: Kind
    /// Which of the plan's `watchedComponents` it is about; 0 where it is about none.
    public var component: UInt8

    public init(at: Instant, agent: UInt32, revision: Revision, kind: Kind, component: UInt8 = 0) {
        self.at = at
        self.agent = agent
        self.revision = revision
        self.kind = kind
        self.component = component
    }

    public static func < (left: AgentOutcome, right: AgentOutcome) -> Bool {
        if left.at != right.at { return left.at < right.at }
        if left.agent != right.agent { return left.agent < right.agent }
        if left.kind != right.kind { return left.kind < right.kind }
        if left.revision != right.revision { return left.revision < right.revision }
        return left.component < right.component
    }
}
