import AgentModel
import Basis

/// What is kept of one agent: times and numbers, nothing of what it said. Under 200 bytes.
struct SeenAgent {
    /// Whether it is there.
    enum Presence {
        case present
        /// It has no connection, or has not polled for long. It may connect again.
        case away(since: Instant, LeaveMethod?)
    }

    /// Its place among the cohorts.
    var cohort: Int
    let firstSeen: Instant
    var presence = Presence.present
    var lastReport: Instant
    /// When it first reported on its present connection.
    var connectedAt: Instant
    /// Its WebSockets that are open: two where it connects again before the old one is lost.
    var openConnections = 0
    /// The last heartbeat of this connection; `nil`: none yet.
    var lastHeartbeat: Instant?
    /// The longest time between two reports, for agents that poll.
    var longestGap = Nanoseconds.zero
    /// Whether all of its components were healthy, and since when.
    var health: (isHealthy: Bool, since: Instant)?
    var hasFlapped = false
    /// A hash of its effective configuration; 0: not known.
    var configHash: UInt64 = 0
    /// When the server offered it a configuration whose outcome it has not reported yet.
    var offeredAt: Instant?
    /// It polls, over connections that it may share with others.
    var polls = false

    init(cohort: Int, at now: Instant) {
        self.cohort = cohort
        firstSeen = now
        lastReport = now
        connectedAt = now
    }
}
