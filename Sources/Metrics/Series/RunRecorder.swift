public import Basis

/// Gathers what the shards publish, tick by tick: the run's series, its phases, its totals.
///
/// Confined to one serial queue, off the shards. Memory is bounded for any length of the run: the series gets coarser,
/// closed phases are stored compactly, names and phases are limited in number.
public final class RunRecorder {
    /// The limit of separate phases; further ones are counted with the last.
    public static let maxPhases = 64

    /// The limit of marks; further ones are not kept.
    public static let maxMarks = 256

    /// Consecutive ticks without data after which a shard counts as silent. One may be missed by chance, when the
    /// shard's tick and the collector's are at the same moment.
    static let silentAfter = 2

    /// When the tool counts as the bottleneck.
    public let rules: VerdictRules

    /// What the load is like: it sharpens the rules.
    public var load = LoadFacts()

    public private(set) var series: Series

    let start: Instant
    private let exchanges: [IntervalExchange]
    private let clocks: WaveClocks
    private var waves = WaveBook()
    private(set) var transitions = TransitionTable()
    private var missedTicks: [Int]
    private var interval: ShardInterval
    private let cohortNames: [String]
    private var meters: [ThresholdMeter] = []
    private var cohortCounters: CohortCounters
    private var cohortTimes: CohortTimes
    private var phase: OpenPhase
    private(set) var closedPhases: [PhaseSummary] = []
    private(set) var closedHistograms: [TaggedHistogram] = []
    /// Of the whole run.
    private var totals = MeasureTotals()
    private(set) var counters = CounterTable()
    private(set) var named = NamedCounters()
    /// Counted by the run itself, not by a shard, since the last tick.
    private var uncounted = CounterTable()
    private(set) var states = StateTable()
    private(set) var health = HealthTable()
    private(set) var healthPeaks = HealthTable()
    private(set) var process = ProcessSummary()
    private(set) var toolBoundSeconds: Double = 0
    /// Of the whole run, for its verdict.
    private var shardUse: [ShardUse] = []
    /// What each shard used in the interval that has just ended.
    private var shardIntervals: [ShardUse] = []
    private var withheld = CPUWithheld()
    private var silentShards = 0
    private var lastTick: Instant
    private var lastSample: ProcessSample?
    /// The last interval that was long enough to be shown, and the shorter ones since then.
    private var shown: SeriesRow?
    private var gathering: SeriesRow?
    private var current = Verdict()
    private var marks: [RunMark] = []
    /// Set since the last tick.
    private var newMarks: [String] = []
    /// What the server uses; nil where it is not watched.
    private var server: ServerUse?

    /// - Parameters:
    ///   - start: the beginning of the run; every time in the results counts from here.
    ///   - exchanges: one for each shard.
    ///   - clocks: those that the shards were given.
    ///   - cohorts: the names of the cohorts, in the order of their numbers.
    ///   - sample: what the process had used by then, so that its own start-up is not counted as load.
    public init(
        start: Instant, exchanges: [IntervalExchange], clocks: WaveClocks = WaveClocks(),
        sample: ProcessSample? = nil, cohorts: [String] = [],
        rules: VerdictRules = VerdictRules(), seriesCapacity: Int = Series.standardCapacity
    ) {
        self.start = start
        self.exchanges = exchanges
        self.clocks = clocks
        self.rules = rules
        cohortNames = cohorts
        interval = ShardInterval(cohorts: exchanges.first?.cohorts ?? 1)
        cohortCounters = interval.counters
        cohortTimes = interval.cohortTimes
        series = Series(capacity: seriesCapacity)
        missedTicks = [Int](repeating: 0, count: exchanges.count)
        phase = OpenPhase(label: "run", start: .zero)
        lastTick = start
        lastSample = sample
    }

    /// Judges thresholds from now on: call it before the first tick.
    public func judge(_ thresholds: [Threshold]) {
        meters = thresholds.map { ThresholdMeter($0, cohorts: cohortNames) }
    }

    /// Watches what the server uses from now on: call it before the first tick.
    /// - Parameter sample: as of the start of the run.
    public func watch(_ use: ServerUse, _ sample: ServerSample?) {
        server = use
        if let sample { _ = server?.add(sample) }
    }

    /// The first threshold that has failed and ends the run for it.
    public var abortingThreshold: ThresholdOutcome? {
        let elapsed = lastTick - start
        if let failed = meters.first(where: \.hasFailedForCertain) {
            return ThresholdOutcome(failed.threshold, failed.certainFailure)
        }
        let due = meters.filter { meter in meter.threshold.abortAfter.map { $0 <= elapsed } ?? false }
        guard !due.isEmpty else { return nil }
        let context = ThresholdMeter.Context(
            phases: closedPhases, level: current.level, waves: waves.summaries(clocks.all, start: start),
            elapsed: elapsed)
        return due.lazy.map { $0.outcome(context) }.first { $0.state == .failed }
    }

    /// Begins a phase. Data that shards publish from now on belongs to it, so the boundary is exact to one tick: call
    /// it right after a `tick`. A repeated label gets a number; the new phase replaces a phase of length zero.
    public func enterPhase(_ label: String, at now: Instant) {
        guard closedPhases.count + 1 < Self.maxPhases else { return }
        let former = closedPhases.map(\.label) + (phase.length > .zero ? [phase.label] : [])
        let earlier = former.count { $0 == label || $0.hasPrefix("\(label) #") }
        let name = earlier == 0 ? label : "\(label) #\(earlier + 1)"
        if phase.length > .zero {
            close(phase)
            phase = OpenPhase(label: name, start: now - start)
        } else {
            phase.rename(name, start: now - start)
        }
    }

    /// The current phase, by its name in the results.
    public var phaseLabel: String { phase.label }

    /// Takes what the shards have handed over since the last tick. Once a second.
    ///
    /// Costs about a millisecond of this thread for two shards. Nothing is lost where a shard is late: its interval
    /// comes with the next tick.
    @discardableResult
    public func tick(
        at now: Instant, process sample: ProcessSample, server serverSample: ServerSample? = nil
    ) -> Snapshot {
        interval.reset()
        let silent = collect()
        let counted = takeCounters()
        var row = makeRow(at: now, counted, sample, silentShards: silent)
        if let serverSample { row.server = server?.add(serverSample) }
        phase.add(row, cores: sample.availableCores)
        totals.add(row.histograms)
        shardUse = ShardUse.sum(shardUse, row.shards)
        withheld.add(row.withheld)
        silentShards = max(silentShards, silent)
        counters.add(row.counters)
        named.add(interval.named)
        states.add(interval.stateChanges)
        health.add(interval.healthChanges)
        healthPeaks.raise(to: health)
        transitions.add(interval.transitions)
        waves.add(interval.waves)
        row.states = states
        row.health = health
        row.marks = newMarks
        newMarks = []
        var whole = longEnough(row)
        process.add(row, shownAs: whole, sample)
        current = Verdict(findings: rules.findings(for: evidence(of: whole, cores: sample.availableCores)))
        row.level = current.level
        whole.level = current.level
        if current.isToolBound {
            toolBoundSeconds += row.length.seconds
            phase.toolBoundLength = phase.toolBoundLength + row.length
        }
        series.append(row)
        for index in meters.indices { meters[index].add(row, interval) }
        (lastTick, lastSample) = (now, sample)
        return snapshot(row: whole)
    }

    /// What was counted in the interval, of all cohorts together.
    private func takeCounters() -> CounterTable {
        cohortCounters.add(interval.counters)
        cohortTimes.add(interval.cohortTimes)
        var total = interval.counters.total
        total.add(uncounted)
        uncounted.reset()
        return total
    }

    private var cohorts: [CohortSummary] { CohortSummary.summaries(cohortNames, cohortCounters, cohortTimes) }

    /// The row with those before it that were too short to be shown by themselves, where it is too short itself.
    private func longEnough(_ row: SeriesRow) -> SeriesRow {
        let gathered = gathering?.merged(with: row) ?? row
        if gathered.isSliver {
            gathering = gathered
            return shown?.merged(with: gathered) ?? gathered
        }
        gathering = nil
        shown = gathered
        return gathered
    }

    /// Names a moment of the run; the name is also in the row of the interval.
    public func mark(_ name: String, at now: Instant) {
        guard marks.count < Self.maxMarks else { return }
        marks.append(RunMark(at: max(now - start, .zero), name: name))
        newMarks.append(name)
    }

    /// Counts what no shard counts; it belongs to the next tick.
    public func count(_ counter: Counter, _ amount: UInt64) {
        uncounted.count(counter, amount)
    }

    /// The last tick, after every shard's last `publish()`.
    @discardableResult
    public func finish(
        at now: Instant, process sample: ProcessSample, server: ServerSample? = nil
    ) -> Snapshot {
        tick(at: now, process: sample, server: server)
    }

    /// The run in figures, as of the last tick; for a checkpoint as for the end.
    /// - Parameter server: what the server counted, where it is ours or can be asked.
    public func summary(
        of identity: RunIdentity, outcome: RunOutcome, server: ServerSideCounts? = nil
    ) -> RunSummary {
        let waves = waves.summaries(clocks.all, start: start)
        let phases = closedPhases + (phase.isEmpty ? [] : [phase.summary(judgedBy: self)])
        let verdict = Verdict(run: runFindings(), phases: phases)
        let context = ThresholdMeter.Context(
            phases: phases, level: verdict.level, waves: waves, elapsed: lastTick - start)
        var summary = RunSummary(
            identity: identity, outcome: outcome, duration: lastTick - start,
            verdict: verdict,
            measures: totals.summaries, counters: counters, named: named, states: states,
            health: health, healthPeaks: healthPeaks, phases: phases, waves: waves, transitions: transitions,
            process: process, cohorts: cohorts, toolBoundSeconds: toolBoundSeconds,
            reconciliation: Reconciliation(counters, named: named, server: server),
            thresholds: meters.map { $0.outcome(context) })
        summary.marks = marks
        summary.server = self.server
        return summary
    }

    /// Everything that is to be written about the run, as of the last tick.
    /// - Parameters:
    ///   - profile: the text of the resolved profile.
    ///   - server: what the server counted, where it is ours or can be asked.
    ///   - trace: the steps of the agents that were traced.
    ///   - hasIntervals: whether the histograms of each interval are among its histograms; the series has them too.
    public func record(
        of identity: RunIdentity, outcome: RunOutcome, profile: String, server: ServerSideCounts? = nil,
        trace: [TracedTransition] = [], hasIntervals: Bool = true
    ) -> RunRecord {
        let summary = summary(of: identity, outcome: outcome, server: server)
        let rows = series.all
        let histograms =
            TaggedHistogram.cumulative(totals.histograms, "total", start: .zero, length: lastTick - start)
            + closedHistograms
            + (phase.isEmpty ? [] : phase.tagged())
            + CohortSummary.tagged(cohortNames, cohortTimes, length: lastTick - start)
            + TaggedHistogram.waves(summary.waves, length: lastTick - start)
            + (hasIntervals ? rows.flatMap { TaggedHistogram.interval($0) } : [])
        return RunRecord(summary: summary, series: rows, histograms: histograms, profile: profile, trace: trace)
    }

    private func evidence(of row: SeriesRow, cores: Double) -> Evidence {
        Evidence(
            span: row.length, measures: Measure.allCases.map { row.summary(of: $0) }, cpuShare: row.cpuShare,
            availableCores: cores, shards: row.shards, withheld: row.withheld, counters: row.counters,
            silentShards: row.silentShards, load: load)
    }

    /// What the rules find in the run as a whole.
    private func runFindings() -> [Verdict.Finding] {
        rules.findings(
            for: Evidence(
                span: lastTick - start, measures: totals.summaries, cpuShare: process.meanCPUShare,
                availableCores: process.availableCores, shards: shardUse, withheld: withheld, counters: counters,
                silentShards: silentShards, load: load),
            in: "whole run")
    }

    private func close(_ phase: OpenPhase) {
        closedPhases.append(phase.summary(judgedBy: self))
        closedHistograms += phase.tagged()
    }

    /// Merges the intervals of the exchanges into `interval`.
    /// - Returns: how many shards have been silent for too long.
    private func collect() -> Int {
        shardIntervals = [ShardUse](repeating: ShardUse(), count: exchanges.count)
        for (index, exchange) in exchanges.enumerated() {
            let handedOver = exchange.collect { shard in
                interval.addHistograms(shard)
                interval.counters.add(shard.counters)
                interval.cohortTimes.add(shard.cohortTimes)
                interval.named.add(shard.named)
                interval.stateChanges.add(shard.stateChanges)
                interval.healthChanges.add(shard.healthChanges)
                interval.transitions.add(shard.transitions)
                interval.waves += shard.waves
                shardIntervals[index] = shard.use
            }
            missedTicks[index] = handedOver ? 0 : missedTicks[index] + 1
        }
        return missedTicks.count { $0 >= Self.silentAfter }
    }

    private func makeRow(
        at now: Instant, _ counters: CounterTable, _ sample: ProcessSample, silentShards: Int
    ) -> SeriesRow {
        let length = now - lastTick
        let before = lastSample ?? sample
        return SeriesRow(
            start: lastTick - start, length: length, phase: phase.label, counters: counters, states: states,
            health: health, histograms: interval.bounded, cpu: sample.cpu - before.cpu,
            cpuShare: sample.cpuShare(since: before, over: length), shards: shardIntervals,
            withheld: sample.withheld.since(before.withheld), residentBytes: sample.residentBytes,
            silentShards: silentShards, level: .clear)
    }

    private func snapshot(row: SeriesRow) -> Snapshot {
        Snapshot(
            elapsed: lastTick - start, phase: phase.label, phaseElapsed: lastTick - start - phase.start, row: row,
            phaseMeasures: phase.totals.summaries, measures: totals.summaries, histograms: totals.histograms,
            counters: counters, named: named, states: states, health: health, cohorts: cohorts, process: process,
            verdict: current, toolBoundSeconds: toolBoundSeconds, server: server)
    }
}
