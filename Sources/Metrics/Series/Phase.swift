public import Basis

/// One phase of a run, in figures.
public struct PhaseSummary: Sendable {
    public var label: String
    /// From the start of the run.
    public var start: Nanoseconds
    public var length: Nanoseconds
    public var measures: [MeasureSummary]
    public var counters: CounterTable
    /// The share of the available cores that the tool used, 0...1.
    public var cpuShare: Double
    /// Warnings about the figures of this phase.
    public var findings: [Verdict.Finding]

    public var level: Verdict.Level { Verdict(findings: findings).level }

    /// How often a second, on average over the phase.
    public func rate(_ count: UInt64) -> Double {
        length > .zero ? Double(count) / length.seconds : 0
    }
}

/// The current phase.
struct OpenPhase {
    private(set) var label: String
    private(set) var start: Nanoseconds
    var saturatedLength = Nanoseconds.zero
    /// By `Measure.index`.
    private(set) var histograms = [BoundedHistogram](repeating: .empty, count: Measure.allCases.count)
    private var counters = CounterTable()
    private(set) var length = Nanoseconds.zero
    private var cpu = Nanoseconds.zero
    private var cores = 1.0
    private var ticks = 0
    private var silentShards = 0

    init(label: String, start: Nanoseconds) {
        self.label = label
        self.start = start
    }

    /// Whether no tick has fallen into it.
    var isEmpty: Bool { ticks == 0 }

    mutating func rename(_ label: String, start: Nanoseconds) {
        self.label = label
        self.start = start
    }

    mutating func add(_ row: SeriesRow, cores: Double) {
        for index in histograms.indices { histograms[index] = histograms[index].merged(with: row.histograms[index]) }
        counters.add(row.counters)
        length = length + row.length
        cpu = cpu + row.cpu
        self.cores = cores
        ticks += 1
        silentShards = max(silentShards, row.silentShards)
    }

    func tagged() -> [TaggedHistogram] {
        TaggedHistogram.cumulative(histograms, "phase/\(label)", start: start, length: length)
    }

    func summary(judgedBy recorder: RunRecorder) -> PhaseSummary {
        let available = length.seconds * cores
        let cpuShare = available > 0 ? max(cpu.seconds, 0) / available : 0
        let place = "phase \(label)"
        var findings = recorder.rules.findings(
            for: SaturationRules.Evidence(
                delay: histograms[Measure.schedulingDelay.index].estimate, cpuShare: cpuShare, counters: counters,
                silentShards: silentShards, heartbeatInterval: recorder.heartbeatInterval),
            in: place)
        let isSaturated = findings.contains { $0.level == .saturated }
        if !isSaturated, let finding = recorder.rules.secondsFinding(saturated: saturatedLength, of: length, in: place)
        {
            findings.append(finding)
        }
        return PhaseSummary(
            label: label, start: start, length: length,
            measures: Measure.allCases.map { MeasureSummary($0, of: histograms[$0.index]) }, counters: counters,
            cpuShare: cpuShare, findings: findings)
    }
}
