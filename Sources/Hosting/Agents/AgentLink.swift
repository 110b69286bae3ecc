import AgentModel
import Basis
import Engine
import Metrics

/// One agent on its own WebSocket.
final class AgentLink: WebSocketConnection, WebSocketLink, @unchecked Sendable {
    /// Unchecked, as the effects of its host: it knows of no link.
    @exclusivity(unchecked) var machine: Agent

    init(agent: Agent, host: AgentHost) {
        machine = agent
        super.init(host: host, home: host.home(of: agent.cohort))
    }

    var agent: Agent { machine }

    override func connected() { asCohort { socketConnected() } }
    override func received(_ bytes: RawSpan) { asCohort { socketReceived(bytes) } }
    override func closed(_ cause: CloseCause) { asCohort { socketClosed(cause) } }
    override func timerFired(due: Instant) { if isAgentDue() { wake(due: due) } }
    override func enteredLink(_ span: Nanoseconds, losses: Int) {
        asCohort { host.metrics.enteredLink(span, losses: losses) }
    }
    override func linkFired(late lag: Nanoseconds) { host.metrics.record(.schedulingDelay, lag) }
}
