import Basis
import Testing

@testable import Metrics

/// Evidence in, verdict out: each rule on both sides of each of its limits.
@Suite("The verdict on the tool itself")
struct VerdictTests {
    /// So many values, all the same.
    static func summary(_ measure: Measure, _ value: Nanoseconds, count: Int = 2000) -> MeasureSummary {
        var histogram = LatencyHistogram()
        for _ in 0..<count { _ = histogram.record(value) }
        return MeasureSummary(measure, of: CompactHistogram(histogram))
    }

    static func evidence(
        lag: Nanoseconds = .zero, of response: Nanoseconds? = .milliseconds(1), count: Int = 2000,
        span: Nanoseconds = .seconds(1), cpu: Double = 0, shards: [Double] = [], withheld: CPUWithheld = CPUWithheld(),
        counters: [Counter: UInt64] = [:], silent: Int = 0, load: LoadFacts = LoadFacts()
    ) -> Evidence {
        var measures = Measure.allCases.map { MeasureSummary($0, of: .empty) }
        measures[Measure.schedulingDelay.index] = summary(.schedulingDelay, lag, count: count)
        if let response {
            measures[Measure.heartbeatResponse.index] = summary(.heartbeatResponse, response, count: count)
        }
        var table = CounterTable()
        for (counter, count) in counters { table[counter] = count }
        return Evidence(
            span: span, measures: measures, cpuShare: cpu, availableCores: 2,
            shards: shards.map { ShardUse(cpu: span.scaled(by: $0), span: span) }, withheld: withheld, counters: table,
            silentShards: silent, load: load)
    }

    static func verdict(_ evidence: Evidence) -> Verdict {
        Verdict(findings: VerdictRules().findings(for: evidence))
    }

    /// The rules that found something, and the level of all together.
    static func expect(
        _ verdict: Verdict, _ level: Verdict.Level, _ rules: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(verdict.level == level, "\(verdict.findings)", sourceLocation: sourceLocation)
        #expect(verdict.findings.map(\.rule) == (level == .clear ? [] : rules), sourceLocation: sourceLocation)
    }

    // MARK: - Own share

    @Test(
        "Own share: clear below 10 % or 100 µs, tool-bound from half of a figure that is late by more than 10 ms",
        arguments: [
            (Nanoseconds.microseconds(99), Nanoseconds.microseconds(120), Verdict.Level.clear),
            (.microseconds(101), .microseconds(120), .shared),
            (.microseconds(950), .milliseconds(10), .clear),
            (.microseconds(1050), .milliseconds(10), .shared),
            (.milliseconds(400), .milliseconds(900), .shared),
            (.milliseconds(500), .milliseconds(900), .toolBound),
            (.seconds(2), .milliseconds(2100), .toolBound),
        ])
    func ownShare(lag: Nanoseconds, response: Nanoseconds, level: Verdict.Level) {
        Self.expect(Self.verdict(Self.evidence(lag: lag, of: response)), level, ["own-share"])
    }

    @Test(
        "The limit of the lag is 1 ms at the median; above it 10 ms, or a tenth of the heartbeat interval",
        arguments: [
            // The median is on time in all of these.
            (Nanoseconds.milliseconds(9), Nanoseconds.seconds(10), Verdict.Level.shared),
            (.milliseconds(11), .seconds(10), .toolBound),
            (.milliseconds(4), .milliseconds(50), .shared),
            (.milliseconds(6), .milliseconds(50), .toolBound),
            (.microseconds(900), .milliseconds(1), .shared),
        ])
    func limitOfLag(lag: Nanoseconds, interval: Nanoseconds, level: Verdict.Level) {
        var load = LoadFacts(heartbeatInterval: interval)
        var evidence = Self.evidence(load: load)
        evidence.ownShare?.parts[2] = OwnShare.Part(percentile: 99, lag: lag, figure: lag)
        Self.expect(Self.verdict(evidence), level, ["own-share"])
        // The median has its own limit, whatever the interval.
        load.heartbeatInterval = .seconds(10)
        for (lag, level) in [(Nanoseconds.microseconds(900), Verdict.Level.shared), (.microseconds(1100), .toolBound)] {
            var evidence = Self.evidence(load: load)
            evidence.ownShare?.parts[0] = OwnShare.Part(percentile: 50, lag: lag, figure: lag)
            Self.expect(Self.verdict(evidence), level, ["own-share"])
        }
    }

    @Test(
        "A percentile is judged when ten values are beyond it",
        arguments: [(19, []), (20, ["p50"]), (99, ["p50"]), (100, ["p50", "p90"]), (1000, ["p50", "p90", "p99"])])
    func fewValues(count: Int, known: [String]) {
        let evidence = Self.evidence(lag: .seconds(1), of: .seconds(1), count: count)
        #expect((evidence.ownShare?.parts.map(\.name) ?? []) == known)
    }

    @Test(
        "The own part is what the lag adds: at most the lag, and at most the difference to the service time",
        arguments: [
            // Late timers of agents that connect, while heartbeats are sent on time.
            (Nanoseconds.milliseconds(380), Nanoseconds.milliseconds(6), Nanoseconds.microseconds(5_900), 100),
            // A poll that waited for the response to the one before.
            (.microseconds(20), .milliseconds(3_000), .milliseconds(10), 20),
            (.microseconds(40), .microseconds(120), .microseconds(80), 40),
            // Percentiles of a histogram may be a bucket apart.
            (.microseconds(40), .microseconds(100), .microseconds(101), 0),
        ] as [(Nanoseconds, Nanoseconds, Nanoseconds, Int64)])
    func ownPart(lag: Nanoseconds, response: Nanoseconds, service: Nanoseconds, added: Int64) throws {
        var measures = Measure.allCases.map { MeasureSummary($0, of: .empty) }
        for (measure, value) in [
            (Measure.schedulingDelay, lag), (.heartbeatResponse, response), (.heartbeatService, service),
        ] { measures[measure.index] = Self.summary(measure, value) }
        let share = try #require(OwnShare(measures))
        for part in share.parts {
            #expect(abs((part.lag - .microseconds(added)).seconds) <= 0.001 * response.seconds + 128e-9)
        }
    }

    @Test("The share of the figure is told with both, at the percentile where it is worst")
    func ownShareInWords() {
        var evidence = Self.evidence(lag: .microseconds(20), of: .milliseconds(2))
        evidence.ownShare?.parts[1] = OwnShare.Part(percentile: 90, lag: .milliseconds(2), figure: .milliseconds(5))
        evidence.ownShare?.parts[2] = OwnShare.Part(percentile: 99, lag: .milliseconds(3), figure: .milliseconds(10))
        #expect(
            Self.verdict(evidence).findings.map(\.message) == [
                "40 % of the response time at p90 is the generator's own scheduling lag: 2.00 ms of 5.00 ms"
            ])
    }

    @Test(
        "Without a response time the lag itself is judged",
        arguments: [
            (Nanoseconds.milliseconds(9), Verdict.Level.clear), (.milliseconds(11), .shared),
            (.milliseconds(990), .shared), (.milliseconds(1010), .toolBound),
        ])
    func lagAlone(lag: Nanoseconds, level: Verdict.Level) {
        Self.expect(Self.verdict(Self.evidence(lag: lag, of: nil)), level, ["scheduling-lag"])
        #expect(Self.verdict(Self.evidence(lag: lag, of: nil, count: 10)).level == .clear)
    }

    // MARK: - CPU

    @Test(
        "The busiest shard counts, not the mean: clear to 75 % of its thread, tool-bound from 90 %",
        arguments: [
            ([0.74, 0.1], Verdict.Level.clear), ([0.1, 0.76], .shared), ([0.89, 0.89], .shared),
            ([0.91, 0], .toolBound),
        ])
    func busiestShard(shares: [Double], level: Verdict.Level) {
        Self.expect(Self.verdict(Self.evidence(shards: shares)), level, ["busiest-shard"])
        // Less than half a second says nothing about a share.
        #expect(Self.verdict(Self.evidence(span: .milliseconds(499), shards: shares)).level == .clear)
    }

    @Test(
        "All cores together: of a closed loop tool-bound from 90 %, of an open one shared, for its lag shows the rest",
        arguments: [
            (0.24, true, Verdict.Level.clear), (0.26, true, .shared), (0.89, true, .shared), (0.91, true, .toolBound),
            (0.89, false, .clear), (0.91, false, .shared), (1.02, false, .shared),
        ])
    func ownCPU(share: Double, isClosed: Bool, level: Verdict.Level) {
        let load = LoadFacts(hasClosedLoop: isClosed)
        Self.expect(Self.verdict(Self.evidence(cpu: share, load: load)), level, ["own-cpu"])
        #expect(Self.verdict(Self.evidence(span: .milliseconds(499), cpu: share, load: load)).level == .clear)
    }

    @Test(
        "The CPU quota: clear below 1 % of its periods, tool-bound from a quarter",
        arguments: [(UInt64(0), Verdict.Level.clear), (9, .clear), (11, .shared), (240, .shared), (260, .toolBound)])
    func quota(throttled: UInt64, level: Verdict.Level) {
        let withheld = CPUWithheld(quotaPeriods: 1000, throttledPeriods: throttled)
        Self.expect(Self.verdict(Self.evidence(withheld: withheld)), level, ["cpu-quota"])
    }

    @Test(
        "Stolen time: clear below 5 % of the machine's, tool-bound from a quarter",
        arguments: [(UInt64(0), Verdict.Level.clear), (49, .clear), (51, .shared), (240, .shared), (260, .toolBound)])
    func stolen(ticks: UInt64, level: Verdict.Level) {
        let withheld = CPUWithheld(machineTicks: 1000, stolenTicks: ticks)
        Self.expect(Self.verdict(Self.evidence(withheld: withheld)), level, ["stolen-cpu"])
    }

    @Test(
        "A late tool's remedy fits what made it late",
        arguments: [
            (evidence(withheld: CPUWithheld(quotaPeriods: 10, throttledPeriods: 1)), "quota"),
            (evidence(withheld: CPUWithheld(machineTicks: 10, stolenTicks: 1)), "not shared with others"),
            (evidence(cpu: 0.5, shards: [0.8]), "more shards"),
            (evidence(cpu: 0.5, shards: [0.8, 0.1]), "fewer agents"),
            (evidence(cpu: 0.95, load: LoadFacts(serverInProcess: true)), "server on another machine"),
            (evidence(cpu: 0.95), "more cores"), (evidence(), "nothing else run on this machine"),
        ])
    func remedies(cause: Evidence, remedy: String) {
        var evidence = cause
        evidence.ownShare?.parts[2] = OwnShare.Part(percentile: 99, lag: .milliseconds(9), figure: .milliseconds(20))
        let finding = Self.verdict(evidence).findings.first { $0.rule == "own-share" }
        #expect(finding?.remedy.contains(remedy) == true, "\(finding?.remedy ?? "none")")
    }

    // MARK: - Counts

    @Test(
        "Skipped heartbeats: any is shared, tool-bound from one in a hundred",
        arguments: [(UInt64(0), Verdict.Level.clear), (1, .shared), (9, .shared), (11, .toolBound)])
    func skipped(count: UInt64, level: Verdict.Level) {
        let counters: [Counter: UInt64] = [.skippedHeartbeats: count, .heartbeats: 1000 - count]
        Self.expect(Self.verdict(Self.evidence(counters: counters)), level, ["skipped-heartbeats"])
    }

    @Test(
        "Exhausted descriptors or ports are the tool's limits, however few",
        arguments: [Counter.outOfDescriptors, .outOfPorts])
    func ownLimits(counter: Counter) {
        #expect(Self.verdict(Self.evidence(counters: [counter: 0])).level == .clear)
        let verdict = Self.verdict(Self.evidence(counters: [counter: 3]))
        #expect(verdict.isToolBound)
        #expect(verdict.headline?.contains("3 ") == true)
    }

    @Test("Errors of the server or the network say nothing about the tool", arguments: Counter.allCases)
    func othersErrors(counter: Counter) {
        let own: Set<Counter> = [.skippedHeartbeats, .outOfDescriptors, .outOfPorts]
        #expect((Self.verdict(Self.evidence(counters: [counter: 3])).level == .clear) == !own.contains(counter))
    }

    // MARK: - Together

    @Test("The gravest finding gives the level and the headline; without a tool-bound one there is none")
    func headline() {
        let rules = VerdictRules()
        let shared = Verdict(findings: rules.findings(for: Self.evidence(lag: .microseconds(500), silent: 1)))
        Self.expect(shared, .shared, ["own-share", "silent-shards"])
        #expect(shared.headline == nil)
        let bound = Verdict(
            findings: rules.findings(for: Self.evidence(lag: .microseconds(500), shards: [0.95]), in: "phase storm"))
        #expect(bound.findings.map(\.level) == [.toolBound, .shared])
        #expect(bound.headline?.hasPrefix("TOOL-BOUND: the thread of shard 0 ran for 95 % of the time") == true)
        #expect(bound.headline?.contains("phase storm") == true)
    }

    @Test("A shard is silent after two ticks without a hand-over, not after one")
    func silentShards() {
        let exchanges = [IntervalExchange(), IntervalExchange()]
        let shards = exchanges.map { ShardMetrics(exchange: $0) }
        let recorder = RunRecorder(start: .zero, exchanges: exchanges)
        let silent = (1...4).map { tick in
            shards[0].publish()
            if tick == 4 { shards[1].publish() }
            return recorder.tick(at: .zero + .seconds(Int64(tick)), process: .idle).row.silentShards
        }
        #expect(silent == [0, 1, 1, 0])
    }

    /// A run of phases of some seconds, each with its own lag of all its heartbeats and its own share of the thread.
    private static func run(_ phases: [(label: String, seconds: Int, lag: Nanoseconds, busy: Double)]) -> RunSummary {
        let exchange = IntervalExchange()
        let shard = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange])
        var second = Int64(0)
        for phase in phases {
            recorder.enterPhase(phase.label, at: .zero + .seconds(second))
            for _ in 0..<phase.seconds {
                for _ in 0..<500 {
                    shard.record(.schedulingDelay, phase.lag)
                    shard.record(.heartbeatResponse, phase.lag + .milliseconds(2))
                }
                shard.used(Nanoseconds(seconds: phase.busy), in: .seconds(1))
                shard.publish()
                second += 1
                recorder.tick(at: .zero + .seconds(second), process: .idle)
            }
        }
        return recorder.record(of: .sample, outcome: .completed, profile: "").summary
    }

    @Test("A run is judged phase by phase: a short tool-bound one is not diluted by a long quiet one")
    func judgedByPhase() {
        let summary = Self.run([
            ("steady", 95, .microseconds(50), 0.1), ("storm", 5, .milliseconds(40), 0.1),
        ])
        #expect(summary.verdict.isToolBound)
        #expect(summary.verdict.headline?.contains("phase storm") == true)
        #expect(summary.phases.map(\.level) == [.clear, .toolBound])
        #expect(summary.toolBoundSeconds == 5)
    }

    @Test("The whole run is judged too: what no phase has enough of may be enough together")
    func judgedAsAWhole() {
        // A second has 500 heartbeats, too few for its p99: 1 % of all are 40 ms late.
        let exchange = IntervalExchange()
        let shard = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange])
        for second in Int64(0)..<10 {
            recorder.enterPhase("p\(second)", at: .zero + .seconds(second))
            for index in 0..<500 {
                let lag: Nanoseconds = index < 8 ? .milliseconds(40) : .microseconds(20)
                shard.record(.schedulingDelay, lag)
                shard.record(.heartbeatResponse, lag + .milliseconds(2))
            }
            shard.publish()
            recorder.tick(at: .zero + .seconds(second + 1), process: .idle)
        }
        let summary = recorder.record(of: .sample, outcome: .completed, profile: "").summary
        #expect(summary.phases.allSatisfy { $0.level == .clear })
        Self.expect(summary.verdict, .toolBound, ["own-share"])
        #expect(summary.verdict.headline?.contains("(whole run)") == true)
    }

    @Test("Of a rule broken in several phases the worst is told, with the number of the others")
    func worstOfSeveralPhases() {
        let summary = Self.run(
            [0.92, 0.99, 0.95, 0.1].enumerated().map { ("p\($0.offset)", 1, .microseconds(20), $0.element) })
        #expect(
            summary.verdict.findings.map(\.message) == [
                "the thread of shard 0 ran for 99 % of the time, and answers may have waited for it (phase p1), "
                    + "less in 2 other phases"
            ])
    }

    @Test(
        "A phase that is clear on the whole, yet tool-bound in a tenth of its seconds, is shared",
        arguments: [(9, Verdict.Level.shared), (10, .clear)])
    func toolBoundSeconds(quiet: Int, level: Verdict.Level) {
        let exchange = IntervalExchange()
        let shard = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange])
        for second in Int64(0)...Int64(quiet) {
            shard.used(second == 4 ? .seconds(1) : .zero, in: .seconds(1))
            shard.publish()
            recorder.tick(at: .zero + .seconds(second + 1), process: .idle)
        }
        let verdict = recorder.record(of: .sample, outcome: .completed, profile: "").summary.verdict
        Self.expect(verdict, level, ["tool-bound-seconds"])
    }
}
