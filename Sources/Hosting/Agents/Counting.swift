import AgentModel
import Engine
import Metrics

// How the words of the agent's state machine and of the engine become those of the results.

extension LifeState {
    init(_ state: AgentState) {
        switch state {
        case .initializing: self = .planned
        case .connecting: self = .connecting
        case .connected: self = .connected
        case .running: self = .running
        case .configuring: self = .configuring
        case .updating: self = .updating
        case .restarting: self = .restarting
        case .backingOff: self = .backingOff
        case .closing: self = .draining
        case .disconnected: self = .stopped
        }
    }
}

extension ReportedHealth {
    init(_ grade: HealthGrade) {
        switch grade {
        case .healthy: self = .healthy
        case .degraded: self = .degraded
        case .unhealthy: self = .unhealthy
        }
    }
}

extension ReportKind {
    /// Under which kind the report is counted; each report under exactly one.
    var counter: Counter {
        switch self {
        case .first: .firstReports
        case .heartbeat: .heartbeats
        case .reconnect, .status, .components, .custom, .request, .malformed, .oversized: .statusReports
        case .fullState: .fullStateReports
        case .agentDisconnect: .agentDisconnects
        }
    }
}

extension ShardMetrics {
    /// Counts what a state machine found odd. What the link itself has counted already, with more precision, is left out.
    func count(anomaly: Anomaly, _ amount: Int) {
        switch anomaly {
        case .badRequest, .unknownError: count(.errorAnswers, amount)
        case .unavailable: count(.throttled, amount)
        case .unanswered: count(.unanswered, amount)
        case .fullStateRequested: count(.fullStateRequests, amount)
        case .instanceUIDAssigned: count(.uidsAssigned, amount)
        case .heartbeatsSkipped: count(.skippedHeartbeats, amount)
        case .malformedAnswer: count(.malformedAnswer, amount)
        case .settingsCommitted: count(.settingsCommitted, amount)
        case .settingsRejected: count(.settingsRejected, amount)
        case .settingsReverted: count(.settingsReverted, amount)
        case .answersLost: count(.answersLost, amount)
        case .changesJoined: count(.changesJoined, amount)
        case .closedByServer: count(.closedByServer, amount)
        case .push: count(.pushes, amount)
        case .lateAnswer: count(.lateAnswers, amount)
        case .restartCommanded: count(.restartsCommanded, amount)
        case .errorWithContent, .badInstanceUIDAssigned, .foreignMessage, .undeclaredCapabilityUsed:
            count(.protocolViolation, amount)
            count(named: anomaly.name, UInt64(amount))
        case .steered: count(named: anomaly.name, UInt64(amount))
        case .upgradeThrottled, .upgradeUnauthorized, .upgradeRedirected, .upgradeRefused, .connectFailed,
            .connectTimedOut,
            .connectionLost, .noLocalResource:
            break
        default:
            // What is no error and has no counter is of the agent's own making, and shows in its states and reports.
            if anomaly.isError {
                count(named: anomaly.name, UInt64(amount))
            }
        }
    }
}

extension Counter {
    /// The error that the end of a connection is counted under.
    init(_ cause: CloseCause) {
        switch cause {
        case .peerClosed: self = .peerClosed
        case .reset: self = .reset
        case .refused: self = .connectRefused
        case .unreachable: self = .connectUnreachable
        case .timedOut(.connect), .timedOut(.handshake): self = .connectTimedOut
        case .timedOut(.idle), .timedOut(.receive): self = .idleTimeout
        case .writeOverflow: self = .writeOverflow
        case .outOfDescriptors: self = .outOfDescriptors
        case .outOfPorts: self = .outOfPorts
        case .tls(let failure): self.init(failure)
        case .timedOut(.close), .timedOut(.delivery), .local, .badSource, .other: self = .otherNetworkError
        }
    }
}

extension Counter {
    /// The error that a failure of TLS is counted under.
    init(_ failure: TLSFailure) {
        switch failure {
        case .expired: self = .tlsExpired
        case .notYetValid: self = .tlsNotYetValid
        case .wrongHost: self = .tlsWrongHost
        case .unknownAuthority: self = .tlsUnknownAuthority
        case .selfSigned: self = .tlsSelfSigned
        case .revoked: self = .tlsRevoked
        case .revocationListMissing, .revocationListExpired, .revocationListForged: self = .tlsRevocationUnknown
        case .statusMissing, .statusInvalid: self = .tlsStapledStatus
        case .pinMismatch: self = .tlsPinMismatch
        case .badSignature, .notAnAuthority, .wrongPurpose, .tooWeak, .certificate, .certificateMissing:
            self = .tlsBadCertificate
        case .alert(let number): self = Self.certificateAlerts.contains(number) ? .tlsClientRefused : .tlsAlert
        case .versionMismatch, .cipherMismatch, .protocolMismatch: self = .tlsNothingInCommon
        case .notTLS: self = .tlsNotSpoken
        case .interrupted: self = .tlsInterrupted
        case .other: self = .tlsOther
        }
    }

    /// The alerts by which a server turns down the certificate of a client, or the lack of one (RFC 8446, 6.2): bad,
    /// unsupported, revoked, expired, unknown, unknown authority, access denied, required.
    private static let certificateAlerts: Set<UInt8> = [42, 43, 44, 45, 46, 48, 49, 116]
}

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
