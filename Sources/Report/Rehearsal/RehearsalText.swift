import Basis
import Rollout
public import Simulation

/// A rehearsal in the terminal: what a manager asks first, then what an engineer checks.
public enum RehearsalText {
    /// - Parameter moreMinutes: whether every minute with load besides heartbeats is listed, instead of the busiest.
    public static func lines(_ summary: RehearsalSummary) -> [String] {
        var lines = [verdict(summary), ""]
        lines += summary.differences.map { "  not as expected: \($0)" }
        lines += summary.violations.prefix(5).map {
            "  must not happen: \($0.kind.rawValue) at \(time($0.at, summary))"
        }
        if lines.count > 2 { lines.append("") }
        lines += stages(summary)
        if let stop = stop(summary) { lines += ["", "  stopped by   " + stop] }
        lines += ["", "  blast radius " + blastRadius(summary)]
        if let stragglers = stragglers(summary) { lines.append("  left behind  " + stragglers) }
        if let clocks = clocks(summary) { lines.append("  clock skew   " + clocks) }
        if !summary.minutes.isEmpty { lines += ["", "load on the server"] + load(summary) }
        if let live = summary.live {
            lines += [""] + LiveText.lines(live)
        } else {
            lines += ["", "  seed \(summary.seed), hash \(hex(summary.hash)), \(Figures.count(summary.events)) events"]
        }
        return lines
    }

    /// `finished after 2h05m: 10,000 of 10,000 agents run the revision`.
    public static func verdict(_ summary: RehearsalSummary) -> String {
        let tally = summary.tally
        let after = summary.began.flatMap { began in
            summary.ended.map { " after \(Figures.clock($0 - began))" }
        }
        return "\(summary.plan.name) \(summary.state.inWords)\(after ?? ""): "
            + "\(Figures.count(tally.applied)) of \(Figures.count(summary.agents)) agents applied it, "
            + "\(Figures.count(tally.broken)) broke"
            + (summary.isAsExpected ? "" : " (not as expected)")
    }

    static func time(_ instant: Instant, _ summary: RehearsalSummary) -> String {
        Figures.clock(instant - (summary.began ?? .zero))
    }

    static let stageHeader = [
        "stage", "agents", "began", "answered", "ended", "applied", "failed", "mismatched", "no answer", "unhealthy",
        "disconnected", "restored", "outcome",
    ]

    /// The cells of the table of stages.
    static func stageRows(_ summary: RehearsalSummary) -> [[String]] {
        summary.stages.map { stage in
            let tally = stage.tally
            let figures = [
                tally.applied, tally.failed, tally.mismatched, tally.noAnswer, tally.unhealthySince,
                tally.disconnectedSince, tally.restored,
            ]
            return [
                "\(stage.number + 1)", Figures.count(stage.agents), time(stage.began, summary),
                stage.answered.map { time($0, summary) } ?? "–", stage.ended.map { time($0, summary) } ?? "–",
            ] + figures.map { Figures.count($0) } + [stage.passed ? "passed" : stage.ended == nil ? "open" : "stopped"]
        }
    }

    private static func stages(_ summary: RehearsalSummary) -> [String] {
        // A plan may have thousands of stages: the first and the last tell the story.
        let rows = stageRows(summary)
        let limit = 24
        var table = TextTable(header: stageHeader)
        for (number, row) in rows.enumerated() where number < limit / 2 || number >= rows.count - limit / 2 {
            table.append(row)
        }
        let left = rows.count > limit ? ["  (\(rows.count - limit) stages between them are not shown)"] : []
        return table.plainLines() + left
    }

    /// `gate 1 (20 of 100) in stage 1, 5m12s after the rollout began`.
    public static func stop(_ summary: RehearsalSummary) -> String? {
        guard let stopped = summary.stopped else { return nil }
        var text = "\(stopped.reason) in stage \(stopped.stage + 1), at \(time(stopped.at, summary))"
        if case .gate(let number, _) = stopped.reason, summary.plan.gates.indices.contains(number) {
            let gate = summary.plan.gates[number]
            let component = gate.component.map { " (\($0 == GatePlan.anyComponent ? "any component" : $0))" } ?? ""
            text += "; the gate: \(gate.on.rawValue)\(component) above \(amount(gate.above))"
        }
        return text
    }

    private static func amount(_ amount: AgentAmount) -> String {
        switch amount {
        case .agents(let count): "\(Figures.count(count)) agents"
        case .share(let share): Figures.percent(share)
        }
    }

    /// `1,000 agents were offered the revision (1 %), 23 broke, 1,000 of 1,000 have the former one again`.
    public static func blastRadius(_ summary: RehearsalSummary) -> String {
        let tally = summary.tally
        let share = Figures.percent(Double(tally.offered) / Double(max(summary.agents, 1)))
        let restored =
            tally.takenBack > 0
            ? ", \(Figures.count(tally.restored)) of \(Figures.count(tally.takenBack)) run the former one again" : ""
        return "\(Figures.count(tally.offered)) agents were offered the revision (\(share)), "
            + "\(Figures.count(tally.broken)) broke\(restored)"
    }

    /// `3 agents: 2 failed, 1 no connection`; nil: none is left behind.
    public static func stragglers(_ summary: RehearsalSummary) -> String? {
        guard !summary.stragglers.isEmpty else { return nil }
        let sum = summary.stragglers.reduce(0) { $0 + $1.agents }
        let causes = summary.stragglers.map { "\(Figures.count($0.agents)) \($0.cause.rawValue)" }
        return "\(Figures.count(sum)) agents do not run what they are meant to: \(causes.joined(separator: ", "))"
    }

    /// `seen: 512 of 10,000 agents are off, p50 31m, max 59m48s; no decision uses an agent's clock`; nil: all
    /// are right.
    public static func clocks(_ summary: RehearsalSummary) -> String? {
        guard let clocks = summary.clocks else { return nil }
        return "seen: \(Figures.count(clocks.off)) of \(Figures.count(clocks.reported)) agents are off, "
            + "p50 \(Figures.clock(clocks.p50)), max \(Figures.clock(clocks.max)); no decision uses an agent's clock"
    }

    static let loadHeader = ["minute", "reports", "offers", "connects", "refused or waiting", "received", "sent"]

    /// The minutes to show: around the begin, each stage, the worst, and the end; at most `limit`.
    static func minutes(_ summary: RehearsalSummary, limit: Int) -> [Int] {
        func minute(_ instant: Instant) -> Int { Int(instant.nanoseconds / 60_000_000_000) }
        var wanted: [Int] = []
        if let worst = summary.worstMinute { wanted.append(worst) }
        if let began = summary.began { wanted += [minute(began) - 1, minute(began)] }
        if let ended = summary.ended { wanted += [minute(ended), minute(ended) + 1] }
        if let stopped = summary.stopped { wanted.append(minute(stopped.at)) }
        wanted += summary.stages.prefix(limit).map { minute($0.began) }
        var kept: [Int] = []
        for place in wanted where summary.minutes.indices.contains(place) && !kept.contains(place) {
            if kept.count < limit { kept.append(place) }
        }
        return kept.sorted()
    }

    static func loadRow(_ minute: Int, _ summary: RehearsalSummary) -> [String] {
        let load = summary.minutes[minute]
        let from = Instant.zero + .seconds(Int64(minute) * 60)
        let label = from - (summary.began ?? .zero)
        let clock = label < .zero ? "-" + Figures.clock(.zero - label) : Figures.clock(label)
        return [
            clock, Figures.count(load.reports), Figures.count(load.offers), Figures.count(load.opened),
            Figures.count(load.attempts - min(load.opened, load.attempts)), Figures.bytes(Double(load.bytesIn)),
            Figures.bytes(Double(load.bytesOut)),
        ]
    }

    private static func load(_ summary: RehearsalSummary) -> [String] {
        var table = TextTable(header: loadHeader)
        for minute in minutes(summary, limit: 16) {
            var row = loadRow(minute, summary)
            if minute == summary.worstMinute { row.append("the worst minute") }
            table.append(row)
        }
        let lines = table.plainLines(leftColumns: [7])
        guard summary.live == nil else { return lines }
        return lines + ["  longest time for an answer \(Figures.duration(summary.maxAnswerDelay))"] + downloads(summary)
    }

    /// `9,950 downloads of 60 MB: 597 GB, at most 1,204 begun in a minute`; none: nothing was downloaded.
    static func downloads(_ summary: RehearsalSummary) -> [String] {
        let sum = summary.minutes.reduce(0) { $0 + $1.downloads }
        guard sum > 0 else { return [] }
        let bytes = Double(summary.plan.world.packages.bytes)
        let most = summary.minutes.reduce(0) { max($0, $1.downloads) }
        return [
            "  \(Figures.count(sum)) downloads of \(Figures.bytes(bytes)) from where the packages are: "
                + "\(Figures.bytes(Double(sum) * bytes)) in all, at most \(Figures.count(most)) begun in a minute"
        ]
    }

    /// What the controller decided, each with its time.
    public static func decisions(_ summary: RehearsalSummary) -> [String] {
        var table = TextTable(header: ["at", "decision"])
        for decision in summary.decisions { table.append([time(decision.at, summary), "\(decision)"]) }
        return table.plainLines(leftColumns: [1])
    }

    /// What happened to an agent, each with its time.
    public static func story(_ trace: [TracedEvent], _ summary: RehearsalSummary) -> [String] {
        guard !trace.isEmpty else { return ["  nothing happened to it but heartbeats"] }
        var table = TextTable(header: ["at", "event"])
        for event in trace {
            let from = event.at - (summary.began ?? .zero)
            let clock = from < .zero ? "-\(Nanoseconds.zero - from)" : "\(from)"
            table.append([clock, "\(event.event.name) revision \(event.revision)"])
        }
        return table.plainLines(leftColumns: [1])
    }

    static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
