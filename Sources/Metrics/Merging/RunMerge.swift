import Basis
import OpAMP

/// Several runs as one: the shards of one fleet, or fleets of different seeds against one server.
///
/// Counts and histograms are added, so that every percentile is what one process would have measured, to a bucket.
/// Times are put on one axis by the hosts' clocks. Nothing is averaged over runs but the lengths of phases. A pure
/// function of the runs.
public struct RunMerge: Sendable {
    /// In the order of their shards, or of their starts.
    let runs: [RunRecord]
    /// By how much each began after the first.
    let offsets: [Nanoseconds]
    private let indices: [HistogramIndex]
    /// The shards without results.
    public let missing: [RunPart]

    /// - Throws: why they are not parts of one run.
    public init(_ runs: [RunRecord]) throws(RunMergeError) {
        guard !runs.isEmpty else { throw .noRuns }
        for run in runs where !run.summary.merged.isEmpty { throw .merged(run.summary.identity.run) }
        missing = try Self.missing(runs.map(\.summary.identity))
        let runs = runs.sorted { left, right in
            let (left, right) = (left.summary.identity, right.summary.identity)
            return (left.part?.index ?? 0, left.startedAt) < (right.part?.index ?? 0, right.startedAt)
        }
        self.runs = runs
        let first = runs.map(\.summary.identity.startedAt).min() ?? 0
        offsets = runs.map { Nanoseconds(seconds: $0.summary.identity.startedAt - first) }
        indices = runs.map { HistogramIndex(HistogramLog(startTime: 0, entries: $0.histograms)) }
    }

    /// Checks that no two runs have the same agents.
    private static func missing(_ runs: [RunIdentity]) throws(RunMergeError) -> [RunPart] {
        let parts = runs.compactMap(\.part)
        guard !parts.isEmpty else {
            for (index, run) in runs.enumerated() {
                if let other = runs[..<index].first(where: { $0.seed == run.seed }) {
                    throw .sameAgents(other.run, run.run, seed: run.seed)
                }
            }
            return []
        }
        guard parts.count == runs.count, let count = parts.first?.count else {
            throw .notAShard(runs.first { $0.part == nil }?.run ?? "")
        }
        for run in runs.dropFirst() {
            guard run.seed == runs[0].seed else { throw .different("seed", runs[0].run, run.run) }
            guard run.part?.count == count else { throw .different("number of shards", runs[0].run, run.run) }
            guard run.profile == runs[0].profile else { throw .different("profile", runs[0].run, run.run) }
        }
        for part in parts {
            let same = runs.filter { $0.part == part }.map(\.run)
            guard same.count == 1 else { throw .twice(part, same) }
        }
        return (1...count).filter { index in !parts.contains { $0.index == index } }
            .compactMap { RunPart(index: $0, count: count) }
    }

    /// Everything about the merged run.
    /// - Parameters:
    ///   - name: of the merged run.
    ///   - thresholds: judged on the merged figures.
    public func record(name: String, thresholds: [Threshold]) -> RunRecord {
        let series = MergedSeries(runs, offsets)
        var summary = summary(name, healthPeaks: series.healthPeaks, toolBoundSeconds: series.toolBoundSeconds)
        let totals = measures("total") { $0.summary.measures }
        summary.measures = Measure.allCases.map { MeasureSummary($0, of: totals[$0.index]) }
        let phases = phases
        summary.phases = phases.map(\.summary)
        let cohorts = cohorts
        summary.cohorts = cohorts.map(\.summary)
        summary.thresholds = thresholds.map { threshold in
            judge(threshold, series.phaseRows, summary, cohorts)
        }
        let histograms =
            TaggedHistogram.cumulative(totals, "total", start: .zero, length: summary.duration)
            + phases.flatMap {
                TaggedHistogram.cumulative(
                    $0.histograms, "phase/\($0.summary.label)", start: $0.summary.start, length: $0.summary.length)
            }
            + cohorts.flatMap { $0.tagged(length: summary.duration) }
            + TaggedHistogram.waves(summary.waves, length: summary.duration)
            + series.rows.flatMap { TaggedHistogram.interval($0) }
        return RunRecord(
            summary: summary, series: series.rows, histograms: histograms, profile: runs[0].profile,
            trace: runs.flatMap(\.trace))
    }

    // MARK: - Parts

    /// The merged histograms of a prefix, with exact ends.
    private func measures(_ prefix: String, _ known: (RunRecord) -> [MeasureSummary]) -> [BoundedHistogram] {
        let all = indices.map { $0.measures(prefix) }
        let ends = runs.map(known)
        return Measure.allCases.map { measure in
            let merged = all.reduce(BoundedHistogram.empty) { $0.merged(with: $1[measure.index]) }
            let figures = ends.compactMap { $0.first { $0.measure == measure && $0.count > 0 } }
            return merged.withEnds(
                lowest: figures.map { UInt64(max($0.min.count, 0)) }.min(),
                highest: figures.map { UInt64(max($0.max.count, 0)) }.max())
        }
    }

    /// The phases by their names, in the order in which they began.
    private var phases: [(summary: PhaseSummary, histograms: [BoundedHistogram])] {
        var labels: [(label: String, start: Nanoseconds)] = []
        for (run, offset) in zip(runs, offsets) {
            for phase in run.summary.phases {
                let start = phase.start + offset
                if let known = labels.firstIndex(where: { $0.label == phase.label }) {
                    labels[known].start = min(labels[known].start, start)
                } else {
                    labels.append((phase.label, start))
                }
            }
        }
        return labels.sorted { $0.start < $1.start }.map { label, start in
            let found = runs.map { $0.summary.phases.first { $0.label == label } }
            let present = found.compactMap { $0 }
            let length = Nanoseconds(
                present.reduce(Nanoseconds.zero) { $0 + $1.length }.count / Int64(max(present.count, 1)))
            let histograms = measures("phase/\(label)") { run in
                run.summary.phases.first { $0.label == label }?.measures ?? []
            }
            let findings = zip(runs, found).flatMap { run, phase in
                (phase?.findings ?? []).map { Self.named($0, run.summary.identity) }
            }
            let summary = PhaseSummary(
                label: label, start: start, length: length,
                measures: Measure.allCases.map { MeasureSummary($0, of: histograms[$0.index]) },
                counters: present.reduce(into: CounterTable()) { $0.add($1.counters) },
                cpuShare: present.reduce(0) { $0 + $1.cpuShare } / Double(max(present.count, 1)), findings: findings)
            return (summary, histograms)
        }
    }

    private var cohorts: [MergedCohort] {
        var names: [String] = []
        for cohort in runs.flatMap(\.summary.cohorts) where !names.contains(cohort.name) { names.append(cohort.name) }
        return names.map { name in
            let prefix = CohortSummary.tag(name)
            let response = measures(prefix) { $0.summary.cohorts.first { $0.name == name }.map { [$0.response] } ?? [] }
            let service = measures(prefix) { $0.summary.cohorts.first { $0.name == name }.map { [$0.service] } ?? [] }
            let found = runs.compactMap { $0.summary.cohorts.first { $0.name == name } }
            return MergedCohort(
                name: name, cohorts: found.map(\.cohorts).max() ?? 1,
                counters: found.reduce(into: CounterTable()) { $0.add($1.counters) },
                response: response[Measure.heartbeatResponse.index].estimate,
                service: service[Measure.heartbeatService.index].estimate)
        }
    }

    private func judge(
        _ threshold: Threshold, _ rows: [SeriesRow], _ summary: RunSummary, _ cohorts: [MergedCohort]
    ) -> ThresholdOutcome {
        let context = ThresholdMeter.Context(
            phases: summary.phases, level: summary.verdict.level, waves: summary.waves, elapsed: summary.duration)
        var meter = ThresholdMeter(threshold, cohorts: [])
        if case .cohort(let name) = threshold.scope, !cohorts.isEmpty {
            guard case .whole = threshold.span, let cohort = cohorts.first(where: { $0.name == name }) else {
                return ThresholdOutcome(
                    threshold, Judgement(notDecided: "merged results have the figures of cohorts only as a whole"))
            }
            meter.add(cohort, length: summary.duration)
        } else {
            for row in rows { meter.add(row) }
        }
        return meter.outcome(context)
    }

    /// A finding of one run.
    static func named(_ finding: Verdict.Finding, _ identity: RunIdentity) -> Verdict.Finding {
        var finding = finding
        finding.message = "\(name(identity)): \(finding.message)"
        return finding
    }

    /// How a run is called beside the others.
    static func name(_ identity: RunIdentity) -> String { identity.part.map { "shard \($0)" } ?? identity.run }
}

/// A cohort of merged runs.
struct MergedCohort {
    let name: String
    let cohorts: Int
    let counters: CounterTable
    let response: CompactHistogram
    let service: CompactHistogram

    var summary: CohortSummary {
        CohortSummary(
            name: name, cohorts: cohorts, counters: counters,
            response: MeasureSummary(.heartbeatResponse, of: response),
            service: MeasureSummary(.heartbeatService, of: service))
    }

    func tagged(length: Nanoseconds) -> [TaggedHistogram] {
        TaggedHistogram.cohort(name, response: response, service: service, length: length)
    }
}

/// Why runs are not parts of one. The user's fault.
public enum RunMergeError: Error, Hashable, CustomStringConvertible {
    case noRuns
    /// It was merged already.
    case merged(String)
    /// Two runs of a fleet with the same agents.
    case sameAgents(String, String, seed: UInt64)
    /// Among shards, a run of a whole fleet.
    case notAShard(String)
    case different(String, String, String)
    case twice(RunPart, [String])

    public var description: String {
        switch self {
        case .noRuns: "name the directories of the results to merge: muster merge DIR… --out DIR"
        case .merged(let run): "\(run) is merged already: name the directories of its shards"
        case .sameAgents(let one, let other, let seed):
            "\(one) and \(other) have the same seed (\(seed)), so the same agents, and are no shards of one run: "
                + "run them with --shard 1/2 and --shard 2/2, or with different seeds"
        case .notAShard(let run): "\(run) is no shard: shards of one run can't be merged with other runs"
        case .different(let what, let one, let other):
            "\(one) and \(other) differ in their \(what): they are not one run"
        case .twice(let part, let runs): "shard \(part) is there more than once: \(runs.joined(separator: ", "))"
        }
    }
}
