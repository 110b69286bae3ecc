public import Basis

/// Gathers what the shards publish, tick by tick: the run's series, its phases, its totals.
///
/// Confined to one serial queue, off the shards. Memory is bounded for any length of the run: the series gets coarser,
/// closed phases are stored compactly, names and phases are limited in number.
public final class RunRecorder {
    /// The limit of separate phases; further ones are counted with the last.
    public static let maxPhases = 64

    /// Consecutive ticks without data after which a shard counts as silent. One may be missed by chance, when the
    /// shard's tick and the collector's are at the same moment.
    static let silentAfter = 2

    /// When the tool counts as the bottleneck.
    public let rules: SaturationRules

    /// The shortest heartbeat interval of the run, where known: it sharpens the rules.
    public var heartbeatInterval: Nanoseconds?

    public private(set) var series: Series

    let start: Instant
    private let exchanges: [IntervalExchange]
    private let clocks: WaveClocks
    private var waves = WaveBook()
    private(set) var transitions = TransitionTable()
    private var missedTicks: [Int]
    private var interval = ShardInterval()
    private var phase: OpenPhase
    private(set) var closedPhases: [PhaseSummary] = []
    private(set) var closedHistograms: [TaggedHistogram] = []
    private var closedTotals = [BoundedHistogram](repeating: .empty, count: Measure.allCases.count)
    private(set) var counters = CounterTable()
    private(set) var named = NamedCounters()
    /// Counted by the run itself, not by a shard, since the last tick.
    private var uncounted = CounterTable()
    private(set) var states = StateTable()
    private(set) var health = HealthTable()
    private(set) var healthPeaks = HealthTable()
    private(set) var process = ProcessSummary()
    private(set) var saturatedSeconds: Double = 0
    private var lastTick: Instant
    private var lastSample: ProcessSample?
    private var latest: SeriesRow?
    private var current = Verdict()

    /// - Parameters:
    ///   - start: the beginning of the run; every time in the results counts from here.
    ///   - exchanges: one for each shard.
    ///   - clocks: those that the shards were given.
    ///   - sample: what the process had used by then, so that its own start-up is not counted as load.
    public init(
        start: Instant, exchanges: [IntervalExchange], clocks: WaveClocks = WaveClocks(),
        sample: ProcessSample? = nil,
        rules: SaturationRules = SaturationRules(), seriesCapacity: Int = Series.standardCapacity
    ) {
        self.start = start
        self.exchanges = exchanges
        self.clocks = clocks
        self.rules = rules
        series = Series(capacity: seriesCapacity)
        missedTicks = [Int](repeating: 0, count: exchanges.count)
        phase = OpenPhase(label: "run", start: .zero)
        lastTick = start
        lastSample = sample
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
    public func tick(at now: Instant, process sample: ProcessSample) -> Snapshot {
        interval.reset()
        let silent = collect()
        interval.counters.add(uncounted)
        uncounted.reset()
        let row = makeRow(at: now, sample, silentShards: silent)
        phase.add(row, cores: sample.availableCores)
        counters.add(row.counters)
        named.add(interval.named)
        states.add(interval.stateChanges)
        health.add(interval.healthChanges)
        healthPeaks.raise(to: health)
        transitions.add(interval.transitions)
        waves.add(interval.waves)
        process.add(row, sample)
        current = Verdict(findings: rules.findings(for: evidence(of: row)))
        var judged = row
        judged.level = current.level
        judged.states = states
        judged.health = health
        if current.isSaturated {
            saturatedSeconds += row.length.seconds
            phase.saturatedLength = phase.saturatedLength + row.length
        }
        series.append(judged)
        latest = judged
        (lastTick, lastSample) = (now, sample)
        return snapshot(row: judged)
    }

    /// Counts what no shard counts; it belongs to the next tick.
    public func count(_ counter: Counter, _ amount: UInt64) {
        uncounted.count(counter, amount)
    }

    /// The last tick, after every shard's last `publish()`.
    @discardableResult
    public func finish(at now: Instant, process sample: ProcessSample) -> Snapshot {
        tick(at: now, process: sample)
    }

    /// Everything that is to be written about the run, as of the last tick; for a checkpoint as for the end.
    /// - Parameters:
    ///   - profile: the text of the resolved profile.
    ///   - server: what the server counted, where it is ours or can be asked.
    ///   - trace: the steps of the agents that were traced.
    public func record(
        of identity: RunIdentity, outcome: RunOutcome, profile: String, server: ServerSideCounts? = nil,
        trace: [TracedTransition] = []
    ) -> RunRecord {
        let waves = waves.summaries(clocks.all, start: start)
        let totals = totals()
        let phases = closedPhases + (phase.isEmpty ? [] : [phase.summary(judgedBy: self)])
        let summary = RunSummary(
            identity: identity, outcome: outcome, duration: lastTick - start,
            verdict: Verdict(phases: phases),
            measures: summaries(of: totals), counters: counters, named: named, states: states,
            health: health, healthPeaks: healthPeaks, phases: phases, waves: waves, transitions: transitions,
            process: process, saturatedSeconds: saturatedSeconds,
            reconciliation: Reconciliation(counters, named: named, server: server))
        let rows = series.all
        let histograms =
            TaggedHistogram.cumulative(totals, "total", start: .zero, length: lastTick - start)
            + closedHistograms
            + (phase.isEmpty ? [] : phase.tagged())
            + TaggedHistogram.waves(waves, length: lastTick - start)
            + rows.flatMap { TaggedHistogram.interval($0) }
        return RunRecord(summary: summary, series: rows, histograms: histograms, profile: profile, trace: trace)
    }

    func evidence(of row: SeriesRow) -> SaturationRules.Evidence {
        SaturationRules.Evidence(
            delay: row.histograms[Measure.schedulingDelay.index].estimate,
            cpuShare: row.hasTellingCPUShare ? row.cpuShare : 0, counters: row.counters,
            silentShards: row.silentShards, heartbeatInterval: heartbeatInterval)
    }

    private func close(_ phase: OpenPhase) {
        closedPhases.append(phase.summary(judgedBy: self))
        closedHistograms += phase.tagged()
        closedTotals = zip(closedTotals, phase.histograms).map { $0.merged(with: $1) }
    }

    private func totals() -> [BoundedHistogram] {
        zip(closedTotals, phase.histograms).map { $0.merged(with: $1) }
    }

    private func summaries(of histograms: [BoundedHistogram]) -> [MeasureSummary] {
        Measure.allCases.map { MeasureSummary($0, of: histograms[$0.index]) }
    }

    /// Merges the intervals of the exchanges into `interval`.
    /// - Returns: how many shards have been silent for too long.
    private func collect() -> Int {
        for (index, exchange) in exchanges.enumerated() {
            let handedOver = exchange.collect { shard in
                interval.addHistograms(shard)
                interval.counters.add(shard.counters)
                interval.named.add(shard.named)
                interval.stateChanges.add(shard.stateChanges)
                interval.healthChanges.add(shard.healthChanges)
                interval.transitions.add(shard.transitions)
                interval.waves += shard.waves
            }
            missedTicks[index] = handedOver ? 0 : missedTicks[index] + 1
        }
        return missedTicks.count { $0 >= Self.silentAfter }
    }

    private func makeRow(at now: Instant, _ sample: ProcessSample, silentShards: Int) -> SeriesRow {
        let length = now - lastTick
        let before = lastSample ?? sample
        return SeriesRow(
            start: lastTick - start, length: length, phase: phase.label, counters: interval.counters, states: states,
            health: health, histograms: interval.bounded, cpu: sample.cpu - before.cpu,
            cpuShare: sample.cpuShare(since: before, over: length), residentBytes: sample.residentBytes,
            silentShards: silentShards, level: .fine)
    }

    private func snapshot(row: SeriesRow) -> Snapshot {
        Snapshot(
            elapsed: lastTick - start, phase: phase.label, phaseElapsed: lastTick - start - phase.start, row: row,
            phaseMeasures: summaries(of: phase.histograms), measures: summaries(of: totals()), counters: counters,
            named: named, states: states, health: health, process: process, verdict: current,
            saturatedSeconds: saturatedSeconds)
    }
}
