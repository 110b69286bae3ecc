import AgentModel
import Basis
import Testing

@testable import Metrics

@Suite("Run recorder")
struct RecorderTests {
    static func second(_ second: Int64) -> Instant { .zero + .seconds(second) }

    @Test(
        "Nothing is lost or counted twice across swaps, however often shards or the collector miss one",
        arguments: [UInt64(1), 2, 3, 4])
    func nothingIsLost(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let exchanges = (0..<3).map { _ in IntervalExchange() }
        let shards = exchanges.map { ShardMetrics(exchange: $0) }
        let recorder = RunRecorder(start: .zero, exchanges: exchanges)
        var values: [Nanoseconds] = []
        var (bytes, odd) = (0, UInt64(0))
        for tick in 1...20 {
            if tick == 8 { recorder.enterPhase("storm", at: Self.second(7)) }
            for shard in shards {
                for _ in 0..<random.index(below: 40) {
                    let value = Nanoseconds(Int64(random.index(below: 50_000_000)))
                    values.append(value)
                    shard.record(.heartbeatService, value)
                    let size = random.index(below: 900)
                    shard.count(.bytesSent, size)
                    bytes += size
                    shard.count(named: "odd_\(random.index(below: 5))")
                    odd += 1
                }
                if random.chance(0.7) { shard.publish() }
                if random.chance(0.2) { shard.publish() }
            }
            if random.chance(0.8) { recorder.tick(at: Self.second(Int64(tick)), process: .idle) }
        }
        // What still lies in an exchange is taken first, then what the shards still hold.
        recorder.tick(at: Self.second(21), process: .idle)
        for shard in shards { #expect(shard.publish()) }
        recorder.finish(at: Self.second(22), process: .idle)

        let record = recorder.record(of: .sample, outcome: .completed, profile: "")
        var expected = LatencyHistogram()
        for value in values { _ = expected.record(value) }
        let whole = CompactHistogram(expected)
        let total = record.histograms.first { $0.tag == "total/heartbeat_service" }?.histogram
        #expect(total == whole)
        let phases = record.histograms.filter { $0.tag.hasPrefix("phase/") }
        #expect(phases.map(\.tag) == ["phase/run/heartbeat_service", "phase/storm/heartbeat_service"])
        #expect(phases.map(\.histogram).reduce(CompactHistogram.empty) { $0.merged(with: $1) } == whole)
        let intervals = record.histograms.filter { $0.tag == "interval/heartbeat_service" }
        #expect(intervals.map(\.histogram).reduce(CompactHistogram.empty) { $0.merged(with: $1) } == whole)
        #expect(record.summary.counters[.bytesSent] == UInt64(bytes))
        #expect(record.series.reduce(0) { $0 + $1.counters[.bytesSent] } == UInt64(bytes))
        #expect(record.summary.phases.reduce(0) { $0 + $1.counters[.bytesSent] } == UInt64(bytes))
        #expect(record.summary.named.sorted.reduce(0) { $0 + $1.count } == odd)
    }

    @Test("Publishing twice before a tick keeps the second interval for the next")
    func publishingTwice() {
        let exchange = IntervalExchange()
        let shard = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange])
        shard.count(.reset)
        #expect(shard.publish())
        shard.count(.reset)
        #expect(!shard.publish())
        #expect(recorder.tick(at: Self.second(1), process: .idle).counters[.reset] == 1)
        #expect(shard.publish())
        #expect(recorder.tick(at: Self.second(2), process: .idle).counters[.reset] == 2)
        #expect(recorder.tick(at: Self.second(3), process: .idle).row.counters[.reset] == 0)
    }

    @Test("Gauges follow agents from state to state, across intervals and shards")
    func gauges() {
        let exchanges = [IntervalExchange(), IntervalExchange()]
        let shards = exchanges.map { ShardMetrics(exchange: $0) }
        let recorder = RunRecorder(start: .zero, exchanges: exchanges)
        for shard in shards { shard.agentsMoved(10, from: nil, to: .initializing) }
        for _ in 0..<4 { shards[0].agentMoved(from: .initializing, to: .connecting) }
        for shard in shards { shard.publish() }
        let first = recorder.tick(at: Self.second(1), process: .idle)
        #expect(first.states[.initializing] == 16)
        #expect(first.states[.connecting] == 4)
        #expect(first.row.states == first.states)
        for _ in 0..<3 { shards[0].agentMoved(from: .connecting, to: .connected) }
        shards[0].agentMoved(from: .connecting, to: nil)
        for shard in shards { shard.publish() }
        let second = recorder.tick(at: Self.second(2), process: .idle)
        #expect(second.states[.connecting] == 0)
        #expect(second.states[.connected] == 3)
        #expect(second.states.total == 19)
    }

    @Test("Gauges follow what agents report of their health, and the most of each at once is kept")
    func health() {
        let exchange = IntervalExchange()
        let shard = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange])
        for _ in 0..<5 { shard.healthReported(.healthy, after: nil) }
        shard.healthReported(.degraded, after: .healthy)
        shard.healthReported(.unhealthy, after: .healthy)
        shard.publish()
        let first = recorder.tick(at: Self.second(1), process: .idle)
        #expect(first.health[.healthy] == 3)
        #expect(first.health.notHealthy == 2)
        #expect(first.row.health == first.health)
        shard.healthReported(.healthy, after: .unhealthy)
        shard.healthReported(.unhealthy, after: .degraded)
        shard.healthReported(.healthy, after: .unhealthy)
        shard.publish()
        let second = recorder.tick(at: Self.second(2), process: .idle)
        #expect(second.health[.healthy] == 5)
        #expect(second.health.notHealthy == 0)
        let summary = recorder.record(of: .sample, outcome: .completed, profile: "").summary
        #expect(summary.health == second.health)
        #expect(HealthGrade.allCases.map { summary.healthPeaks[$0] } == [5, 1, 1])
    }

    @Test(
        "A run of any length keeps a bounded series, in which every second and every value still counts",
        arguments: [1, 7, 8, 9, 100, 513])
    func seriesIsBounded(ticks: Int) {
        let exchange = IntervalExchange()
        let shard = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange], seriesCapacity: 8)
        for tick in 1...ticks {
            shard.count(.heartbeats, tick)
            shard.record(.connect, .microseconds(Int64(tick)))
            shard.publish()
            recorder.tick(at: Self.second(Int64(tick)), process: .idle)
        }
        let rows = recorder.series.all
        #expect(rows.count <= 8)
        #expect(rows.count >= min(ticks, 4))
        #expect(rows.reduce(.zero) { $0 + $1.length } == .seconds(Int64(ticks)))
        #expect(rows.reduce(0) { $0 + $1.counters[.heartbeats] } == UInt64(ticks * (ticks + 1) / 2))
        #expect(rows.reduce(0) { $0 + $1.summary(of: .connect).count } == UInt64(ticks))
        for (row, next) in zip(rows, rows.dropFirst()) { #expect(row.start + row.length == next.start) }
    }

    @Test("Phases have figures of their own; a label used again gets a number, and there is a limit to them")
    func phases() {
        let exchange = IntervalExchange()
        let shard = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange])
        for (index, label) in ["arrival", "storm", "steady", "storm"].enumerated() {
            recorder.enterPhase(label, at: Self.second(Int64(index) * 2))
            for tick in 1...2 {
                shard.count(.reconnects, index + 1)
                shard.publish()
                recorder.tick(at: Self.second(Int64(index * 2 + tick)), process: .idle)
            }
        }
        let phases = recorder.record(of: .sample, outcome: .completed, profile: "").summary.phases
        #expect(phases.map(\.label) == ["arrival", "storm", "steady", "storm #2"])
        #expect(phases.map { $0.counters[.reconnects] } == [2, 4, 6, 8])
        #expect(phases.map(\.start) == [.zero, .seconds(2), .seconds(4), .seconds(6)])
        #expect(phases.allSatisfy { $0.length == .seconds(2) })
        for second in 8..<200 {
            recorder.enterPhase("p\(second)", at: Self.second(Int64(second)))
            recorder.tick(at: Self.second(Int64(second) + 1), process: .idle)
        }
        #expect(
            recorder.record(of: .sample, outcome: .completed, profile: "").summary.phases.count
                == RunRecorder.maxPhases)
    }

    @Test("Names met on the way are bounded; what exceeds the table is counted together")
    func namedCounters() {
        var named = NamedCounters()
        for index in 0..<1000 { named.count("name_\(index)") }
        #expect(named.sorted.count == NamedCounters.capacity + 1)
        #expect(named[NamedCounters.overflowName] == UInt64(1000 - NamedCounters.capacity))
        #expect(named.sorted.reduce(0) { $0 + $1.count } == 1000)
    }

    @Test("An interval of milliseconds has no share of the processors of its own")
    func shortInterval() {
        let recorder = RunRecorder(
            start: .zero, exchanges: [], sample: ProcessSample(cpu: .zero, residentBytes: 1, availableCores: 2))
        func tick(_ milliseconds: Int64, cpu: Int64) -> Snapshot {
            let sample = ProcessSample(cpu: .milliseconds(cpu), residentBytes: 1, availableCores: 2)
            return recorder.tick(at: .zero + .milliseconds(milliseconds), process: sample)
        }
        _ = tick(1_000, cpu: 100)
        let short = tick(1_010, cpu: 120)
        // The ten milliseconds are shown, and judged, with the second before them.
        #expect(abs(short.row.cpuShare - 0.12 / 2.02) < 1e-9)
        #expect(short.row.length == .milliseconds(1_010))
        #expect(abs(short.process.peakCPUShare - 0.12 / 2.02) < 1e-9)
        #expect(abs(short.process.meanCPUShare - 0.12 / 2.02) < 1e-9)
        let next = tick(1_510, cpu: 1_100)
        #expect(next.row.length == .milliseconds(510))
        #expect(next.verdict.findings.map(\.rule) == ["own-cpu"])
    }

    /// Rows of a run whose ticks are at these milliseconds; a phase begins where one has a label.
    private static func rows(_ ticks: [(Int64, String?)]) -> [SeriesRow] {
        let exchange = IntervalExchange()
        let shard = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange])
        recorder.enterPhase("a", at: .zero)
        for (milliseconds, phase) in ticks {
            shard.count(.heartbeats)
            shard.publish()
            recorder.tick(at: .zero + .milliseconds(milliseconds), process: .idle)
            if let phase { recorder.enterPhase(phase, at: .zero + .milliseconds(milliseconds)) }
        }
        let rows = recorder.series.all
        #expect(rows.reduce(0) { $0 + $1.counters[.heartbeats] } == UInt64(ticks.count), "nothing is lost")
        for (row, next) in zip(rows, rows.dropFirst()) { #expect(row.start + row.length == next.start) }
        return rows
    }

    @Test("The part of a second at the end of a phase belongs to its last row, and half a second is a row")
    func endsOfPhases() {
        let short = Self.rows([(1_000, nil), (2_000, nil), (2_300, "b"), (3_300, nil), (4_301, nil)])
        #expect(short.map(\.length) == [.seconds(1), .milliseconds(1_300), .seconds(1), .milliseconds(1_001)])
        #expect(short.map(\.phase) == ["a", "a", "b", "b"])
        #expect(short[1].rate(of: .heartbeats) == 2 / 1.3)
        let long = Self.rows([(1_000, nil), (1_700, "b"), (2_700, nil)])
        #expect(long.map(\.length) == [.seconds(1), .milliseconds(700), .seconds(1)])
    }

    @Test("Ticks of a tenth of a second make rows of a second, and the rest belongs to the last")
    func shortTicks() {
        let rows = Self.rows((1...23).map { ($0 * 100, nil) })
        #expect(rows.count == 2)
        #expect(rows.map(\.length) == [.seconds(1), .milliseconds(1_300)])
    }

    @Test("A phase of less than half a second has a row of its own length, and no peak in a chart")
    func shortPhase() {
        let rows = Self.rows([(1_000, nil), (2_000, "b"), (2_200, "c"), (3_200, nil)])
        #expect(rows.map(\.phase) == ["a", "a", "b", "c"])
        #expect(rows[2].length == .milliseconds(200))
        let drawn = Series.condensed(rows, to: 100)
        #expect(drawn.map(\.length) == [.seconds(1), .milliseconds(1_200), .seconds(1)])
    }

    @Test("The tool's processor time is that of the run, as a share of the cores it may use")
    func processorTime() {
        func sample(_ milliseconds: Int64, _ bytes: UInt64) -> ProcessSample {
            ProcessSample(cpu: .milliseconds(milliseconds), residentBytes: bytes, availableCores: 2)
        }
        let recorder = RunRecorder(start: .zero, exchanges: [], sample: sample(5000, 10))
        #expect(recorder.tick(at: Self.second(1), process: sample(6000, 30)).row.cpuShare == 0.5)
        let process = recorder.tick(at: Self.second(2), process: sample(6200, 20)).process
        #expect(process.cpu == .milliseconds(1200))
        #expect(process.peakCPUShare == 0.5)
        #expect(abs(process.meanCPUShare - 0.3) < 1e-9)
        #expect(process.peakResidentBytes == 30)
        #expect(process.residentBytes == 20)
    }

    @Test("A mark is in the row of its moment and in the summary, and there are not more than the limit")
    func marks() {
        let recorder = RunRecorder(start: .zero, exchanges: [], seriesCapacity: 4)
        for tick in 1...9 {
            if tick == 3 { recorder.mark("third", at: Self.second(2)) }
            if tick == 4 { recorder.mark("fourth", at: Self.second(3)) }
            recorder.tick(at: Self.second(Int64(tick)), process: .idle)
        }
        let record = recorder.record(of: .sample, outcome: .completed, profile: "", hasIntervals: false)
        #expect(
            record.summary.marks == [.init(at: .seconds(2), name: "third"), .init(at: .seconds(3), name: "fourth")])
        // Rows that were merged keep them.
        #expect(record.series.count < 9 && record.series.flatMap(\.marks) == ["third", "fourth"])
        for number in 0..<RunRecorder.maxMarks + 5 { recorder.mark("\(number)", at: Self.second(9)) }
        #expect(recorder.summary(of: .sample, outcome: .completed).marks.count == RunRecorder.maxMarks)
    }
}
