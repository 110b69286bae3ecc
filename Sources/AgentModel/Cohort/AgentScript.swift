public import Basis
public import OpAMP

/// What single agents of a fleet do, beside what their cohort has in common: the fleet of a rehearsal. Called on the
/// shards of the agents.
public protocol AgentScript: Sendable {
    /// Attributes that an agent reports beside those of its cohort, and in place of those with the same key.
    func attributes(of agent: UInt64) -> [KeyValue]
    /// How an agent takes a configuration.
    /// - Parameter files: what is offered.
    func conduct(of agent: UInt64, offered files: AgentConfigMap, hash: [UInt8]) -> AgentConduct
    /// How an agent goes on with a configuration that it has applied.
    func conduct(of agent: UInt64, applied files: AgentConfigMap, hash: [UInt8]) -> AgentConduct
    /// An agent received an offer, a known one too, or is done with it.
    func told(of agent: UInt64, _ step: AgentScriptStep, files: AgentConfigMap, hash: [UInt8], at now: Instant)
    /// An agent has connected, lost its connection, or reported another health.
    func told(of agent: UInt64, _ change: AgentScriptChange, at now: Instant)
}

/// What a script learns of an agent beside its configuration.
public enum AgentScriptChange: Hashable, Sendable {
    case connected, disconnected
    case healthy, unhealthy
}

/// A step of an agent with a configuration.
public enum AgentScriptStep: Hashable, Sendable {
    case received
    /// It runs the configuration.
    case applied
    /// It says that it runs the configuration, and reports another effective one.
    case mismatched
    /// It cannot apply the configuration, or crashed because of it.
    case failed
}

/// How one agent behaves in a step.
public struct AgentConduct: Sendable {
    /// The faults that it has from this step on, instead of those that its cohort gave it.
    public var faults: Faults
    /// What it draws from in this step.
    public var random: SeededRandom
    /// From applying the configuration to the crash, for an agent that dies of it; nil: as the cohort's.
    public var timeToDeath: Distribution?

    public init(faults: Faults, random: SeededRandom, timeToDeath: Distribution? = nil) {
        self.faults = faults
        self.random = random
        self.timeToDeath = timeToDeath
    }
}
