import Basis
import Metrics

/// The rates of the part of a run in which all agents were connected and nothing happened to them: what a run is quoted
/// by.
struct SteadyPart: Hashable, Sendable {
    var seconds: Double
    var reportsPerSecond: Double
    var answersPerSecond: Double

    /// The steady phases, merged; nil if there was none.
    init?(_ phases: [PhaseSummary]) {
        let steady = phases.filter { $0.label == "steady" || $0.label.hasPrefix("steady #") }
        let seconds = steady.reduce(0) { $0 + $1.length.seconds }
        guard seconds > 0 else { return nil }
        self.init(
            seconds: seconds, reports: steady.reduce(0) { $0 + $1.counters.reportsSent },
            answers: steady.reduce(0) { $0 + $1.counters[.answersReceived] })
    }

    /// The whole run, for one that was never steady.
    init(whole summary: RunSummary) {
        self.init(
            seconds: max(summary.duration.seconds, 1e-9), reports: summary.counters.reportsSent,
            answers: summary.counters[.answersReceived])
    }

    private init(seconds: Double, reports: UInt64, answers: UInt64) {
        self.seconds = seconds
        reportsPerSecond = Double(reports) / seconds
        answersPerSecond = Double(answers) / seconds
    }
}

extension RunSummary {
    var steady: SteadyPart? { SteadyPart(phases) }
}
