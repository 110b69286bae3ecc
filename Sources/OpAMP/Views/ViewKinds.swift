extension AgentToServerView {
    /// Whether the report says nothing but who sent it, its number and the capabilities, as heartbeats do.
    public var isHeartbeat: Bool {
        present.isSubset(of: [.instanceUID, .sequenceNumber, .capabilities])
    }

    /// Whether this is the agent's last report on the connection.
    public var isDisconnect: Bool { present.contains(.agentDisconnect) }
}

extension ServerToAgentView {
    /// Whether the answer only acknowledges a report: it asks nothing of the agent and offers nothing.
    public var isAcknowledgement: Bool {
        flags.isEmpty && present.isSubset(of: [.instanceUID, .flags, .capabilities])
    }
}
