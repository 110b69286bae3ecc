import AgentModel
import Basis
import Engine
import Metrics

/// What keeps a connection from its usual course.
final class Disturbance {
    var slowReading: SlowReading?
    var partition: Partition?
    var isUnreachable = false
    /// Connections begun so far, of an agent behind a link.
    var connections: UInt32 = 0
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

    /// The number of the connection that begins, of an agent behind a link.
    func numberConnection() -> UInt32 {
        let disturbance = disturbance ?? Disturbance()
        self.disturbance = disturbance
        disturbance.connections &+= 1
        return disturbance.connections
    }

    private func disturb(_ change: (Disturbance) -> Void) {
        let disturbance = disturbance ?? Disturbance()
        change(disturbance)
        let isOver =
            disturbance.slowReading == nil && disturbance.partition == nil && !disturbance.isUnreachable
            && disturbance.connections == 0
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

extension WebSocketLink {
    /// Whether the report or its answer is held up on the agent's side: by its slow network or its slow reading.
    func isWithheld(_ report: UnansweredReport) -> Bool {
        if slowReading != nil { return true }
        let sentAt = shard.now - report.waited + report.delay
        return isOnWay(sentBy: sentAt, answeredBy: sentAt + agent.cohort.plan.answerTimeout)
    }
}
