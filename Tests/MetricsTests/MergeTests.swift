import AgentModel
import Basis
import OpAMP
import Testing

@testable import Metrics

/// One run and the same run in parts: the same values recorded, once by one recorder and once by several.
@Suite("Merging runs")
struct MergeTests {
    static func part(_ index: Int, of count: Int) throws -> RunPart {
        try #require(RunPart(index: index, count: count))
    }

    /// Records `shards` parts of one run, or all of it in one.
    /// - Parameter late: by how much each shard begins after the one before it, by its clock.
    static func runs(seed: UInt64, shards: Int, late: Nanoseconds = .zero) -> (whole: RunRecord, parts: [RunRecord]) {
        var random = SeededRandom(seed: seed, stream: 0)
        let cohorts = ["edge", "core"]
        func recorder() -> (ShardMetrics, RunRecorder, WaveClocks) {
            let exchange = IntervalExchange(cohorts: cohorts.count)
            let clocks = WaveClocks()
            return (
                ShardMetrics(exchange: exchange),
                RunRecorder(start: .zero, exchanges: [exchange], clocks: clocks, cohorts: cohorts), clocks
            )
        }
        let whole = recorder()
        let parts = (0..<shards).map { _ in recorder() }
        for second in 0..<20 {
            let now = Instant.zero + .seconds(Int64(second))
            for (_, recorder, _) in [whole] + parts where second == 5 || second == 15 {
                recorder.enterPhase(second == 5 ? "steady" : "drain", at: now)
            }
            for value in 0..<120 {
                let span = Distribution.logNormal(median: .milliseconds(2), sigma: 1).draw(&random)
                let cohort = value % 2
                for (metrics, _, _) in [whole, parts[value % shards]] {
                    let former = metrics.enter(cohort: cohort)
                    metrics.count(.heartbeats)
                    metrics.count(.heartbeatsDue)
                    metrics.count(value % 40 == 0 ? .heartbeatsUnanswered : .heartbeatsAnsweredInTime)
                    metrics.record(.heartbeatResponse, span)
                    metrics.record(.heartbeatService, span)
                    metrics.agentMoved(from: second == 0 ? nil : .connected, to: .connected)
                    if value % 50 == 0 { metrics.count(named: "close_code_1011") }
                    metrics.leave(for: former)
                }
            }
            for (metrics, recorder, _) in [whole] + parts {
                metrics.publish()
                recorder.tick(at: now + .seconds(1), process: .idle)
            }
        }
        let identity = RunIdentity(
            run: "r", profile: "p", server: "ws://s", seed: seed, agents: 120, shards: 1, startedAt: 1_000_000,
            tool: "muster", machine: "m")
        let records = parts.enumerated().map { index, recorder in
            var own = identity
            own.part = RunPart(index: index + 1, count: shards)
            own.run = "r\(index + 1)"
            own.agents = 120 / shards
            own.startedAt += Double(index) * late.seconds
            return recorder.1.record(of: own, outcome: .completed, profile: "")
        }
        return (whole.1.record(of: identity, outcome: .completed, profile: ""), records)
    }

    @Test(
        "The shards of a run, merged, are the run: counts equal, percentiles to a bucket", arguments: [1, 2, 3, 4, 8])
    func mergedEqualsWhole(shards: Int) throws {
        let (whole, parts) = Self.runs(seed: UInt64(shards), shards: shards)
        let merged = try RunMerge(parts.shuffled()).record(name: "m", thresholds: [])
        #expect(merged.summary.counters == whole.summary.counters)
        #expect(merged.summary.named == whole.summary.named)
        #expect(merged.summary.states == whole.summary.states)
        #expect(merged.summary.measures == whole.summary.measures)
        #expect(merged.summary.phases.map(\.label) == whole.summary.phases.map(\.label))
        for (left, right) in zip(merged.summary.phases, whole.summary.phases) {
            #expect(left.counters == right.counters)
            #expect(left.measures == right.measures)
            #expect(left.length == right.length)
        }
        #expect(merged.summary.cohorts.map(\.counters) == whole.summary.cohorts.map(\.counters))
        for (left, right) in zip(merged.summary.cohorts, whole.summary.cohorts) {
            #expect(
                (left.name, left.response.count, left.response.max) == (
                    right.name, right.response.count, right.response.max
                ))
            for figure in MeasureSummary.Figure.allCases {
                let ratio = left.response[figure].seconds / right.response[figure].seconds
                #expect(ratio > 0.99 && ratio < 1.01, "\(figure)")
            }
        }
        #expect(merged.series.map(\.counters) == whole.series.map(\.counters))
        #expect(merged.series.map(\.histograms) == whole.series.map(\.histograms))
        #expect(merged.series.map(\.states) == whole.series.map(\.states))
        #expect(merged.summary.outcome == .completed)
    }

    @Test("Thresholds are judged on the merged figures", arguments: [1, 4])
    func thresholds(shards: Int) throws {
        let (whole, parts) = Self.runs(seed: 9, shards: shards)
        let p99 = Double(whole.summary[.heartbeatResponse].p99.count)
        func threshold(_ limit: Double, _ scope: Threshold.Scope) -> Threshold {
            Threshold(
                text: "t", metric: .time(.heartbeatResponse, .percentile(99)), relation: .atMost, limit: limit,
                scope: scope)
        }
        let merged = try RunMerge(parts).record(
            name: "m",
            thresholds: [
                threshold(p99, .run), threshold(p99 * 0.9, .run), threshold(p99 * 2, .cohort("edge")),
                threshold(p99 * 2, .phase("steady")),
            ])
        #expect(merged.summary.thresholds.map(\.state) == [.passed, .failed, .passed, .passed])
        let availability = Threshold(text: "a", metric: .availability, relation: .atLeast, limit: 0.97)
        let judged = try RunMerge(parts).record(name: "m", thresholds: [availability]).summary.thresholds[0]
        #expect(judged.state == .passed, "\(judged.figure)")
    }

    @Test("A shard that is missing is named, and the merged run has failed")
    func missing() throws {
        let (_, parts) = Self.runs(seed: 3, shards: 4)
        let merge = try RunMerge([parts[0], parts[2]])
        #expect(merge.missing == [try Self.part(2, of: 4), try Self.part(4, of: 4)])
        let merged = merge.record(name: "m", thresholds: [])
        #expect(merged.summary.outcome == .failed("the results of shard 2/4, 4/4 are missing"))
        #expect(merged.summary.counters[.heartbeats] == parts[0].summary.counters[.heartbeats] * 2)
    }

    @Test("A shard that began later is put there, and said to")
    func offsets() throws {
        let (_, parts) = Self.runs(seed: 4, shards: 2, late: .seconds(3))
        let merged = try RunMerge(parts).record(name: "m", thresholds: [])
        #expect(merged.summary.merged.map(\.offset) == [0, 3])
        #expect(merged.summary.duration == .seconds(23))
        #expect(merged.series.count == 23)
        #expect(merged.series[0].counters[.heartbeats] == 60)
        #expect(merged.series[10].counters[.heartbeats] == 120)
        #expect(merged.summary.warnings.map(\.rule) == ["shard-offset"])
    }

    @Test("Runs that are not parts of one run are refused")
    func refused() throws {
        let (whole, parts) = Self.runs(seed: 5, shards: 2)
        #expect(throws: RunMergeError.noRuns) { try RunMerge([]) }
        #expect(throws: RunMergeError.sameAgents("r", "r", seed: 5)) { try RunMerge([whole, whole]) }
        #expect(throws: RunMergeError.notAShard("r")) { try RunMerge([whole, parts[0]]) }
        #expect(throws: RunMergeError.twice(try Self.part(1, of: 2), ["r1", "r1"])) {
            try RunMerge([parts[0], parts[0]])
        }
        var other = parts[1]
        other.summary.identity.seed = 6
        #expect(throws: RunMergeError.different("seed", "r1", "r2")) { try RunMerge([parts[0], other]) }
    }

    @Test("Waves of several runs are put on one clock, to a bucket", arguments: [0, 40, 5_000])
    func waves(milliseconds: Int64) throws {
        let span = Nanoseconds.milliseconds(milliseconds)
        var histogram = LatencyHistogram()
        for value in 1...1000 { _ = histogram.record(.microseconds(Int64(value * 37))) }
        let moved = CompactHistogram(histogram).shifted(by: span)
        #expect(moved.count == 1000)
        for percentile in [1.0, 50, 99, 100] {
            let rank = Int((percentile * 10).rounded(.up))
            let exact = Nanoseconds.microseconds(Int64(rank * 37)) + span
            let bucket = LatencyScale.bucket(holding: exact.count.magnitude)
            let width = bucket.upperBound - bucket.lowerBound + 1
            let value = moved.value(atPercentile: percentile).count.magnitude
            #expect(value >= exact.count.magnitude - width && value <= exact.count.magnitude + width)
        }
    }
}
