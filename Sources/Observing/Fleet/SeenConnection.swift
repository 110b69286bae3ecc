public import Basis
import OpAMP

/// What is kept of one connection beside its unfinished messages.
public struct SeenConnection {
    /// How the messages travel.
    enum Transport {
        case webSocket
        case http
    }

    let openedAt: Instant
    var transport = Transport.http
    /// permessage-deflate was agreed on.
    var deflates = false
    /// The agents that have reported on it; several behind a gateway.
    var members: [InstanceUID] = []
    /// The agent of the last request over plain HTTP.
    var requester: InstanceUID?
    /// When its agents last sent something.
    var lastSent: Instant
    /// A member has sent agent_disconnect.
    var saidDisconnect = false
    /// The agents' side has sent a Close frame, before the server did.
    var sentClose = false
    /// The server has sent a Close frame first, or has ended the stream.
    var closedByServer = false
    /// The server has answered on it.
    var isAnswered = false

    /// A connection with more agents is watched for the first ones only.
    static let memberLimit = 1_000

    public init(openedAt: Instant) {
        self.openedAt = openedAt
        lastSent = openedAt
    }

    /// Whether that agent has reported on it.
    func isOf(_ agent: InstanceUID) -> Bool { requester == agent || members.contains(agent) }
}

/// Which side ended a connection, and how.
public enum ConnectionEnding: Sendable {
    /// The agent's side, with the end of its stream.
    case agentFinished
    /// The agent's side, with a reset or by being lost.
    case agentReset
    /// The server's side, or this program.
    case server
}
