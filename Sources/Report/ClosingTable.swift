import Basis
public import Metrics

/// What is printed when a run has ended: everything a reader needs to judge it, the verdict first where it is bad.
public enum ClosingTable {
    /// - Parameters:
    ///   - width: columns of the terminal; no line is wider.
    ///   - results: where the files are, for the last line; nil where none were written.
    public static func lines(
        for summary: RunSummary, width: Int, style: TextStyle, results: String? = nil
    ) -> [String] {
        var lines: [PaintedLine] = []
        if let headline = summary.verdict.headline {
            lines += wrapped(headline, width: width).map { PaintedLine($0, .alarm) }
        }
        lines += [title(summary), origin(summary), .empty]
        lines += overview(summary)
        lines += section("latencies", latencies(summary))
        lines += section("phases", phases(summary))
        lines += section(
            "convergence, from the moment each offer was put up", convergence(summary, width: max(width, 20)))
        lines += section("package files", packageFiles(summary))
        lines += section("errors", errors(summary))
        lines += section("tool and server, count against count", reconciliation(summary.reconciliation))
        lines += findings(summary.verdict, width: width)
        if let results { lines += [.empty, PaintedLine("results in \(results)")] }
        return lines.map { $0.rendered(width: max(width, 20), style: style) }
    }

    private static func section(_ title: String, _ lines: [PaintedLine]) -> [PaintedLine] {
        lines.isEmpty ? [] : [.empty, PaintedLine(title, .strong)] + lines
    }

    private static func title(_ summary: RunSummary) -> PaintedLine {
        var line = PaintedLine(summary.identity.profile, .strong)
        line.append(" against \(summary.identity.server): ")
        switch summary.outcome {
        case .completed: line.append("completed", .good)
        case .interrupted: line.append("interrupted", .caution)
        case .failed(let reason): line.append("failed, \(reason)", .bad)
        }
        line.append(" after \(Figures.clock(summary.duration))")
        return line
    }

    private static func origin(_ summary: RunSummary) -> PaintedLine {
        let identity = summary.identity
        let parts = [
            "run \(identity.run)", "seed \(identity.seed)", "\(identity.shards) shards", identity.tool,
            identity.machine,
        ]
        return PaintedLine(parts.filter { !$0.isEmpty }.joined(separator: " · "), .faint)
    }

    private static func overview(_ summary: RunSummary) -> [PaintedLine] {
        let counters = summary.counters
        let seconds = max(summary.duration.seconds, 1e-9)
        func rate(_ count: UInt64) -> String { "\(Figures.rate(Double(count) / seconds))/s" }
        func line(_ label: String, _ parts: [String]) -> PaintedLine {
            var line = PaintedLine("  " + label)
            line.advance(to: 12)
            line.append(parts.joined(separator: " · "))
            return line
        }
        let sent = counters.reportsSent
        let kinds: [Counter] = [.firstReports, .heartbeats, .statusReports, .fullStateReports, .goodbyes]
        let byKind = kinds.filter { counters[$0] > 0 }.map { "\(Figures.count(counters[$0])) \($0.title)" }
        let messages = counters[.messagesSent] + counters[.messagesReceived]
        let perMessage =
            messages > 0
            ? "\(Figures.duration(Nanoseconds(summary.process.cpu.count / Int64(clamping: messages)))) CPU a message"
            : ""
        let process = summary.process
        return [
            line(
                "agents",
                [
                    "\(Figures.count(counters[.agentsStarted])) started",
                    "\(Figures.count(counters[.agentsConnected])) connected",
                    "\(Figures.count(counters[.agentsAnswered])) answered",
                    "\(Figures.count(counters[.agentsFailed])) failed",
                    "\(Figures.count(counters[.reconnects])) reconnects",
                ]),
            line("reports", ["\(Figures.count(sent)) sent (\(rate(sent)))"] + byKind),
            line(
                "answers",
                [
                    "\(Figures.count(counters[.answersReceived])) received (\(rate(counters[.answersReceived])))",
                    "\(Figures.count(counters[.unanswered])) reports unanswered",
                ]),
            line(
                "traffic",
                [
                    "\(Figures.bytes(Double(counters[.bytesSent]))) out",
                    "\(Figures.bytes(Double(counters[.bytesReceived]))) in",
                ]),
            compression(counters).map { line("packed", $0) },
            line(
                "this tool",
                [
                    "CPU \(Figures.percent(process.meanCPUShare)) of \(Figures.cores(process.availableCores))"
                        + ", at most \(Figures.percent(process.peakCPUShare))",
                    perMessage, "\(Figures.bytes(Double(process.peakResidentBytes))) memory",
                    summary.verdict.level == .fine ? "on time" : summary.verdict.level.name,
                ].filter { !$0.isEmpty }),
        ].compactMap { $0 }
    }

    /// Only where anything was compressed: bytes before and after.
    private static func compression(_ counters: CounterTable) -> [String]? {
        let directions: [(String, Counter, plain: Counter, wire: Counter)] = [
            ("out", .compressedSent, .compressedSentPlainBytes, .compressedSentWireBytes),
            ("in", .compressedReceived, .compressedReceivedPlainBytes, .compressedReceivedWireBytes),
        ]
        let parts = directions.filter { counters[$0.1] > 0 }.map { way, messages, plain, wire in
            let share = Double(counters[wire]) / Double(max(counters[plain], 1))
            return "\(Figures.count(counters[messages])) \(way): \(Figures.bytes(Double(counters[plain]))) as "
                + "\(Figures.bytes(Double(counters[wire]))) (\(Figures.percent(share)))"
        }
        return parts.isEmpty ? nil : parts
    }

    private static func latencies(_ summary: RunSummary) -> [PaintedLine] {
        var table = TextTable(header: ["", "count", "min", "mean", "p50", "p90", "p99", "p99.9", "max"])
        for measure in LiveFrame.measures {
            let figures = summary[measure]
            guard figures.count > 0 else { continue }
            let spans = [
                figures.min, figures.mean, figures.p50, figures.p90, figures.p99, figures.p999, figures.max,
            ]
            table.append(
                [measure.title, Figures.count(figures.count)] + spans.map(Figures.duration),
                measure == .schedulingDelay ? .faint : .normal)
        }
        return table.isEmpty ? [] : table.lines()
    }

    /// Only where there are several: the one phase of a plain run is the run.
    private static func phases(_ summary: RunSummary) -> [PaintedLine] {
        guard summary.phases.count > 1 else { return [] }
        var table = TextTable(
            header: ["", "length", "reports/s", "reconnects", "response p50", "p99", "max", "errors", "CPU", "tool"])
        for phase in summary.phases {
            let response = phase.measures[Measure.heartbeatResponse.rawValue]
            let spans = [response.p50, response.p99, response.max].map {
                response.count > 0 ? Figures.duration($0) : "-"
            }
            let cells = [
                phase.label, Figures.clock(phase.length), Figures.rate(phase.rate(phase.counters.reportsSent)),
                Figures.count(phase.counters[.reconnects]),
            ]
            let tail = [Figures.count(phase.counters.errors), Figures.percent(phase.cpuShare)]
            let level = (phase.level == .fine ? "on time" : phase.level.name, paint(of: phase.level))
            table.append(painted: (cells + spans + tail).map { ($0, .normal) } + [level])
        }
        return table.lines()
    }

    private static func paint(of level: Verdict.Level) -> Paint {
        switch level {
        case .fine: .good
        case .strained: .caution
        case .saturated: .bad
        }
    }

    private static func errors(_ summary: RunSummary) -> [PaintedLine] {
        let entries = ErrorList.entries(summary.counters)
        guard !entries.isEmpty else { return [PaintedLine("  none", .good)] }
        var table = TextTable(header: ["", "count", "by", "meaning"])
        for entry in entries {
            table.append(
                painted: [
                    (entry.counter.title, .bad), (Figures.count(entry.count), .normal), (entry.faultText, .normal),
                    (entry.counter.summary, .faint),
                ])
        }
        for (name, count) in summary.named.sorted where !name.hasPrefix(verdictPrefix) {
            table.append([name, Figures.count(count), "", ""])
        }
        return table.lines(leftColumns: [2, 3])
    }

    private static func reconciliation(_ reconciliation: Reconciliation) -> [PaintedLine] {
        guard reconciliation.isServerKnown else {
            return [PaintedLine("  the server's own counts are not known", .faint)]
        }
        var table = TextTable(header: ["", "tool", "server", "difference", ""])
        for line in reconciliation.lines where line.server != nil {
            let difference = line.difference.map { $0 > 0 ? "+" + Figures.count($0) : Figures.count($0) } ?? ""
            table.append(
                painted: [
                    (line.what, .normal), (Figures.count(line.tool), .normal),
                    (line.server.map { Figures.count($0) } ?? "", .normal),
                    line.agrees ? ("equal", .good) : (difference, .bad), (line.remark ?? "", .faint),
                ])
        }
        return table.lines(leftColumns: [4])
    }

    private static func findings(_ verdict: Verdict, width: Int) -> [PaintedLine] {
        guard !verdict.findings.isEmpty else { return [] }
        var lines = [PaintedLine.empty, PaintedLine("what speaks against these figures", .strong)]
        for finding in verdict.findings {
            let text = "\(finding.level.name): \(finding.message); remedy: \(finding.remedy)"
            for (index, part) in wrapped(text, width: width - 4).enumerated() {
                lines.append(PaintedLine((index == 0 ? "  - " : "    ") + part, paint(of: finding.level)))
            }
        }
        return lines
    }

    /// Words to lines of at most `width` columns; a longer word stands alone.
    static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > max(width, 20) {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return line.isEmpty ? lines : lines + [line]
    }
}
