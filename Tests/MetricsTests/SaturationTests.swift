import Basis
import Testing

@testable import Metrics

@Suite("Saturation verdict")
struct SaturationTests {
    static func delays(_ delay: Nanoseconds, count: Int = 1000) -> CompactHistogram {
        var histogram = LatencyHistogram()
        for _ in 0..<count { _ = histogram.record(delay) }
        return CompactHistogram(histogram)
    }

    static func evidence(
        delay: Nanoseconds = .zero, delays: Int = 1000, cpu: Double = 0, counter: Counter? = nil, silent: Int = 0,
        heartbeat: Nanoseconds? = nil
    ) -> SaturationRules.Evidence {
        var counters = CounterTable()
        if let counter { counters[counter] = 3 }
        return SaturationRules.Evidence(
            delay: Self.delays(delay, count: delays), cpuShare: cpu, counters: counters, silentShards: silent,
            heartbeatInterval: heartbeat)
    }

    @Test(
        "p99 of the scheduling lag: fine to 1 ms, strained to 10 ms, saturated beyond",
        arguments: [
            (Nanoseconds.microseconds(900), Verdict.Level.fine), (.microseconds(1100), .strained),
            (.milliseconds(9), .strained), (.milliseconds(11), .saturated),
        ])
    func ownDelay(delay: Nanoseconds, level: Verdict.Level) {
        let verdict = Verdict(findings: SaturationRules().findings(for: Self.evidence(delay: delay)))
        #expect(verdict.level == level)
        #expect(verdict.findings.map(\.rule) == (level == .fine ? [] : ["scheduling-lag"]))
    }

    @Test("Where a tenth of the heartbeat interval is shorter than 10 ms, it is the limit; never below 1 ms")
    func ownDelayAgainstTheInterval() {
        func level(_ delay: Nanoseconds, _ heartbeat: Nanoseconds) -> Verdict.Level {
            Verdict(findings: SaturationRules().findings(for: Self.evidence(delay: delay, heartbeat: heartbeat))).level
        }
        #expect(level(.milliseconds(6), .seconds(10)) == .strained)
        #expect(level(.milliseconds(6), .milliseconds(50)) == .saturated)
        #expect(level(.microseconds(900), .milliseconds(1)) == .fine)
    }

    @Test("Too few timers say nothing about a p99")
    func fewDelays() {
        #expect(SaturationRules().findings(for: Self.evidence(delay: .seconds(1), delays: 99)).isEmpty)
        #expect(!SaturationRules().findings(for: Self.evidence(delay: .seconds(1), delays: 100)).isEmpty)
    }

    @Test(
        "Processor share: fine to 75 %, strained to 90 %, saturated from there",
        arguments: [
            (0.74, Verdict.Level.fine), (0.76, .strained), (0.89, .strained), (0.9, .saturated), (1.02, .saturated),
        ])
    func ownCPU(share: Double, level: Verdict.Level) {
        #expect(Verdict(findings: SaturationRules().findings(for: Self.evidence(cpu: share))).level == level)
    }

    @Test(
        "Skipped heartbeats and exhausted descriptors or ports are the tool's limits, however few",
        arguments: [Counter.skippedHeartbeats, .outOfDescriptors, .outOfPorts])
    func ownLimits(counter: Counter) {
        let verdict = Verdict(findings: SaturationRules().findings(for: Self.evidence(counter: counter)))
        #expect(verdict.isSaturated)
        #expect(verdict.headline?.contains("3 ") == true)
    }

    @Test("Errors of the server or the network are no sign of saturation", arguments: Counter.allCases)
    func othersErrors(counter: Counter) {
        let own: Set<Counter> = [.skippedHeartbeats, .outOfDescriptors, .outOfPorts]
        let findings = SaturationRules().findings(for: Self.evidence(counter: counter))
        #expect(findings.isEmpty == !own.contains(counter))
    }

    @Test("The gravest finding gives the level and the headline; without saturation there is none")
    func headline() {
        let rules = SaturationRules()
        let strained = Verdict(findings: rules.findings(for: Self.evidence(delay: .milliseconds(2), silent: 1)))
        #expect(strained.level == .strained)
        #expect(strained.headline == nil)
        let saturated = Verdict(
            findings: rules.findings(for: Self.evidence(delay: .milliseconds(2), cpu: 0.95), in: "phase storm"))
        #expect(saturated.findings.map(\.level) == [.saturated, .strained])
        #expect(saturated.headline?.hasPrefix("GENERATOR SATURATED: the generator used 95 %") == true)
        #expect(saturated.headline?.contains("phase storm") == true)
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

    @Test("A run is judged phase by phase: a short saturated one is not diluted by a long quiet one")
    func judgedByPhase() {
        let exchange = IntervalExchange()
        let shard = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange])
        var cpu = Nanoseconds.zero
        for tick in 0..<100 {
            if tick == 0 { recorder.enterPhase("steady", at: .zero) }
            if tick == 95 { recorder.enterPhase("storm", at: .zero + .seconds(95)) }
            for _ in 0..<200 { shard.record(.schedulingDelay, tick >= 95 ? .milliseconds(40) : .microseconds(50)) }
            cpu = cpu + .milliseconds(100)
            shard.publish()
            recorder.tick(
                at: .zero + .seconds(Int64(tick) + 1),
                process: ProcessSample(cpu: cpu, residentBytes: 1, availableCores: 2))
        }
        let summary = recorder.record(of: .sample, outcome: .completed, profile: "").summary
        #expect(summary.verdict.isSaturated)
        #expect(summary.verdict.headline?.contains("phase storm") == true)
        #expect(summary.phases.map(\.level) == [.fine, .saturated])
        #expect(summary.saturatedSeconds == 5)
    }

    @Test("Of a rule broken in several phases the worst is reported, with the number of the others")
    func worstOfSeveralPhases() {
        let recorder = RunRecorder(start: .zero, exchanges: [], sample: .idle)
        var cpu = Nanoseconds.zero
        for (index, milliseconds) in [1840, 1980, 1900, 100].enumerated() {
            recorder.enterPhase("p\(index)", at: .zero + .seconds(Int64(index)))
            cpu = cpu + .milliseconds(Int64(milliseconds))
            recorder.tick(
                at: .zero + .seconds(Int64(index) + 1),
                process: ProcessSample(cpu: cpu, residentBytes: 1, availableCores: 2))
        }
        let verdict = recorder.record(of: .sample, outcome: .completed, profile: "").summary.verdict
        #expect(
            verdict.findings.map(\.message) == [
                "the generator used 99 % of the cores that it may use (phase p1), less in 2 other phases"
            ])
    }

    @Test("A phase that is fine on the whole, yet saturated in a tenth of its seconds, is strained")
    func saturatedSeconds() {
        let recorder = RunRecorder(start: .zero, exchanges: [])
        var cpu = Nanoseconds.zero
        for tick in 1...10 {
            cpu = cpu + .milliseconds(tick == 4 ? 2000 : 100)
            recorder.tick(
                at: .zero + .seconds(Int64(tick)), process: ProcessSample(cpu: cpu, residentBytes: 1, availableCores: 2)
            )
        }
        let verdict = recorder.record(of: .sample, outcome: .completed, profile: "").summary.verdict
        #expect(verdict.findings.map(\.rule) == ["saturated-seconds"])
        #expect(verdict.level == .strained)
    }
}
