public import Basis

/// The life of one agent as an explicit state machine.
///
/// Every transition is in this file, in `apply(_:at:)`: a switch over what happened and, inside, a switch over the
/// phase it happened in. Both are exhaustive and have no `default`, so that a new phase or a new event does not compile
/// until each combination has been decided. A combination that is not valid is `.rejected`: the phase stays, and the
/// caller counts it. Nothing outside this file can set the phase.
///
/// A phase carries exactly what exists in it: a session only while the transport is up, a deadline only while waiting.
/// Configuring and updating continue while the agent is offline (a collector applies a configuration whether or not its
/// server listens), so what is under way (`Work`) is an input of the machine instead of part of a phase.
public struct LifeCycle: Hashable, Sendable {
    /// What an agent is doing, with what it knows only then.
    public enum Phase: Hashable, Sendable {
        case initializing
        case connecting(begun: Instant)
        case connected(Session)
        case running(Session)
        case configuring(Session)
        case updating(Session)
        case backingOff(until: Instant)
        case closing(deadline: Instant, afterwards: Afterwards)
        case restarting(until: Instant)
        case disconnected

        /// The phase's label.
        public var state: AgentState {
            switch self {
            case .initializing: return .initializing
            case .connecting: return .connecting
            case .connected: return .connected
            case .running: return .running
            case .configuring: return .configuring
            case .updating: return .updating
            case .backingOff: return .backingOff
            case .closing: return .closing
            case .restarting: return .restarting
            case .disconnected: return .disconnected
            }
        }

        /// The open connection, if there is one on which reports can be sent.
        public var session: Session? {
            switch self {
            case .connected(let session), .running(let session), .configuring(let session), .updating(let session):
                return session
            case .initializing, .connecting, .backingOff, .closing, .restarting, .disconnected:
                return nil
            }
        }
    }

    /// An open connection.
    public struct Session: Hashable, Sendable {
        /// When the attempt began that opened it.
        public let begun: Instant
        /// When the last answer was received on it, or, while there is none, when it was open and upgraded.
        public fileprivate(set) var lastContact: Instant

        public init(begun: Instant, lastContact: Instant) {
            self.begun = begun
            self.lastContact = lastContact
        }
    }

    /// What follows a close that the agent asked for.
    public enum Afterwards: Hashable, Sendable {
        /// Nothing: the agent ends.
        case stop
        /// A new connection at the given time.
        case reconnect(at: Instant)
        /// The process restarts and is back at the given time.
        case restart(until: Instant)
    }

    /// What the agent has under way apart from its connection.
    public struct Work: OptionSet, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let configuring = Work(rawValue: 1)
        public static let updating = Work(rawValue: 2)
    }

    /// What can happen to a life. The cause is carried along for the record.
    public enum Event: Hashable, Sendable {
        case started
        case transportOpened
        case connectionFailed(retryAt: Instant)
        case connectionLost(retryAt: Instant)
        case waitEnded
        case firstReportAnswered(Work)
        case workChanged(Work)
        case closeBegan(deadline: Instant, afterwards: Afterwards)
        case closeEnded
        case crashed(until: Instant)
        case stopped
    }

    /// The result of an event.
    public enum Outcome: Hashable, Sendable {
        /// The phase has another label now.
        case moved(StateChange)
        /// The event fits and changes no label.
        case stayed
        /// The event does not fit the phase; nothing changed.
        case rejected
    }

    public private(set) var phase: Phase = .initializing
    /// Since when the phase has had its label.
    public private(set) var since: Instant = .zero

    public init() {}

    /// A life cycle in `phase`: for tables and tests that walk through all of them.
    init(in phase: Phase) {
        self.phase = phase
    }

    /// Takes what happened at `now`. The only way to change the phase.
    public mutating func apply(_ event: Event, because cause: TransitionCause, at now: Instant) -> Outcome {
        guard let next = following(event, at: now) else { return .rejected }
        let (from, to) = (phase.state, next.state)
        phase = next
        guard from != to else { return .stayed }
        // Before its first step an agent has spent no time in the run.
        let spent = from == .initializing ? .zero : now - since
        let change = StateChange(from: from, to: to, cause: cause, at: now, spent: spent)
        since = now
        return .moved(change)
    }

    /// An answer was received on the open connection.
    mutating func answered(at now: Instant) {
        switch phase {
        case .running(var session):
            session.lastContact = now
            phase = .running(session)
        case .connected(var session):
            session.lastContact = now
            phase = .connected(session)
        case .configuring(var session):
            session.lastContact = now
            phase = .configuring(session)
        case .updating(var session):
            session.lastContact = now
            phase = .updating(session)
        case .initializing, .connecting, .backingOff, .closing, .restarting, .disconnected:
            break
        }
    }

    /// The attempt to connect begins only now.
    mutating func attemptBegins(at now: Instant) {
        if case .connecting = phase { phase = .connecting(begun: now) }
    }

    /// The transition table.
    private func following(_ event: Event, at now: Instant) -> Phase? {
        switch event {
        case .started:
            switch phase {
            case .initializing, .restarting: return .connecting(begun: now)
            case .connecting, .connected, .running, .configuring, .updating, .backingOff, .closing, .disconnected:
                return nil
            }
        case .transportOpened:
            switch phase {
            case .connecting(let begun): return .connected(Session(begun: begun, lastContact: now))
            case .initializing, .connected, .running, .configuring, .updating, .backingOff, .closing, .restarting,
                .disconnected:
                return nil
            }
        case .connectionFailed(let retryAt):
            switch phase {
            case .connecting: return .backingOff(until: retryAt)
            case .initializing, .connected, .running, .configuring, .updating, .backingOff, .closing, .restarting,
                .disconnected:
                return nil
            }
        case .connectionLost(let retryAt):
            switch phase {
            case .connected, .running, .configuring, .updating: return .backingOff(until: retryAt)
            case .closing(_, let afterwards): return Self.after(afterwards)
            case .initializing, .connecting, .backingOff, .restarting, .disconnected: return nil
            }
        case .waitEnded:
            switch phase {
            case .backingOff: return .connecting(begun: now)
            case .initializing, .connecting, .connected, .running, .configuring, .updating, .closing, .restarting,
                .disconnected:
                return nil
            }
        case .firstReportAnswered(let work):
            switch phase {
            case .connected(let session): return Self.online(session, work)
            case .initializing, .connecting, .running, .configuring, .updating, .backingOff, .closing, .restarting,
                .disconnected:
                return nil
            }
        case .workChanged(let work):
            switch phase {
            case .running(let session), .configuring(let session), .updating(let session):
                return Self.online(session, work)
            case .initializing, .connecting, .connected, .backingOff, .closing, .restarting, .disconnected:
                // The work continues without a state for it; the answer to the first report restores the state.
                return phase
            }
        case .closeBegan(let deadline, let afterwards):
            switch phase {
            case .connected, .running, .configuring, .updating:
                return .closing(deadline: deadline, afterwards: afterwards)
            case .closing(let deadline, _):
                // Already closing: only what follows may change (a drain that comes during a reconnect).
                return .closing(deadline: deadline, afterwards: afterwards)
            case .initializing, .connecting, .backingOff, .restarting, .disconnected: return nil
            }
        case .closeEnded:
            switch phase {
            case .closing(_, let afterwards): return Self.after(afterwards)
            case .initializing, .connecting, .connected, .running, .configuring, .updating, .backingOff, .restarting,
                .disconnected:
                return nil
            }
        case .crashed(let until):
            switch phase {
            case .connecting, .connected, .running, .configuring, .updating, .backingOff:
                return .restarting(until: until)
            case .initializing, .closing, .restarting, .disconnected: return nil
            }
        case .stopped:
            switch phase {
            case .initializing, .connecting, .connected, .running, .configuring, .updating, .backingOff, .closing,
                .restarting:
                return .disconnected
            case .disconnected: return nil
            }
        }
    }

    private static func online(_ session: Session, _ work: Work) -> Phase {
        if work.contains(.updating) { return .updating(session) }
        if work.contains(.configuring) { return .configuring(session) }
        return .running(session)
    }

    private static func after(_ afterwards: Afterwards) -> Phase {
        switch afterwards {
        case .stop: return .disconnected
        case .reconnect(let at): return .backingOff(until: at)
        case .restart(let until): return .restarting(until: until)
        }
    }
}

/// One step of an agent's life.
public struct StateChange: Hashable, Sendable {
    public let from: AgentState
    public let to: AgentState
    public let cause: TransitionCause
    public let at: Instant
    /// How long the agent was in `from`.
    public let spent: Nanoseconds
}

/// The state of an agent: the label of a life-cycle phase, for counting and for the live series.
public enum AgentState: Int, CaseIterable, Sendable {
    /// Created, not yet started.
    case initializing
    /// The transport is being opened: TCP, TLS, HTTP upgrade.
    case connecting
    /// The transport is up and the first report has been sent; its answer has not been received yet.
    case connected
    /// The server knows the agent, and the agent has nothing under way.
    case running
    /// A remote configuration is being applied.
    case configuring
    /// Packages are being downloaded or installed.
    case updating
    /// In error: the connection failed, was lost or was refused, and the agent waits for its next attempt.
    case backingOff
    /// The agent_disconnect has been sent and the WebSocket close is under way.
    case closing
    /// The agent's process is down between a crash or a restart and its next start.
    case restarting
    /// The final state: drained, or ended by a fault.
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
