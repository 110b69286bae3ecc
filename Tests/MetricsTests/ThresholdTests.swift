import AgentModel
import Basis
import OpAMP
import Testing

@testable import Metrics

@Suite("Thresholds, judged by what a run recorded")
struct ThresholdTests {
    private let exchange = IntervalExchange(cohorts: 2)
    private let clocks = WaveClocks()
    private let shard: ShardMetrics
    private let recorder: RunRecorder

    init() {
        shard = ShardMetrics(exchange: exchange, clocks: clocks)
        recorder = RunRecorder(start: .zero, exchanges: [exchange], clocks: clocks, cohorts: ["edge", "core"])
    }

    private static func second(_ second: Int64) -> Instant { .zero + .seconds(second) }

    private static func threshold(
        _ metric: ThresholdMetric, _ relation: Threshold.Relation, _ limit: Double, _ scope: Threshold.Scope = .run,
        _ span: Threshold.Span = .whole, abortAfter: Nanoseconds? = nil
    ) -> Threshold {
        Threshold(
            text: "t", metric: metric, relation: relation, limit: limit, scope: scope, span: span,
            abortAfter: abortAfter)
    }

    private func record(_ count: Int, _ milliseconds: Int64, _ measure: Measure = .heartbeatResponse) {
        for _ in 0..<count { shard.record(measure, .milliseconds(milliseconds)) }
    }

    private func tick(_ second: Int64) {
        shard.publish()
        recorder.tick(at: Self.second(second), process: .idle)
    }

    private var outcomes: [ThresholdOutcome] { recorder.summary(of: .sample, outcome: .completed).thresholds }

    @Test("A percentile passes below its limit and fails above it")
    func percentiles() {
        let p99 = ThresholdMetric.time(.heartbeatResponse, .percentile(99))
        recorder.judge([
            Self.threshold(p99, .below, 50e6), Self.threshold(p99, .below, 10e6), Self.threshold(p99, .above, 10e6),
            Self.threshold(.time(.heartbeatResponse, .max), .below, 50e6),
        ])
        record(990, 5)
        record(30, 20)
        tick(1)
        #expect(outcomes.map(\.state) == [.passed, .failed, .passed, .passed])
        #expect(outcomes[0].figure == "20.0 ms")
    }

    @Test(
        "With fewer than ten samples beyond the percentile it is not decided, unless a lower percentile fails already")
    func tooFew() {
        let p99 = ThresholdMetric.time(.heartbeatResponse, .percentile(99))
        recorder.judge([Self.threshold(p99, .below, 50e6), Self.threshold(p99, .below, 3e6)])
        #expect(outcomes.map(\.reason) == ["no sample", "no sample"])
        record(999, 5)
        tick(1)
        #expect(outcomes.map(\.state) == [.notDecided, .failed])
        #expect(outcomes[0].reason?.contains("too few samples: 999") == true)
        record(1, 5)
        tick(2)
        #expect(outcomes.map(\.state) == [.passed, .failed])
    }

    @Test("A figure that is a range across the limit is not decided; a range on one side is")
    func ranges() {
        let p99 = ThresholdMetric.time(.heartbeatResponse, .percentile(99))
        recorder.judge([
            Self.threshold(p99, .below, 50e6), Self.threshold(p99, .below, 3e6), Self.threshold(p99, .above, 4e6),
        ])
        record(1_000, 5)
        for _ in 0..<100 { shard.record(.heartbeatResponse, .milliseconds(5), .atLeast) }
        record(100, 5)
        tick(1)
        #expect(outcomes.map(\.state) == [.notDecided, .failed, .passed])
        #expect(outcomes[0].figure.hasPrefix("> "))
    }

    @Test("Of a phase and of a cohort only their own values count")
    func scopes() {
        let p50 = ThresholdMetric.time(.heartbeatResponse, .percentile(50))
        recorder.judge([
            Self.threshold(p50, .below, 10e6, .phase("storm")), Self.threshold(p50, .below, 10e6, .phase("run")),
            Self.threshold(.count(.reset), .atMost, 1, .phase("storm")), Self.threshold(.count(.reset), .atMost, 1),
        ])
        record(100, 5)
        shard.count(.reset)
        tick(1)
        recorder.enterPhase("storm", at: Self.second(1))
        record(100, 40)
        shard.count(.reset)
        tick(2)
        #expect(outcomes.map(\.state) == [.failed, .passed, .passed, .failed])
    }

    @Test("Windows: the share that keeps the limit decides, and a window that is not decided is on neither side")
    func windows() {
        let p50 = ThresholdMetric.time(.heartbeatResponse, .percentile(50))
        func windows(_ share: Double) -> Threshold {
            Self.threshold(p50, .below, 10e6, .run, .windows(of: .seconds(2), share: share))
        }
        recorder.judge([windows(0.5), windows(0.75), windows(0.9)])
        for second in 1...8 as ClosedRange<Int64> {
            // Windows of 2 s: slow, none, fast, fast.
            if second < 3 || second > 4 { record(100, second < 3 ? 40 : 5) }
            tick(second)
        }
        #expect(outcomes.map(\.state) == [.passed, .notDecided, .failed])
        #expect(outcomes[1].figure == "2 of 4 windows")
    }

    @Test("Availability and errors are shares; without anything to divide by they are not decided")
    func shares() {
        recorder.judge([
            Self.threshold(.availability, .atLeast, 0.99), Self.threshold(.errorRate, .below, 0.02),
            Self.threshold(.perSecond(.answersReceived), .atLeast, 50),
        ])
        #expect(outcomes.map(\.state) == [.notDecided, .notDecided, .notDecided])
        shard.count(.heartbeatsDue, 100)
        shard.count(.heartbeatsAnsweredInTime, 98)
        shard.count(.heartbeats, 100)
        shard.count(.reset)
        shard.count(.answersReceived, 100)
        tick(2)
        #expect(outcomes.map(\.state) == [.failed, .passed, .passed])
        #expect(outcomes.map(\.figure) == ["98 %", "1 % (1 of 100)", "50.0/s"])
    }

    @Test("A wave counts the agents that have not reached the stage: they take at least until the end of the run")
    func waves() {
        let p90 = ThresholdMetric.wave(.remoteConfig, .converged, .percentile(90))
        recorder.judge([
            Self.threshold(p90, .below, 2e9), Self.threshold(p90, .below, 20e9),
            Self.threshold(.waveShare(.remoteConfig, .converged), .atLeast, 0.8),
            Self.threshold(.wave(.packages, .converged, .max), .below, 1e9),
        ])
        clocks.begin(.remoteConfig, number: 1, label: "push", at: Self.second(1))
        for agent in 0..<100 {
            shard.reached(.received, of: .remoteConfig, number: 1, received: Self.second(1), at: Self.second(1))
            guard agent < 85 else { continue }
            let at = Self.second(1) + .milliseconds(Int64(10 * agent))
            shard.reached(.converged, of: .remoteConfig, number: 1, received: Self.second(1), at: at)
        }
        tick(6)
        #expect(outcomes.map(\.state) == [.failed, .notDecided, .passed, .notDecided])
        #expect(outcomes[0].figure == "reached by 85 of 100 agents")
        #expect(outcomes[1].reason == "the run ended 5.00 s after the offer")
    }

    @Test("A threshold ends the run only after its delay, and only once it has failed")
    func abort() {
        let errors = Self.threshold(.errorCount, .atMost, 1, abortAfter: .seconds(3))
        recorder.judge([Self.threshold(.errorCount, .atMost, 0), errors])
        shard.count(.reset, 2)
        tick(2)
        #expect(recorder.abortingThreshold == nil)
        tick(3)
        #expect(recorder.abortingThreshold?.threshold == errors)
    }

    @Test("A trial is judged of its samples, however few, and has failed once too many of those expected are slow")
    func trial() {
        var goal = Self.threshold(
            .time(.heartbeatResponse, .percentile(99)), .below, 50e6, .time(from: .seconds(1), to: .seconds(20)))
        goal.expectedSamples = 500
        recorder.judge([goal])
        record(100, 900)
        tick(1)
        // What came before the trial is not of it.
        #expect(recorder.abortingThreshold == nil)
        record(50, 5)
        tick(2)
        #expect(outcomes[0].state == .passed)
        record(6, 900)
        tick(3)
        #expect(outcomes[0].state == .failed && recorder.abortingThreshold == nil)
        record(1, 900)
        tick(4)
        #expect(recorder.abortingThreshold?.state == .failed)
    }

    @Test("A run passes where every threshold does; what is not decided does not pass unless that is allowed")
    func passing() {
        var summary = recorder.summary(of: .sample, outcome: .completed)
        #expect(summary.hasPassed == nil)
        recorder.judge([Self.threshold(.errorCount, .atMost, 0), Self.threshold(.availability, .above, 0.5)])
        summary = recorder.summary(of: .sample, outcome: .completed)
        #expect(summary.thresholds.state == .notDecided && summary.hasPassed == false)
        summary.allowsUndecided = true
        #expect(summary.hasPassed == true)
        summary.outcome = .interrupted
        #expect(summary.hasPassed == false)
    }
}
