import AgentModel
import Basis

/// What happens to the state machine behind a link, the messages that it receives apart.
enum LinkEvent {
    case start
    /// The transport is up and upgraded.
    case connected
    case upgradeRefused(status: Int, retryAfter: Nanoseconds?)
    case connectionFailed(ConnectFailure)
    case connectionLost(LossCause)
    /// The run cuts the connection.
    case loseConnection
    case receivedMalformed(MalformedAnswer)
    /// The timer has fired.
    case wake
    /// The close that the state machine has asked for is done.
    case closeCompleted
    case drain
    /// A download goes on, or is over.
    case download(DownloadUpdate)
}

/// A state machine that one connection serves: an agent, or a gateway with the agents behind it.
protocol LinkedAgent {
    mutating func start(at now: Instant, _ effects: inout Effects)
    mutating func connected(at now: Instant, _ effects: inout Effects)
    mutating func upgradeRefused(status: Int, retryAfter: Nanoseconds?, at now: Instant, _ effects: inout Effects)
    mutating func connectionFailed(_ cause: ConnectFailure, at now: Instant, _ effects: inout Effects)
    mutating func connectionLost(_ cause: LossCause, at now: Instant, _ effects: inout Effects)
    mutating func loseConnection(at now: Instant, _ effects: inout Effects)
    mutating func receivedMalformed(_ what: MalformedAnswer, at now: Instant, _ effects: inout Effects)
    mutating func wake(at now: Instant, _ effects: inout Effects)
    mutating func closeCompleted(at now: Instant, _ effects: inout Effects)
    mutating func drain(at now: Instant, _ effects: inout Effects)
    mutating func downloadTold(_ update: DownloadUpdate, at now: Instant, _ effects: inout Effects)
}

extension Agent: LinkedAgent {}
extension Gateway: LinkedAgent {}

extension LinkedAgent {
    /// Tells the state machine what happened.
    @inline(__always)
    mutating func take(_ event: LinkEvent, at now: Instant, _ effects: inout Effects) {
        switch event {
        case .start: start(at: now, &effects)
        case .connected: connected(at: now, &effects)
        case .upgradeRefused(let status, let retryAfter):
            upgradeRefused(status: status, retryAfter: retryAfter, at: now, &effects)
        case .connectionFailed(let cause): connectionFailed(cause, at: now, &effects)
        case .connectionLost(let cause): connectionLost(cause, at: now, &effects)
        case .loseConnection: loseConnection(at: now, &effects)
        case .receivedMalformed(let what): receivedMalformed(what, at: now, &effects)
        case .wake: wake(at: now, &effects)
        case .closeCompleted: closeCompleted(at: now, &effects)
        case .drain: drain(at: now, &effects)
        case .download(let update): downloadTold(update, at: now, &effects)
        }
    }
}
