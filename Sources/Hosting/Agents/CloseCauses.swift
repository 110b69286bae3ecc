import AgentModel
import Engine

// Why the engine ended a connection, in the terms of the agent's state machine.

extension ConnectFailure {
    init(_ cause: CloseCause) {
        switch cause {
        case .refused: self = .refused
        case .unreachable: self = .unreachable
        case .timedOut: self = .timedOut
        case .outOfDescriptors, .outOfPorts, .badSource: self = .noLocalResource
        case .tls: self = .tls
        case .local, .peerClosed, .reset, .writeOverflow, .other: self = .other
        }
    }
}

extension LossCause {
    init(_ cause: CloseCause) {
        switch cause {
        case .peerClosed: self = .endOfStream
        case .timedOut: self = .idle
        case .local: self = .dropped
        case .reset, .refused, .unreachable, .writeOverflow, .outOfDescriptors, .outOfPorts, .badSource, .tls, .other:
            self = .reset
        }
    }
}
