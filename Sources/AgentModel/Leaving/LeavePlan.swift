public import Basis

/// How an agent ends its connection when it leaves (Closing Connection).
public enum LeaveMethod: String, CaseIterable, Hashable, Sendable {
    /// agent_disconnect, then the WebSocket closing handshake, as the specification asks for.
    case agentDisconnect = "agent-disconnect"
    /// The WebSocket closing handshake without agent_disconnect.
    case close
    /// The end of the TCP stream (FIN) without a Close frame: the operating system closes the socket of a process that
    /// ended.
    case fin
    /// A reset of the TCP connection (RST).
    case reset
    /// Nothing is sent and the socket stays: the connection is half-open, as after the loss of a host.
    case silent
}

/// What an agent does after it has left.
public enum AfterLeaving: Hashable, Sendable {
    /// Nothing: it has ended.
    case gone
    /// Its process starts again after so long, as the same agent.
    case back(after: Nanoseconds)
    /// Its process runs on and connects again by the cohort's policy.
    case reconnects
}

/// After which time agents leave, and how.
public struct TimedLeave: Hashable, Sendable {
    public var span: Distribution
    public var leaving: LeavePlan

    public init(after span: Distribution, _ leaving: LeavePlan = LeavePlan()) {
        self.span = span
        self.leaving = leaving
    }
}

/// How agents leave, and what follows.
public struct LeavePlan: Hashable, Sendable {
    /// What follows for the agents that have left.
    public enum Sequel: Hashable, Sendable {
        /// They are gone.
        case gone
        /// They are back as themselves after a drawn time.
        case back(Distribution)
        /// New agents with their attributes, but another instance uid and host name, start after a drawn time.
        case replaced(Distribution)
    }

    /// One method and its weight among the others.
    public struct Share: Hashable, Sendable {
        public var method: LeaveMethod
        /// Above 0.
        public var weight: Double

        public init(_ method: LeaveMethod, weight: Double = 1) {
            self.method = method
            self.weight = weight
        }
    }

    /// Never empty.
    public var methods: [Share]
    public var sequel: Sequel

    public init(_ method: LeaveMethod = .agentDisconnect, then sequel: Sequel = .gone) {
        methods = [Share(method)]
        self.sequel = sequel
    }

    /// - Parameter methods: `agentDisconnect` where it is empty.
    public init(mixed methods: [Share], then sequel: Sequel = .gone) {
        self.methods = methods.isEmpty ? [Share(.agentDisconnect)] : methods
        self.sequel = sequel
    }

    /// The method of one agent, drawn by the weights.
    public func method(_ random: inout SeededRandom) -> LeaveMethod {
        guard methods.count > 1 else { return methods.first?.method ?? .agentDisconnect }
        var rest = random.unit() * methods.reduce(0) { $0 + $1.weight }
        for share in methods {
            rest -= share.weight
            if rest < 0 { return share.method }
        }
        return methods[methods.count - 1].method
    }
}
