import Basis
import OpAMP

extension RunMerge {
    /// The figures that are sums; measures, phases, cohorts and thresholds are left to the caller.
    func summary(_ name: String, healthPeaks: HealthTable, toolBoundSeconds: Double) -> RunSummary {
        let all = runs.map(\.summary)
        let counters = all.reduce(into: CounterTable()) { $0.add($1.counters) }
        let named = all.reduce(into: NamedCounters()) { $0.add($1.named) }
        let findings = all.flatMap { run in run.verdict.findings.map { Self.named($0, run.identity) } }
        let duration = zip(all, offsets).map { $0.duration + $1 }.max() ?? .zero
        var summary = RunSummary(
            identity: identity(name), outcome: outcome, duration: duration, verdict: Verdict(findings: findings),
            measures: [], counters: counters, named: named,
            states: all.reduce(into: StateTable()) { $0.add($1.states) },
            health: all.reduce(into: HealthTable()) { $0.add($1.health) }, healthPeaks: healthPeaks, phases: [],
            waves: waves, transitions: all.reduce(into: TransitionTable()) { $0.add($1.transitions) },
            process: process, cohorts: [], toolBoundSeconds: toolBoundSeconds,
            reconciliation: Reconciliation(counters, named: named, server: nil))
        summary.warnings = warnings
        summary.merged = merged
        summary.marks = zip(all, offsets).flatMap { run, offset in
            run.marks.map { RunMark(at: $0.at + offset, name: $0.name) }
        }.sorted { $0.at < $1.at }
        // The shards have one server: the one beside it watched it.
        summary.server = all.lazy.compactMap(\.server).first { $0.cpu != nil } ?? all.lazy.compactMap(\.server).first
        return summary
    }

    private func identity(_ name: String) -> RunIdentity {
        let all = runs.map(\.summary.identity)
        func joined(_ text: (RunIdentity) -> String) -> String {
            var parts: [String] = []
            for identity in all where !parts.contains(text(identity)) { parts.append(text(identity)) }
            return parts.joined(separator: "; ")
        }
        return RunIdentity(
            run: name, profile: joined(\.profile), server: joined(\.server), seed: all[0].seed,
            agents: all.reduce(0) { $0 + $1.agents }, shards: all.reduce(0) { $0 + $1.shards },
            startedAt: all.map(\.startedAt).min() ?? 0, tool: joined(\.tool), machine: joined(\.machine))
    }

    private var merged: [MergedRun] {
        zip(runs, offsets).map { run, offset in
            let identity = run.summary.identity
            return MergedRun(
                run: identity.run, part: identity.part, machine: identity.machine, agents: identity.agents,
                startedAt: identity.startedAt, offset: offset.seconds, outcome: run.summary.outcome.name,
                level: run.summary.verdict.level)
        }
    }

    /// The worst of them. A shard that is missing is a failure: nothing replaces it.
    private var outcome: RunOutcome {
        guard missing.isEmpty else {
            let names = missing.map { "\($0)" }.joined(separator: ", ")
            return .failed("the results of shard \(names) are missing")
        }
        let outcomes = runs.map { ($0.summary.outcome, Self.name($0.summary.identity)) }
        for case (.failed(let reason), let name) in outcomes { return .failed("\(name): \(reason)") }
        if outcomes.contains(where: { $0.0 == .interrupted }) { return .interrupted }
        return outcomes.first { $0.0 != .completed }?.0 ?? .completed
    }

    private var process: ProcessSummary {
        var process = ProcessSummary()
        process.availableCores = 0
        var used = 0.0
        for summary in runs.map(\.summary) {
            let own = summary.process
            process.cpu = process.cpu + own.cpu
            process.availableCores += own.availableCores
            process.peakResidentBytes += own.peakResidentBytes
            process.peakCPUShare = max(process.peakCPUShare, own.peakCPUShare)
            used += own.meanCPUShare * own.availableCores
        }
        process.meanCPUShare = process.availableCores > 0 ? used / process.availableCores : 0
        return process
    }

    /// What several runs say alike is said once.
    private var warnings: [RunWarning] {
        var warnings: [RunWarning] = []
        for summary in runs.map(\.summary) {
            for warning in summary.warnings {
                let isShared = runs.allSatisfy { $0.summary.warnings.contains(warning) }
                guard !(isShared && warnings.contains(warning)) else { continue }
                var own = warning
                if !isShared { own.message = "\(Self.name(summary.identity)): \(warning.message)" }
                warnings.append(own)
            }
        }
        for (run, offset) in zip(runs, offsets) where offset > Self.longOffset {
            let name = Self.name(run.summary.identity)
            warnings.append(
                RunWarning(
                    rule: "shard-offset",
                    message:
                        "\(name) began \(Figures.duration(offset)) after the first: the load was not that of one run",
                    remedy:
                        "give every shard the same --start-at, late enough for the slowest host, and synchronize clocks"
                ))
        }
        return warnings
    }

    /// Shards that begin further apart are not one arrival.
    private static let longOffset = Nanoseconds.seconds(1)

    // MARK: - Waves

    /// The offers, each on one clock: it begins where the offer first reached an agent of any run.
    private var waves: [WaveSummary] {
        var groups: [(key: WaveKey, parts: [(wave: WaveSummary, offset: Nanoseconds)])] = []
        for (run, offset) in zip(runs, offsets) {
            var seen: [WaveKey: Int] = [:]
            for wave in run.summary.waves {
                var key = WaveKey(wave.wave)
                seen[key, default: 0] += 1
                key.occurrence = seen[key] ?? 1
                if let index = groups.firstIndex(where: { $0.key == key }) {
                    groups[index].parts.append((wave, offset))
                } else {
                    groups.append((key, [(wave, offset)]))
                }
            }
        }
        return groups.map { Self.onOneClock($0.parts) }.sorted { $0.start < $1.start }
    }

    /// The same offer in several runs: of the same content, put up for the same time.
    private struct WaveKey: Hashable {
        var kind: OfferKind
        var number: UInt64
        /// Where the number is not known.
        var label: String
        var occurrence = 0

        init(_ wave: Wave) {
            kind = wave.kind
            number = wave.number
            label = wave.number == 0 ? wave.label : ""
        }
    }

    private static func onOneClock(_ parts: [(wave: WaveSummary, offset: Nanoseconds)]) -> WaveSummary {
        let start = parts.map { $0.wave.start + $0.offset }.min() ?? .zero
        var merged = parts[0].wave
        merged.start = start
        merged.wave.origin = .zero + start
        merged.stages = OfferStage.allCases.map { stage in
            parts.reduce(CompactHistogram.empty) { sum, part in
                sum.merged(with: part.wave[stage].shifted(by: part.wave.start + part.offset - start))
            }
        }
        return merged
    }
}
