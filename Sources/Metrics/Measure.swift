/// A duration that a run measures, one histogram each.
///
/// To add one: a case here, its row in `facts`. Files, tables and pages take it up by themselves.
public enum Measure: Int, CaseIterable, Hashable, Sendable {
    case connect
    case tlsHandshake
    case tlsResumption
    case upgrade
    case firstReport
    case heartbeatResponse
    case heartbeatService
    case statusResponse
    case ready
    case configApplying
    case configApplied
    case configConverged
    case packagesConverged
    case downloadWait
    case downloadTime
    case downloadPerMebibyte
    case poolWait
    case schedulingDelay

    /// The name in files and machine output: stable from release to release.
    public var name: String { facts.name }

    /// The name in tables, at most 20 characters.
    public var title: String { facts.title }

    /// From which moment to which, for a reader who sees it for the first time.
    public var summary: String { facts.summary }

    private var facts: (name: String, title: String, summary: String) {
        switch self {
        case .connect:
            ("connect", "connect", "from asking for a TCP connection to having it")
        case .tlsHandshake:
            (
                "tls_handshake", "TLS, full",
                "from the TCP connection to the end of a full TLS handshake, certificates and keys included"
            )
        case .tlsResumption:
            (
                "tls_resumption", "TLS, resumed",
                "from the TCP connection to the end of a TLS handshake that took up an earlier session"
            )
        case .upgrade:
            ("upgrade", "upgrade", "from the WebSocket upgrade request to the server's 101")
        case .firstReport:
            ("first_report", "first report", "from sending an agent's first full report to its answer")
        case .heartbeatResponse:
            (
                "heartbeat_response", "response time",
                "from the moment a heartbeat was due to its answer: what an agent on schedule would have waited"
            )
        case .heartbeatService:
            (
                "heartbeat_service", "service time",
                "from the moment a heartbeat was really sent to its answer: what the server took"
            )
        case .statusResponse:
            (
                "status_response", "status response",
                "from the moment a report of a change was due to its answer"
            )
        case .ready:
            ("ready", "connect to ready", "from beginning a connection to the answer to its first report")
        case .configApplying:
            (
                "config_applying", "config: applying",
                "from a configuration's arrival to the report that it is being applied"
            )
        case .configApplied:
            ("config_applied", "config: applied", "from a configuration's arrival to the report that it was applied")
        case .configConverged:
            (
                "config_converged", "config: converged",
                "from a configuration's arrival to the report of an effective configuration that matches it"
            )
        case .packagesConverged:
            (
                "packages_converged", "packages converged",
                "from an offer of packages to the report that all of them are installed"
            )
        case .downloadWait:
            (
                "download_wait", "download: wait",
                "from the wish for a package's file to the moment when its download began"
            )
        case .downloadTime:
            (
                "download_time", "download: time",
                "from the beginning of a download to its last byte, attempts that failed included"
            )
        case .downloadPerMebibyte:
            (
                "download_per_mebibyte", "download: per MiB",
                "a download's time divided by its MiB: 1 MiB divided by this is its throughput"
            )
        case .poolWait:
            (
                "pool_wait", "wait for connection",
                "from the moment a request needed a connection of the pool to the moment it had one: plain HTTP only"
            )
        case .schedulingDelay:
            (
                "scheduling_delay", "scheduling lag",
                "from the moment a timer of the tool was due to the moment it ran: the error of the tool itself"
            )
        }
    }
}
