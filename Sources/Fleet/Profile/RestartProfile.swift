public import Basis

/// What a restart of an agent is: by the server's command, or because it crashed.
public struct RestartProfile: Hashable, Sendable {
    /// What the server's restart command restarts.
    public enum Form: String, CaseIterable, Hashable, Sendable {
        /// The collector alone: its supervisor keeps the connection and reports the collector down, then up.
        case supervised
        /// The whole process, and the connection with it.
        case whole
    }

    public var form: Form
    /// How long the process is down.
    public var downtime: Distribution

    public init(form: Form = .supervised, downtime: Distribution = .uniform(.seconds(1), .seconds(3))) {
        self.form = form
        self.downtime = downtime
    }
}

/// What the first report of a later connection carries besides what every report does.
public enum ReconnectReportProfile: String, CaseIterable, Hashable, Sendable {
    /// What has changed, and what was reported but never confirmed by an answer.
    case unconfirmed
    /// Only what has changed since it was last sent, as opamp-go's client does.
    case changes
    /// The whole status.
    case full
}
