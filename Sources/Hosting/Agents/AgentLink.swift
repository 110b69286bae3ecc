import AgentModel
import Basis
import OpAMP

/// One agent on a connection of its own.
final class AgentLink: WebSocketLink, FleetMember, @unchecked Sendable {
    private var mind: Agent

    init(agent: Agent, host: AgentHost) {
        mind = agent
        super.init(host: host, home: host.home(of: agent.cohort))
    }

    override var agent: Agent { mind }

    override func take(_ event: LinkEvent, at now: Instant, _ effects: inout Effects) {
        mind.take(event, at: now, &effects)
    }

    override func receive(_ answer: borrowing ServerToAgentView, at now: Instant, _ effects: inout Effects) {
        mind.received(answer, at: now, &effects)
    }
}
