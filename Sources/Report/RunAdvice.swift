import Basis
public import Metrics
import OpAMP

/// What follows from the figures of a run, each sentence with the figures that it follows from; none where they say
/// too little.
public enum RunAdvice {
    /// What it is about, by the name in files.
    enum Rule: String {
        case stormBackOff = "storm-back-off"
        case rolloutBatch = "rollout-batch"
    }

    public static func sentences(_ record: RunRecord) -> [String] { list(record).map(\.sentence) }

    static func list(_ record: RunRecord) -> [(rule: Rule, sentence: String)] {
        guard !record.summary.verdict.isToolBound else { return [] }
        let limits = record.summary.thresholds.map(\.threshold)
            .filter { $0.relation == .below || $0.relation == .atMost }
        return storm(record, limits).map { (.stormBackOff, $0) }
            + limits.compactMap { batch(record.summary.waves, $0) }.map { (.rolloutBatch, $0) }
    }

    /// Fewer agents say too little.
    private static let minAgents: UInt64 = 100
    /// Of the agents that were back, those of the middle: the first and the last come slower.
    private static let middle = 0.1...0.9
    /// Intervals of a series, a second each, that a rate is taken over.
    private static let minIntervals = 3

    /// The back-off that a storm of the whole fleet needs, by the rate at which agents were back in this run's.
    private static func storm(_ record: RunRecord, _ limits: [Threshold]) -> [String] {
        let measure = Measure.timeWithoutServer
        // Of agents that were not back until the end nothing is known but that.
        let never = record.histograms.first { $0.tag == "total/\(measure.name)/at_least" }?.histogram.count ?? 0
        var phases: [String: [(back: UInt64, seconds: Double)]] = [:]
        for row in record.series where row.phase != "drain" && row.histograms.indices.contains(measure.index) {
            phases[row.phase, default: []].append((row.histograms[measure.index].count, row.length.seconds))
        }
        func total(_ rows: [(back: UInt64, seconds: Double)]) -> UInt64 { rows.reduce(0) { $0 + $1.back } }
        let most = phases.max { (total($0.value), $1.key) < (total($1.value), $0.key) }
        guard never == 0, let (label, rows) = most, total(rows) >= minAgents, let rate = rate(rows) else { return [] }
        let agents = record.summary.identity.agents
        let needed = Nanoseconds(seconds: Double(agents) / rate)
        let source =
            "in phase \(label) agents were answered again at \(Figures.rate(rate)) a second "
            + "(the middle 80 % of \(Figures.count(total(rows))))"
        let limit = limits.first { $0.metric == .time(measure, .max) }
        guard let limit, needed.seconds * 1e9 > limit.limit else {
            let most = limit.map { " or more, and less than \($0.text) leaves," } ?? ""
            return [
                "A back-off that spreads a storm of all \(Figures.count(agents)) agents over "
                    + "\(Figures.duration(needed))\(most) asks no more of the server than it has done: \(source)."
            ]
        }
        return [
            "At the rate measured a storm of all \(Figures.count(agents)) agents takes \(Figures.duration(needed)), "
                + "longer than \(limit.text) allows: \(source). A faster rate was not measured."
        ]
    }

    /// Agents a second of those in the middle; nil where they came within too few intervals.
    private static func rate(_ rows: [(back: UInt64, seconds: Double)]) -> Double? {
        let all = Double(rows.reduce(0) { $0 + $1.back })
        var (sum, agents, seconds, intervals) = (0.0, 0.0, 0.0, 0)
        for row in rows {
            let before = sum
            sum += Double(row.back)
            guard sum > middle.lowerBound * all, before < middle.upperBound * all else { continue }
            (agents, seconds, intervals) = (agents + Double(row.back), seconds + row.seconds, intervals + 1)
        }
        return intervals >= minIntervals && seconds > 0 ? agents / seconds : nil
    }

    /// The batch of a rollout that keeps a limit on the time to converge, by the slowest wave of the kind.
    private static func batch(_ waves: [WaveSummary], _ limit: Threshold) -> String? {
        guard case .wave(let kind, .converged, let figure) = limit.metric, limit.scope == .run else { return nil }
        let share: Double
        switch figure {
        case .percentile(let percentile): share = percentile / 100
        case .max: share = 1
        case .min, .mean: return nil
        }
        let span = Nanoseconds(Int64(limit.limit))
        let whole = waves.filter { wave in
            let agents = wave.count(.converged)
            return wave.wave.kind == kind && agents >= minAgents && agents >= wave.count(.received)
        }
        func inTime(_ wave: WaveSummary) -> Double { wave[.converged].share(atMost: span) }
        guard let wave = whole.min(by: { inTime($0) < inTime($1) }), let last = wave.lastConverged, last > .zero
        else { return nil }
        let agents = wave.count(.converged)
        let p99 = Figures.duration(wave[.converged].value(atPercentile: 99))
        let rate = Figures.rate(Double(agents) / last.seconds)
        let source = "99 % within \(p99), the last within \(Figures.duration(last)), \(rate) a second"
        if inTime(wave) >= share {
            return "A rollout can take batches of \(Figures.count(agents)) agents and keep \(limit.text): in wave "
                + "\(wave.wave.label) so many converged, \(source). Larger ones were not measured."
        }
        let batch = Int(inTime(wave) * Double(agents))
        guard batch > 0 else { return nil }
        return "A rollout can take batches of \(Figures.count(batch)) agents and keep \(limit.text): in wave "
            + "\(wave.wave.label) so many of \(Figures.count(agents)) had converged by then; \(source)."
    }
}
