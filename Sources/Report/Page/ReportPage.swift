import Basis
import Foundation
public import Metrics

/// `report.html`: a run as one page that needs nothing else. No script, nothing fetched; charts are inline SVG.
public enum ReportPage {
    public static func html(for record: RunRecord) -> String {
        let summary = record.summary
        let title = "\(summary.identity.profile) · \(summary.identity.run)"
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(Markup.escaped(title)) · Muster</title>
            <style>
            \(PageStyle.css)
            </style>
            </head>
            <body>
            <main>
            \(PageTables.thresholds(summary))
            \(verdict(summary))
            \(header(summary))
            \(cards(summary))
            \(section("Over time", PageCharts.html(for: record)))
            \(section("Latencies", PageTables.latencies(summary)))
            \(section("Phases", summary.phases.count > 1 ? PageTables.phases(summary) : ""))
            \(section("Cohorts", PageTables.cohorts(summary)))
            \(section("Convergence", PageTables.waves(summary)))
            \(section("Injected faults", PageTables.counts(ClosingTable.faultCounts(summary))))
            \(section("Errors", PageTables.errors(summary)))
            \(section("Events without a counter of their own", PageTables.counts(ClosingTable.otherNames(summary))))
            \(section("Client and server counts", PageTables.reconciliation(summary.reconciliation)))
            \(section("Counters", PageTables.counters(summary)))
            \(section("State transitions of agents", PageTables.transitions(summary)))
            <details><summary>Resolved profile</summary><pre>\(Markup.escaped(record.profile))</pre></details>
            </main>
            </body>
            </html>

            """
    }

    private static func section(_ title: String, _ content: String) -> String {
        content.isEmpty ? "" : "<section><h2>\(Markup.escaped(title))</h2>\n\(content)</section>"
    }

    private static func verdict(_ summary: RunSummary) -> String {
        let verdict = summary.verdict
        let findings = verdict.findings.map {
            "<li>\(Markup.escaped("\($0.level.name): \($0.message)")). \(Markup.escaped("Remedy: \($0.remedy)")).</li>"
        }
        let warnings = summary.warnings.map { "<li>\(Markup.escaped("\($0.message); \($0.remedy)")).</li>" }
        let shares = summary.ownShare?.parts.map { part in
            "\(part.name) \(Figures.percent(part.share)) (\(Figures.duration(part.lag)) of "
                + "\(Figures.duration(part.figure)))"
        }
        let ownShare = shares.map { ["<li>Own share of the response time: \($0.joined(separator: ", ")).</li>"] } ?? []
        let items = ownShare + findings + warnings
        let list = items.isEmpty ? "" : "<ul>\(items.joined())</ul>"
        return "<div class=\"verdict \(verdict.level.name)\"><b>\(Markup.escaped(verdict.sentence))</b>\(list)</div>"
    }

    private static func header(_ summary: RunSummary) -> String {
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
            \(Markup.escaped(outcome)) after \(Figures.clock(summary.duration))</p>
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
            card(
                "agents connected", Figures.count(counters[.agentsConnected]),
                "of \(Figures.count(counters[.agentsStarted])) started, \(Figures.count(unanswered)) never answered",
                unanswered > 0 ? "bad" : ""),
            card(
                steady == nil ? "reports/s on average" : "reports/s when steady",
                Figures.rate((steady ?? SteadyPart(whole: summary)).reportsPerSecond),
                "\(Figures.count(counters.reportsSent)) sent, \(Figures.count(counters[.answersReceived])) answers"),
        ]
        if counters[.heartbeatsDue] > 0 {
            let missed = counters[.heartbeatsMissed]
            cards.append(
                card(
                    "heartbeats answered in time", ClosingTable.availability(counters),
                    "of \(Figures.count(counters[.heartbeatsDue])) due, \(Figures.count(missed)) missed",
                    missed > 0 ? "bad" : ""))
        }
        if response.count > 0 {
            cards.append(
                card(
                    "response time, p50", response.text(.p50),
                    "service time \(service.text(.p50))"))
            cards.append(
                card(
                    "response time, p99", response.text(.p99),
                    "service time \(service.text(.p99))"))
            cards.append(
                card("response time, max", response.text(.max), "p99.9 \(response.text(.p999))"))
        }
        let share = counters.reportsSent > 0 ? Double(errors) / Double(counters.reportsSent) : 0
        cards.append(
            card(
                "errors", Figures.count(errors),
                errors == 0 ? "none of any kind" : "\(Figures.percent(share)) of reports", errors == 0 ? "good" : "bad")
        )
        let process = summary.process
        cards.append(
            card(
                "generator CPU", Figures.percent(process.meanCPUShare),
                "of \(Figures.cores(process.availableCores)), peak \(Figures.percent(process.peakCPUShare))"))
        return "<div class=\"cards\">\(cards.joined())</div>"
    }

    private static func card(_ label: String, _ figure: String, _ remark: String, _ kind: String = "") -> String {
        "<div class=\"card \(kind)\"><span>\(Markup.escaped(label))</span><strong>\(Markup.escaped(figure))</strong>"
            + "<span>\(Markup.escaped(remark))</span></div>"
    }
}
