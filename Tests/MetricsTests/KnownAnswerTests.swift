import Basis
import Metrics
import Testing

@Suite("Known answers")
struct KnownAnswerTests {
    /// What a recorder reports of a script whose exchanges are recorded second by second.
    func report(of script: [ScriptedExchange]) -> RunSummary {
        let exchange = IntervalExchange()
        let metrics = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange])
        recorder.enterPhase("steady", at: .zero)
        var tick = Instant.zero
        for exchange in script.sorted(by: { $0.answered < $1.answered }) {
            while exchange.answered > tick + .seconds(1) {
                tick += .seconds(1)
                metrics.publish()
                recorder.tick(at: tick, process: .idle)
            }
            metrics.record(.heartbeatResponse, exchange.responseTime)
            metrics.record(.heartbeatService, exchange.serviceTime)
        }
        metrics.publish()
        recorder.finish(at: tick + .seconds(1), process: .idle)
        return recorder.record(of: .sample, outcome: .completed, profile: "").summary
    }

    @Test("The reported percentiles are the ones computed from the script", arguments: [UInt64(1), 2, 3])
    func percentilesOfAScript(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let delays = Distribution.logNormal(median: .milliseconds(2), sigma: 0.8)
        let drawn = (0..<3000).map { _ in delays.draw(&random) }
        let script = ScriptedExchange.openLoop(
            count: 3000, first: .zero, interval: .milliseconds(4), lateness: { .microseconds(Int64($0 % 7) * 10) },
            delay: { drawn[$0] })
        let (summary, known) = (report(of: script), KnownAnswers(script))
        let (response, service) = (summary[.heartbeatResponse], summary[.heartbeatService])
        #expect(response.count == 3000)
        for (percentile, reported) in zip(
            [50, 90, 99, 99.9], [response.p50, response.p90, response.p99, response.p999])
        {
            #expect(KnownAnswers.agrees(reported, with: known.responseTime(atPercentile: percentile)))
        }
        for (percentile, reported) in zip([50, 90, 99, 99.9], [service.p50, service.p90, service.p99, service.p999]) {
            #expect(KnownAnswers.agrees(reported, with: known.serviceTime(atPercentile: percentile)))
        }
        #expect(response.max == known.responseTimes.last)
    }

    @Test("A pause of two seconds is seen by every heartbeat that was due in it, not by one")
    func pauseIsSeenByAllThatWereDue() {
        // 100 heartbeats a second for 10 s, answered in 1 ms, but for a pause from 4 s to 6 s.
        let script = ScriptedExchange.openLoop(
            count: 1000, first: .zero, interval: .milliseconds(10),
            pause: Instant(nanoseconds: 4_000_000_000)..<Instant(nanoseconds: 6_000_000_000),
            delay: { _ in .milliseconds(1) })
        let (summary, known) = (report(of: script), KnownAnswers(script))
        let response = summary[.heartbeatResponse]
        // 200 of 1000 waited, evenly between nothing and two seconds: p90 is one second, p99 1.9 s.
        #expect(KnownAnswers.agrees(response.p90, with: known.responseTime(atPercentile: 90)))
        #expect(KnownAnswers.agrees(response.p90, with: .seconds(1), within: .milliseconds(20)))
        #expect(KnownAnswers.agrees(response.p99, with: .milliseconds(1900), within: .milliseconds(20)))
        #expect(response.p50 < .milliseconds(2))
    }

    @Test("The comparison of known answers fails where a figure is off by more than a bucket and the error allowed")
    func comparisonCanFail() {
        #expect(!KnownAnswers.agrees(.milliseconds(1002), with: .milliseconds(1000)))
        #expect(KnownAnswers.agrees(.milliseconds(1002), with: .milliseconds(1000), within: .milliseconds(2)))
        #expect(!KnownAnswers.agrees(.milliseconds(998), with: .milliseconds(1000)))
        #expect(KnownAnswers.percentile(50, of: [.zero, .seconds(1), .seconds(2)]) == .seconds(1))
        #expect(KnownAnswers.percentile(99.9, of: (1...1000).map { .seconds($0) }) == .seconds(999))
    }
}

extension RunIdentity {
    static let sample = RunIdentity(
        run: "2026-11-24T0158-steady", profile: "steady", server: "ws://127.0.0.1:4320/v1/opamp", seed: 1, agents: 2000,
        shards: 2, startedAt: 1_795_485_480, tool: "muster test", machine: "2 cores")
}
