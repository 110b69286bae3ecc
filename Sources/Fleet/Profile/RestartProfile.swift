public import AgentModel
public import Basis

/// What a restart of an agent is: by the server's command, or because it crashed.
public struct RestartProfile: Hashable, Sendable {
    public var form: RestartForm = .supervised
    public var downtime: Distribution = .uniform(.seconds(1), .seconds(3))
}
