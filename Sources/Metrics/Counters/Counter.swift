/// What a run counts.
///
/// A counter is one row of this table, and nothing else has to be written to add one: files, tables and pages read this
/// table, and docs/results.md is checked against it. A row has the kind of event or, for an error, its origin; the
/// title in tables, at most 32 characters; and what is counted, for a reader who sees it for the first time. The name
/// in files is that of the case in snake case: renaming a case is a change of the output.
public enum Counter: String, CaseIterable, Hashable, Sendable {
    // MARK: Agents, by how far they came
    case agentsStarted = "agents | agents started | agents that started"
    case agentsConnected = "agents | agents connected | agents that had at least one connection"
    case agentsAnswered = "agents | agents answered | agents that received at least one answer"
    case agentsUnanswered = "agents | agents never answered | agents that never received a response"
    case agentsLeft = "agents | agents left | agents that left for good because the profile asks for it"
    case agentsLeftUnanswered = "agents | agents left unanswered | agents that left so before they received an answer"
    case agentsAway = "agents | agents away | how often an agent left by the profile to come back as itself"
    case agentsReplaced = "agents | agents replaced | agents that took the place of one that left"
    case faults = "agents | injected faults | how often an agent showed a fault that the profile injects"

    // MARK: Connections
    case connectionsAttempted = "connections | connections tried | attempts to connect"
    case connectionsOpened = "connections | connections opened | connections that were opened and upgraded"
    case connectionsClosed = """
        connections | connections closed | \
        connections that the tool closed with the closing handshake
        """
    case reconnects = "connections | reconnects | connections opened by agents that had one before"
    case connectionsCut = "connections | connections cut | connections that the run itself dropped, as the profile asks"
    case connectionsHalfOpen = "connections | connections half-open | connections left open by agents that are silent"
    case connectionsAborted = """
        connections | connections aborted | \
        connections that the tool ended without the closing handshake: at the end of the run or after its own timeout
        """
    case linkSegments = "connections | link: segments | segments that passed an agent's slow network, either way"
    case linkMicroseconds = "connections | link: µs on the way | how long these segments were on their way, together"
    case linkLosses = "connections | link: segments lost | how often a segment was lost there, and sent again"
    case tlsHandshakesFull = "connections | TLS handshakes, full | TLS handshakes with certificates and keys"
    case tlsHandshakesResumed = "connections | TLS handshakes, resumed | TLS handshakes that resumed an earlier session"
    case tlsHandedOver = "connections | TLS handed over | TLS connections that continued without OpenSSL's SSL object"
    case tlsKept = "connections | TLS kept by OpenSSL | TLS connections that kept it; the named events have the reasons"
    case tlsHandshakesDelayed = "connections | TLS handshakes delayed | TLS handshakes that waited for others to end"
    case keepAliveRefusals = """
        connections | keep-alive refused | \
        responses after which the server closed the connection: the next request needs another handshake
        """
    case requestsRepeated = """
        connections | requests repeated | \
        requests sent again in another coding, because the server did not accept their compression (415)
        """
    case reportsCut = """
        connections | reports cut | \
        reports that waited for an answer when the run dropped their connection
        """
    case reportsWithheld = "connections | reports withheld | unanswered because the profile kept agents from the server"
    case compressionDeclined = """
        connections | compression declined | \
        upgrades whose offer of permessage-deflate the server did not accept
        """
    case compressionRefusals = """
        connections | compression refused | \
        compressed requests answered with 415 and sent again with another coding or none
        """
    case agentDisconnectsUnsent = """
        connections | agent_disconnects not sent | \
        agents that ended before their agent_disconnect could be sent
        """

    // MARK: Traffic
    case bytesSent = "traffic | bytes sent | bytes written, including HTTP heads and WebSocket frames, without TLS"
    case bytesReceived = "traffic | bytes received | bytes read, including HTTP heads and WebSocket frames, without TLS"
    case messagesSent = "traffic | messages sent | WebSocket messages or HTTP requests sent"
    case messagesReceived = "traffic | messages received | WebSocket messages or HTTP responses received, valid or not"
    case writeCalls = """
        traffic | write calls | \
        system calls that passed bytes to the kernel: fewer than messages where several were sent at once
        """
    case changesJoined = """
        traffic | changes joined | \
        status changes sent in one report with an earlier one, because of the profile's batch window
        """
    case compressedSent = "traffic | compressed messages sent | messages or request bodies sent compressed"
    case compressedSentPlainBytes = """
        traffic | bytes out before compression | \
        bytes of compressed_sent before compression
        """
    case compressedSentWireBytes = "traffic | bytes out after compression | bytes of compressed_sent after compression"
    case compressedReceived = "traffic | compressed messages received | messages or response bodies received compressed"
    case compressedReceivedWireBytes = "traffic | bytes in as compressed | bytes of compressed_received as received"
    case compressedReceivedPlainBytes = """
        traffic | bytes in once decompressed | \
        bytes of compressed_received after decompression
        """
    case telemetryRequests = """
        traffic | telemetry requests | \
        requests with agents' own telemetry, sent to the destinations that a server offered
        """
    case telemetryItems = """
        traffic | telemetry items | \
        data points, spans and log records in the requests that their destinations accepted
        """
    case telemetryBytes = """
        traffic | telemetry bytes | \
        bytes of the requests with agents' own telemetry, including HTTP heads
        """

    // MARK: Files of packages
    case downloadsStarted = "traffic | downloads started | downloads of package files that started"
    case downloadsFinished = """
        traffic | downloads finished | \
        package files downloaded completely, with every check passed
        """
    case downloadsFailed = """
        traffic | downloads failed | \
        package files that were not downloaded or failed a check; the error is counted under its own name
        """
    case downloadBytes = """
        traffic | download bytes | \
        bytes of package files received, including those of failed attempts
        """
    case downloadsQueued = "traffic | downloads queued | downloads that waited for other downloads to end"
    case downloadsRetried = "traffic | downloads retried | attempts after a failed attempt"
    case downloadsResumed = "traffic | downloads resumed | attempts that resumed where the attempt before stopped"
    case downloadsStartedOver = """
        traffic | downloads started over | \
        downloads that started again because the server sent the whole file again
        """
    case downloadsRedirected = "traffic | downloads redirected | redirects that downloads followed"
    case packageHashesValid = "answers | package hashes valid | package files with the offered hash"
    case packageSignaturesValid = "answers | package signatures valid | package files signed by a trusted signer"
    case packageContentsSound = "answers | package contents valid | package files that are archives and safe to unpack"
    case packageSandboxGranted = """
        answers | package sandbox granted | \
        package files with nothing that the sandbox forbids
        """

    // MARK: Reports
    case firstReports = "reports | first reports | full reports that start a connection"
    case heartbeats = "reports | heartbeats | reports without content that keep the connection alive"
    case statusReports = "reports | status reports | reports of a change"
    case fullStateReports = "reports | full state reports | full reports that the server requested"
    case agentDisconnects = "reports | agent_disconnects | agent_disconnect reports"

    // MARK: Heartbeats that were due, by what became of them
    case heartbeatsDue = """
        schedule | heartbeats due | \
        heartbeats, over plain HTTP polls, that were due: the sum of the counts of this table, missed left out, \
        and of skipped_heartbeats
        """
    case heartbeatsAnsweredInTime = """
        schedule | heartbeats answered in time | \
        heartbeats answered within the answer timeout
        """
    case heartbeatsLate = "schedule | heartbeats answered late | heartbeats answered after the answer timeout"
    case heartbeatsRefused = "schedule | heartbeats refused | heartbeats answered with an error"
    case heartbeatsUnanswered = """
        schedule | heartbeats unanswered | \
        heartbeats that were sent and never answered: no answer in time, or the connection was lost
        """
    case heartbeatsWithheld = "schedule | heartbeats withheld | heartbeats among the reports withheld"
    case heartbeatsNotPossible = """
        schedule | heartbeats not possible | \
        heartbeats that were due while the agent had no connection
        """
    case heartbeatsCut = """
        schedule | heartbeats cut | \
        heartbeats whose connection the run or the agent ended while the answer could still have been received
        """
    case heartbeatsMissed = "schedule | heartbeats missed | heartbeats unanswered, withheld or not possible"

    // MARK: Answers
    case answersReceived = "answers | answers | reports answered without an error"
    case remoteConfigsReceived = "answers | remote configs | answers that offered a configuration"
    case fullStateRequests = "answers | full state requests | answers that requested the full state"
    case uidsAssigned = "answers | uids assigned | answers that assigned a new instance uid"
    case pushes = "answers | pushes | messages that answer no report"
    case surplusAnswers = """
        answers | surplus answers | pushes without content: answers that were sent twice
        """
    case pingsSent = "answers | pings sent | WebSocket Pings sent to tell which reports were answered"
    case lateAnswers = "answers | late answers | answers received after the answer timeout"
    case answersAmbiguous = """
        answers | ambiguous answers | \
        answers that may be to another report: their times are known only within bounds
        """
    case reportsRefused = "answers | reports refused | reports answered with an error: no time is measured"
    case agentDisconnectsAnswered = """
        answers | agent_disconnects answered | \
        answers to agent_disconnect reports, which need none
        """
    case agentDisconnectsUnanswered = """
        answers | agent_disconnects unanswered | \
        agent_disconnect reports without an answer, which they do not need
        """
    case restartsCommanded = "answers | restarts commanded | commands to restart the agent"

    // MARK: What became of offers
    case configsApplied = "answers | configs applied | configurations reported as APPLIED"
    case configsConverged = """
        answers | configs converged | \
        configurations reported as APPLIED with the matching effective configuration
        """
    case configsFailed = "answers | configs failed | configurations reported as FAILED"
    case configsSuperseded = """
        answers | configs superseded | \
        configurations replaced by a newer offer before they were applied
        """
    case packageOffers = "answers | package offers | offers of packages that the agent did not have yet"
    case packagesInstalled = "answers | packages installed | packages installed"
    case packagesFailed = "answers | packages failed | packages that could not be installed"
    case packageOffersConverged = "answers | package offers converged | offers of packages with every package installed"
    case packageOffersFailed = """
        answers | package offers failed | \
        offers of packages that ended with at least one package not installed
        """
    case settingsOffered = "answers | settings offered | offers of connection settings that the agent did not have yet"
    case settingsCommitted = "answers | settings committed | offers of connection settings that were tried and kept"
    case settingsRejected = "answers | settings rejected | offers of connection settings rejected without a trial"
    case settingsReverted = """
        answers | settings reverted | \
        offers of connection settings that failed their trial; the agent returned to the former settings
        """

    // MARK: Errors of the network
    case dnsFailure = "network | name not resolved | the server's name could not be resolved"
    case connectRefused = """
        network | connection refused | \
        no process listens at the address, or the listen queue is full
        """
    case connectTimedOut = "network | connect timed out | no connection within the connect timeout"
    case connectUnreachable = "network | host unreachable | no route to the address"
    case reset = "network | connection reset | the connection was reset while in use"
    case peerClosed = "network | closed by server | the server closed a connection that the agent wanted to keep"
    case answersLost = "network | answers lost | reports whose connection was lost before they were answered"
    case idleTimeout = "network | idle timeout | nothing was received within the idle timeout"
    case otherNetworkError = "network | other network error | a socket error without a counter of its own"
    case proxyUnauthorized = """
        network | proxy: unauthorized (407) | \
        the proxy requires credentials, or different ones (407)
        """
    case proxyRefused = "network | proxy: refused | the proxy answered CONNECT with another status than 2xx"
    case proxyMalformed = "network | proxy: malformed answer | no valid answer to CONNECT"
    case telemetryUnreachable = """
        network | telemetry: unreachable | \
        requests with own telemetry whose destination was unreachable or lost
        """
    case downloadNotConnected = """
        network | download: not connected | \
        no connection to the server of a file: name, network or TLS
        """
    case downloadBroken = "network | download: connection lost | the connection was lost before a file was complete"
    case downloadStalled = "network | download: stalled | no byte of a file was received within the idle timeout"
    case downloadTimedOut = """
        network | download: timed out | \
        a file was not complete within the timeout for all attempts
        """

    // MARK: Errors of the server
    case tlsExpired = "server | TLS: certificate expired | the server's certificate has expired"
    case tlsNotYetValid = "server | TLS: not yet valid | the server's certificate is not valid yet"
    case tlsWrongHost = "server | TLS: wrong host | the server's certificate is for another name or address"
    case tlsUnknownAuthority = """
        server | TLS: unknown authority | \
        unknown certificate authority: no trusted authority signed the server's certificate
        """
    case tlsSelfSigned = "server | TLS: self-signed | the server's certificate is self-signed and not trusted"
    case tlsRevoked = """
        server | TLS: certificate revoked | \
        the server's certificate is revoked, by the revocation list or the stapled status
        """
    case tlsRevocationUnknown = """
        server | TLS: no revocation list | \
        the revocation list of the certificate's authority is missing or out of date
        """
    case tlsStapledStatus = "server | TLS: no stapled status | the server stapled no OCSP status, or an invalid one"
    case tlsPinMismatch = "server | TLS: pinned key mismatch | the server's key is none of the pinned keys"
    case tlsBadCertificate = """
        server | TLS: bad certificate | \
        another problem of the server's certificate: signature, purpose, strength; the named events say which
        """
    case tlsClientRefused = """
        server | TLS: client cert refused | \
        the server refused the agent's certificate, or its absence; the named events have the alert
        """
    case tlsAlert = "server | TLS: alert by server | the server ended TLS with an alert that is not about certificates"
    case tlsNoSharedParameters = "server | TLS: no shared parameters | no shared version, cipher or ALPN protocol"
    case tlsPeerNotTls = """
        server | TLS: peer does not speak TLS | \
        the peer does not speak TLS: most likely a plaintext port
        """
    case tlsInterrupted = "server | TLS: interrupted | the server closed the connection during the handshake"
    case tlsOther = """
        server | TLS: other failure | \
        a TLS failure without a counter of its own; the named events have OpenSSL's reason
        """
    case upgradeRedirected = "server | upgrade: redirected (3xx) | the upgrade was answered with a redirect (3xx)"
    case upgradeUnauthorized = """
        server | upgrade: unauthorized (401) | \
        the upgrade was refused: credentials are missing or wrong (401)
        """
    case upgradeForbidden = "server | upgrade: forbidden (403) | the upgrade was refused: no permission (403)"
    case upgradeThrottled = """
        server | upgrade: throttled (429/503) | \
        the upgrade was throttled: retry later (429 or 503)
        """
    case upgradeRefused4xx = "server | upgrade: refused (4xx) | the upgrade was refused as a client error (4xx)"
    case upgradeRefused5xx = "server | upgrade: refused (5xx) | the upgrade was refused as a server error (5xx)"
    case upgradeMalformed = "server | upgrade: malformed answer | no valid answer to the upgrade"
    case upgradeClosed = """
        server | upgrade: closed without answer | \
        the server closed or reset the connection before it answered the upgrade
        """
    case upgradeTimedOut = "server | upgrade: timed out | no answer to the upgrade within the connect timeout"
    case requestRedirected = """
        server | request: redirected (3xx) | \
        a request over plain HTTP was answered with a redirect (3xx)
        """
    case requestUnauthorized = """
        server | request: unauthorized (401) | \
        a request over plain HTTP was refused: credentials are missing or wrong (401)
        """
    case requestForbidden = """
        server | request: forbidden (403) | \
        a request over plain HTTP was refused: no permission (403)
        """
    case requestThrottled = """
        server | request: throttled (429/503) | \
        a request over plain HTTP was throttled: retry later (429 or 503)
        """
    case requestTooLarge = """
        server | request: too large (413) | \
        a request over plain HTTP was refused because of its size (413); it is not sent again
        """
    case requestRefused4xx = """
        server | request: refused (4xx) | \
        a request over plain HTTP was refused as a client error (4xx)
        """
    case requestRefused5xx = """
        server | request: refused (5xx) | \
        a request over plain HTTP was refused as a server error (5xx)
        """
    case responseMalformed = "server | malformed response | invalid HTTP response, or content that cannot be decoded"
    case closedByServer = "server | closed with a code | connections that the server ended with a WebSocket Close"
    case incompleteMessage = """
        server | incomplete message | \
        connections that ended in the middle of a message or frame of the server
        """
    case malformedFrame = "server | malformed frame | invalid WebSocket frame"
    case malformedAnswer = "server | malformed answer | invalid ServerToAgent"
    case oversizedMessage = "server | oversized message | a message larger than the limit"
    case decompressionBomb = """
        server | decompression bomb | \
        compressed content that exceeded the limit when decompressed
        """
    case protocolViolation = "server | protocol violation | a valid message that the protocol forbids here"
    case settingsUnusable = """
        server | offered settings unusable | \
        offered connection settings that cannot be used; the named events have the reason
        """
    case throttled = "server | throttled (UNAVAILABLE) | answers with the error UNAVAILABLE"
    case errorAnswers = "server | error answers | answers with another error"
    case unanswered = "server | unanswered reports | reports that were never answered"
    case telemetryRefused = """
        server | telemetry: refused | \
        requests with own telemetry answered without success; `telemetry_status_…` in `named` has the status
        """
    case downloadUnauthorized = """
        server | download: unauthorized (401) | \
        package files that need credentials which the offer did not contain (401)
        """
    case downloadForbidden = """
        server | download: forbidden (403) | \
        package files that the agent has no permission for (403)
        """
    case downloadRefused4xx = "server | download: refused (4xx) | a file was refused as a client error (4xx)"
    case downloadRefused5xx = "server | download: refused (5xx) | a file was refused as a server error (5xx)"
    case downloadRedirectRefused = """
        server | download: redirect refused | \
        too many redirects, one without an address, or one from https to http
        """
    case downloadMalformed = """
        server | download: malformed response | \
        invalid HTTP response, or another part of the file than requested
        """
    case downloadTooLarge = "server | download: too large | a file larger than the limit"
    case downloadBadAddress = "server | download: bad address | an offered file without an http or https address"
    case packageHashMismatch = "server | package: hash mismatch | package files with another hash than the offered one"
    case packageSignatureRefused = "server | package: signature refused | files without a signature by a trusted signer"
    case packageContentsRefused = """
        server | package: contents refused | \
        package files that are not an archive or not safe to unpack
        """
    case packageSandboxRefused = "server | package: sandbox refused | files with something that the sandbox forbids"

    // MARK: Errors of the tool or its machine
    case writeOverflow = """
        tool | write queue full | \
        the server read too slowly: the bytes that waited to be sent exceeded their limit
        """
    case tlsFirstRecordsRefused = "tool | TLS: first record refused | first records after a hand-over that were refused"
    case poolTimeouts = """
        tool | no connection free | \
        requests dropped because no connection of the pool was free within the timeout
        """
    case pollsWithoutConnection = """
        tool | polls without a connection | \
        polls that were due and not sent because every connection of the pool was in use
        """
    case telemetryDropped = """
        tool | telemetry: dropped | \
        requests with own telemetry dropped because the queue of their destination was full
        """
    case skippedHeartbeats = "tool | skipped heartbeats | heartbeats not sent because the tool was too late"
    case outOfDescriptors = "tool | out of file descriptors | no file descriptor was free for a connection"
    case outOfPorts = "tool | out of ports | no local port was free for a connection"
    case offersRefused = "tool | offers refused | offers of the profile that the embedded server refused"
    case downloadNotKept = """
        tool | download: not kept | \
        a verified file could not be written to the folder for kept files
        """
    case outOfRange = "tool | longer than one hour | durations longer than a histogram holds, counted as its longest"
}
