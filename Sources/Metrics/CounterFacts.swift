extension Counter {
    /// Everything about a counter but its value.
    struct Facts {
        let name: String
        let title: String
        let summary: String
        let family: Family

        init(_ family: Family, _ name: String, _ title: String, _ summary: String) {
            self.name = name
            self.title = title
            self.summary = summary
            self.family = family
        }
    }

    var facts: Facts {
        switch self {
        case .agentsStarted: Facts(.agents, "agents_started", "agents started", "agents that began their life")
        case .agentsConnected:
            Facts(
                .agents, "agents_connected", "agents connected",
                "agents that got a connection at least once")
        case .agentsAnswered:
            Facts(
                .agents, "agents_answered", "agents answered",
                "agents that got at least one answer")
        case .agentsFailed: Facts(.agents, "agents_failed", "agents failed", "agents that gave up")
        case .agentsStopped: Facts(.agents, "agents_stopped", "agents stopped", "agents that left in order")
        case .connectionsAttempted:
            Facts(
                .connections, "connections_attempted", "connections tried",
                "connections asked for")
        case .connectionsOpened:
            Facts(
                .connections, "connections_opened", "connections opened",
                "connections made and upgraded")
        case .connectionsClosed:
            Facts(
                .connections, "connections_closed", "connections closed",
                "connections that the tool closed in order")
        case .reconnects:
            Facts(
                .connections, "reconnects", "reconnects",
                "connections opened by agents that had one before")
        case .connectionsCut:
            Facts(
                .connections, "connections_cut", "connections cut",
                "connections that the run itself broke, as the profile has it")
        case .tlsHandshakesFull:
            Facts(
                .connections, "tls_handshakes_full", "TLS handshakes, full",
                "TLS handshakes with certificates and keys")
        case .tlsHandshakesResumed:
            Facts(
                .connections, "tls_handshakes_resumed", "TLS handshakes, resumed",
                "TLS handshakes that took an earlier session up again")
        case .keepAliveRefusals:
            Facts(
                .connections, "keep_alive_refusals", "keep-alive refused",
                "responses after which the server closes its connection: another handshake for the next request")
        case .requestsRepeated:
            Facts(
                .connections, "requests_repeated", "requests repeated",
                "requests sent again because the server had closed an idle connection just as they left")
        case .reportsCut:
            Facts(
                .connections, "reports_cut", "reports cut",
                "reports that waited for their answer when the run broke their connection")
        case .compressionDeclined:
            Facts(
                .connections, "compression_declined", "compression declined",
                "upgrades whose offer of permessage-deflate the server did not take up")
        case .compressionRefusals:
            Facts(
                .connections, "compression_refusals", "compression refused",
                "compressed requests that were answered with 415 and sent again in another coding, or plain")
        case .agentDisconnectsUnsent:
            Facts(
                .connections, "agent_disconnects_unsent", "agent_disconnects not sent",
                "agents that were to leave in order and were gone before their agent_disconnect could be sent")
        case .bytesSent:
            Facts(
                .traffic, "bytes_sent", "bytes sent",
                "bytes written, HTTP heads and WebSocket frames included, TLS excluded")
        case .bytesReceived:
            Facts(
                .traffic, "bytes_received", "bytes received",
                "bytes read, HTTP heads and WebSocket frames included, TLS excluded")
        case .messagesSent:
            Facts(
                .traffic, "messages_sent", "messages sent",
                "WebSocket messages or HTTP requests sent")
        case .messagesReceived:
            Facts(
                .traffic, "messages_received", "messages received",
                "WebSocket messages or HTTP responses received, understood or not")
        case .writeCalls:
            Facts(
                .traffic, "write_calls", "write calls",
                "system calls that handed bytes to the kernel: fewer than messages where several leave at once")
        case .changesJoined:
            Facts(
                .traffic, "changes_joined", "changes joined",
                "status changes that left in one report with an earlier one, by the batch window of the profile")
        case .compressedSent:
            Facts(
                .traffic, "compressed_sent", "compressed messages sent",
                "messages or request bodies sent compressed")
        case .compressedSentPlainBytes:
            Facts(
                .traffic, "compressed_sent_plain_bytes", "bytes out before compression",
                "bytes of those before compression")
        case .compressedSentWireBytes:
            Facts(
                .traffic, "compressed_sent_wire_bytes", "bytes out after compression",
                "bytes of those after compression")
        case .compressedReceived:
            Facts(
                .traffic, "compressed_received", "compressed messages received",
                "messages or response bodies received compressed")
        case .compressedReceivedWireBytes:
            Facts(
                .traffic, "compressed_received_wire_bytes", "bytes in as compressed",
                "bytes of those as they came")
        case .compressedReceivedPlainBytes:
            Facts(
                .traffic, "compressed_received_plain_bytes", "bytes in once decompressed",
                "bytes of those once decompressed")
        case .firstReports: Facts(.reports, "first_reports", "first reports", "full reports that open a connection")
        case .heartbeats:
            Facts(
                .reports, "heartbeats", "heartbeats",
                "almost empty reports that keep the connection alive")
        case .statusReports: Facts(.reports, "status_reports", "status reports", "reports of something that changed")
        case .fullStateReports:
            Facts(
                .reports, "full_state_reports", "full state reports",
                "full reports that the server asked for")
        case .agentDisconnects: Facts(.reports, "agent_disconnects", "agent_disconnects", "agent_disconnect reports")
        case .answersReceived: Facts(.answers, "answers_received", "answers", "answers received and understood")
        case .remoteConfigsReceived:
            Facts(
                .answers, "remote_configs_received", "remote configs",
                "answers that offered a configuration")
        case .fullStateRequests:
            Facts(
                .answers, "full_state_requests", "full state requests",
                "answers that asked for the full state")
        case .uidsAssigned:
            Facts(
                .answers, "uids_assigned", "uids assigned",
                "answers that gave the agent a new instance uid")
        case .pushes:
            Facts(.answers, "pushes", "pushes", "messages that came while no report waited for an answer")
        case .lateAnswers:
            Facts(.answers, "late_answers", "late answers", "answers to reports that had been given up")
        case .restartsCommanded:
            Facts(.answers, "restarts_commanded", "restarts commanded", "commands to restart the agent")
        case .configsApplied:
            Facts(.answers, "configs_applied", "configs applied", "configurations that agents reported as applied")
        case .configsConverged:
            Facts(
                .answers, "configs_converged", "configs converged",
                "configurations applied whose effective configuration was reported too")
        case .configsFailed:
            Facts(.answers, "configs_failed", "configs failed", "configurations that agents reported as failed")
        case .configsSuperseded:
            Facts(
                .answers, "configs_superseded", "configs superseded",
                "configurations that a later one overtook before they were applied")
        case .packageOffers:
            Facts(.answers, "package_offers", "package offers", "offers of packages that an agent did not have yet")
        case .packagesInstalled:
            Facts(.answers, "packages_installed", "packages installed", "packages that agents installed")
        case .packagesFailed:
            Facts(.answers, "packages_failed", "packages failed", "packages that agents could not install")
        case .packageOffersConverged:
            Facts(
                .answers, "package_offers_converged", "package offers converged",
                "offers of packages whose every package was installed")
        case .packageOffersFailed:
            Facts(
                .answers, "package_offers_failed", "package offers failed",
                "offers of packages that ended with a package not installed")
        case .downloadsStarted:
            Facts(
                .traffic, "downloads_started", "downloads started",
                "package files that agents began to fetch")
        case .downloadsFinished:
            Facts(
                .traffic, "downloads_finished", "downloads finished",
                "package files fetched whole, every check passed")
        case .downloadsFailed:
            Facts(
                .traffic, "downloads_failed", "downloads failed",
                "package files not fetched, or not to be installed: the error that ended each is counted under its own name"
            )
        case .downloadBytes:
            Facts(
                .traffic, "download_bytes", "download bytes",
                "bytes of package files received, those of attempts that failed included")
        case .downloadsQueued:
            Facts(
                .traffic, "downloads_queued", "downloads queued",
                "downloads that had to wait for others to end")
        case .downloadsRetried:
            Facts(
                .traffic, "downloads_retried", "downloads retried",
                "further attempts after one that failed")
        case .downloadsResumed:
            Facts(
                .traffic, "downloads_resumed", "downloads resumed",
                "attempts that went on where the one before had stopped")
        case .downloadsStartedOver:
            Facts(
                .traffic, "downloads_started_over", "downloads started over",
                "downloads that began anew because the server sent the whole file again")
        case .downloadsRedirected:
            Facts(
                .traffic, "downloads_redirected", "downloads redirected",
                "redirects that downloads followed")
        case .packageHashesValid:
            Facts(
                .answers, "package_hashes_valid", "package hashes valid",
                "files that have the hash that was offered")
        case .packageSignaturesValid:
            Facts(
                .answers, "package_signatures_valid", "package signatures valid",
                "files signed by somebody whom the agent trusts")
        case .packageContentsSound:
            Facts(
                .answers, "package_contents_sound", "package contents sound",
                "files that are archives which may be unpacked")
        case .packageSandboxGranted:
            Facts(
                .answers, "package_sandbox_granted", "package sandbox granted",
                "files that hold nothing that the sandbox forbids")
        case .settingsCommitted:
            Facts(
                .answers, "settings_committed", "settings committed",
                "offers of connection settings that were tried and kept")
        case .settingsOffered:
            Facts(
                .answers, "settings_offered", "settings offered",
                "offers of connection settings that an agent did not have yet")
        case .settingsRejected:
            Facts(
                .answers, "settings_rejected", "settings rejected",
                "offers of connection settings that were refused without a trial")
        case .settingsReverted:
            Facts(
                .answers, "settings_reverted", "settings reverted",
                "offers of connection settings that were tried, did not work, and were dropped for the former ones")
        case .telemetryRequests:
            Facts(
                .traffic, "telemetry_requests", "telemetry requests",
                "requests with agents' own telemetry sent to the destinations that a server offered")
        case .telemetryItems:
            Facts(
                .traffic, "telemetry_items", "telemetry items",
                "data points, spans and log records in the requests that their destinations took")
        case .telemetryBytes:
            Facts(
                .traffic, "telemetry_bytes", "telemetry bytes",
                "bytes of the requests with agents' own telemetry, HTTP heads included")
        case .faults:
            Facts(.agents, "faults", "faults", "times that agents misbehaved as the profile has it")
        case .dnsFailure:
            Facts(
                .error(.network), "dns_failure", "name not resolved",
                "the server's name could not be resolved")
        case .connectRefused:
            Facts(
                .error(.network), "connect_refused", "connection refused",
                "nobody listens at the address, or the listen queue is full")
        case .connectTimedOut:
            Facts(
                .error(.network), "connect_timed_out", "connect timed out",
                "no connection within the time allowed")
        case .connectUnreachable:
            Facts(
                .error(.network), "connect_unreachable", "host unreachable",
                "no route to the address")
        case .reset: Facts(.error(.network), "reset", "connection reset", "the connection was reset while in use")
        case .peerClosed:
            Facts(
                .error(.network), "peer_closed", "closed by server",
                "the server closed a connection that the agent wanted to keep")
        case .answersLost:
            Facts(
                .error(.network), "answers_lost", "answers lost",
                "reports whose connection was lost before they were answered")
        case .idleTimeout:
            Facts(
                .error(.network), "idle_timeout", "idle timeout",
                "nothing arrived for longer than allowed")
        case .otherNetworkError:
            Facts(
                .error(.network), "other_network_error", "other network error",
                "an error of the sockets that has no name of its own here")
        case .proxyUnauthorized:
            Facts(
                .error(.network), "proxy_unauthorized", "proxy: unauthorized (407)",
                "the proxy wants credentials, or others")
        case .proxyRefused:
            Facts(
                .error(.network), "proxy_refused", "proxy: refused",
                "the proxy answered CONNECT with another status than 2xx")
        case .proxyMalformed:
            Facts(
                .error(.network), "proxy_malformed", "proxy: malformed answer",
                "the answer to CONNECT is not one, or none came")
        case .telemetryUnreachable:
            Facts(
                .error(.network), "telemetry_unreachable", "telemetry: unreachable",
                "requests with own telemetry whose destination could not be connected with, or was lost")
        case .tlsExpired:
            Facts(
                .error(.server), "tls_expired", "TLS: certificate expired",
                "the server's certificate is past its time")
        case .tlsNotYetValid:
            Facts(
                .error(.server), "tls_not_yet_valid", "TLS: not yet valid",
                "the time of the server's certificate has not begun")
        case .tlsWrongHost:
            Facts(
                .error(.server), "tls_wrong_host", "TLS: wrong host",
                "the server's certificate is for another name or address")
        case .tlsUnknownAuthority:
            Facts(
                .error(.server), "tls_unknown_authority", "TLS: unknown authority",
                "nobody that the agents trust has signed the server's certificate")
        case .tlsSelfSigned:
            Facts(
                .error(.server), "tls_self_signed", "TLS: self-signed",
                "the server's certificate is signed by itself and not trusted")
        case .tlsRevoked:
            Facts(
                .error(.server), "tls_revoked", "TLS: certificate revoked",
                "the server's certificate was withdrawn, by the revocation list or the stapled status")
        case .tlsRevocationUnknown:
            Facts(
                .error(.server), "tls_revocation_unknown", "TLS: no revocation list",
                "the revocation list of the certificate's authority is missing or past its time")
        case .tlsStapledStatus:
            Facts(
                .error(.server), "tls_stapled_status", "TLS: no stapled status",
                "the server stapled no OCSP status, or one that does not fit")
        case .tlsPinMismatch:
            Facts(
                .error(.server), "tls_pin_mismatch", "TLS: pinned key mismatch",
                "the server's key is none of the pinned ones")
        case .tlsBadCertificate:
            Facts(
                .error(.server), "tls_bad_certificate", "TLS: bad certificate",
                "the server's certificate has another flaw: signature, purpose, strength; its name stands below")
        case .tlsClientRefused:
            Facts(
                .error(.server), "tls_client_refused", "TLS: client cert refused",
                "the server turned the agent's certificate down, or the lack of one; the alert stands below")
        case .tlsAlert:
            Facts(
                .error(.server), "tls_alert", "TLS: alert by server",
                "the server ended TLS with an alert that is not about certificates")
        case .tlsNothingInCommon:
            Facts(
                .error(.server), "tls_nothing_in_common", "TLS: nothing in common",
                "no version, cipher or application protocol that both sides allow")
        case .tlsNotSpoken:
            Facts(
                .error(.server), "tls_not_spoken", "TLS: not spoken",
                "what came back is not TLS: most likely a plaintext port")
        case .tlsInterrupted:
            Facts(
                .error(.server), "tls_interrupted", "TLS: interrupted",
                "the server closed the connection in the middle of the handshake")
        case .tlsOther:
            Facts(
                .error(.server), "tls_other", "TLS: other failure",
                "TLS failed in a way that has no name of its own here; OpenSSL's stands below")
        case .downloadNotConnected:
            Facts(
                .error(.network), "download_not_connected", "download: not connected",
                "no connection to a file's server: name, network or TLS")
        case .downloadBroken:
            Facts(
                .error(.network), "download_broken", "download: broken off",
                "the connection broke before a file was complete")
        case .downloadStalled:
            Facts(
                .error(.network), "download_stalled", "download: stalled",
                "no byte of a file arrived for longer than allowed")
        case .downloadTimedOut:
            Facts(
                .error(.network), "download_timed_out", "download: timed out",
                "a file was not there within the time allowed, all attempts together")
        case .upgradeRedirected:
            Facts(
                .error(.server), "upgrade_redirected", "upgrade: redirected (3xx)",
                "the upgrade was answered with a redirect")
        case .upgradeUnauthorized:
            Facts(
                .error(.server), "upgrade_unauthorized", "upgrade: unauthorized (401)",
                "the upgrade was refused for lack of credentials")
        case .upgradeForbidden:
            Facts(
                .error(.server), "upgrade_forbidden", "upgrade: forbidden (403)",
                "the upgrade was refused for lack of rights")
        case .upgradeThrottled:
            Facts(
                .error(.server), "upgrade_throttled", "upgrade: throttled (429/503)",
                "the upgrade was refused: try later")
        case .upgradeRefused4xx:
            Facts(
                .error(.server), "upgrade_refused_4xx", "upgrade: refused (4xx)",
                "the upgrade was refused as the client's fault")
        case .upgradeRefused5xx:
            Facts(
                .error(.server), "upgrade_refused_5xx", "upgrade: refused (5xx)",
                "the upgrade was refused as the server's fault")
        case .upgradeMalformed:
            Facts(
                .error(.server), "upgrade_malformed", "upgrade: malformed answer",
                "the answer to the upgrade is not one")
        case .upgradeTimedOut:
            Facts(
                .error(.server), "upgrade_timed_out", "upgrade: timed out",
                "no answer to the upgrade within the time allowed")
        case .requestRedirected:
            Facts(
                .error(.server), "request_redirected", "request: redirected (3xx)",
                "a request over plain HTTP was answered with a redirect")
        case .requestUnauthorized:
            Facts(
                .error(.server), "request_unauthorized", "request: unauthorized (401)",
                "a request over plain HTTP was refused for lack of credentials")
        case .requestForbidden:
            Facts(
                .error(.server), "request_forbidden", "request: forbidden (403)",
                "a request over plain HTTP was refused for lack of rights")
        case .requestThrottled:
            Facts(
                .error(.server), "request_throttled", "request: throttled (429/503)",
                "a request over plain HTTP was refused: try later")
        case .requestTooLarge:
            Facts(
                .error(.server), "request_too_large", "request: too large (413)",
                "a request over plain HTTP was refused for its size; it is not repeated")
        case .requestRefused4xx:
            Facts(
                .error(.server), "request_refused_4xx", "request: refused (4xx)",
                "a request over plain HTTP was refused as the client's fault")
        case .requestRefused5xx:
            Facts(
                .error(.server), "request_refused_5xx", "request: refused (5xx)",
                "a request over plain HTTP was refused as the server's fault")
        case .responseMalformed:
            Facts(
                .error(.server), "response_malformed", "malformed response",
                "bytes that are no HTTP response, or content that cannot be decoded")
        case .closedByServer:
            Facts(
                .error(.server), "closed_by_server", "closed with a code",
                "connections that the server ended with a WebSocket Close")
        case .malformedFrame:
            Facts(
                .error(.server), "malformed_frame", "malformed frame",
                "bytes that are no WebSocket frame")
        case .malformedAnswer:
            Facts(
                .error(.server), "malformed_answer", "malformed answer",
                "a message that is no ServerToAgent")
        case .oversizedMessage:
            Facts(
                .error(.server), "oversized_message", "oversized message",
                "a message beyond the size allowed")
        case .decompressionBomb:
            Facts(
                .error(.server), "decompression_bomb", "decompression bomb",
                "compressed content that outgrew the size allowed while it was decompressed")
        case .protocolViolation:
            Facts(
                .error(.server), "protocol_violation", "protocol violation",
                "a well-formed message that the protocol forbids here")
        case .throttled: Facts(.error(.server), "throttled", "told to retry later", "answers of the type UNAVAILABLE")
        case .errorAnswers: Facts(.error(.server), "error_answers", "error answers", "answers that carry another error")
        case .unanswered: Facts(.error(.server), "unanswered", "unanswered reports", "reports whose answer never came")
        case .telemetryRefused:
            Facts(
                .error(.server), "telemetry_refused", "telemetry: refused",
                "requests with own telemetry that the destination answered with something else than success")
        case .telemetryDropped:
            Facts(
                .error(.tool), "telemetry_dropped", "telemetry: dropped",
                "requests with own telemetry that found the queue of their destination full")
        case .downloadUnauthorized:
            Facts(
                .error(.server), "download_unauthorized", "download: unauthorized (401)",
                "package files whose server wanted credentials that the offer did not give")
        case .downloadForbidden:
            Facts(
                .error(.server), "download_forbidden", "download: forbidden (403)",
                "package files whose server did not let the agent have them")
        case .downloadRefused4xx:
            Facts(
                .error(.server), "download_refused_4xx", "download: refused (4xx)",
                "a file's server refused it as the agent's fault")
        case .downloadRefused5xx:
            Facts(
                .error(.server), "download_refused_5xx", "download: refused (5xx)",
                "a file's server refused it as its own fault")
        case .downloadRedirectRefused:
            Facts(
                .error(.server), "download_redirect_refused", "download: redirect refused",
                "redirects without end, to nowhere, or from https to http")
        case .downloadMalformed:
            Facts(
                .error(.server), "download_malformed", "download: malformed response",
                "what came back is no HTTP, or not the piece of the file that was asked for")
        case .downloadTooLarge:
            Facts(
                .error(.server), "download_too_large", "download: too large",
                "a file is larger than allowed")
        case .downloadBadAddress:
            Facts(
                .error(.server), "download_bad_address", "download: bad address",
                "an offered file has no http or https address")
        case .packageHashMismatch:
            Facts(
                .error(.server), "package_hash_mismatch", "package: hash mismatch",
                "files that have another hash than the one offered")
        case .packageSignatureRefused:
            Facts(
                .error(.server), "package_signature_refused", "package: signature refused",
                "files not signed, or not by somebody whom the agent trusts")
        case .packageContentsRefused:
            Facts(
                .error(.server), "package_contents_refused", "package: contents refused",
                "files that are no archive, or one that must not be unpacked")
        case .packageSandboxRefused:
            Facts(
                .error(.server), "package_sandbox_refused", "package: sandbox refused",
                "files that hold something that the sandbox forbids")
        case .writeOverflow:
            Facts(
                .error(.tool), "write_overflow", "write queue full",
                "the server read too slowly: what waited to be sent exceeded its limit")
        case .poolTimeouts:
            Facts(
                .error(.tool), "pool_timeouts", "no connection free",
                "requests given up because no connection of the pool became free in time")
        case .skippedHeartbeats:
            Facts(
                .error(.tool), "skipped_heartbeats", "skipped heartbeats",
                "heartbeats not sent because the tool was too late")
        case .outOfDescriptors:
            Facts(
                .error(.tool), "out_of_descriptors", "out of descriptors",
                "no file descriptor was left for a connection")
        case .outOfPorts:
            Facts(
                .error(.tool), "out_of_ports", "out of ports",
                "no local port was left for a connection")
        case .downloadNotKept:
            Facts(
                .error(.tool), "download_not_kept", "download: not kept",
                "a verified file could not be written to the folder where files are kept")
        case .outOfRange:
            Facts(
                .error(.tool), "out_of_range", "beyond one hour",
                "durations longer than a histogram holds, counted as its longest")
        }
    }
}
