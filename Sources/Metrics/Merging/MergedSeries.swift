import Basis

/// The rows of several runs on one axis: each row counts where its middle is.
struct MergedSeries {
    /// A row for each interval.
    private(set) var rows: [SeriesRow] = []
    /// The same, those of different phases apart.
    private(set) var phaseRows: [SeriesRow] = []
    private(set) var healthPeaks = HealthTable()
    private(set) var toolBoundSeconds = 0.0

    /// - Parameter offsets: by how much each run began after the first.
    init(_ runs: [RunRecord], _ offsets: [Nanoseconds]) {
        let width = runs.map { Self.usualLength($0.series) }.max() ?? .seconds(1)
        var bins: [Int: [(run: Int, row: SeriesRow)]] = [:]
        for (number, (run, offset)) in zip(runs, offsets).enumerated() {
            for var row in run.series {
                row.start = row.start + offset
                let middle = row.start.seconds + row.length.seconds / 2
                bins[max(Int(middle / width.seconds), 0), default: []].append((number, row))
            }
        }
        var states = [StateTable](repeating: StateTable(), count: runs.count)
        var health = [HealthTable](repeating: HealthTable(), count: runs.count)
        var resident = [UInt64](repeating: 0, count: runs.count)
        for bin in bins.keys.sorted() {
            let parts = bins[bin] ?? []
            for part in parts {
                states[part.run] = part.row.states
                health[part.run] = part.row.health
                resident[part.run] = part.row.residentBytes
            }
            let active = Set(parts.map(\.run)).count
            var phases: [String] = []
            for part in parts where !phases.contains(part.row.phase) { phases.append(part.row.phase) }
            let split = phases.map { phase in
                var row = Self.sum(parts.map(\.row).filter { $0.phase == phase }, of: active)
                row.states = states.reduce(into: StateTable()) { $0.add($1) }
                row.health = health.reduce(into: HealthTable()) { $0.add($1) }
                row.residentBytes = resident.reduce(0, +)
                return row
            }
            phaseRows += split
            var whole = Self.sum(parts.map(\.row), of: active)
            whole.phase = split.max { $0.length < $1.length }?.phase ?? whole.phase
            (whole.states, whole.health) = (split[0].states, split[0].health)
            whole.residentBytes = split[0].residentBytes
            healthPeaks.raise(to: whole.health)
            if whole.level == .toolBound { toolBoundSeconds += whole.length.seconds }
            rows.append(whole)
        }
    }

    /// Rows of several runs in one interval. Its length is the mean of what the runs have in it, so that a rate is the
    /// sum of theirs.
    private static func sum(_ rows: [SeriesRow], of runs: Int) -> SeriesRow {
        var sum = rows[0]
        for row in rows.dropFirst() {
            let weighted = sum.cpuShare * sum.length.seconds + row.cpuShare * row.length.seconds
            sum.start = min(sum.start, row.start)
            sum.length = sum.length + row.length
            sum.cpuShare = sum.length > .zero ? weighted / sum.length.seconds : 0
            sum.counters.add(row.counters)
            sum.histograms = zip(sum.histograms, row.histograms).map { $0.merged(with: $1) }
            sum.cpu = sum.cpu + row.cpu
            sum.withheld.add(row.withheld)
            sum.silentShards += row.silentShards
            sum.level = max(sum.level, row.level)
            sum.marks += row.marks
            sum.server = sum.server ?? row.server
        }
        sum.shards = []
        sum.length = Nanoseconds(sum.length.count / Int64(max(runs, 1)))
        return sum
    }

    /// The middle one of the rows' lengths, in whole seconds.
    private static func usualLength(_ rows: [SeriesRow]) -> Nanoseconds {
        let lengths = rows.map(\.length).sorted()
        guard !lengths.isEmpty else { return .seconds(1) }
        return .seconds(max(Int64(lengths[lengths.count / 2].seconds.rounded()), 1))
    }
}
