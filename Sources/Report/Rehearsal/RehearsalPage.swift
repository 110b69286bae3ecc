import Basis
import Rollout
public import Simulation

/// A rehearsal as one page that needs nothing else: nothing is fetched; charts are inline SVG.
public enum RehearsalPage {
    /// - Parameters:
    ///   - twin: a live rehearsal beside its virtual twin.
    ///   - server: what a server did that a driver makes act.
    public static func html(
        _ summary: RehearsalSummary, command: String, twin: TwinComparison? = nil, server: EngineJudgement? = nil
    ) -> String {
        PageShell.html(
            title: "\(summary.plan.name) · rehearsal",
            body: """
                \(verdict(summary))
                <header><h1>\(Markup.escaped(summary.plan.name))</h1>
                <p>\(Markup.escaped(summary.plan.description))</p>
                <p>\(form(summary)) · \(Figures.count(summary.agents)) agents · seed \(summary.seed) · \
                \(Markup.escaped(command))</p></header>
                \(cards(summary))
                \(PageShell.section("Charts", PageShell.charts(RehearsalCharts(summary).all)))
                \(PageShell.section("Stages", Markup.table(
                    header: RehearsalText.stageHeader, rows: RehearsalText.stageRows(summary), texts: [12])))
                \(PageShell.section("Load on the server by minute", load(summary)))
                \(PageShell.section("Decisions", decisions(summary)))
                \(live(summary, twin, server))
                <details><summary>Plan with every default</summary><pre>\
                \(Markup.escaped(summary.plan.resolvedYAML))</pre></details>
                """)
    }

    private static func form(_ summary: RehearsalSummary) -> String {
        summary.live.map { "rehearsed on real sockets, times divided by \(LiveText.speed($0.speed))" }
            ?? "rehearsed in virtual time · hash \(RehearsalText.hex(summary.hash))"
    }

    private static func live(
        _ summary: RehearsalSummary, _ twin: TwinComparison?, _ server: EngineJudgement?
    ) -> String {
        let texts = [
            server.map { ("The server, as its agents saw it", Array(JudgementText.lines($0).dropFirst())) },
            summary.live.map { ("Measured on real sockets", LiveText.lines($0)) },
            twin.map { ("Beside its virtual twin", Array(LiveText.lines($0).dropFirst())) },
        ]
        return texts.compactMap(\.self).map { title, lines in
            PageShell.section(title, "<pre>\(Markup.escaped(lines.joined(separator: "\n")))</pre>")
        }.joined(separator: "\n")
    }

    private static func verdict(_ summary: RehearsalSummary) -> String {
        var items = summary.differences
        if let stop = RehearsalText.stop(summary) { items.append("stopped by \(stop)") }
        items.append(RehearsalText.blastRadius(summary))
        if let left = RehearsalText.stragglers(summary) { items.append(left) }
        if let clocks = RehearsalText.clocks(summary) { items.append("clock skew \(clocks)") }
        let level = summary.isAsExpected ? "passed" : "failed"
        return PageShell.verdict(level, RehearsalText.verdict(summary), items.map { "\($0)." })
    }

    private static func cards(_ summary: RehearsalSummary) -> String {
        let tally = summary.tally
        let left = summary.stragglers.reduce(0) { $0 + $1.agents }
        let time = summary.ended.map { RehearsalText.time($0, summary) } ?? "–"
        let worst = summary.worstMinute.map { summary.minutes[$0] }
        return "<div class=\"cards\">"
            + [
                PageShell.card("time to the end", time, summary.state.inWords),
                PageShell.card(
                    "offered the revision", Figures.count(tally.offered),
                    "of \(Figures.count(summary.agents)) agents"),
                PageShell.card("applied it", Figures.count(tally.applied), "\(Figures.count(tally.failed)) failed"),
                PageShell.card(
                    "broke", Figures.count(tally.broken), "each agent once", tally.broken > 0 ? "bad" : "good"),
                PageShell.card(
                    "left behind", Figures.count(left), "agents on another revision than meant",
                    left > 0 ? "bad" : "good"),
                PageShell.card(
                    "reports in the worst minute", Figures.count(worst?.reports ?? 0),
                    "\(Figures.count(worst?.attempts ?? 0)) attempts to connect, "
                        + "\(Figures.count(worst?.offers ?? 0)) offers"),
            ].joined() + "</div>"
    }

    private static func load(_ summary: RehearsalSummary) -> String {
        let rows = RehearsalText.minutes(summary, limit: 40).map { minute in
            RehearsalText.loadRow(minute, summary) + [minute == summary.worstMinute ? "the worst minute" : ""]
        }
        return Markup.table(header: RehearsalText.loadHeader + [""], rows: rows, texts: [7])
    }

    private static func decisions(_ summary: RehearsalSummary) -> String {
        let rows = summary.decisions.prefix(500).map { [RehearsalText.time($0.at, summary), "\($0)"] }
        return Markup.table(header: ["at", "decision"], rows: rows, texts: [1])
    }
}
