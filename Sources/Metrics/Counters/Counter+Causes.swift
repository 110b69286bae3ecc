import AgentModel
public import Engine
public import Packages

// Under which counter something is counted that another part of the tool has found.

extension Counter {
    /// The error under which a refusal of a request over plain HTTP is counted.
    /// - Parameter status: the status code of its response; anything but 200.
    public static func forRequestRefusal(status: Int) -> Counter {
        switch status {
        case 300..<400: .requestRedirected
        case 401: .requestUnauthorized
        case 403: .requestForbidden
        case 413: .requestTooLarge
        case 429, 503: .requestThrottled
        case 400..<500: .requestRefused4xx
        case 500..<600: .requestRefused5xx
        default: .responseMalformed
        }
    }

    /// The error under which a proxy's refusal to open a tunnel is counted.
    /// - Parameter status: the status code of its response; anything but 2xx.
    public static func forProxyRefusal(status: Int) -> Counter {
        status == 407 ? .proxyUnauthorized : .proxyRefused
    }

    /// The error under which a refusal of the WebSocket upgrade is counted.
    /// - Parameter status: the status code of its HTTP response; anything but 101.
    public static func forUpgradeRefusal(status: Int) -> Counter {
        switch status {
        case 300..<400: .upgradeRedirected
        case 401: .upgradeUnauthorized
        case 403: .upgradeForbidden
        case 429, 503: .upgradeThrottled
        case 400..<500: .upgradeRefused4xx
        case 500..<600: .upgradeRefused5xx
        default: .upgradeMalformed
        }
    }

    /// The counter of the end of a connection: an error, unless the tool itself ended it.
    public init(_ cause: CloseCause) {
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
        case .local, .timedOut(.close), .timedOut(.delivery): self = .connectionsAborted
        case .badSource, .other: self = .otherNetworkError
        }
    }

    /// The error under which a failure of TLS is counted.
    public init(_ failure: TLSFailure) {
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
        case .versionMismatch, .cipherMismatch, .protocolMismatch: self = .tlsNoSharedParameters
        case .notTLS: self = .tlsPeerNotTls
        case .interrupted: self = .tlsInterrupted
        case .record, .other: self = .tlsOther
        }
    }

    /// The alerts by which a server refuses the certificate of a client, or its absence (RFC 8446, 6.2): bad,
    /// unsupported, revoked, expired, unknown, unknown authority, access denied, required.
    private static let certificateAlerts: Set<UInt8> = [42, 43, 44, 45, 46, 48, 49, 116]

    /// The error under which the failed transfer of a file is counted.
    public init(_ failure: TransferFailure) {
        switch failure {
        case .badAddress: self = .downloadBadAddress
        case .refused(401): self = .downloadUnauthorized
        case .refused(403): self = .downloadForbidden
        case .proxyRefused(let status): self = .forProxyRefusal(status: Int(status))
        case .refused(500...): self = .downloadRefused5xx
        case .refused(400...): self = .downloadRefused4xx
        case .refused, .malformed, .encoded: self = .downloadMalformed
        case .tooManyRedirects, .badRedirect: self = .downloadRedirectRefused
        case .tooLarge: self = .downloadTooLarge
        case .broken: self = .downloadBroken
        }
    }

    /// The counter of a report; each report has exactly one.
    init(_ kind: ReportKind) {
        switch kind {
        case .first: self = .firstReports
        case .heartbeat: self = .heartbeats
        case .reconnect, .status, .components, .custom, .request, .malformed, .oversized: self = .statusReports
        case .fullState: self = .fullStateReports
        case .agentDisconnect: self = .agentDisconnects
        }
    }

    /// The counter of an anomaly. `nil`: it has none of its own, because the connection counts it with its cause, or
    /// because it is the agent's own doing and shows in its states and reports.
    init?(_ anomaly: Anomaly) {
        switch anomaly {
        case .badRequest, .unknownError: self = .errorAnswers
        case .unavailable: self = .throttled
        case .fullStateRequested: self = .fullStateRequests
        case .instanceUIDAssigned: self = .uidsAssigned
        case .heartbeatsSkipped: self = .skippedHeartbeats
        case .malformedAnswer: self = .malformedAnswer
        case .settingsCommitted: self = .settingsCommitted
        case .settingsRejected: self = .settingsRejected
        case .settingsReverted: self = .settingsReverted
        case .changesJoined: self = .changesJoined
        case .closedByServer: self = .closedByServer
        case .push: self = .pushes
        case .surplusAnswer: self = .surplusAnswers
        case .restartCommanded: self = .restartsCommanded
        case .errorWithContent, .badInstanceUIDAssigned, .foreignMessage, .undeclaredCapabilityUsed:
            self = .protocolViolation
        case .upgradeThrottled, .upgradeUnauthorized, .upgradeRedirected, .upgradeRefused, .connectFailed,
            .connectTimedOut, .connectionLost, .noLocalResource, .componentsRequested, .closeTimedOut, .offerRepeated,
            .steered, .unknownCustomMessage, .certificateRefused, .unknownCommand, .watcherNotified, .crashed,
            .telemetryAccepted, .capabilitiesChanged, .reportTooBig, .eventOutOfState:
            return nil
        }
    }
}

extension Anomaly {
    /// Whether it is also counted under its own name, among the events without a counter of their own.
    var isNamed: Bool {
        switch self {
        case .errorWithContent, .badInstanceUIDAssigned, .foreignMessage, .undeclaredCapabilityUsed, .steered,
            .closeTimedOut, .reportTooBig, .eventOutOfState, .unknownCommand, .crashed, .certificateRefused:
            true
        default: false
        }
    }
}
