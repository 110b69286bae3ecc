import AgentModel

/// One agent of a fleet, or several that share a connection, however they talk to their server: what the run itself does with them.
/// Confined to its shard.
protocol FleetMember: AnyObject {
    /// The agent; of several, the one that the connection belongs to.
    var agent: Agent { get }
    var hasBeenAnswered: Bool { get }
    /// How many agents have had no answer in all their life.
    var unanswered: Int { get }
    /// How many agents have still to send agent_disconnect.
    var unsentAgentDisconnects: Int { get }

    /// Its life begins.
    func start()
    /// Its connection is cut, as the profile has it.
    func loseConnection()
    /// It leaves in good order.
    func drain()
}

extension FleetMember {
    var unanswered: Int { hasBeenAnswered ? 0 : 1 }
    var unsentAgentDisconnects: Int { agent.state.isOnline ? 1 : 0 }
}
