import Transport

/// Where agents connect and how: one object for all agents of a cohort, and one for an agent that a server has sent elsewhere.
final class AgentPlace {
    let target: AgentTarget
    /// The fields of every request over plain HTTP but the agent's own.
    private(set) lazy var requestFields = PollingHost.fields(of: target)

    init(_ target: AgentTarget) {
        self.target = target
    }
}
