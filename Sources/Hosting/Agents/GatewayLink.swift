import AgentModel
import Basis
import Engine
import Metrics
import OpAMP

/// A gateway on one WebSocket: its own agent, the leader, and the agents that connect through it. Each of them is
/// counted as an agent of the fleet; connections, upgrades and reconnects are those of the gateway.
final class GatewayLink: WebSocketConnection, WebSocketLink, @unchecked Sendable {
    var machine: Gateway {
        didSet { countMembersConnected() }
    }
    /// What has become of the members, in their order.
    private var members: [MemberProgress] = []
    private var membersConnected = 0
    private var membersAnswered = 0
    /// The member that the present message is for; `nil`: the gateway itself.
    private var addressee: Int?

    private struct MemberProgress {
        var hasConnected = false
        var hasBeenAnswered = false
    }

    init(leader: Agent, host: AgentHost) {
        machine = Gateway(leader: leader, members: [])
        super.init(host: host, home: host.home(of: leader.cohort))
    }

    var agent: Agent { machine.leader }

    var unanswered: Int {
        (hasBeenAnswered ? 0 : 1) + members.count - membersAnswered
    }

    var isOver: Bool {
        machine.state == .disconnected && machine.members.allSatisfy { $0.state == .disconnected }
    }

    /// How many agents share the connection, the gateway among them.
    var agents: Int { members.count + 1 }

    /// Another agent starts; it connects through the gateway.
    func join(_ member: Agent) {
        members.append(MemberProgress())
        act { gateway, now, effects in gateway.join(member, at: now, &effects) }
    }

    func willReceive(_ answer: borrowing ServerToAgentView) {
        addressee = answer.instanceUID.uid.flatMap { machine.member(named: $0) }
    }

    /// An answer may be matched while a message for another member is processed.
    var countsFirstAnswers: Bool { true }

    func firstAnswered() {
        guard let addressee else {
            guard !hasBeenAnswered else { return }
            hasBeenAnswered = true
            return host.metrics.count(.agentsAnswered)
        }
        guard !members[addressee].hasBeenAnswered else { return }
        members[addressee].hasBeenAnswered = true
        membersAnswered += 1
        host.metrics.count(.agentsAnswered)
    }

    /// Counts members that are connected for the first time. Nothing is looked at once all have been.
    private func countMembersConnected() {
        guard membersConnected < members.count else { return }
        for index in members.indices.prefix(machine.members.count)
        where !members[index].hasConnected && machine.members[index].state.isOnline {
            members[index].hasConnected = true
            membersConnected += 1
            host.metrics.count(.agentsConnected)
        }
    }

    override func connected() { asCohort { socketConnected() } }
    override func received(_ bytes: RawSpan) { asCohort { socketReceived(bytes) } }
    override func closed(_ cause: CloseCause) { asCohort { socketClosed(cause) } }
    override func timerFired(due: Instant) { if isAgentDue() { wake(due: due) } }
    override func enteredLink(_ span: Nanoseconds, losses: Int) {
        asCohort { host.metrics.enteredLink(span, losses: losses) }
    }
    override func linkFired(late lag: Nanoseconds) { host.metrics.record(.schedulingDelay, lag) }
}
