import AgentModel
import Engine
import Metrics
import Transport

/// Why an attempt to connect failed, and in which phase.
struct ConnectError: Error, Equatable {
    enum Reason: Equatable {
        /// The phase was not over within its time.
        case timedOut
        /// The proxy refused a tunnel, or its response is invalid.
        case proxy(ProxyError)
        /// The connection could not be made, or has ended.
        case closed(CloseCause)
    }

    let phase: ConnectStateMachine.Phase
    let reason: Reason

    init(phase: ConnectStateMachine.Phase, reason: Reason) {
        self.phase = phase
        self.reason = reason
    }

    /// The connection has ended in a phase.
    init(_ cause: CloseCause, in phase: ConnectStateMachine.Phase) {
        self.phase = phase
        if case .timedOut = cause { reason = .timedOut } else { reason = .closed(cause) }
    }

    /// The error that the attempt is counted under.
    var counter: Counter {
        switch reason {
        case .timedOut: .connectTimedOut
        case .proxy(let error): Counter(proxy: error)
        case .closed(let cause): Counter(cause)
        }
    }

    /// The name that is counted besides, where the counter does not say all.
    var name: String? {
        switch reason {
        case .timedOut: Self.timeoutName(of: phase)
        case .proxy(let error): error.name
        case .closed(let cause): cause.nameBesidesCounter
        }
    }

    /// The name for a timeout in a phase; that of `dial` has a counter of its own.
    static func timeoutName(of phase: ConnectStateMachine.Phase) -> String? {
        switch phase {
        case .dial: nil
        case .tunnel: "tunnel_timed_out"
        case .tls: "tls_handshake_timed_out"
        }
    }

    /// What ended the connection, in the engine's words.
    var causeName: String {
        switch reason {
        case .timedOut: CloseCause.timedOut(.connect).name
        case .proxy(let error): error.name
        case .closed(let cause): cause.name
        }
    }
}

extension ConnectFailure {
    /// What the agent's state machine learns of a failed attempt.
    init(_ error: ConnectError) {
        switch error.reason {
        case .timedOut: self = .timedOut
        case .proxy: self = .other
        case .closed(let cause): self.init(cause)
        }
    }
}

extension CloseCause {
    /// The name of a cause that shares its counter with others.
    var nameBesidesCounter: String? {
        switch self {
        case .tls, .other, .badSource, .timedOut(.handshake), .timedOut(.receive), .timedOut(.close),
            .timedOut(.delivery):
            name
        case .local, .peerClosed, .reset, .refused, .unreachable, .timedOut, .writeOverflow,
            .outOfDescriptors, .outOfPorts:
            nil
        }
    }
}

extension Counter {
    /// The error that a proxy which opened no tunnel is counted under.
    init(proxy error: ProxyError) {
        switch error {
        case .refused(let refusal): self = .forProxyRefusal(status: Int(refusal.status))
        case .http, .closed, .earlyBytes: self = .proxyMalformed
        }
    }
}

extension ShardMetrics {
    /// Counts an attempt to connect that failed.
    func count(_ error: ConnectError) {
        count(error.counter)
        if let name = error.name { count(named: name) }
    }

    /// Counts the end of a connection that this side did not ask for.
    func count(closed cause: CloseCause) {
        count(Counter(cause))
        if let name = cause.nameBesidesCounter { count(named: name) }
    }
}
