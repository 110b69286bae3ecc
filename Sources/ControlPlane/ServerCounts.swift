/// The server's own counts, to be compared with the fleet's counts. Plain numbers; shards add up.
///
/// At any moment `reports == answers + refusedPolls + waiting + abandoned + overflowed`, and
/// `reports == fullReports + statusReports + heartbeats + agentDisconnects + malformed`.
public struct ServerCounts: Hashable, Sendable {
    /// Connections accepted.
    public var connectionsAccepted: UInt64 = 0
    /// Accepted connections on which no request has been received, those that have ended included: whose they were is
    /// not known.
    public var connectionsUnused: UInt64 = 0
    /// Connections open now.
    public var connectionsOpen: UInt64 = 0
    /// Connections that the peer closed properly.
    public var connectionsClosed: UInt64 = 0
    /// Connections that broke.
    public var connectionsLost: UInt64 = 0
    /// Connections that ended because the server wanted it, drops included.
    public var connectionsEnded: UInt64 = 0
    /// Connections broken on purpose by the plan's drop share.
    public var connectionsDropped: UInt64 = 0
    /// WebSocket upgrades completed.
    public var upgrades: UInt64 = 0
    /// WebSocket upgrades refused with an HTTP status.
    public var upgradesRefused: UInt64 = 0

    /// Agents known: every instance uid under which a report was accepted.
    public var agentsKnown: UInt64 = 0
    /// Agents bound to an open WebSocket connection now.
    public var agentsConnected: UInt64 = 0
    /// Agents that returned on another connection than before.
    public var agentsReturned: UInt64 = 0
    /// Agents whose connection ended without an agent_disconnect.
    public var agentsLost: UInt64 = 0
    /// Agents that were given another instance uid, as duplicates or on request.
    public var agentsRenamed: UInt64 = 0

    /// Reports received over open connections, malformed and throttled ones included.
    public var reports: UInt64 = 0
    /// Reports with an agent description.
    public var fullReports: UInt64 = 0
    /// Reports with some other part of the status, or a request.
    public var statusReports: UInt64 = 0
    /// Reports with only uid, number, capabilities and flags.
    public var heartbeats: UInt64 = 0
    /// Reports with agent_disconnect.
    public var agentDisconnects: UInt64 = 0
    /// Reports that could not be decoded or lack a valid instance uid.
    public var malformed: UInt64 = 0
    /// Reports that arrived on a connection whose end the server had asked for; not in `reports`.
    public var strays: UInt64 = 0

    /// Replies sent to reports, errors included.
    public var answers: UInt64 = 0
    /// HTTP polls refused with a status.
    public var refusedPolls: UInt64 = 0
    /// Replies that wait for their time.
    public var waiting: UInt64 = 0
    /// Replies that were due to a connection that had ended by then.
    public var abandoned: UInt64 = 0
    /// Replies that found the queue full.
    public var overflowed: UInt64 = 0
    /// Messages sent on the server's own initiative.
    public var pushes: UInt64 = 0
    /// Such messages whose connection ended first, or that found a queue full.
    public var pushesDiscarded: UInt64 = 0
    /// Of the answers: UNAVAILABLE by the plan's throttle share, or because too many certificate requests wait.
    public var throttled: UInt64 = 0
    /// Of the answers: UNAVAILABLE because no further agent can be remembered.
    public var registryFull: UInt64 = 0
    /// Of the answers: BAD_REQUEST.
    public var badRequests: UInt64 = 0
    /// Answers cut down to a bare acknowledgement because they would have been larger than the limit.
    public var oversized: UInt64 = 0

    /// Reports whose number was not one more than the last, beyond repeats.
    public var gaps: UInt64 = 0
    /// Reports with the same number as the one before.
    public var repeats: UInt64 = 0
    /// Answers that asked for the full state.
    public var fullStateRequests: UInt64 = 0
    /// Answers that asked for the available components.
    public var componentRequests: UInt64 = 0
    /// Reports under an instance uid that another live connection holds.
    public var duplicates: UInt64 = 0
    /// Agents that returned, with a newer number, before their former connection was seen to end.
    public var takeovers: UInt64 = 0

    /// Remote configs, packages and connection settings sent.
    public var configOffers: UInt64 = 0
    public var packageOffers: UInt64 = 0
    public var settingsOffers: UInt64 = 0
    /// Offers that were not repeated any more to an agent that keeps reporting another hash.
    public var offersExhausted: UInt64 = 0
    /// Restart commands sent.
    public var restarts: UInt64 = 0
    /// Custom messages received and sent.
    public var customReceived: UInt64 = 0
    public var customSent: UInt64 = 0
    /// Custom messages received for a capability that the server does not have.
    public var customIgnored: UInt64 = 0
    /// Certificate requests received.
    public var certificateRequests: UInt64 = 0
    /// Certificates issued to agents, on request or in a rotation.
    public var certificatesIssued: UInt64 = 0
    /// Certificates of agents withdrawn.
    public var certificatesRevoked: UInt64 = 0

    /// Connections on which own telemetry arrived; they are in `connectionsAccepted` too.
    public var telemetryConnections: UInt64 = 0
    /// Accepted requests with own telemetry (OTLP over HTTP).
    public var telemetryRequests: UInt64 = 0
    /// The data points, spans and log records in them.
    public var telemetryDataPoints: UInt64 = 0
    public var telemetrySpans: UInt64 = 0
    public var telemetryLogRecords: UInt64 = 0
    /// Requests with own telemetry that are no OTLP.
    public var telemetryMalformed: UInt64 = 0

    /// Bytes of reports (AgentToServer messages alone, without any framing).
    public var bytesIn: UInt64 = 0
    /// Bytes of answers (ServerToAgent messages alone, without any framing).
    public var bytesOut: UInt64 = 0

    /// Upgrades and polls refused for lack of credentials.
    public var unauthorized: UInt64 = 0
    /// Agents forgotten: they had no connection and sent no report for longer than `ServerPlan.forgetsAfter`, or the
    /// limit of agents was reached.
    public var agentsForgotten: UInt64 = 0
    /// Labels and lists of custom capabilities that were not kept, because they were too large or there were too many.
    public var namesDiscarded: UInt64 = 0
    /// Requests refused by their heads whose bodies were large or of unknown size: their connections were closed.
    public var bodiesRefused: UInt64 = 0
    /// Connections ended because unfinished messages used as much memory as they may, all connections together.
    public var buffersFull: UInt64 = 0
    /// WebSockets ended because their peers had sent nothing for the silent timeout.
    public var silentTimeouts: UInt64 = 0
    /// Connections ended because a TLS handshake, a request's head, a body or a WebSocket message was not complete in
    /// time.
    public var handshakeTimeouts: UInt64 = 0
    public var headTimeouts: UInt64 = 0
    public var bodyTimeouts: UInt64 = 0
    public var messageTimeouts: UInt64 = 0
    /// TLS handshakes that failed, a client's plaintext on a port with TLS among them.
    public var tlsFailures: UInt64 = 0
    /// TLS connections that were handed over from OpenSSL to the record layer, that kept OpenSSL's connection object,
    /// and whose first record after a hand-over was refused.
    public var tlsHandedOver: UInt64 = 0
    public var tlsKept: UInt64 = 0
    public var tlsFirstRecordsRefused: UInt64 = 0
    /// Requests that break HTTP, whose body cannot be decoded, or that are too large.
    public var requestsMalformed: UInt64 = 0
    public var requestsTooLarge: UInt64 = 0
    /// Frames that break RFC 6455 or its compression, and messages that are too large, also once decompressed.
    public var framesMalformed: UInt64 = 0
    public var messagesTooLarge: UInt64 = 0
    /// Connections on which package files were asked for; they are in `connectionsAccepted` too.
    public var fileConnections: UInt64 = 0
    /// Package files, or the parts of them that were asked for, sent to the end.
    public var filesSent: UInt64 = 0
    /// Requests for package files refused for lack of credentials.
    public var filesUnauthorized: UInt64 = 0
    /// Messages or bodies received compressed, their bytes as they came and once decompressed.
    public var compressedIn: UInt64 = 0
    public var compressedBytesIn: UInt64 = 0
    public var decompressedBytesIn: UInt64 = 0
    /// Messages or bodies sent compressed, their bytes before and as they left.
    public var compressedOut: UInt64 = 0
    public var uncompressedBytesOut: UInt64 = 0
    public var compressedBytesOut: UInt64 = 0

    public init() {}
}

extension ServerCounts {
    /// One count and its name as results files spell it.
    public struct Field: Sendable {
        public let name: String
        public let path: any WritableKeyPath<ServerCounts, UInt64> & Sendable
    }

    /// Every count, in the order of declaration.
    public static let fields: [Field] = [
        Field(name: "connections_accepted", path: \.connectionsAccepted),
        Field(name: "connections_unused", path: \.connectionsUnused),
        Field(name: "connections_open", path: \.connectionsOpen),
        Field(name: "connections_closed", path: \.connectionsClosed),
        Field(name: "connections_lost", path: \.connectionsLost),
        Field(name: "connections_ended", path: \.connectionsEnded),
        Field(name: "connections_dropped", path: \.connectionsDropped),
        Field(name: "upgrades", path: \.upgrades),
        Field(name: "upgrades_refused", path: \.upgradesRefused),
        Field(name: "agents_known", path: \.agentsKnown),
        Field(name: "agents_connected", path: \.agentsConnected),
        Field(name: "agents_returned", path: \.agentsReturned),
        Field(name: "agents_lost", path: \.agentsLost),
        Field(name: "agents_renamed", path: \.agentsRenamed),
        Field(name: "reports", path: \.reports),
        Field(name: "full_reports", path: \.fullReports),
        Field(name: "status_reports", path: \.statusReports),
        Field(name: "heartbeats", path: \.heartbeats),
        Field(name: "agent_disconnects", path: \.agentDisconnects),
        Field(name: "malformed", path: \.malformed),
        Field(name: "strays", path: \.strays),
        Field(name: "answers", path: \.answers),
        Field(name: "refused_polls", path: \.refusedPolls),
        Field(name: "waiting", path: \.waiting),
        Field(name: "abandoned", path: \.abandoned),
        Field(name: "overflowed", path: \.overflowed),
        Field(name: "pushes", path: \.pushes),
        Field(name: "pushes_discarded", path: \.pushesDiscarded),
        Field(name: "throttled", path: \.throttled),
        Field(name: "registry_full", path: \.registryFull),
        Field(name: "bad_requests", path: \.badRequests),
        Field(name: "oversized", path: \.oversized),
        Field(name: "gaps", path: \.gaps),
        Field(name: "repeats", path: \.repeats),
        Field(name: "full_state_requests", path: \.fullStateRequests),
        Field(name: "component_requests", path: \.componentRequests),
        Field(name: "duplicates", path: \.duplicates),
        Field(name: "takeovers", path: \.takeovers),
        Field(name: "config_offers", path: \.configOffers),
        Field(name: "package_offers", path: \.packageOffers),
        Field(name: "settings_offers", path: \.settingsOffers),
        Field(name: "offers_exhausted", path: \.offersExhausted),
        Field(name: "restarts", path: \.restarts),
        Field(name: "custom_received", path: \.customReceived),
        Field(name: "custom_sent", path: \.customSent),
        Field(name: "custom_ignored", path: \.customIgnored),
        Field(name: "certificate_requests", path: \.certificateRequests),
        Field(name: "certificates_issued", path: \.certificatesIssued),
        Field(name: "certificates_revoked", path: \.certificatesRevoked),
        Field(name: "telemetry_connections", path: \.telemetryConnections),
        Field(name: "telemetry_requests", path: \.telemetryRequests),
        Field(name: "telemetry_data_points", path: \.telemetryDataPoints),
        Field(name: "telemetry_spans", path: \.telemetrySpans),
        Field(name: "telemetry_log_records", path: \.telemetryLogRecords),
        Field(name: "telemetry_malformed", path: \.telemetryMalformed),
        Field(name: "bytes_in", path: \.bytesIn),
        Field(name: "bytes_out", path: \.bytesOut),
        Field(name: "unauthorized", path: \.unauthorized),
        Field(name: "agents_forgotten", path: \.agentsForgotten),
        Field(name: "names_discarded", path: \.namesDiscarded),
        Field(name: "bodies_refused", path: \.bodiesRefused),
        Field(name: "buffers_full", path: \.buffersFull),
        Field(name: "silent_timeouts", path: \.silentTimeouts),
        Field(name: "handshake_timeouts", path: \.handshakeTimeouts),
        Field(name: "head_timeouts", path: \.headTimeouts),
        Field(name: "body_timeouts", path: \.bodyTimeouts),
        Field(name: "message_timeouts", path: \.messageTimeouts),
        Field(name: "tls_failures", path: \.tlsFailures),
        Field(name: "tls_handed_over", path: \.tlsHandedOver),
        Field(name: "tls_kept", path: \.tlsKept),
        Field(name: "tls_first_records_refused", path: \.tlsFirstRecordsRefused),
        Field(name: "requests_malformed", path: \.requestsMalformed),
        Field(name: "requests_too_large", path: \.requestsTooLarge),
        Field(name: "frames_malformed", path: \.framesMalformed),
        Field(name: "messages_too_large", path: \.messagesTooLarge),
        Field(name: "file_connections", path: \.fileConnections),
        Field(name: "files_sent", path: \.filesSent),
        Field(name: "files_unauthorized", path: \.filesUnauthorized),
        Field(name: "compressed_in", path: \.compressedIn),
        Field(name: "compressed_bytes_in", path: \.compressedBytesIn),
        Field(name: "decompressed_bytes_in", path: \.decompressedBytesIn),
        Field(name: "compressed_out", path: \.compressedOut),
        Field(name: "uncompressed_bytes_out", path: \.uncompressedBytesOut),
        Field(name: "compressed_bytes_out", path: \.compressedBytesOut),
    ]

    /// The counts of two shards together.
    public static func + (left: ServerCounts, right: ServerCounts) -> ServerCounts {
        var sum = left
        for field in fields { sum[keyPath: field.path] &+= right[keyPath: field.path] }
        return sum
    }

    public static func += (left: inout ServerCounts, right: ServerCounts) {
        left = left + right
    }
}
