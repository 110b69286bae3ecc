import AgentModel
import Basis
import Engine
import Metrics
import OpAMP

/// A gateway on one connection: its own agent, the leader, and the agents that connect through it. Each of them is counted as an
/// agent of the fleet; connections, upgrades and reconnects are those of the gateway.
final class GatewayLink: WebSocketLink, FleetMember, @unchecked Sendable {
    private var gateway: Gateway
    /// What has become of the members, in their order.
    private var standings: [Standing] = []
    private var membersConnected = 0
    private var membersAnswered = 0
    /// The member whom the message at hand is for; `nil`: the gateway itself.
    private var addressee: Int?

    private struct Standing {
        var hasConnected = false
        var hasBeenAnswered = false
    }

    init(leader: Agent, host: AgentHost) {
        gateway = Gateway(leader: leader, members: [])
        super.init(host: host, home: host.home(of: leader.cohort))
    }

    override var agent: Agent { gateway.leader }

    var unanswered: Int {
        (hasBeenAnswered ? 0 : 1) + standings.count - membersAnswered
    }

    /// How many agents share the connection, the gateway among them.
    var agents: Int { standings.count + 1 }

    /// Another agent's life begins; it connects through the gateway.
    func join(_ member: Agent) {
        standings.append(Standing())
        host.effects.removeAll()
        gateway.join(member, at: shard.now, &host.effects)
        perform()
        countConnected()
    }

    override func take(_ event: LinkEvent, at now: Instant, _ effects: inout Effects) {
        gateway.take(event, at: now, &effects)
        countConnected()
    }

    override func receive(_ answer: borrowing ServerToAgentView, at now: Instant, _ effects: inout Effects) {
        addressee = answer.instanceUID.uid.flatMap { gateway.member(named: $0) }
        gateway.received(answer, at: now, &effects)
        countConnected()
    }

    override func firstAnswered() {
        guard let addressee else { return super.firstAnswered() }
        guard !standings[addressee].hasBeenAnswered else { return }
        standings[addressee].hasBeenAnswered = true
        membersAnswered += 1
        host.metrics.count(.agentsAnswered)
    }

    /// Takes note of members that are connected for the first time. Nothing is looked at once all have been.
    private func countConnected() {
        guard membersConnected < standings.count else { return }
        for number in standings.indices where !standings[number].hasConnected && gateway.members[number].state.isOnline
        {
            standings[number].hasConnected = true
            membersConnected += 1
            host.metrics.count(.agentsConnected)
        }
    }
}
