public import Basis

/// What happened in one interval of a run: a line of the series.
public struct SeriesRow: Sendable {
    /// From the start of the run.
    public var start: Nanoseconds
    /// How long the interval is: a tick, or several where rows were merged.
    public var length: Nanoseconds
    /// The phase at the end of the interval.
    public var phase: String
    /// What was counted in the interval.
    public var counters: CounterTable
    /// Agents by state at the end of the interval.
    public var states: StateTable
    /// Agents by the health that they last reported, at the end of the interval.
    public var health: HealthTable
    /// What was measured in the interval, by `Measure.index`.
    public var histograms: [BoundedHistogram]
    /// Processor time that the tool used in the interval.
    public var cpu: Nanoseconds
    /// The share of the available cores that it used, 0...1.
    public var cpuShare: Double
    /// What each shard of agents used of its thread, by its number.
    public var shards: [ShardUse] = []
    /// What the system kept from the process in the interval.
    public var withheld = CPUWithheld()
    /// Memory that the tool held: the most seen in the interval, in bytes.
    public var residentBytes: UInt64
    /// Shards without data at a tick of the interval: a running shard publishes at every tick.
    public var silentShards: Int
    /// Whether the tool itself was the bottleneck: the worst of the interval.
    public var level: Verdict.Level
    /// The names of the marks that the user set in the interval.
    public var marks: [String] = []
    /// What the server used; nil where it is not watched.
    public var server: ServerInterval?

    package init(
        start: Nanoseconds, length: Nanoseconds, phase: String, counters: CounterTable, states: StateTable,
        health: HealthTable, histograms: [BoundedHistogram], cpu: Nanoseconds, cpuShare: Double,
        shards: [ShardUse] = [], withheld: CPUWithheld = CPUWithheld(), residentBytes: UInt64, silentShards: Int,
        level: Verdict.Level
    ) {
        self.start = start
        self.length = length
        self.phase = phase
        self.counters = counters
        self.states = states
        self.health = health
        self.histograms = histograms
        self.cpu = cpu
        self.cpuShare = cpuShare
        self.shards = shards
        self.withheld = withheld
        self.residentBytes = residentBytes
        self.silentShards = silentShards
        self.level = level
    }

    /// Whether the interval is too short for a rate or a share of its own: the end of a phase, say, some milliseconds
    /// after a tick.
    var isSliver: Bool { length < Self.shortest }
    static let shortest = Nanoseconds.milliseconds(500)

    /// The figures of one measure.
    public func summary(of measure: Measure) -> MeasureSummary {
        MeasureSummary(measure, of: histograms[measure.index])
    }

    /// How often a second, on average over the interval.
    public func rate(of counter: Counter) -> Double { rate(counters[counter]) }

    /// `count` a second, on average over the interval.
    public func rate(_ count: UInt64) -> Double {
        length > .zero ? Double(count) / length.seconds : 0
    }

    /// This row and the one after it as one.
    func merged(with next: SeriesRow) -> SeriesRow {
        var row = next
        row.start = start
        row.length = length + next.length
        row.counters.add(counters)
        row.histograms = zip(histograms, next.histograms).map { $0.merged(with: $1) }
        row.cpu = cpu + next.cpu
        row.shards = ShardUse.sum(shards, next.shards)
        row.withheld.add(withheld)
        let weighted = cpuShare * length.seconds + next.cpuShare * next.length.seconds
        row.cpuShare = row.length > .zero ? weighted / row.length.seconds : 0
        row.residentBytes = max(residentBytes, next.residentBytes)
        row.silentShards = max(silentShards, next.silentShards)
        row.level = max(level, next.level)
        row.marks = marks + next.marks
        if let server { row.server = next.server.map { server.merged(with: $0) } ?? server }
        return row
    }
}

/// The rows of a run, bounded: when full, neighbours are merged in pairs and every later row covers twice the time.
///
/// So a run of any length keeps between half the capacity and the capacity, and every percentile stays exact to a
/// bucket, because the histograms are merged. Rows of single ticks never cross the border of a phase. A piece of less
/// than half a second at the end of a phase is part of the row before it; only a phase that is shorter than that has
/// such a row.
public struct Series: Sendable {
    /// Twenty minutes of single seconds; a day is kept in rows of 128 s. Some 10 KB a row where thousands of values are
    /// recorded each second, so 12 MB at most.
    public static let standardCapacity = 1_200
    /// How long the interval of a tick is meant to be.
    static let tick = Nanoseconds.seconds(1)
    /// A row is complete when it is this close to its length: ticks are some milliseconds early or late.
    static let tolerance = Nanoseconds.milliseconds(100)

    public private(set) var rows: [SeriesRow] = []
    /// How many ticks one row covers.
    public private(set) var ticksPerRow = 1
    private var pending: SeriesRow?
    private let capacity: Int

    /// - Parameter capacity: the most rows kept; at least 2.
    public init(capacity: Int = Series.standardCapacity) {
        self.capacity = max(capacity & ~1, 2)
    }

    /// All rows, the one still being filled included.
    public var all: [SeriesRow] {
        var series = self
        series.complete()
        return series.rows
    }

    /// The same rows, neighbours merged until there are at most `count`: for a picture that has no more room. A row
    /// that is too short for a rate is merged with the one before it: it would be drawn as a peak.
    public static func condensed(_ rows: [SeriesRow], to count: Int) -> [SeriesRow] {
        groups(rows, to: count).map(merged)
    }

    /// The rows that each of them is made of.
    public static func groups(_ rows: [SeriesRow], to count: Int) -> [ArraySlice<SeriesRow>] {
        let rows = rows.reduce(into: [SeriesRow]()) { rows, row in
            if row.isSliver, let last = rows.popLast() {
                rows.append(last.merged(with: row))
            } else {
                rows.append(row)
            }
        }
        let group = (rows.count + max(count, 1) - 1) / max(count, 1)
        return stride(from: 0, to: rows.count, by: max(group, 1)).map { start in
            rows[start..<min(start + group, rows.count)]
        }
    }

    /// One row of neighbours: at least one.
    public static func merged(_ rows: ArraySlice<SeriesRow>) -> SeriesRow {
        rows.dropFirst().reduce(rows[rows.startIndex]) { $0.merged(with: $1) }
    }

    mutating func append(_ tick: SeriesRow) {
        if let pending, ticksPerRow == 1, pending.phase != tick.phase, pending.length > .zero { complete() }
        let row = pending?.merged(with: tick) ?? tick
        pending = row
        if row.length + Self.tolerance > Self.tick.scaled(by: Double(ticksPerRow)) { complete() }
    }

    /// The row that is being filled is complete, or is given to the one before it.
    private mutating func complete() {
        guard let row = pending else { return }
        pending = nil
        if row.isSliver, let last = rows.last, last.phase == row.phase {
            rows[rows.count - 1] = last.merged(with: row)
        } else {
            rows.append(row)
        }
        if rows.count >= capacity { coarsen() }
    }

    private mutating func coarsen() {
        rows = stride(from: 0, to: rows.count, by: 2).map { start in
            start + 1 < rows.count ? rows[start].merged(with: rows[start + 1]) : rows[start]
        }
        ticksPerRow *= 2
    }
}
