import Basis
public import Metrics

/// One line on a run's progress, for output that is no terminal: a log file, a pipe, a CI job.
public enum ProgressLine {
    /// No colours, no width limit; fields in fixed order, the headline of a tool-bound second first.
    public static func line(for snapshot: Snapshot, of plan: RunPlan) -> String {
        let row = snapshot.row
        let measures = snapshot.phaseMeasures
        let (response, first) = (measures[Measure.heartbeatResponse.index], measures[Measure.firstReport.index])
        var parts: [String] = []
        if snapshot.verdict.isToolBound { parts.append(Verdict.headlineStart) }
        let share = plan.length(ofPhase: snapshot.phase).map { length in
            length > .zero ? " \(Int(min(snapshot.phaseElapsed.seconds / length.seconds, 1) * 100)) %" : ""
        }
        parts.append("\(Figures.clock(snapshot.elapsed)) \(snapshot.phase)\(share ?? "")")
        parts.append("agents \(snapshot.states.online)/\(plan.agents) connected")
        parts.append("reports \(Figures.rate(row.rate(row.counters.reportsSent)))/s")
        parts.append("answers \(Figures.rate(row.rate(of: .answersReceived)))/s")
        if response.count > 0 { parts.append(latency("response", response)) }
        if first.count > 0, response.count == 0 { parts.append(latency("first report", first)) }
        if snapshot.counters[.heartbeatsMissed] > 0 {
            parts.append("heartbeats missed \(Figures.count(snapshot.counters[.heartbeatsMissed]))")
        }
        parts.append("errors \(Figures.count(snapshot.counters.errors))")
        parts.append("CPU \(Figures.percent(row.cpuShare))")
        return parts.joined(separator: " | ")
    }

    private static func latency(_ title: String, _ summary: MeasureSummary) -> String {
        "\(title) p50 \(summary.text(.p50)) p99 \(summary.text(.p99)) max \(summary.text(.max))"
    }
}
