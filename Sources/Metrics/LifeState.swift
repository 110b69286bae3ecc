/// Where in its life an agent is: the gauges of a run. Every agent is in exactly one of them.
public enum LifeState: Int, CaseIterable, Hashable, Sendable {
    /// In the plan, not started yet.
    case planned
    /// Opening a connection: TCP, TLS, WebSocket upgrade.
    case connecting
    /// Upgraded; the first report has left and waits for its answer.
    case connected
    /// Connected and answered, with nothing else under way.
    case running
    /// Connected, and applying a remote configuration.
    case configuring
    /// Connected, and downloading or installing packages.
    case updating
    /// Its process is down for a moment: a crash or a restart.
    case restarting
    /// Waiting before it tries again.
    case backingOff
    /// Saying agent_disconnect.
    case draining
    /// Left in order.
    case stopped
    /// Gave up.
    case failed

    /// The name in files and machine output: stable from release to release.
    public var name: String {
        switch self {
        case .planned: "planned"
        case .connecting: "connecting"
        case .connected: "connected"
        case .running: "running"
        case .configuring: "configuring"
        case .updating: "updating"
        case .restarting: "restarting"
        case .backingOff: "backing_off"
        case .draining: "draining"
        case .stopped: "stopped"
        case .failed: "failed"
        }
    }

    /// The name in tables.
    public var title: String {
        self == .backingOff ? "backing off" : name
    }
}

/// How many agents are in each state.
public typealias StateTable = GaugeTable<LifeState>

extension StateTable {
    /// Agents with a connection that is neither being made nor left.
    public var online: Int { self[.connected] + self[.running] + self[.configuring] + self[.updating] }
}
