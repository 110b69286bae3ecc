import Basis
import Metrics
import Statistics

/// A run as `compare` sees it: a few logarithms, read from its directory.
public struct ComparedRun: Sendable {
    public let path: String
    let summary: SummaryDocument
    /// The profile without what the sides may differ in: the server, the seed, the names.
    let profile: [String]
    /// The times of each measure in the judged part, in the order of their intervals.
    private let times: [Measure: [Part]]
    private let judged: [SummaryDocument.PhasePart]

    /// An interval of the judged part, in seconds from the start of the run.
    struct Part: Sendable {
        var start: Double
        var end: Double
        var histogram: CompactHistogram
    }

    /// Reads `summary.json`, `profile.yaml` and `histograms.hlog`.
    public init(path: String) throws(ComparisonError) {
        self.path = path
        let stored: StoredRun
        do throws(StoredRunError) { stored = try StoredRun(path: path) } catch { throw .unreadable(error) }
        summary = stored.summary
        profile = Self.comparable(stored.profile)
        let phases = Self.judgedPhases(of: summary)
        judged = phases
        let log = stored.log
        var times: [Measure: [Part]] = [:]
        for measure in [Measure.heartbeatResponse, .heartbeatService] {
            times[measure] = log.entries.filter { $0.tag == "interval/\(measure.name)" }.compactMap { entry in
                let (start, end) = (entry.start.seconds, (entry.start + entry.length).seconds)
                // A row may begin some milliseconds before the skipped seconds are over.
                let isJudged = phases.contains { phase in
                    start > Self.from(phase) - 0.5 && end < phase.startSeconds + phase.durationSeconds + 0.5
                }
                return isJudged ? Part(start: start, end: end, histogram: entry.histogram) : nil
            }
        }
        self.times = times
    }

    /// The run is steady in them; where no phase is, all but the arrival and the end.
    private static func judgedPhases(of summary: SummaryDocument) -> [SummaryDocument.PhasePart] {
        let steady = summary.phases.filter { $0.label == "steady" || $0.label.hasPrefix("steady #") }
        return steady.isEmpty ? summary.phases.filter { $0.label != "arrival" && $0.label != "drain" } : steady
    }

    /// The first 5 s of a phase, or 5 % of it, are left out.
    private static func from(_ phase: SummaryDocument.PhasePart) -> Double {
        phase.startSeconds + max(5, 0.05 * phase.durationSeconds)
    }

    /// Lines of the profile, without the keys at the top that may differ between sides.
    private static func comparable(_ text: String) -> [String] {
        let free: Set = ["name", "description", "seed", "server", "tls", "thresholds", "auth", "headers", "proxy"]
        var isFree = false
        return text.split(separator: "\n").compactMap { line in
            if let first = line.first, first != " ", first != "-" {
                isFree = free.contains(String(line.prefix { $0 != ":" }))
            }
            return isFree ? nil : String(line)
        }
    }

    // MARK: - Figures

    /// Seconds since 1970.
    var startedAt: Double { summary.run.startedAt }

    /// Why it gives no figures that could be compared; nil: it does.
    var whyLeftOut: String? {
        if summary.outcome.status != "completed" { return "the run is \(summary.outcome.status)" }
        if judged.contains(where: { $0.level == Verdict.Level.toolBound.name }) || summary.verdict.level == "tool-bound"
        {
            return "the tool was the bottleneck"
        }
        return nil
    }

    /// The judged part of the run, s.
    var judgedSeconds: Double { judged.reduce(0) { $0 + $1.durationSeconds } }

    /// A figure as a logarithm, or why there is none.
    func value(of figure: ComparedFigure) -> Result<Double, MissingFigure> {
        guard let (measure, percentile) = figure.percentile else { return count(figure) }
        let whole = histogram(of: measure)
        guard whole.count > 0 else { return .failure(.noSample) }
        guard Double(whole.count) * (100 - percentile) / 100 >= 10 - 1e-6 else {
            return .failure(.tooFew(samples: whole.count))
        }
        guard !isRange(measure, percentile) else { return .failure(.range) }
        return .success(max(whole.value(atPercentile: percentile).seconds, 1e-9).naturalLogarithm)
    }

    /// Why a run has no value of a figure.
    enum MissingFigure: Error, Hashable {
        case noSample
        case tooFew(samples: UInt64)
        case range

        var text: String {
            switch self {
            case .noSample: "no sample"
            case .tooFew(let samples): "too few samples: \(Figures.count(samples)), fewer than 10 beyond the percentile"
            case .range: "only a range is known"
            }
        }
    }

    private func count(_ figure: ComparedFigure) -> Result<Double, MissingFigure> {
        func sum(_ counters: [Counter]) -> Double {
            judged.reduce(0) { total, phase in
                counters.reduce(total) { $0 + Double(phase.counters[$1.name] ?? 0) }
            }
        }
        let answers = sum([.answersReceived])
        if figure == .throughput {
            guard answers > 0, judgedSeconds > 0 else { return .failure(.noSample) }
            return .success((answers / judgedSeconds).naturalLogarithm)
        }
        let sent = sum(Counter.allCases.filter { $0.family == .reports })
        guard sent > 0 else { return .failure(.noSample) }
        return .success(((sum(Counter.errors) + 0.5) / (sent + 1)).naturalLogarithm)
    }

    /// The times of the judged part.
    func histogram(of measure: Measure) -> CompactHistogram {
        parts(of: measure).reduce(CompactHistogram.empty) { $0.merged(with: $1.histogram) }
    }

    /// The same by interval.
    func parts(of measure: Measure) -> [Part] { times[measure] ?? [] }

    /// Whether the phases say that the percentile lies between bounds that are more than 10 % apart.
    private func isRange(_ measure: Measure, _ percentile: Double) -> Bool {
        judged.contains { phase in
            guard let part = phase.measures[measure.name], part.ambiguous != nil || part.atLeast != nil else {
                return false
            }
            let bounds =
                switch percentile {
                case ..<90: (part.p50LowMs, part.p50HighMs)
                case ..<99: (part.p90LowMs, part.p90HighMs)
                case ..<99.9: (part.p99LowMs, part.p99HighMs)
                default: (part.p999LowMs, part.p999HighMs)
                }
            guard let low = bounds.0, let high = bounds.1 else { return true }
            return high > 1.1 * low
        }
    }

    /// The 95 % interval of a percentile within this run, as logarithms of seconds.
    func interval(of figure: ComparedFigure) -> ClosedRange<Double>? {
        guard let (measure, percentile) = figure.percentile, let parts = times[measure], let first = parts.first,
            let last = parts.last
        else { return nil }
        let whole = histogram(of: measure)
        let value = whole.value(atPercentile: percentile)
        var batches = [(samples: UInt64, above: UInt64)](repeating: (0, 0), count: WithinRunInterval.batches)
        let length = (last.end - first.start) / Double(batches.count)
        guard length > 0 else { return nil }
        for part in parts {
            let middle = (part.start + part.end) / 2 - first.start
            let index = min(max(Int(middle / length), 0), batches.count - 1)
            let count = part.histogram.count
            batches[index].samples += count
            batches[index].above += count - UInt64((part.histogram.share(atMost: value) * Double(count)).rounded())
        }
        guard let interval = WithinRunInterval(share: percentile / 100, batches: batches) else { return nil }
        func read(_ share: Double) -> Double {
            max(whole.value(atPercentile: share * 100).seconds, 1e-9).naturalLogarithm
        }
        let (low, high) = (read(interval.shares.lowerBound), read(interval.shares.upperBound))
        return low...max(low, high)
    }
}

/// Why runs cannot be compared. The user's fault.
public enum ComparisonError: Error, Hashable, CustomStringConvertible {
    case unreadable(StoredRunError)
    /// Two runs are not of the same load.
    case different(String)
    case noRuns

    public var description: String {
        switch self {
        case .unreadable(let error): "\(error)"
        case .different(let what): "the runs cannot be compared: \(what)"
        case .noRuns: "name at least one run of each side: muster compare A1 A2 A3 -- B1 B2 B3"
        }
    }
}
