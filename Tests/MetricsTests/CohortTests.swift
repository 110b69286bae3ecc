import Basis
import Testing

@testable import Metrics

@Suite("Figures of cohorts")
struct CohortTests {
    @Test("A coarse histogram's percentiles are at most 1 % above the true ones, its ends exact", arguments: 0..<4)
    func coarse(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var (coarse, fine) = (CoarseHistogram(), LatencyHistogram())
        for _ in 0..<5_000 {
            let span = Nanoseconds(Int64(random.next() >> UInt64(22 + random.index(below: 30))))
            coarse.record(span)
            _ = fine.record(span)
        }
        let (figures, truth) = (
            MeasureSummary(.connect, of: coarse.compact), MeasureSummary(.connect, of: CompactHistogram(fine))
        )
        #expect(figures.count == truth.count)
        #expect(figures.max == truth.max)
        for percentile in [\MeasureSummary.p50, \.p90, \.p99, \.p999] {
            let (value, expected) = (figures[keyPath: percentile].seconds, truth[keyPath: percentile].seconds)
            #expect(value >= expected * 0.999 - 64e-9 && value <= expected * 1.01 + 64e-9)
        }
    }

    @Test(
        "Values at the ends of the scale have a bucket; adding and emptying lose nothing",
        arguments: [Nanoseconds(-5), .zero, Nanoseconds(63), Nanoseconds(16_384), .seconds(3_600), .seconds(9_000)])
    func ends(span: Nanoseconds) {
        var (one, sum) = (CoarseHistogram(), CoarseHistogram())
        one.record(span)
        sum.add(one)
        sum.add(one)
        let kept = UInt64(min(max(span, .zero), .seconds(3_600)).count)
        #expect(sum.compact.count == 2 && sum.compact.highest == kept && sum.compact.lowest == kept)
        sum.reset()
        #expect(sum.compact == .empty)
    }

    /// A run whose cohorts each count a number of heartbeats, in two shards.
    private static func run(_ names: [String]) -> (snapshot: Snapshot, summary: RunSummary) {
        let exchanges = (0..<2).map { _ in IntervalExchange(cohorts: names.count) }
        let shards = exchanges.map { ShardMetrics(exchange: $0) }
        let recorder = RunRecorder(start: .zero, exchanges: exchanges, cohorts: names)
        for shard in shards {
            for number in names.indices {
                let former = shard.enter(cohort: number)
                for _ in 0...number % 3 {
                    shard.count(.heartbeats)
                    shard.record(.heartbeatResponse, .milliseconds(Int64(number) + 1))
                    shard.record(.heartbeatService, .microseconds(Int64(number) + 1))
                }
                if number == 1 { shard.count(.unanswered, 3) }
                shard.leave(for: former)
            }
            // Of no agent.
            shard.count(.connectRefused)
            shard.publish()
        }
        let snapshot = recorder.tick(at: .zero + .seconds(1), process: .idle)
        return (snapshot, recorder.record(of: .sample, outcome: .completed, profile: "").summary)
    }

    @Test("Each cohort has its own counts and percentiles; what belongs to no agent is in the run's alone")
    func figures() throws {
        let summary = Self.run(["small", "large"]).summary
        #expect(summary.cohorts.map(\.name) == ["small", "large"])
        #expect(summary.cohorts.map { $0.counters[.heartbeats] } == [2, 4])
        #expect(summary.cohorts.map { $0.counters[.unanswered] } == [0, 6])
        #expect(summary.cohorts.map(\.response.max) == [.milliseconds(1), .milliseconds(2)])
        #expect(summary.cohorts.map(\.service.max) == [.microseconds(1), .microseconds(2)])
        #expect(summary.cohorts.map(\.counters.errors) == [0, 6])
        #expect(summary.counters[.heartbeats] == 6)
        #expect(summary.counters[.connectRefused] == 2)
        #expect(summary[.heartbeatResponse].count == 6)
    }

    @Test("A run of one cohort has no figures of cohorts: they would be the run's", arguments: [[], ["only"]])
    func one(names: [String]) {
        #expect(Self.run(names).summary.cohorts.isEmpty)
    }

    @Test("The cohorts beyond the limit are counted together", arguments: [64, 65, 10_000])
    func bounded(count: Int) throws {
        let (snapshot, summary) = Self.run((0..<count).map { "c\($0)" })
        #expect(summary.cohorts.count == min(count, 65))
        #expect(summary.cohorts.reduce(0) { $0 + $1.counters[.heartbeats] } == summary.counters[.heartbeats])
        #expect(summary.cohorts.reduce(0) { $0 + $1.response.count } == summary[.heartbeatResponse].count)
        let last = try #require(summary.cohorts.last)
        #expect(last.name == (count > 64 ? "other" : "c63"))
        #expect(last.cohorts == max(count - 64, 1))
        #expect(snapshot.cohorts == summary.cohorts)
    }

    @Test("An event within an event of another cohort is counted for its own, and the rest for the first")
    func nested() {
        let exchange = IntervalExchange(cohorts: 2)
        let shard = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange], cohorts: ["a", "b"])
        let outer = shard.enter(cohort: 0)
        let inner = shard.enter(cohort: 1)
        shard.count(.heartbeats)
        shard.leave(for: inner)
        shard.count(.statusReports)
        shard.leave(for: outer)
        shard.publish()
        let cohorts = recorder.tick(at: .zero + .seconds(1), process: .idle).cohorts
        #expect(cohorts.map { $0.counters[.statusReports] } == [1, 0])
        #expect(cohorts.map { $0.counters[.heartbeats] } == [0, 1])
    }

    @Test("A metrics page has each cohort as a label of its own, escaped")
    func labels() {
        let page = Self.run(["a \"quoted\"", "b"]).snapshot.prometheusText
        #expect(page.contains("muster_cohort_reports_total{cohort=\"a \\\"quoted\\\"\"} 2.0"))
        #expect(page.contains("muster_cohort_unanswered_total{cohort=\"b\"} 6.0"))
        #expect(page.contains("muster_cohort_heartbeat_response_seconds_count{cohort=\"b\"} 4.0"))
        #expect(!Self.run(["only"]).snapshot.prometheusText.contains("muster_cohort"))
    }
}
