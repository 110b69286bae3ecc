/// A duration that a run measures, one histogram each.
///
/// A measure is one row of this table, and nothing else has to be written to add one: files, tables and pages read this
/// table. A row has the title in tables, at most 20 characters, and the start and end of the time, for a reader who
/// sees it for the first time. The name in files is that of the case in snake case.
public enum Measure: String, CaseIterable, Hashable, Sendable {
    case connect = "connect | from the start of a TCP connection attempt to its success"
    case tlsHandshake = """
        TLS, full | \
        from the TCP connection to the end of a full TLS handshake, certificates and keys included
        """
    case tlsResumption = """
        TLS, resumed | \
        from the TCP connection to the end of a TLS handshake that resumed an earlier session
        """
    case tlsQueue = """
        TLS queue | \
        from the TCP connection to the start of its TLS handshake, where others had to end first
        """
    case upgrade = "upgrade | from the WebSocket upgrade request to the server's 101"
    case firstReport = "first report | from sending an agent's first full report to its answer"
    case heartbeatResponse = """
        response time | \
        from the moment a heartbeat was due to its answer: the latency observed by an agent on schedule
        """
    case heartbeatService = """
        service time | \
        from the moment a heartbeat was really sent to its answer: the time that the server needed
        """
    case statusResponse = "status response | from the moment a report of a change was due to its answer"
    case ready = "connect to ready | from the start of a connection to the answer to its first report"
    case timeWithoutServer = """
        time without server | \
        from an agent's last answer before it lost its connection to its first answer on a later one
        """
    case configApplying = """
        config: applying | \
        from the receipt of a configuration to the report that it is being applied
        """
    case configApplied = "config: applied | from the receipt of a configuration to the report that it was applied"
    case configConverged = """
        config: converged | \
        from the receipt of a configuration to the report of an effective configuration that matches it
        """
    case packagesConverged = """
        packages converged | \
        from an offer of packages to the report that all of them are installed
        """
    case downloadWait = "download: wait | from the download request for a package's file to the start of its download"
    case downloadTime = "download: time | from the start of a download to its last byte, failed attempts included"
    case downloadPerMebibyte = """
        download: per MiB | \
        a download's time divided by its MiB: 1 MiB divided by this is its throughput
        """
    case poolWait = """
        wait for connection | \
        from the moment a request needed a connection of the pool to the moment it had one: plain HTTP only
        """
    case linkDelay = """
        link, one way | \
        from the moment a segment was handed to an agent's slow network to its arrival: added by the profile's `link`
        """
    case httpRequest = """
        HTTP request | \
        from sending a report over plain HTTP to the end of the answer, of those answered with status 200
        """
    case schedulingDelay = """
        scheduling lag | \
        from the moment a timer of the tool was due to the moment it fired: the error of the tool itself
        """

    /// The name in files and machine output: stable from release to release.
    public var name: String { row.name }

    /// The name in tables, at most 20 characters.
    public var title: String { row.columns[0] }

    /// From which moment to which, for a reader who sees it for the first time.
    public var summary: String { row.columns[1] }

    /// Whether some of its values may be known only within bounds: times to an answer.
    public var isBounded: Bool {
        switch self {
        case .firstReport, .heartbeatResponse, .heartbeatService, .statusResponse, .timeWithoutServer: true
        default: false
        }
    }

    /// The measure's place in the table, counted from 0.
    ///
    /// Invariants: as of `Counter.index`.
    @inline(__always)
    public var index: Int { Int(unsafeBitCast(self, to: UInt8.self)) }

    private var row: TableRow { Self.rows[index] }

    /// The table, read once.
    private static let rows = allCases.map { TableRow($0, columns: 2) }
}
