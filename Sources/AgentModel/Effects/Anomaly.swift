/// Everything out of the ordinary that an agent counts, each under its own name.
public enum Anomaly: UInt8, CaseIterable, Sendable {
    // What the server did.
    /// The server answered an error of type BAD_REQUEST; the report is not sent again (Bad Request).
    case badRequest
    /// The server answered UNAVAILABLE (Throttling).
    case unavailable
    /// The server answered an error of type UNKNOWN or of one this model does not know.
    case unknownError
    /// An error was sent together with other fields, which must then be unset (ServerToAgent.error_response).
    case errorWithContent
    /// A message was received that answers no report.
    case push
    /// It had no content: an answer that was sent twice.
    case surplusAnswer
    /// The server asked for the full state.
    case fullStateRequested
    /// The server asked for the list of available components.
    case componentsRequested
    /// The server gave the agent a new instance uid.
    case instanceUIDAssigned
    /// The new instance uid was not 16 bytes long, or all zero; the old one stays.
    case badInstanceUIDAssigned
    /// A message was addressed to another agent and was not processed.
    case foreignMessage
    /// A message used a capability that the agent has not declared; that part was not processed.
    case undeclaredCapabilityUsed
    /// A message could not be read.
    case malformedAnswer
    /// The server closed the connection.
    case closedByServer
    /// The upgrade was answered with 503 or 429 (Throttling).
    case upgradeThrottled
    /// The upgrade was answered with 401 or 403 (Authentication).
    case upgradeUnauthorized
    /// The upgrade was answered with a redirect.
    case upgradeRedirected
    /// The upgrade was answered with any other status.
    case upgradeRefused
    /// The server did not finish the closing handshake in time.
    case closeTimedOut
    /// An offer was received again; it was not applied again.
    case offerRepeated
    /// A marker in a configuration steered the agent.
    case steered
    /// The server asked for a restart.
    case restartCommanded
    /// A custom message of a capability that the agent does not have.
    case unknownCustomMessage
    /// The server did not grant a certificate.
    case certificateRefused
    /// The server sent a command that this model does not know.
    case unknownCommand

    // What the network did.
    /// A connection could not be opened.
    case connectFailed
    /// The attempt reached the connect timeout.
    case connectTimedOut
    /// An open connection was lost.
    case connectionLost

    // What the agent did.
    /// A part of the agent that watches a setting was notified of its change.
    case watcherNotified
    /// The process crashed.
    case crashed
    /// Offered connection settings were rejected without a trial.
    case settingsRejected
    /// Offered connection settings were tried, worked, and were kept.
    case settingsCommitted
    /// Offered connection settings were tried, did not work, and were dropped.
    case settingsReverted
    /// A destination for the agent's own telemetry was accepted.
    case telemetryAccepted
    /// The agent declared other capabilities than before.
    case capabilitiesChanged
    /// Status changes were sent in one report with an earlier one.
    case changesJoined

    // What the tool did.
    /// Heartbeats were so late that they were left out.
    case heartbeatsSkipped
    /// A report was larger than the client's limit and was not sent (WebSocket Message Size Limits).
    case reportTooBig
    /// This machine was out of ports or descriptors.
    case noLocalResource
    /// An event was received that does not fit the agent's state.
    case eventOutOfState

    /// The name used in tables and results.
    public var name: String { "\(self)" }
}
