public import Basis

/// What happens to an agent of a rehearsal; each kind has its part in the hash of events.
public enum AgentEvent: UInt8, CaseIterable, Sendable {
    case offered = 1, applying, applied, failed, mismatched, crashed, stopped, restarted
    case lost, refused, opened, firstHeartbeat, unhealthy, healthy, offerLost, ignored
    case downloading, installing
    case configured, installed
    case degraded, recovered

    /// The name in traces.
    public var name: String {
        switch self {
        case .offered: "received the offer of"
        case .applying: "reported that it applies"
        case .applied: "reported that it applied"
        case .failed: "reported that it failed to apply"
        case .mismatched: "reported APPLIED without the effective configuration of"
        case .crashed: "its process crashed; it had"
        case .stopped: "its process stopped; it had"
        case .restarted: "its process runs again with"
        case .lost: "lost its connection; it had"
        case .refused: "could not connect; it had"
        case .opened: "connected to a replica; it had"
        case .firstHeartbeat: "sent the first heartbeat of the connection with"
        case .unhealthy: "reported itself unhealthy with"
        case .healthy: "reported itself healthy with"
        case .offerLost: "the offer got lost of"
        case .ignored: "ignored the offer of"
        case .downloading: "began to download the package of"
        case .installing: "began to install the package of"
        case .degraded: "reported a component unhealthy with"
        case .recovered: "reported all components healthy with"
        case .configured: "reported that it applied the configuration of"
        case .installed: "reported that it installed the package of"
        }
    }
}

/// One entry of an agent's story.
public struct TracedEvent: Hashable, Sendable {
    public let at: Instant
    public let agent: UInt32
    public let event: AgentEvent
    public let revision: UInt16
}

/// The load on the server in one minute.
public struct MinuteLoad: Hashable, Sendable {
    public var reports: UInt64 = 0
    public var attempts: UInt64 = 0
    public var opened: UInt64 = 0
    public var offers: UInt64 = 0
    /// Downloads of packages that began, from wherever the packages are.
    public var downloads: UInt64 = 0
    /// To the server.
    public var bytesIn: UInt64 = 0
    /// From the server.
    public var bytesOut: UInt64 = 0

    public init() {}

    static func += (sum: inout MinuteLoad, other: MinuteLoad) {
        sum.reports += other.reports
        sum.attempts += other.attempts
        sum.opened += other.opened
        sum.offers += other.offers
        sum.downloads += other.downloads
        sum.bytesIn += other.bytesIn
        sum.bytesOut += other.bytesOut
    }
}
