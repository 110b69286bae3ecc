public import Basis

/// A run at a tick: what the live display and `/metrics` show. A plain value, free to be sent
/// anywhere.
public struct Snapshot: Sendable {
    /// Since the start of the run.
    public var elapsed: Nanoseconds
    /// The current phase, and for how long.
    public var phase: String
    public var phaseElapsed: Nanoseconds
    /// The last interval of at least half a second: shorter ones are merged with the one before.
    public var row: SeriesRow
    /// The figures of the present phase until now, by `Measure.index`.
    public var phaseMeasures: [MeasureSummary]
    /// The figures of the run until now, by `Measure.index`.
    public var measures: [MeasureSummary]
    /// What they are made of.
    public var histograms: [BoundedHistogram]
    /// Counted since the start of the run.
    public var counters: CounterTable
    public var named: NamedCounters
    /// Agents by state, now.
    public var states: StateTable
    /// Agents by the health that they last reported.
    public var health: HealthTable
    /// Each cohort since the start of the run; empty in a run of one.
    public var cohorts: [CohortSummary]
    /// What the tool itself uses.
    public var process: ProcessSummary
    /// Whether the tool was the bottleneck in the interval that has just ended.
    public var verdict: Verdict
    /// For how many seconds of the run it was until now.
    public var toolBoundSeconds: Double
    /// What the server uses; nil where it is not watched.
    public var server: ServerUse?
}

/// What the tool itself used of the machine over a run.
public struct ProcessSummary: Hashable, Sendable {
    /// Processor time, user and system.
    public var cpu = Nanoseconds.zero
    /// The share of the available cores used: the mean over the run, the last interval, and the highest of any that is
    /// at least half a second long.
    public var meanCPUShare = 0.0
    public var latestCPUShare = 0.0
    public var peakCPUShare = 0.0
    /// Memory held, in bytes: now, and the most.
    public var residentBytes: UInt64 = 0
    public var peakResidentBytes: UInt64 = 0
    public var availableCores = 1.0
    private var available = 0.0

    public init() {}

    /// - Parameters:
    ///   - tick: the interval that has just ended.
    ///   - row: the same, merged with the one before where it is too short for a share.
    mutating func add(_ tick: SeriesRow, shownAs row: SeriesRow, _ sample: ProcessSample) {
        cpu = cpu + tick.cpu
        availableCores = sample.availableCores
        available += tick.length.seconds * sample.availableCores
        meanCPUShare = available > 0 ? cpu.seconds / available : 0
        latestCPUShare = row.cpuShare
        if !row.isSliver { peakCPUShare = max(peakCPUShare, row.cpuShare) }
        residentBytes = sample.residentBytes
        peakResidentBytes = max(peakResidentBytes, sample.residentBytes)
    }
}

/// What the tool itself has used of the machine, read at a tick.
public struct ProcessSample: Hashable, Sendable {
    /// Processor time of the whole process since its start, user and system.
    public var cpu: Nanoseconds
    /// Memory held, in bytes.
    public var residentBytes: UInt64
    /// How many cores the process may use: a fraction if a container limits it to one.
    public var availableCores: Double
    /// What the system has kept from the process since some moment.
    public var withheld: CPUWithheld

    public init(
        cpu: Nanoseconds, residentBytes: UInt64, availableCores: Double, withheld: CPUWithheld = CPUWithheld()
    ) {
        self.cpu = cpu
        self.residentBytes = residentBytes
        self.availableCores = availableCores
        self.withheld = withheld
    }

    /// The share of the available cores used between an earlier sample and this one, 0...1 but for clock error; zero
    /// for an empty span.
    public func cpuShare(since earlier: ProcessSample, over span: Nanoseconds) -> Double {
        guard span > .zero, availableCores > 0 else { return 0 }
        return max((cpu - earlier.cpu).seconds, 0) / (span.seconds * availableCores)
    }
}
