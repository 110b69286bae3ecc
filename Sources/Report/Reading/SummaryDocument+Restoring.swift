import AgentModel
import Basis
import Metrics
import OpAMP

extension SummaryDocument {
    /// The summary that the document was made of.
    /// - Parameters:
    ///   - index: the histograms of the same run.
    ///   - threshold: reads the text of a threshold.
    func restored(_ index: HistogramIndex, threshold: (String) -> Threshold?) -> RunSummary {
        let identity = RunIdentity(
            run: run.name, profile: run.profile, server: run.server, seed: run.seed, agents: run.agents,
            shards: run.shards, startedAt: run.startedAt, tool: run.tool, machine: run.machine,
            isEmbedded: run.embeddedServer ?? false, part: run.shard?.part)
        let counts = counters.merging(errors.mapValues(\.count)) { $1 }
        var summary = RunSummary(
            identity: identity, outcome: outcome.restored, duration: Nanoseconds(seconds: durationSeconds),
            verdict: Verdict(findings: verdict.findings.map(\.restored)),
            measures: Self.measures(index.measures("total"), measures), counters: Self.counters(counts),
            named: Self.named(named), states: Self.states(agents), health: Self.health(health.last),
            healthPeaks: Self.health(health.max), phases: phases.map { $0.restored(index) },
            waves: waves.map { $0.restored(index) }, transitions: Self.transitions(transitions),
            process: process.restored, cohorts: cohorts.map { $0.restored(index) },
            toolBoundSeconds: verdict.toolBoundSeconds, reconciliation: reconciliation.restored,
            thresholds: (thresholds ?? []).compactMap { $0.restored(threshold) })
        summary.warnings = warnings.map { RunWarning(rule: $0.rule, message: $0.message, remedy: $0.remedy) }
        summary.churn = churn?.restored
        summary.marks = (marks ?? []).map { RunMark(at: Nanoseconds(seconds: $0.atSeconds), name: $0.name) }
        summary.server = serverUse?.restored
        summary.merged = (merged ?? []).map(\.restored)
        // An undecided run that passed was allowed to.
        summary.allowsUndecided = passed == true
        return summary
    }

    static func measures(_ histograms: [BoundedHistogram], _ parts: [String: MeasurePart]) -> [MeasureSummary] {
        Measure.allCases.map { measure in
            let part = parts[measure.name]
            return MeasureSummary(
                measure,
                of: histograms[measure.index].withEnds(
                    lowest: part?.minMs.map(nanoseconds), highest: part?.maxMs.map(nanoseconds)))
        }
    }

    static func counters(_ counts: [String: UInt64]) -> CounterTable {
        Counter.allCases.reduce(into: CounterTable()) { $0[$1] = counts[$1.name] ?? 0 }
    }

    /// Milliseconds as written by this release, in nanoseconds.
    fileprivate static func nanoseconds(_ milliseconds: Double) -> UInt64 {
        let value = (milliseconds * 1e6).rounded()
        return value >= 0 && value < 9e18 ? UInt64(value) : 0
    }

    private static func named(_ counts: [String: UInt64]) -> NamedCounters {
        counts.sorted { $0.key < $1.key }.reduce(into: NamedCounters()) { $0.count($1.key, $1.value) }
    }

    private static func states(_ counts: [String: Int]) -> StateTable {
        AgentState.allCases.reduce(into: StateTable()) { $0[$1] = counts[$1.key] ?? 0 }
    }

    private static func health(_ counts: [String: Int]) -> HealthTable {
        HealthGrade.allCases.reduce(into: HealthTable()) { $0[$1] = counts[$1.name] ?? 0 }
    }

    private static func transitions(_ parts: [TransitionPart]) -> TransitionTable {
        parts.reduce(into: TransitionTable()) { table, part in
            table.count(Transition(from: part.from, cause: part.cause, to: part.to), part.count)
        }
    }

    static func level(_ name: String) -> Verdict.Level {
        [Verdict.Level.clear, .shared, .toolBound].first { $0.name == name } ?? .clear
    }
}

extension SummaryDocument.Outcome {
    fileprivate var restored: RunOutcome {
        switch status {
        case RunOutcome.completed.name: return .completed
        case RunOutcome.interrupted.name: return .interrupted
        case RunOutcome.stopped(threshold: "").name:
            let parts = (reason ?? "").split(separator: "'", omittingEmptySubsequences: false)
            return .stopped(threshold: parts.count > 2 ? parts[1..<parts.count - 1].joined(separator: "'") : "")
        default: return .failed(reason ?? status)
        }
    }
}

extension SummaryDocument.FindingPart {
    fileprivate var restored: Verdict.Finding {
        Verdict.Finding(rule: rule, level: SummaryDocument.level(level), message: message, remedy: remedy)
    }
}

extension SummaryDocument.PhasePart {
    fileprivate func restored(_ index: HistogramIndex) -> PhaseSummary {
        let known = SummaryDocument.level(level)
        // Earlier releases wrote the level of a phase, not why.
        let unknown = Verdict.Finding(rule: "phase", level: known, message: "phase \(label): \(level)", remedy: "")
        return PhaseSummary(
            label: label, start: Nanoseconds(seconds: startSeconds), length: Nanoseconds(seconds: durationSeconds),
            measures: SummaryDocument.measures(index.measures("phase/\(label)"), measures),
            counters: SummaryDocument.counters(counters), cpuShare: cpuShare,
            findings: findings?.map(\.restored) ?? (known == .clear ? [] : [unknown]))
    }
}

extension SummaryDocument.WavePart {
    fileprivate func restored(_ index: HistogramIndex) -> WaveSummary {
        let start = Nanoseconds(seconds: startSeconds)
        let wave = Wave(
            kind: OfferKind.allCases.first { $0.key == kind } ?? .remoteConfig, label: label,
            clock: WaveClock(rawValue: clock) ?? .firstReceipt, origin: .zero + start,
            number: offer.flatMap { UInt64($0, radix: 16) } ?? 0)
        var summary = WaveSummary(wave: wave, start: start, stages: [])
        summary.stages = OfferStage.allCases.map { stage in
            let part = times[stage.name]
            return index[summary.tag(stage)].withEnds(
                lowest: part?.minMs.map(SummaryDocument.nanoseconds),
                highest: part?.maxMs.map(SummaryDocument.nanoseconds))
        }
        return summary
    }
}

extension SummaryDocument.CohortPart {
    fileprivate func restored(_ index: HistogramIndex) -> CohortSummary {
        let measures = SummaryDocument.measures(index.measures(CohortSummary.tag(name)), measures)
        return CohortSummary(
            name: name, cohorts: cohorts, counters: SummaryDocument.counters(counters),
            response: measures[Measure.heartbeatResponse.index], service: measures[Measure.heartbeatService.index])
    }
}

extension SummaryDocument.ProcessPart {
    fileprivate var restored: ProcessSummary {
        var process = ProcessSummary()
        process.cpu = Nanoseconds(seconds: cpuSeconds)
        process.meanCPUShare = meanCpuShare
        process.peakCPUShare = peakCpuShare
        process.peakResidentBytes = peakResidentBytes
        process.availableCores = availableCores
        return process
    }
}

extension SummaryDocument.ReconciliationPart {
    fileprivate var restored: Reconciliation {
        Reconciliation(
            lines: lines.map {
                Reconciliation.Line(what: $0.what, tool: $0.tool, server: $0.server, remark: $0.remark)
            }, isServerKnown: serverKnown)
    }
}

extension SummaryDocument.ThresholdPart {
    fileprivate func restored(_ read: (String) -> Threshold?) -> ThresholdOutcome? {
        guard let threshold = read(expression), let state = ThresholdOutcome.State(rawValue: state) else { return nil }
        return ThresholdOutcome(threshold, state: state, figure: figure ?? "", reason: reason)
    }
}

extension SummaryDocument.ChurnPart {
    fileprivate var restored: ChurnSummary {
        ChurnSummary(
            from: Nanoseconds(seconds: fromSeconds), length: Nanoseconds(seconds: lengthSeconds),
            expected: expectedAgents, measured: measuredAgents, standardError: standardError)
    }
}

extension SummaryDocument.MergedPart {
    fileprivate var restored: MergedRun {
        MergedRun(
            run: run, part: shard?.part, machine: machine, agents: agents, startedAt: startedAt, offset: offsetSeconds,
            outcome: status, level: SummaryDocument.level(level))
    }
}
