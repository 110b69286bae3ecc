/// Where an agent stands in its life: the label of a life-cycle phase, for counting and for the live series.
public enum AgentState: UInt8, CaseIterable, Sendable {
    /// Created, not yet started.
    case initializing
    /// The transport is being opened: TCP, TLS, HTTP upgrade.
    case connecting
    /// The transport is up and the first report has left; its answer has not come yet.
    case connected
    /// The server knows the agent, and the agent has nothing under way.
    case running
    /// A remote configuration is being applied.
    case configuring
    /// Packages are being downloaded or installed.
    case updating
    /// In error: the connection failed, was lost or was refused, and the agent waits for its next attempt.
    case backingOff
    /// The agent_disconnect has left and the WebSocket close is under way.
    case closing
    /// The agent's process is down between a crash or a restart and its next start.
    case restarting
    /// Over for good: drained, or ended by a fault.
    case disconnected

    /// The name used in tables, series and results.
    public var name: String {
        switch self {
        case .initializing: return "initializing"
        case .connecting: return "connecting"
        case .connected: return "connected"
        case .running: return "running"
        case .configuring: return "configuring"
        case .updating: return "updating"
        case .backingOff: return "backing off"
        case .closing: return "closing"
        case .restarting: return "restarting"
        case .disconnected: return "disconnected"
        }
    }

    /// Whether the transport is up and reports may leave.
    public var isOnline: Bool {
        switch self {
        case .connected, .running, .configuring, .updating: return true
        case .initializing, .connecting, .backingOff, .closing, .restarting, .disconnected: return false
        }
    }
}
