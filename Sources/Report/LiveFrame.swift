import AgentModel
public import Basis
public import Metrics

/// The display during a run: a pure function of the latest snapshot, redrawn in place at each tick.
///
/// Whether the tool is the bottleneck comes first; then the phase, the agents, the rates, the latencies of the phase so
/// far, the errors, and what the generator itself uses.
public enum LiveFrame {
    /// The measures that have a line, in this order; one that never occurred has none.
    static let measures: [Measure] = [
        .heartbeatResponse, .heartbeatService, .timeWithoutServer, .statusResponse, .firstReport, .ready, .connect,
        .tlsHandshake, .tlsResumption, .tlsQueue, .upgrade, .configApplying, .configApplied, .configConverged,
        .packagesConverged,
        .downloadWait,
        .downloadTime, .downloadPerMebibyte, .poolWait, .linkDelay, .httpRequest, .schedulingDelay,
    ]

    /// How many errors are listed by name at most; the others are one figure.
    static let maxErrors = 6

    static let labelWidth = 11

    /// - Parameters:
    ///   - width: columns of the terminal; no line is wider.
    /// - Returns: the lines from top to bottom, without line breaks. Their number changes with what there is to show.
    public static func lines(
        for snapshot: Snapshot, of plan: RunPlan, width: Int, style: TextStyle
    ) -> [String] {
        let inner = max(width, 20)
        var lines: [PaintedLine] = []
        if snapshot.verdict.isToolBound, let finding = snapshot.verdict.findings.first {
            lines.append(PaintedLine(" \(Verdict.headlineStart): \(finding.message) ", .alarm))
        }
        lines.append(title(snapshot, plan, inner))
        lines.append(progress(snapshot, plan, inner))
        lines.append(agents(snapshot, plan))
        if snapshot.health.notHealthy > 0 { lines.append(health(snapshot)) }
        lines.append(traffic(snapshot))
        if snapshot.counters[.heartbeatsMissed] > 0 { lines.append(missed(snapshot)) }
        lines += latencies(snapshot)
        lines += errors(snapshot)
        lines.append(tool(snapshot))
        return lines.map { $0.rendered(width: inner, style: style) }
    }

    private static func label(_ text: String) -> PaintedLine {
        var line = PaintedLine(" " + text, .faint)
        line.advance(to: labelWidth)
        return line
    }

    private static func title(_ snapshot: Snapshot, _ plan: RunPlan, _ width: Int) -> PaintedLine {
        let total = plan.length.map { " of " + Figures.clock($0) } ?? ""
        let clock = Figures.clock(snapshot.elapsed) + total
        var line = PaintedLine(" muster ", .strong)
        let room = max(width - line.width - clock.count - 2, 8)
        line.append(plan.title.count > room ? plan.title.prefix(room - 1) + "…" : plan.title)
        line.advance(to: width - clock.count - 1)
        line.append(clock, .strong)
        return line
    }

    private static func progress(_ snapshot: Snapshot, _ plan: RunPlan, _ width: Int) -> PaintedLine {
        var line = label(snapshot.phase)
        if line.width > labelWidth { line.append(" ") }
        guard let length = plan.length(ofPhase: snapshot.phase), length > .zero else {
            line.append("for \(Figures.clock(snapshot.phaseElapsed))", .accent)
            return line
        }
        let share = min(max(snapshot.phaseElapsed.seconds / length.seconds, 0), 1)
        let times = "\(Figures.clock(snapshot.phaseElapsed)) of \(Figures.clock(length))"
        let tail = "  \(Int(share * 100)) %  \(times)"
        let cells = min(max(width - line.width - tail.count - 1, 5), 50)
        let filled = Int((share * Double(cells)).rounded())
        line.append(String(repeating: "█", count: filled), .accent)
        line.append(String(repeating: "░", count: cells - filled), .faint)
        line.append(tail)
        return line
    }

    private static func agents(_ snapshot: Snapshot, _ plan: RunPlan) -> PaintedLine {
        var line = label("agents")
        let states: [AgentState] = [
            .connected, .configuring, .updating, .restarting, .connecting, .backingOff, .closing, .initializing,
            .disconnected,
        ]
        var isFirst = true
        for state in states where snapshot.states[state] != 0 || state == .connected {
            if !isFirst { line.append("  ·  ", .faint) }
            isFirst = false
            // Agents that wait for their first answer and those that have had it are both connected, at a glance.
            let count = state == .connected ? snapshot.states.online : snapshot.states[state]
            line.append(Figures.count(count), paint(of: state))
            if state == .connected { line.append(" of \(Figures.count(plan.agents))") }
            line.append(" \(state.name)")
        }
        return line
    }

    private static func health(_ snapshot: Snapshot) -> PaintedLine {
        var line = label("health")
        line.append("\(Figures.count(snapshot.health[.healthy])) healthy  ·  ")
        line.append("\(Figures.count(snapshot.health[.degraded])) degraded", .caution)
        line.append("  ·  ")
        line.append("\(Figures.count(snapshot.health[.unhealthy])) unhealthy", .bad)
        return line
    }

    private static func paint(of state: AgentState) -> Paint {
        switch state {
        case .connected, .running: .good
        case .connecting, .configuring, .updating, .restarting, .backingOff: .caution
        case .initializing, .closing, .disconnected: .normal
        }
    }

    private static func traffic(_ snapshot: Snapshot) -> PaintedLine {
        let row = snapshot.row
        var line = label("rate/s")
        line.append(Figures.rate(row.rate(row.counters.reportsSent)), .strong)
        line.append(" reports  ·  ")
        line.append(Figures.rate(row.rate(of: .answersReceived)), .strong)
        line.append(" answers  ·  \(Figures.rate(row.rate(of: .connectionsOpened))) connections")
        line.append("  ·  \(Figures.bytes(row.rate(of: .bytesSent))) out")
        line.append("  ·  \(Figures.bytes(row.rate(of: .bytesReceived))) in")
        return line
    }

    /// Only where heartbeats were missed.
    private static func missed(_ snapshot: Snapshot) -> PaintedLine {
        let counters = snapshot.counters
        var line = label("heartbeats")
        line.append("\(ClosingTable.availability(counters)) answered in time  ·  ")
        line.append("\(Figures.count(counters[.heartbeatsMissed])) missed", .bad)
        line.append(" of \(Figures.count(counters[.heartbeatsDue])) due", .faint)
        return line
    }

    private static func latencies(_ snapshot: Snapshot) -> [PaintedLine] {
        var table = TextTable(header: ["\(snapshot.phase) so far", "p50", "p90", "p99", "p99.9", "max", "count"])
        table.indent = 1
        let summaries = snapshot.phaseMeasures
        for measure in measures {
            let summary = summaries[measure.index]
            guard summary.count > 0 else { continue }
            let figures: [MeasureSummary.Figure] = [.p50, .p90, .p99, .p999, .max]
            table.append(
                [measure.title] + figures.map(summary.text) + [Figures.count(summary.count)],
                measure == .schedulingDelay ? .faint : .normal)
        }
        return table.isEmpty ? [] : table.lines()
    }

    private static func errors(_ snapshot: Snapshot) -> [PaintedLine] {
        let entries = ErrorList.entries(snapshot.counters)
        guard !entries.isEmpty else {
            var line = label("errors")
            line.append("none", .good)
            return [line]
        }
        var lines: [PaintedLine] = []
        for (index, entry) in entries.prefix(maxErrors).enumerated() {
            var line = label(index == 0 ? "errors" : "")
            line.append("\(Figures.count(entry.count)) \(entry.counter.title)", .bad)
            let now = snapshot.row.rate(of: entry.counter)
            line.append("  \(now > 0 ? "\(Figures.rate(now))/s now, " : "")\(entry.faultText)", .faint)
            lines.append(line)
        }
        if entries.count > maxErrors {
            var line = label("")
            let rest = entries.dropFirst(maxErrors).reduce(0) { $0 + $1.count }
            line.append("\(Figures.count(rest)) of \(entries.count - maxErrors) other kinds", .bad)
            lines.append(line)
        }
        return lines
    }

    private static func tool(_ snapshot: Snapshot) -> PaintedLine {
        var line = label("generator")
        line.append(
            "CPU \(Figures.percent(snapshot.row.cpuShare)) of \(Figures.cores(snapshot.process.availableCores))")
        line.append("  ·  \(Figures.bytes(Double(snapshot.process.residentBytes)))  ·  ")
        switch snapshot.verdict.level {
        case .clear: line.append("clear", .good)
        case .shared: line.append("shared: \(snapshot.verdict.findings.first?.message ?? "")", .caution)
        case .toolBound: line.append("tool-bound", .bad)
        }
        if snapshot.toolBoundSeconds > 0 {
            line.append(
                "  ·  tool-bound for \(Figures.clock(Nanoseconds(seconds: snapshot.toolBoundSeconds))) in total",
                .caution)
        }
        return line
    }
}
