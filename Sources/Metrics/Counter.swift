/// What a run counts.
///
/// Every error has its own name and says whose fault it is. To add one: a case here and its row in `facts`, in the
/// place of its family; files, tables and pages take it up by themselves.
public enum Counter: Int, CaseIterable, Hashable, Sendable {
    // agents
    case agentsStarted
    case agentsConnected
    case agentsAnswered
    case agentsFailed
    case agentsStopped
    // connections
    case connectionsAttempted
    case connectionsOpened
    case connectionsClosed
    case reconnects
    case connectionsCut
    case tlsHandshakesFull
    case tlsHandshakesResumed
    case keepAliveRefusals
    case requestsRepeated
    case reportsCut
    case compressionDeclined
    case compressionRefusals
    case agentDisconnectsUnsent
    // traffic
    case bytesSent
    case bytesReceived
    case messagesSent
    case messagesReceived
    case writeCalls
    case changesJoined
    case compressedSent
    case compressedSentPlainBytes
    case compressedSentWireBytes
    case compressedReceived
    case compressedReceivedWireBytes
    case compressedReceivedPlainBytes
    // reports
    case firstReports
    case heartbeats
    case statusReports
    case fullStateReports
    case agentDisconnects
    // answers
    case answersReceived
    case remoteConfigsReceived
    case fullStateRequests
    case uidsAssigned
    case pushes
    case lateAnswers
    case restartsCommanded
    // remote configuration
    case configsApplied
    case configsConverged
    case configsFailed
    case configsSuperseded
    // packages
    case packageOffers
    case packagesInstalled
    case packagesFailed
    case packageOffersConverged
    case packageOffersFailed
    // files of packages
    case downloadsStarted
    case downloadsFinished
    case downloadsFailed
    case downloadBytes
    case downloadsQueued
    case downloadsRetried
    case downloadsResumed
    case downloadsStartedOver
    case downloadsRedirected
    case packageHashesValid
    case packageSignaturesValid
    case packageContentsSound
    case packageSandboxGranted
    // connection settings
    case settingsOffered
    case settingsCommitted
    case settingsRejected
    case settingsReverted
    // own telemetry
    case telemetryRequests
    case telemetryItems
    case telemetryBytes
    // misbehaviour asked for by the profile
    case faults
    // errors, the fault of the network or of nobody
    case dnsFailure
    case connectRefused
    case connectTimedOut
    case connectUnreachable
    case reset
    case peerClosed
    case answersLost
    case idleTimeout
    case otherNetworkError
    case proxyUnauthorized
    case proxyRefused
    case proxyMalformed
    case telemetryUnreachable
    case downloadNotConnected
    case downloadBroken
    case downloadStalled
    case downloadTimedOut
    // errors, the fault of the server
    case tlsExpired
    case tlsNotYetValid
    case tlsWrongHost
    case tlsUnknownAuthority
    case tlsSelfSigned
    case tlsRevoked
    case tlsRevocationUnknown
    case tlsStapledStatus
    case tlsPinMismatch
    case tlsBadCertificate
    case tlsClientRefused
    case tlsAlert
    case tlsNothingInCommon
    case tlsNotSpoken
    case tlsInterrupted
    case tlsOther
    case upgradeRedirected
    case upgradeUnauthorized
    case upgradeForbidden
    case upgradeThrottled
    case upgradeRefused4xx
    case upgradeRefused5xx
    case upgradeMalformed
    case upgradeTimedOut
    case requestRedirected
    case requestUnauthorized
    case requestForbidden
    case requestThrottled
    case requestTooLarge
    case requestRefused4xx
    case requestRefused5xx
    case responseMalformed
    case closedByServer
    case malformedFrame
    case malformedAnswer
    case oversizedMessage
    case decompressionBomb
    case protocolViolation
    case throttled
    case errorAnswers
    case unanswered
    case telemetryRefused
    case downloadUnauthorized
    case downloadForbidden
    case downloadRefused4xx
    case downloadRefused5xx
    case downloadRedirectRefused
    case downloadMalformed
    case downloadTooLarge
    case downloadBadAddress
    case packageHashMismatch
    case packageSignatureRefused
    case packageContentsRefused
    case packageSandboxRefused
    // errors, the fault of the tool or its machine
    case writeOverflow
    case poolTimeouts
    case telemetryDropped
    case skippedHeartbeats
    case outOfDescriptors
    case outOfPorts
    case downloadNotKept
    case outOfRange

    /// What kind of thing a counter counts.
    public enum Family: Hashable, Sendable {
        case agents, connections, traffic, reports, answers
        case error(Fault)
    }

    /// Whose fault an error is.
    public enum Fault: String, CaseIterable, Hashable, Sendable {
        case network, server, tool
    }

    /// The name in files and machine output: stable from release to release.
    public var name: String { facts.name }

    /// The name in tables, at most 32 characters.
    public var title: String { facts.title }

    /// What is counted, for a reader who sees it for the first time.
    public var summary: String { facts.summary }

    public var family: Family { facts.family }

    public var isError: Bool {
        if case .error = family { true } else { false }
    }

    /// All errors, in their order of declaration.
    public static let errors: [Counter] = allCases.filter(\.isError)

    /// Under which error a server's refusal of a request over plain HTTP is counted.
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

    /// Under which error a proxy's refusal to open a tunnel is counted.
    /// - Parameter status: the status code of its response; anything but 2xx.
    public static func forProxyRefusal(status: Int) -> Counter {
        status == 407 ? .proxyUnauthorized : .proxyRefused
    }

    /// Under which error a server's refusal of the WebSocket upgrade is counted.
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
}
