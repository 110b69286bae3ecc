import Basis
import Foundation
import OpAMP
import Testing

@testable import Metrics
@testable import Report

@Suite("Advice that follows from a run")
struct RunAdviceTests {
    private func histogram(_ spans: [Nanoseconds]) -> LatencyHistogram {
        var histogram = LatencyHistogram()
        for span in spans { _ = histogram.record(span) }
        return histogram
    }

    private func limit(_ text: String, _ metric: ThresholdMetric, _ limit: Nanoseconds) -> ThresholdOutcome {
        let threshold = Threshold(text: text, metric: metric, relation: .below, limit: Double(limit.count))
        return ThresholdOutcome(threshold, state: .passed, figure: "", reason: nil)
    }

    /// A run of 2,000 agents, of which so many were answered again in each second of its storm.
    private func storm(_ back: [Int]) -> RunRecord {
        var record = SampleRun.record()
        for (second, count) in back.enumerated() {
            let times = histogram(.init(repeating: .seconds(Int64(second) + 1), count: count))
            record.series[31 + second].histograms[Measure.timeWithoutServer.index] = BoundedHistogram(times, nil)
        }
        return record
    }

    @Test("A storm's back-off is the fleet divided by the rate at which agents were answered again")
    func backOff() throws {
        // 50 a second, of 2,000 agents.
        var record = storm([50, 50, 50, 50, 50, 50, 50, 50])
        let sentence = try #require(RunAdvice.sentences(record).first)
        #expect(sentence.contains("all 2,000 agents over 40.0 s asks"), "\(sentence)")
        #expect(sentence.contains("in phase storm") && sentence.contains("at 50.0 a second"), "\(sentence)")
        let metric = ThresholdMetric.time(.timeWithoutServer, .max)
        record.summary.thresholds = [limit("recovery.last < 90s", metric, .seconds(90))]
        let bounded = RunAdvice.sentences(record)[0]
        #expect(bounded.contains("40.0 s or more, and less than recovery.last < 90s leaves"), "\(bounded)")
        record.summary.thresholds = [limit("recovery.last < 30s", metric, .seconds(30))]
        let impossible = RunAdvice.sentences(record)[0]
        #expect(impossible.contains("longer than recovery.last < 30s allows"), "\(impossible)")
    }

    @Test(
        "Nothing follows from few agents, from a storm of one or two seconds, or from a run without one",
        arguments: [[], [10, 10, 10, 10, 10], [500, 500]])
    func noStorm(back: [Int]) {
        #expect(RunAdvice.sentences(storm(back)) == [])
    }

    @Test("Nothing follows where agents were not back at the end, or where the tool was the bottleneck")
    func unknown() {
        var record = storm([50, 50, 50, 50, 50, 50])
        let spans = CompactHistogram(histogram([.seconds(9)]))
        record.histograms.append(
            TaggedHistogram(
                tag: "total/time_without_server/at_least", start: .zero, length: .seconds(9), histogram: spans))
        #expect(RunAdvice.sentences(record) == [])
        let busy = SampleRun.record(SampleRun.Options(cpu: 0.99))
        record = storm([50, 50, 50, 50, 50, 50])
        record.summary.verdict = busy.summary.verdict
        #expect(busy.summary.verdict.isToolBound && RunAdvice.sentences(record) == [])
    }

    /// A run with a wave in which one agent of 1,000 converges every 10 ms.
    private func rollout(received: Int, until span: Nanoseconds) -> RunRecord {
        var record = SampleRun.record()
        var stages = [CompactHistogram](repeating: .empty, count: OfferStage.allCases.count)
        let times = (1...1_000).map { Nanoseconds.milliseconds(Int64($0) * 10) }
        stages[Int(OfferStage.converged.rawValue)] = CompactHistogram(histogram(times))
        stages[Int(OfferStage.received.rawValue)] = CompactHistogram(
            histogram(.init(repeating: .milliseconds(1), count: received)))
        let wave = Wave(kind: .remoteConfig, label: "rollout", clock: .event, origin: .zero, number: 1)
        record.summary.waves = [WaveSummary(wave: wave, start: .zero, stages: stages)]
        let metric = ThresholdMetric.wave(.remoteConfig, .converged, .percentile(99))
        record.summary.thresholds = [limit("waves.config.converged.p99 < \(Figures.duration(span))", metric, span)]
        return record
    }

    @Test("A batch has the agents that had converged within the limit; no larger one than was measured is named")
    func batch() throws {
        let slow = try #require(RunAdvice.sentences(rollout(received: 1_000, until: .seconds(4))).first)
        let batch = try #require(slow.split(separator: " ").compactMap { Int($0) }.first)
        // A bucket of the histogram is 1 % wide.
        #expect((392...408).contains(batch), "\(slow)")
        #expect(slow.contains("of 1,000 had converged by then") && slow.contains("100 a second"), "\(slow)")
        let fast = try #require(RunAdvice.sentences(rollout(received: 1_000, until: .seconds(20))).first)
        #expect(fast.contains("batches of 1,000 agents") && fast.contains("Larger ones were not measured"), "\(fast)")
    }

    @Test("Nothing follows from a wave that did not converge, or without a limit on its time")
    func noBatch() {
        #expect(RunAdvice.sentences(rollout(received: 1_001, until: .seconds(20))) == [])
        var record = rollout(received: 1_000, until: .seconds(20))
        record.summary.thresholds = []
        #expect(RunAdvice.sentences(record) == [])
    }

    @Test("The summary of the results has the advice with its rule; one of an earlier release is read without it")
    func inSummary() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("muster-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var record = storm([50, 50, 50, 50, 50, 50, 50, 50])
        record.summary.waves = rollout(received: 1_000, until: .seconds(4)).summary.waves
        record.summary.thresholds = rollout(received: 1_000, until: .seconds(4)).summary.thresholds
        let directory = try ResultsDirectory.create(in: folder, run: "r")
        try directory.write(record)
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/summary.json"))
        let advice = try #require(try SummaryDocument(json: data).advice)
        #expect(advice.map(\.rule) == ["storm-back-off", "rollout-batch"])
        #expect(advice.map(\.message) == RunAdvice.sentences(record))
        var object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        object["advice"] = nil
        #expect(try SummaryDocument(json: JSONSerialization.data(withJSONObject: object)).advice == nil)
    }
}
