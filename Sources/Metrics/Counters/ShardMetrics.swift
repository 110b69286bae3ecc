public import AgentModel
public import Basis
public import OpAMP

/// What one shard records into: histograms, counters and gauges, with no lock and no allocation.
///
/// Confined to its shard: every call comes from there. Once a tick the shard calls `publish()`, which swaps the buffer
/// it has filled for an empty one.
public final class ShardMetrics {
    /// Reached by this class alone, on its shard, one call after the other, and none of them calls out while it changes
    /// it: so a check for overlapping access, which would cost more than the recording, could find nothing.
    @exclusivity(unchecked) private var interval: ShardInterval
    /// The place of the cohort whose agent the present event is about; 0: of none.
    private var place = 0
    private let lastPlace: Int
    private let exchange: IntervalExchange
    private let clocks: WaveClocks

    /// - Parameters:
    ///   - exchange: where the collector picks the intervals up; one for each shard.
    ///   - clocks: from when the times of offers count; one for all shards of a run.
    public init(exchange: IntervalExchange, clocks: WaveClocks = WaveClocks()) {
        interval = ShardInterval(cohorts: exchange.cohorts)
        lastPlace = interval.counters.places - 1
        self.exchange = exchange
        self.clocks = clocks
    }

    /// Records a duration. A negative one counts as zero; one beyond an hour as an hour, and as `.outOfRange`.
    public func record(_ measure: Measure, _ span: Nanoseconds) {
        interval.record(measure, span, at: place)
    }

    /// What is counted from now on is about an agent of a cohort.
    /// - Parameter cohort: its number, from 0.
    /// - Returns: what to `leave` for when the event is over.
    @inline(__always)
    public func enter(cohort: Int) -> CohortEntry {
        let former = CohortEntry(place: place)
        place = min(cohort &+ 1, lastPlace)
        return former
    }

    /// The event that `enter` was called for is over.
    @inline(__always)
    public func leave(for former: CohortEntry) {
        place = former.place
    }

    /// Records a duration `count` times.
    func record(_ measure: Measure, _ span: Nanoseconds, count: UInt64) {
        interval.record(measure, span, count: count, at: place)
    }

    /// Records what is known of a duration that is not known exactly.
    func record(_ measure: Measure, _ span: Nanoseconds, _ part: UncertainPart, count: UInt64 = 1) {
        interval.record(measure, span, part, count: count)
    }

    /// Adds one to a counter.
    public func count(_ counter: Counter) {
        interval.counters.count(counter, 1, at: place)
    }

    /// Adds to a counter.
    /// - Parameter amount: what to add; nothing where it is negative.
    public func count(_ counter: Counter, _ amount: Int) {
        interval.counters.count(counter, UInt64(max(amount, 0)), at: place)
    }

    /// Adds to a counter whose name is not known beforehand. A dictionary look-up, so for rare things only; bounded by
    /// `NamedCounters.capacity`.
    public func count(named name: String, _ amount: UInt64 = 1) {
        interval.named.count(name, amount)
    }

    /// An agent has changed from one state to another.
    /// - Parameters:
    ///   - old: where it was; nil for an agent that was not counted before.
    ///   - new: where it is; nil for one that is not to be counted any more.
    public func agentMoved(from old: AgentState?, to new: AgentState?) {
        agentsMoved(1, from: old, to: new)
    }

    /// An agent has reported another health than before.
    /// - Parameter old: what it had reported; nil where that is the first time.
    public func healthReported(_ new: HealthGrade, after old: HealthGrade?) {
        if let old { interval.healthChanges[old] -= 1 }
        interval.healthChanges[new] += 1
    }

    /// Counts changes of an agent's state.
    public func count(_ transition: Transition, _ amount: UInt64 = 1) {
        interval.transitions.count(transition, amount)
    }

    /// An agent has reached a stage of an offer.
    /// - Parameters:
    ///   - number: the number of the offer.
    ///   - received: when the offer reached the agent.
    public func reached(
        _ stage: OfferStage, of kind: OfferKind, number: UInt64, received: Instant, at now: Instant
    ) {
        guard interval.waves.count < ShardInterval.waveLimit,
            let (wave, origin) = clocks.wave(kind, number: number, received: received)
        else { return interval.named.count("waves_beyond_limit") }
        interval.waves.append(WaveSample(wave: wave, stage: stage, span: max(now - origin, .zero)))
    }

    /// The same for many agents at once: a shard's whole plan at the start of a run.
    public func agentsMoved(_ count: Int, from old: AgentState?, to new: AgentState?) {
        if let old { interval.stateChanges[old] -= count }
        if let new { interval.stateChanges[new] += count }
    }

    /// The shard has used `cpu` of its thread in the last `span`.
    public func used(_ cpu: Nanoseconds, in span: Nanoseconds) {
        interval.use.add(ShardUse(cpu: cpu, span: span))
    }

    /// Hands what was recorded since the last time to the collector. Never blocks.
    /// - Returns: false if the collector has not read the last interval yet, or is reading it now. Nothing is lost
    ///   then: this interval continues.
    @discardableResult
    public func publish() -> Bool {
        exchange.offer(&interval)
    }
}

/// The cohort that was counted for before an event of another one.
public struct CohortEntry {
    fileprivate let place: Int
}
