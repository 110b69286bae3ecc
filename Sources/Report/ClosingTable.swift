public import Basis
public import Metrics

/// What is printed when a run has ended: everything that a reader needs to judge it, first of all whether the tool was
/// the bottleneck.
public enum ClosingTable {
    /// - Parameters:
    ///   - width: columns of the terminal; no line is wider. `nil`: there is no terminal, and nothing is cut off.
    ///   - advice: what follows from the run.
    ///   - results: where the files are, for the last line; nil where none were written.
    public static func lines(
        for summary: RunSummary, width limit: Int?, style: TextStyle, advice: [String] = [],
        results: String? = nil
    ) -> [String] {
        let width = max(limit ?? .max, 20)
        var lines: [PaintedLine] = []
        if let headline = summary.verdict.headline {
            lines += Prose.wrapped(headline, width: width).map { PaintedLine($0, .alarm) }
        }
        lines += thresholds(summary, width: width)
        lines += title(summary, width: width) + origin(summary, width: width) + [.empty]
        lines += overview(summary, width: width)
        lines += section("merged runs", merged(summary, width: width))
        lines += section("latencies", latencies(summary, width: width))
        lines += section("phases", phases(summary, width: width))
        lines += section("cohorts", cohorts(summary, width: width))
        lines += section("convergence, from the moment of each offer", convergence(summary, width: width))
        lines += section("package files", packageFiles(summary, width: width))
        lines += section("injected faults", faults(summary))
        lines += section("errors", errors(summary, width: width))
        lines += section("events without a counter of their own", otherEvents(summary))
        lines += section("client and server counts", reconciliation(summary.reconciliation, width: width))
        lines += section("warnings about these results", warnings(summary, width: width))
        let advice = advice.flatMap { Prose.wrapped($0, width: width - 2) }
        lines += section("advice", advice.map { PaintedLine("  " + $0) })
        if let results { lines += [.empty, PaintedLine("results in \(results)")] }
        return lines.map { $0.rendered(width: width, style: style) }
    }

    private static func section(_ title: String, _ lines: [PaintedLine]) -> [PaintedLine] {
        lines.isEmpty ? [] : [.empty, PaintedLine(title, .strong)] + lines
    }

    private static func title(_ summary: RunSummary, width: Int) -> [PaintedLine] {
        let outcome: (String, Paint) =
            switch summary.outcome {
            case .completed: ("completed", .good)
            case .interrupted: ("interrupted", .caution)
            case .failed: ("failed", .bad)
            case .stopped: ("ended early", .bad)
            }
        var line = PaintedLine(summary.identity.profile, .strong)
        line.append(" against \(summary.identity.server)\(summary.identity.isEmbedded ? " (embedded server)" : ""): ")
        let end = " after \(Figures.clock(summary.duration))"
        var lines = [line]
        // What became of the run is never cut off.
        if line.width + outcome.0.count + end.count > width { lines.append(PaintedLine("  ")) }
        lines[lines.count - 1].append(outcome.0, outcome.1)
        lines[lines.count - 1].append(end)
        guard let reason = summary.outcome.reason else { return lines }
        return lines + Prose.wrapped("reason: \(reason)", width: width).map { PaintedLine($0, .bad) }
    }

    private static func origin(_ summary: RunSummary, width: Int) -> [PaintedLine] {
        let identity = summary.identity
        let parts = [
            "run \(identity.run)", "seed \(identity.seed)", "\(identity.shards) shards", identity.tool,
            identity.machine,
        ]
        return joined(parts.filter { !$0.isEmpty }, indent: 0, width: width).map { PaintedLine($0, .faint) }
    }

    private static func latencies(_ summary: RunSummary, width: Int) -> [PaintedLine] {
        var table = ColumnBlocks(header: ["", "count", "min", "mean", "p50", "p90", "p99", "p99.9", "max"])
        for measure in LiveFrame.measures {
            let figures = summary[measure]
            guard figures.count > 0 else { continue }
            table.append(
                [measure.title, Figures.count(figures.count)] + MeasureSummary.Figure.allCases.map(figures.text),
                measure == .schedulingDelay ? .faint : .normal)
        }
        return table.isEmpty ? [] : table.lines(width: width)
    }

    static func paint(of level: Verdict.Level) -> Paint {
        switch level {
        case .clear: .good
        case .shared: .caution
        case .toolBound: .bad
        }
    }

    private static func errors(_ summary: RunSummary, width: Int) -> [PaintedLine] {
        let entries = ErrorList.entries(summary.counters)
        guard !entries.isEmpty else { return [PaintedLine("  none", .good)] }
        func table(withMeaning: Bool) -> [PaintedLine] {
            var table = TextTable(header: ["", "count", "caused by"] + (withMeaning ? ["meaning"] : []))
            for entry in entries {
                var cells: [ColumnBlocks.Cell] = [
                    (entry.counter.title, .bad), (Figures.count(entry.count), .normal), (entry.faultText, .normal),
                ]
                if withMeaning { cells.append((entry.counter.summary, .faint)) }
                table.append(painted: cells)
            }
            return table.lines(leftColumns: [2, 3])
        }
        let wide = table(withMeaning: true)
        guard wide.contains(where: { $0.width > width }) else { return wide }
        // The meanings go below their lines.
        let meanings: [[String]] = [[]] + entries.map { Prose.wrapped($0.counter.summary, width: width - 4) }
        return zip(table(withMeaning: false), meanings).flatMap { line, meaning in
            [line] + meaning.map { PaintedLine("    " + $0, .faint) }
        }
    }

    private static func reconciliation(_ reconciliation: Reconciliation, width: Int) -> [PaintedLine] {
        guard reconciliation.isServerKnown else {
            return [PaintedLine("  the server's own counts are not known", .faint)]
        }
        var table = TextTable(header: ["", "client", "server", "difference"])
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
            return [row] + Prose.wrapped(remark, width: width - 4).map { PaintedLine("    " + $0, .faint) }
        }
    }

    private static func warnings(_ summary: RunSummary, width: Int) -> [PaintedLine] {
        let findings = summary.verdict.findings.map {
            ("\($0.level.name): \($0.message); remedy: \($0.remedy)", paint(of: $0.level))
        }
        let warnings = summary.warnings.map { ("\($0.message); \($0.remedy)", Paint.caution) }
        return (findings + warnings).flatMap { text, paint in
            Prose.wrapped(text, width: width - 4).enumerated().map { index, part in
                PaintedLine((index == 0 ? "  - " : "    ") + part, paint)
            }
        }
    }

    /// Parts between dots, on as many lines as they need.
    static func joined(_ parts: [String], indent: Int, width: Int) -> [String] {
        let separator = " · "
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        for part in parts {
            if let last = lines.last, last.count + separator.count + part.count <= width {
                lines[lines.count - 1] += separator + part
            } else {
                lines.append(margin + part)
            }
        }
        return lines
    }
}
