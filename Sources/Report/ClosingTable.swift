public import Basis
public import Metrics

/// What is printed when a run has ended: everything a reader needs to judge it, the verdict first where it is bad.
public enum ClosingTable {
    /// - Parameters:
    ///   - width: columns of the terminal; no line is wider. `nil`: there is no terminal, and nothing is cut off.
    ///   - results: where the files are, for the last line; nil where none were written.
    public static func lines(
        for summary: RunSummary, width limit: Int?, style: TextStyle, results: String? = nil
    ) -> [String] {
        let width = max(limit ?? .max, 20)
        var lines: [PaintedLine] = []
        if let headline = summary.verdict.headline {
            lines += wrapped(headline, width: width).map { PaintedLine($0, .alarm) }
        }
        lines += [title(summary), origin(summary), .empty]
        lines += overview(summary, width: width)
        lines += section("latencies", latencies(summary))
        lines += section("phases", phases(summary, width: width))
        lines += section(
            "convergence, from the moment each offer was put up", convergence(summary, width: width))
        lines += section("package files", packageFiles(summary))
        lines += section("misbehaviour that the profile asks for", faults(summary))
        lines += section("errors", errors(summary))
        lines += section("tool and server, count against count", reconciliation(summary.reconciliation, width: width))
        lines += findings(summary.verdict, width: width)
        if let results { lines += [.empty, PaintedLine("results in \(results)")] }
        return lines.map { $0.rendered(width: width, style: style) }
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

    static func paint(of level: Verdict.Level) -> Paint {
        switch level {
        case .fine: .good
        case .strained: .caution
        case .saturated: .bad
        }
    }

    private static func errors(_ summary: RunSummary) -> [PaintedLine] {
        let entries = ErrorList.entries(summary.counters)
        let others = otherNames(summary)
        guard !entries.isEmpty || !others.isEmpty else { return [PaintedLine("  none", .good)] }
        var table = TextTable(header: ["", "count", "by", "meaning"])
        for entry in entries {
            table.append(
                painted: [
                    (entry.counter.title, .bad), (Figures.count(entry.count), .normal), (entry.faultText, .normal),
                    (entry.counter.summary, .faint),
                ])
        }
        for (name, count) in others {
            table.append([name, Figures.count(count), "", ""])
        }
        return table.lines(leftColumns: [2, 3])
    }

    private static func reconciliation(_ reconciliation: Reconciliation, width: Int) -> [PaintedLine] {
        guard reconciliation.isServerKnown else {
            return [PaintedLine("  the server's own counts are not known", .faint)]
        }
        var table = TextTable(header: ["", "tool", "server", "difference"])
        var remarks: [String?] = []
        for line in reconciliation.lines where line.server != nil {
            let difference = line.difference.map { $0 > 0 ? "+" + Figures.count($0) : Figures.count($0) } ?? ""
            table.append(
                painted: [
                    (line.what, .normal), (Figures.count(line.tool), .normal),
                    (line.server.map { Figures.count($0) } ?? "", .normal),
                    line.agrees ? ("equal", .good) : (difference, .bad),
                ])
            remarks.append(line.remark)
        }
        return zip(table.lines(), [nil] + remarks).flatMap { row, remark in
            guard let remark else { return [row] }
            return [row] + wrapped(remark, width: width - 4).map { PaintedLine("    " + $0, .faint) }
        }
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

    /// Prose that is wider than this is hard to read, however wide the terminal.
    private static let widestProse = 100

    /// Words to lines of at most `width` columns; a longer word stands alone.
    static func wrapped(_ text: String, width: Int) -> [String] {
        let width = min(width, widestProse)
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
