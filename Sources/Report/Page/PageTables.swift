import Basis
import Metrics
import OpAMP

/// The tables of the page.
enum PageTables {
    static func latencies(_ summary: RunSummary) -> String {
        let rows = LiveFrame.measures.map { summary[$0] }.filter { $0.count > 0 }.map { figures in
            [figures.measure.title, Figures.count(figures.count)] + MeasureSummary.Figure.allCases.map(figures.text)
                + [figures.measure.summary]
        }
        return Markup.table(
            header: ["", "count", "min", "mean", "p50", "p90", "p99", "p99.9", "max", "meaning"], rows: rows, texts: [9]
        )
    }

    static func phases(_ summary: RunSummary) -> String {
        let rows = summary.phases.map { phase in
            let response = phase.measures[Measure.heartbeatResponse.index]
            let first = phase.measures[Measure.firstReport.index]
            return [
                phase.label, Figures.clock(phase.start), Figures.clock(phase.length),
                Figures.rate(phase.rate(phase.counters.reportsSent)), Figures.count(phase.counters[.connectionsOpened]),
                Figures.count(phase.counters[.reconnects]), duration(response, .p50), duration(response, .p99),
                duration(response, .max), duration(first, .p99), Figures.count(phase.counters.errors),
                Figures.percent(phase.cpuShare), phase.level.name,
            ]
        }
        return Markup.table(
            header: [
                "", "from", "length", "reports/s", "connections", "reconnects", "response p50", "p99", "max",
                "first report p99", "errors", "CPU", "verdict",
            ], rows: rows)
    }

    static func cohorts(_ summary: RunSummary) -> String {
        guard !summary.cohorts.isEmpty else { return "" }
        let rows = summary.cohorts.map { cohort in
            [ClosingTable.title(of: cohort)] + CohortSummary.counts.map { Figures.count($0.value(cohort)) }
                + ClosingTable.times(of: cohort)
        }
        return Markup.table(
            header: [""] + CohortSummary.counts.map(\.title) + ClosingTable.timeTitles, rows: rows)
    }

    static func waves(_ summary: RunSummary) -> String {
        guard !summary.waves.isEmpty else { return "" }
        let rows = summary.waves.map { wave in
            let clock = wave.wave.clock == .event ? "the offer" : "the first receipt"
            let spans: [String] = [OfferStage.received, .applying, .applied, .converged].map { stage in
                wave.count(stage) > 0 ? Figures.duration(wave[stage].value(atPercentile: 50)) : "-"
            }
            return [
                wave.wave.label, Figures.clock(max(wave.start, .zero)), Figures.count(wave.count(.received)),
                Figures.count(wave.count(.applied)), Figures.count(wave.count(.converged)),
                Figures.count(wave.count(.failed)), Figures.count(wave.count(.superseded)),
            ] + spans + [
                wave.count(.converged) > 0 ? Figures.duration(wave[.converged].value(atPercentile: 99)) : "-",
                wave.lastConverged.map { Figures.duration($0) } ?? "-", clock,
            ]
        }
        return Markup.table(
            header: [
                "", "from", "received", "applied", "converged", "failed", "superseded", "received p50", "applying p50",
                "applied p50", "converged p50", "p99", "last", "times counted from",
            ], rows: rows, texts: [13])
    }

    static func transitions(_ summary: RunSummary) -> String {
        guard !summary.transitions.isEmpty else { return "" }
        let rows = summary.transitions.sorted.map { step, count in
            [step.from, Figures.count(count), step.to, step.cause]
        }
        return Markup.table(header: ["from", "count", "to", "cause"], rows: rows, texts: [2, 3])
    }

    static func errors(_ summary: RunSummary) -> String {
        let entries = ErrorList.entries(summary.counters)
        guard !entries.isEmpty else { return "<p class=\"quiet\">None of any kind.</p>" }
        let rows = entries.map { [$0.counter.title, Figures.count($0.count), $0.faultText, $0.counter.summary] }
        return Markup.table(header: ["", "count", "caused by", "meaning"], rows: rows, texts: [2, 3])
    }

    /// Names and how often; nothing where there are none.
    static func counts(_ entries: [(name: String, count: UInt64)]) -> String {
        guard !entries.isEmpty else { return "" }
        return Markup.table(header: ["", "count"], rows: entries.map { [$0.name, Figures.count($0.count)] })
    }

    static func reconciliation(_ reconciliation: Reconciliation) -> String {
        guard reconciliation.isServerKnown else {
            return "<p class=\"quiet\">The server's own counts are not known.</p>"
        }
        let rows = reconciliation.lines.filter { $0.server != nil }.map { line in
            let difference = line.difference.map { $0 > 0 ? "+" + Figures.count($0) : Figures.count($0) } ?? ""
            return [
                line.what, Figures.count(line.tool), line.server.map { Figures.count($0) } ?? "",
                line.agrees ? "equal" : difference, line.remark ?? "",
            ]
        }
        return Markup.table(header: ["", "client", "server", "difference", ""], rows: rows, texts: [4])
    }

    static func counters(_ summary: RunSummary) -> String {
        let rows = Counter.allCases.filter { !$0.isError && summary.counters[$0] > 0 }.map { counter in
            [counter.title, Figures.count(summary.counters[counter]), counter.summary]
        }
        return Markup.table(header: ["", "count", "meaning"], rows: rows, texts: [2])
    }

    private static func duration(_ summary: MeasureSummary, _ figure: MeasureSummary.Figure) -> String {
        summary.count > 0 ? summary.text(figure) : "-"
    }
}
