import Basis
import Foundation
public import Metrics

/// `report.html`: a run as one page that needs nothing else. Nothing is fetched; charts are inline SVG.
public enum ReportPage {
    public static func html(for record: RunRecord) -> String {
        let identity = record.summary.identity
        var drawn = DrawnRows()
        return PageShell.html(title: "\(identity.profile) · \(identity.run)", body: content(record, &drawn).string)
    }

    /// What the page shows, without its frame.
    /// - Parameters:
    ///   - drawn: those of the page before, where there was one.
    ///   - isLive: whether the run goes on.
    static func content(_ record: RunRecord, _ drawn: inout DrawnRows, isLive: Bool = false) -> PageText {
        let summary = record.summary
        let advice = isLive ? [] : RunAdvice.sentences(record)
        let story = RunStory.sentences(record, isLive: isLive) + advice
        let charts = PageCharts(record, &drawn).all
        var text = PageText(capacity: charts.reduce(record.profile.utf8.count + otherBytes) { $0 + $1.utf8.count })
        text.add(
            """
            \(PageTables.thresholds(summary))
            \(verdict(summary))
            \(header(summary, isLive: isLive))
            <div class="story">\(story.map { "<p>\(Markup.escaped($0))</p>" }.joined())</div>
            \(cards(summary))

            """)
        PageShell.addCharts(charts, to: &text)
        text.add(
            """

            \(PageShell.section("Latencies", PageTables.latencies(summary)))
            \(PageShell.section("Phases", summary.phases.count > 1 ? PageTables.phases(summary) : ""))
            \(PageShell.section("Marks", PageTables.marks(summary)))
            \(PageShell.section("Cohorts", PageTables.cohorts(summary)))
            \(PageShell.section("Convergence", PageTables.waves(summary)))
            \(PageShell.section("Injected faults", PageTables.counts(ClosingTable.faultCounts(summary))))
            \(PageShell.section("Errors", PageTables.errors(summary)))
            \(PageShell.section(
                "Events without a counter of their own", PageTables.counts(ClosingTable.otherNames(summary))))
            \(isLive ? "" : PageShell.section(
                "Client and server counts", PageTables.reconciliation(summary.reconciliation)))
            \(PageShell.section("Counters", PageTables.counters(summary)))
            \(PageShell.section("State transitions of agents", PageTables.transitions(summary)))
            <details><summary>Resolved profile</summary><pre>
            """)
        text.add(escaped: record.profile)
        text.add("</pre></details>")
        return text
    }

    /// What a page has beside its charts and the profile, about.
    private static let otherBytes = 40_000

    private static func verdict(_ summary: RunSummary) -> String {
        let verdict = summary.verdict
        let findings = verdict.findings.map { "\($0.level.name): \($0.message). Remedy: \($0.remedy)." }
        let warnings = summary.warnings.map { "\($0.message); \($0.remedy)." }
        let shares = summary.ownShare?.parts.map { part in
            "\(part.name) \(Figures.percent(part.share)) (\(Figures.duration(part.lag)) of "
                + "\(Figures.duration(part.figure)))"
        }
        let ownShare = shares.map { ["Own share of the response time: \($0.joined(separator: ", "))."] } ?? []
        return PageShell.verdict(verdict.level.name, verdict.sentence, ownShare + findings + warnings)
    }

    private static func header(_ summary: RunSummary, isLive: Bool) -> String {
        let identity = summary.identity
        let outcome =
            switch summary.outcome {
            case .completed: "completed"
            case .interrupted: "interrupted"
            case .failed(let reason): "failed, \(reason),"
            case .stopped(let threshold): "ended early, because the threshold '\(threshold)' failed,"
            }
        let origin = [
            "started at \(startTime(identity.startedAt))", "run \(identity.run)", "seed \(identity.seed)",
            "\(identity.shards) shards", identity.tool,
            identity.machine,
        ]
        return """
            <header><h1>\(Markup.escaped(identity.profile))</h1>
            <p>against \(Markup.escaped(identity.server))\(identity.isEmbedded ? " (embedded server)" : ""): \
            \(isLive ? "running for" : Markup.escaped(outcome) + " after") \(Figures.clock(summary.duration))</p>
            <p>\(Markup.escaped(origin.filter { !$0.isEmpty }.joined(separator: " · ")))</p></header>
            """
    }

    /// `2026-11-24 01:58:00 UTC`.
    private static func startTime(_ unixSeconds: Double) -> String {
        Date(timeIntervalSince1970: unixSeconds.isFinite ? unixSeconds : 0)
            .formatted(.iso8601.dateTimeSeparator(.space)).replacing("Z", with: " UTC")
    }

    private static func cards(_ summary: RunSummary) -> String {
        let counters = summary.counters
        let steady = summary.steady
        let (response, service) = (summary[.heartbeatResponse], summary[.heartbeatService])
        let unanswered = counters[.agentsUnanswered]
        let errors = counters.errors
        var cards = [
            PageShell.card(
                "agents connected", Figures.count(counters[.agentsConnected]),
                "of \(Figures.count(counters[.agentsStarted])) started, \(Figures.count(unanswered)) never answered",
                unanswered > 0 ? "bad" : ""),
            PageShell.card(
                steady == nil ? "reports/s on average" : "reports/s when steady",
                Figures.rate((steady ?? SteadyPart(whole: summary)).reportsPerSecond),
                "\(Figures.count(counters.reportsSent)) sent, \(Figures.count(counters[.answersReceived])) answers"),
        ]
        if counters[.heartbeatsDue] > 0 {
            let missed = counters[.heartbeatsMissed]
            cards.append(
                PageShell.card(
                    "heartbeats answered in time", ClosingTable.availability(counters),
                    "of \(Figures.count(counters[.heartbeatsDue])) due, \(Figures.count(missed)) missed",
                    missed > 0 ? "bad" : ""))
        }
        if response.count > 0 {
            cards.append(
                PageShell.card(
                    "response time, p50", response.text(.p50),
                    "service time \(service.text(.p50))"))
            cards.append(
                PageShell.card(
                    "response time, p99", response.text(.p99),
                    "service time \(service.text(.p99))"))
            cards.append(
                PageShell.card("response time, max", response.text(.max), "p99.9 \(response.text(.p999))"))
        }
        let share = counters.reportsSent > 0 ? Double(errors) / Double(counters.reportsSent) : 0
        cards.append(
            PageShell.card(
                "errors", Figures.count(errors),
                errors == 0 ? "none of any kind" : "\(Figures.percent(share)) of reports", errors == 0 ? "good" : "bad")
        )
        let process = summary.process
        cards.append(
            PageShell.card(
                "generator CPU", Figures.percent(process.meanCPUShare),
                "of \(Figures.cores(process.availableCores)), peak \(Figures.percent(process.peakCPUShare))"))
        return "<div class=\"cards\">\(cards.joined())</div>"
    }
}
