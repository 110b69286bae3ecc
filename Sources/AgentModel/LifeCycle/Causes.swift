/// Why a connection could not be opened. The host names it; the agent counts it and backs off.
public enum ConnectFailure: UInt8, CaseIterable, Sendable {
    /// Nobody listens (ECONNREFUSED).
    case refused
    /// No route, or the network said no.
    case unreachable
    /// Neither a connection nor an HTTP answer within the time allowed.
    case timedOut
    /// The host name has no address.
    case nameNotFound
    /// The TLS handshake failed.
    case tls
    /// The HTTP answer to the upgrade was not HTTP, or a 101 that breaks RFC 6455.
    case badUpgrade
    /// The peer closed or reset before it answered the upgrade.
    case closedDuringUpgrade
    /// The settings that a server has offered cannot be used.
    case unusableSettings
    /// This machine is out of ports or descriptors: the tool's own limit, not the server's fault.
    case noLocalResource
    /// Anything else.
    case other
}

/// Why an open connection ended without the agent having asked for it.
public enum LossCause: Hashable, Sendable {
    /// The server sent a WebSocket Close with this code (1005 where it gave none).
    case closedByServer(code: UInt16)
    /// The peer reset the connection.
    case reset
    /// The stream ended without a WebSocket Close.
    case endOfStream
    /// The server broke WebSocket or HTTP framing.
    case protocolError
    /// Nothing was received for longer than the transport allows.
    case idle
    /// The host dropped it on purpose: a storm, or a fault of the profile.
    case dropped
}

/// What was wrong with a message that could not be read as a ServerToAgent.
public enum MalformedAnswer: UInt8, CaseIterable, Sendable {
    /// The WebSocket message header was not 0 (WebSocket Message Format).
    case header
    /// The bytes are no valid protobuf, or break one of the codec's limits.
    case protobuf
    /// A text message where a binary one is due.
    case text
    /// Beyond the client's size limit (WebSocket Message Size Limits).
    case tooBig

    /// The WebSocket close code that fits (RFC 6455, 7.4.1).
    var closeCode: UInt16 {
        switch self {
        case .header, .protobuf: return 1002
        case .text: return 1003
        case .tooBig: return 1009
        }
    }
}

/// What made an agent change its state.
public enum TransitionCause: Hashable, Sendable {
    case started
    case transportOpened
    case connectFailed(ConnectFailure)
    case upgradeRefused(status: UInt16)
    case lost(LossCause)
    case waitEnded
    case firstAnswer
    case configurationBegan
    case configurationEnded
    case updateBegan
    case updateEnded
    case throttled
    case malformedAnswer(MalformedAnswer)
    case newConnectionSettings
    case newConfiguration
    case restartCommand
    case crash
    case restarted
    case closed
    case closeTimedOut
    case drained
    case stormed
    case left
    case restartedByOperator

    /// The name used in tables and results; failures and losses carry their own.
    public var name: String {
        switch self {
        case .started: return "started"
        case .transportOpened: return "transport opened"
        case .connectFailed(let failure): return "connect failed: \(failure)"
        case .upgradeRefused(let status): return "upgrade refused: \(status)"
        case .lost(.closedByServer(let code)): return "lost: closed by server (\(code))"
        case .lost(let cause): return "lost: \(cause)"
        case .waitEnded: return "wait ended"
        case .firstAnswer: return "first answer"
        case .configurationBegan: return "configuration began"
        case .configurationEnded: return "configuration ended"
        case .updateBegan: return "update began"
        case .updateEnded: return "update ended"
        case .throttled: return "throttled"
        case .malformedAnswer(let what): return "malformed answer: \(what)"
        case .newConnectionSettings: return "new connection settings"
        case .newConfiguration: return "new configuration"
        case .restartCommand: return "restart command"
        case .crash: return "crash"
        case .restarted: return "restarted"
        case .closed: return "closed"
        case .closeTimedOut: return "close timed out"
        case .drained: return "drained"
        case .stormed: return "stormed"
        case .left: return "left"
        case .restartedByOperator: return "restarted by an operator"
        }
    }
}
