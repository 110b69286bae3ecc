import Basis

/// What one shard recorded between two ticks.
///
/// There are two of them for each shard, made at its start: one being filled, one with the collector.
struct ShardInterval: Sendable {
    var histograms: [LatencyHistogram]
    var counters = CounterTable()
    var named = NamedCounters()
    var stateChanges = StateTable()
    var healthChanges = HealthTable()
    var transitions = TransitionTable()
    var waves: [WaveSample] = []

    /// Stages of waves that one interval keeps: more than agents fit on a machine reach one in a second.
    static let waveLimit = 1 << 20

    init() {
        // Each with storage of its own: copies of one would be parted at the first record, on the message path.
        histograms = Measure.allCases.map { _ in LatencyHistogram() }
    }

    @inline(__always)
    mutating func record(_ measure: Measure, _ span: Nanoseconds) {
        if !histograms[measure.rawValue].record(span) {
            counters.count(.outOfRange, 1)
        }
    }

    mutating func reset() {
        for index in histograms.indices { histograms[index].reset() }
        counters.reset()
        named.reset()
        stateChanges.reset()
        healthChanges.reset()
        transitions.reset()
        if !waves.isEmpty { waves = [] }
    }
}
