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

    package init(
        label: String, start: Nanoseconds, length: Nanoseconds, measures: [MeasureSummary], counters: CounterTable,
        cpuShare: Double, findings: [Verdict.Finding]
    ) {
        self.label = label
        self.start = start
        self.length = length
        self.measures = measures
        self.counters = counters
        self.cpuShare = cpuShare
        self.findings = findings
    }

    /// The tool's own part of the response time; nil where too little is known.
    public var ownShare: OwnShare? { OwnShare(measures) }

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
    var toolBoundLength = Nanoseconds.zero
    private(set) var totals = MeasureTotals()
    private var counters = CounterTable()
    private(set) var length = Nanoseconds.zero
    private var cpu = Nanoseconds.zero
    private var cores = 1.0
    private var shards: [ShardUse] = []
    private var withheld = CPUWithheld()
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
        totals.add(row.histograms)
        counters.add(row.counters)
        length = length + row.length
        cpu = cpu + row.cpu
        self.cores = cores
        shards = ShardUse.sum(shards, row.shards)
        withheld.add(row.withheld)
        ticks += 1
        silentShards = max(silentShards, row.silentShards)
    }

    func tagged() -> [TaggedHistogram] {
        TaggedHistogram.cumulative(totals.histograms, "phase/\(label)", start: start, length: length)
    }

    func summary(judgedBy recorder: RunRecorder) -> PhaseSummary {
        let available = length.seconds * cores
        let cpuShare = available > 0 ? max(cpu.seconds, 0) / available : 0
        let place = "phase \(label)"
        var findings = recorder.rules.findings(
            for: Evidence(
                span: length, measures: totals.summaries, cpuShare: cpuShare, availableCores: cores, shards: shards,
                withheld: withheld, counters: counters, silentShards: silentShards, load: recorder.load),
            in: place)
        let isToolBound = findings.contains { $0.level == .toolBound }
        if !isToolBound, let finding = recorder.rules.secondsFinding(toolBound: toolBoundLength, of: length, in: place)
        {
            findings.append(finding)
        }
        return PhaseSummary(
            label: label, start: start, length: length, measures: totals.summaries, counters: counters,
            cpuShare: cpuShare, findings: findings)
    }
}
