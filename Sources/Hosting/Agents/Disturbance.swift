import AgentModel
import Engine
import Metrics

/// What keeps a connection from its usual course.
final class Disturbance {
    var slowReading: SlowReading?
    var partition: Partition?
    var isUnreachable = false
}

extension WebSocketConnection {
    var slowReading: SlowReading? {
        get { disturbance?.slowReading }
        set { disturb { $0.slowReading = newValue } }
    }

    /// Set while the agent is cut off from its server.
    var partition: Partition? {
        get { disturbance?.partition }
        set { disturb { $0.partition = newValue } }
    }

    /// Whether attempts to connect are refused at once: there is no way to the server.
    var isUnreachable: Bool {
        get { disturbance?.isUnreachable ?? false }
        set { disturb { $0.isUnreachable = newValue } }
    }

    private func disturb(_ change: (Disturbance) -> Void) {
        let disturbance = disturbance ?? Disturbance()
        change(disturbance)
        let isOver = disturbance.slowReading == nil && disturbance.partition == nil && !disturbance.isUnreachable
        self.disturbance = isOver ? nil : disturbance
    }
}

extension WebSocketLink {
    func leaveTransport(by method: LeaveMethod) {
        guard case .open = stage else { return drop() }
        host.metrics.count(.connectionsCut)
        host.metrics.count(named: "connections_left_by_\(method)")
        if partition != nil { return giveUpSocket() }
        switch method {
        case .agentDisconnect, .close, .reset: drop()
        case .fin:
            flush()
            stage = .offline
            closeGracefully(within: ConnectTimeouts.close)
        case .silent:
            flush()
            uncork()
            stage = .offline
            if !host.population.keepsSilent(self) { abort() }
        }
    }
}
