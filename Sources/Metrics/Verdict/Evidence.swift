public import Basis

/// The CPU time that one shard used of its thread.
public struct ShardUse: Hashable, Sendable {
    public var cpu: Nanoseconds
    /// The time in which it used it.
    public var span: Nanoseconds

    public init(cpu: Nanoseconds = .zero, span: Nanoseconds = .zero) {
        self.cpu = cpu
        self.span = span
    }

    /// The share of the time in which the thread ran, 0...1.
    public var share: Double { span > .zero ? max(cpu.seconds, 0) / span.seconds : 0 }

    mutating func add(_ other: ShardUse) {
        cpu = cpu + other.cpu
        span = span + other.span
    }

    /// The sum for each shard.
    static func sum(_ left: [ShardUse], _ right: [ShardUse]) -> [ShardUse] {
        guard left.count == right.count else { return left.isEmpty ? right : left }
        return zip(left, right).map { left, right in ShardUse(cpu: left.cpu + right.cpu, span: left.span + right.span) }
    }
}

/// What the system kept from the process, counted since some moment.
public struct CPUWithheld: Hashable, Sendable {
    /// Periods of the control group's CPU quota, and how many of them ended with the process stopped.
    public var quotaPeriods: UInt64
    public var throttledPeriods: UInt64
    /// CPU time of the machine, and how much of it the hypervisor gave to others; in ticks of the system.
    public var machineTicks: UInt64
    public var stolenTicks: UInt64

    public init(
        quotaPeriods: UInt64 = 0, throttledPeriods: UInt64 = 0, machineTicks: UInt64 = 0, stolenTicks: UInt64 = 0
    ) {
        self.quotaPeriods = quotaPeriods
        self.throttledPeriods = throttledPeriods
        self.machineTicks = machineTicks
        self.stolenTicks = stolenTicks
    }

    /// The share of the quota's periods in which the process was stopped, 0...1.
    public var throttledShare: Double { Self.share(throttledPeriods, of: quotaPeriods) }

    /// The share of the machine's CPU time that the hypervisor gave to others, 0...1.
    public var stolenShare: Double { Self.share(stolenTicks, of: machineTicks) }

    private static func share(_ part: UInt64, of whole: UInt64) -> Double {
        whole > 0 ? Double(part) / Double(whole) : 0
    }

    mutating func add(_ other: CPUWithheld) {
        quotaPeriods &+= other.quotaPeriods
        throttledPeriods &+= other.throttledPeriods
        machineTicks &+= other.machineTicks
        stolenTicks &+= other.stolenTicks
    }

    /// What was counted after `earlier`. A counter that begins again counts as nothing.
    func since(_ earlier: CPUWithheld) -> CPUWithheld {
        func difference(_ counter: KeyPath<CPUWithheld, UInt64>) -> UInt64 {
            self[keyPath: counter] - min(earlier[keyPath: counter], self[keyPath: counter])
        }
        return CPUWithheld(
            quotaPeriods: difference(\.quotaPeriods), throttledPeriods: difference(\.throttledPeriods),
            machineTicks: difference(\.machineTicks), stolenTicks: difference(\.stolenTicks))
    }
}

/// What the verdict is made of: figures of one second, of a phase or of a run.
public struct Evidence: Sendable {
    /// How long the figures cover. CPU shares of less than half a second are not judged.
    public var span: Nanoseconds
    /// The scheduling lag beside the response time; nil where too few of either are known.
    public var ownShare: OwnShare?
    /// The scheduling lag alone.
    public var lag: MeasureSummary
    /// The share of the available cores that the process used, 0...1.
    public var cpuShare: Double
    /// How many cores the process may use.
    public var availableCores: Double
    /// What each shard of agents used of its thread.
    public var shards: [ShardUse]
    public var withheld: CPUWithheld
    public var counters: CounterTable
    /// Shards that did not hand over their figures at two ticks in a row.
    public var silentShards: Int
    public var load: LoadFacts

    public init(
        span: Nanoseconds = .seconds(1), measures: [MeasureSummary], cpuShare: Double = 0, availableCores: Double = 1,
        shards: [ShardUse] = [], withheld: CPUWithheld = CPUWithheld(), counters: CounterTable = CounterTable(),
        silentShards: Int = 0, load: LoadFacts = LoadFacts()
    ) {
        self.span = span
        ownShare = OwnShare(measures)
        lag = measures[Measure.schedulingDelay.index]
        self.cpuShare = cpuShare
        self.availableCores = availableCores
        self.shards = shards
        self.withheld = withheld
        self.counters = counters
        self.silentShards = silentShards
        self.load = load
    }

    /// The shard whose thread ran for the greatest share of the time.
    var busiestShard: (index: Int, share: Double)? {
        shards.enumerated().map { ($0.offset, $0.element.share) }.max { $0.1 < $1.1 }
    }
}

/// What a run's load is like, as far as the verdict depends on it.
public struct LoadFacts: Hashable, Sendable {
    /// The shortest heartbeat interval of the run, where known.
    public var heartbeatInterval: Nanoseconds?
    /// Whether agents report as soon as they are answered: no timer shows then that the tool is late.
    public var hasClosedLoop: Bool
    /// Whether the server is in the tool's process, and uses its cores too.
    public var serverInProcess: Bool

    public init(
        heartbeatInterval: Nanoseconds? = nil, hasClosedLoop: Bool = false, serverInProcess: Bool = false
    ) {
        self.heartbeatInterval = heartbeatInterval
        self.hasClosedLoop = hasClosedLoop
        self.serverInProcess = serverInProcess
    }
}
