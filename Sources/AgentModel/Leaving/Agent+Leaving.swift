public import Basis
import OpAMP

/// Leaving during a run, as the profile asks for: for good, for a while, or for another connection.
///
/// Unlike `drain`, which ends a run, nothing waits for the answers that the agent is owed: what has no answer yet is
/// cut.
extension Agent {
    /// Leaves by `method`. An agent without a connection needs none: it ends, or is away, without a message.
    public mutating func leave(
        by method: LeaveMethod, then sequel: AfterLeaving, at now: Instant, _ effects: inout Effects
    ) {
        switch life.phase {
        case .connected, .running, .configuring, .updating:
            leaveConnected(by: method, then: sequel, at: now, &effects)
        case .connecting:
            guard sequel != .reconnects else { return }
            effects.append(.abort)
            leaveUnconnected(then: sequel, at: now, &effects)
        case .initializing, .backingOff, .restarting, .closing:
            leaveUnconnected(then: sequel, at: now, &effects)
        case .disconnected:
            break
        }
        setTimer(&effects)
    }

    private mutating func leaveConnected(
        by method: LeaveMethod, then sequel: AfterLeaving, at now: Instant, _ effects: inout Effects
    ) {
        switch method {
        case .agentDisconnect, .close:
            close(
                code: 1000, afterwards: afterwards(sequel, at: now, &effects), because: .left,
                saysAgentDisconnect: method == .agentDisconnect, at: now, &effects)
        case .fin, .reset, .silent:
            effects.append(.leaveTransport(method))
            switch sequel {
            case .gone: stop(because: .left, at: now, &effects)
            case .back(let away): stayAway(until: now + away, at: now, &effects)
            case .reconnects: lose(because: .left, at: now, &effects)
            }
        }
    }

    private mutating func afterwards(
        _ sequel: AfterLeaving, at now: Instant, _ effects: inout Effects
    ) -> LifeCycle.Afterwards {
        switch sequel {
        case .gone: return .stop
        case .back(let away): return .restart(until: now + away)
        case .reconnects:
            let lasted = life.phase.session.map { now - $0.begun } ?? .zero
            return .reconnect(at: now + backoff.lost(reconnectPolicy(&effects), after: lasted, &random))
        }
    }

    private mutating func leaveUnconnected(then sequel: AfterLeaving, at now: Instant, _ effects: inout Effects) {
        switch (life.phase, sequel) {
        case (.closing(let deadline, _), .gone):
            // The close that is under way ends the agent.
            _ = step(.closeBegan(deadline: deadline, afterwards: .stop), because: .left, at: now, &effects)
        case (_, .gone): stop(because: .left, at: now, &effects)
        case (.connecting, .back(let away)), (.backingOff, .back(let away)):
            stayAway(until: now + away, at: now, &effects)
        case (_, .back), (_, .reconnects): break
        }
    }

    /// The process is down until then.
    private mutating func stayAway(until: Instant, at now: Instant, _ effects: inout Effects) {
        guard step(.crashed(until: until), because: .left, at: now, &effects) else { return }
        abandonFetch(&effects)
        leaveConnection(reports: .cut, at: now, &effects)
        endOutage(isAnswered: false, at: now, &effects)
    }

    /// An operator restarts the process: agent_disconnect, Close, and a new start after the cohort's restart time. One
    /// that is down already stays down no longer for it.
    public mutating func restartProcess(at now: Instant, _ effects: inout Effects) {
        restart(because: .restartedByOperator, at: now, &effects)
        setTimer(&effects)
    }

    /// Something about the agent has changed outside of it, such as the version of its collector: it reports that part
    /// of its status now, or on its next connection.
    public mutating func reportStatus(_ part: StatusPart, at now: Instant, _ effects: inout Effects) {
        guard isProcessUp else { return }
        changes.insert(part.fields)
        reportChanges(isUrgent: true, at: now, &effects)
        setTimer(&effects)
    }
}

/// A part of an agent's status that a whole fleet may report at one moment.
public enum StatusPart: String, CaseIterable, Hashable, Sendable {
    /// ComponentHealth.
    case health
    /// EffectiveConfig.
    case effectiveConfig = "effective-config"
    /// AvailableComponents, the whole list: after an upgrade of the collector.
    case components
    /// Everything.
    case all

    var fields: StatusFields {
        switch self {
        case .health: .health
        case .effectiveConfig: .effectiveConfig
        case .components: .componentList
        case .all: .full
        }
    }
}
