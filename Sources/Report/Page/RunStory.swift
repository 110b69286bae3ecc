import Basis
import Metrics

/// What happened in a run, in three sentences that are made of its figures.
enum RunStory {
    static func sentences(_ record: RunRecord, isLive: Bool = false) -> [String] {
        [load(record.summary, isLive), latency(record.summary), trouble(record)].compactMap { $0 }
    }

    /// Who reported how much to whom.
    private static func load(_ summary: RunSummary, _ isLive: Bool) -> String {
        let (counters, identity) = (summary.counters, summary.identity)
        let server = identity.isEmbedded ? "the embedded server" : identity.server
        let connected = counters[.agentsConnected]
        guard connected > 0 else { return "No agent has connected to \(server)." }
        let steady = summary.steady
        let rate = Figures.rate((steady ?? SteadyPart(whole: summary)).reportsPerSecond)
        return "\(agents(connected)) \(isLive ? "have connected" : "connected") to \(server) and "
            + "\(isLive ? "have sent" : "sent") \(Figures.count(counters.reportsSent)) reports "
            + "in \(Figures.clock(summary.duration)), \(rate) a second \(steady == nil ? "on average" : "when steady")."
    }

    /// How long the heartbeats took, and in which phase they took longest.
    private static func latency(_ summary: RunSummary) -> String? {
        let response = summary[.heartbeatResponse]
        guard response.count > 0 else {
            let first = summary[.firstReport]
            guard first.count > 0 else { return nil }
            return "Half of the first reports were answered within \(first.text(.p50)), 99 % within "
                + "\(first.text(.p99)); no heartbeat was answered."
        }
        var text = "Half of the heartbeats were answered within \(response.text(.p50)) of the moment when they were "
        text += "due, 99 % within \(response.text(.p99))"
        if let worst = worstPhase(summary) { text += "; \(worst)" }
        if summary.counters[.heartbeatsDue] > 0 {
            text += "; \(ClosingTable.availability(summary.counters)) were answered in time"
        }
        return text + "."
    }

    /// `in phase storm 99 % took up to 2.1 s, 14 times as long as when steady`.
    private static func worstPhase(_ summary: RunSummary) -> String? {
        func p99(_ phase: PhaseSummary) -> Nanoseconds? {
            let response = phase.measures[Measure.heartbeatResponse.index]
            return response.count >= minSamples ? response.p99 : nil
        }
        guard let steady = summary.phases.filter({ $0.label == "steady" }).compactMap(p99).first,
            let worst = summary.phases.max(by: { (p99($0) ?? .zero) < (p99($1) ?? .zero) }), let most = p99(worst),
            most.seconds >= minRatio * steady.seconds
        else { return nil }
        let ratio = Figures.rate((most.seconds / max(steady.seconds, 1e-9)).rounded())
        return "in phase \(worst.label) 99 % within \(worst.measures[Measure.heartbeatResponse.index].text(.p99)), "
            + "\(ratio) times the \(Figures.duration(steady)) of the steady part"
    }

    private static let minSamples: UInt64 = 100
    /// A smaller difference of p99 may be chance.
    private static let minRatio = 2.0

    /// What went wrong, the most serious first; or that nothing did.
    private static func trouble(_ record: RunRecord) -> String {
        let summary = record.summary
        let counters = summary.counters
        var parts: [String] = []
        let never = counters[.agentsUnanswered]
        if never > 0 { parts.append("\(agents(never)) never received a response") }
        let silences = ServerSilence.spans(record.series)
        if let longest = silences.max(by: { $0.length < $1.length }) {
            let others = silences.count > 1 ? " (the longest of \(silences.count) such times)" : ""
            parts.append(
                "no answer came for \(Figures.clock(longest.length)) from \(Figures.clock(longest.start)) on\(others)")
        }
        let away = summary[.timeWithoutServer]
        if away.count > 0 {
            parts.append(
                "\(Figures.count(counters[.reconnects])) times an agent connected again after a loss, half of them "
                    + "with an answer within \(away.text(.p50)) and the last within \(away.text(.max))")
        }
        if let worst = ErrorList.entries(counters).first {
            let all = counters.errors
            let share = all == worst.count ? "" : ", \(Figures.count(worst.count)) of them"
            parts.append("\(Figures.count(all)) errors were counted\(share) '\(worst.counter.title)'")
        } else {
            parts.append("no error of any kind was counted")
        }
        let text = parts.joined(separator: "; ")
        return text.prefix(1).uppercased() + text.dropFirst() + "."
    }

    private static func agents(_ count: UInt64) -> String { "\(Figures.count(count)) agent\(count == 1 ? "" : "s")" }
}
