import AgentModel
import Basis
import ControlPlane
import Metrics
import Testing

/// The state machines and the measuring against servers whose every delay is known, in virtual time: no clock, no
/// socket, no tolerance but the width of a histogram bucket.
@Suite("Honest figures in virtual time")
struct VirtualHonestyTests {
    static func script(answering delay: Distribution, seed: UInt64 = 1) -> FleetScript {
        var script = FleetScript()
        script.server.answerDelay = delay
        script.seed = seed
        return script
    }

    static func expect(
        _ outcome: VirtualFleet.Outcome, toBe forecast: Forecast, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let summary = outcome.record.summary
        forecast.responseTimes.expect(summary[.heartbeatResponse], sourceLocation: sourceLocation)
        forecast.serviceTimes.expect(summary[.heartbeatService], sourceLocation: sourceLocation)
        forecast.schedulingDelays.expect(summary[.schedulingDelay], sourceLocation: sourceLocation)
        #expect(outcome.otherReports == 0, sourceLocation: sourceLocation)
        #expect(summary.counters[.skippedHeartbeats] == 0, sourceLocation: sourceLocation)
    }

    @Test(
        "Response and service time are those of the script, percentile by percentile",
        arguments: [
            Distribution.constant(.zero), .constant(.milliseconds(5)),
            .uniform(.milliseconds(1), .milliseconds(40)), .exponential(mean: .milliseconds(8)),
            .logNormal(median: .milliseconds(3), sigma: 1.2), .logNormal(median: .microseconds(40), sigma: 2),
        ])
    func scriptedDelays(delay: Distribution) {
        let script = Self.script(answering: delay, seed: 20_260_807)
        let forecast = Forecast(script)
        let outcome = VirtualFleet.play(script)
        // 29 or 30 heartbeats an agent: enough for p99.9 to be a rank of its own.
        #expect(forecast.exchanges.count > 2_800)
        Self.expect(outcome, toBe: forecast)
        // A tool on time measures the same from due as from sent.
        #expect(outcome.record.summary[.heartbeatResponse].p99 == outcome.record.summary[.heartbeatService].p99)
    }

    @Test(
        "An answer overtaken by none: the order of a connection holds even where delays are longer than the interval")
    func delaysLongerThanTheInterval() {
        var script = Self.script(answering: .logNormal(median: .milliseconds(300), sigma: 1))
        script.interval = .milliseconds(250)
        script.until = .zero + .seconds(8)
        Self.expect(VirtualFleet.play(script), toBe: Forecast(script))
    }

    @Test("A pause of two seconds shows in response time as every heartbeat that was due in it would have waited")
    func pauseSpread() {
        var script = Self.script(answering: .constant(.milliseconds(2)))
        let pause = Pause(from: .zero + .milliseconds(10_500), until: .zero + .milliseconds(12_500))
        script.server.pauses = [pause]
        let outcome = VirtualFleet.play(script)
        Self.expect(outcome, toBe: Forecast(script))

        // The same in closed form. The heartbeats of 100 agents lie 10 ms apart, so 200 of them fall into the pause,
        // and the r-th longest wait is two seconds less r steps; all others wait for the delay alone.
        let response = outcome.record.summary[.heartbeatResponse]
        let step = Nanoseconds(script.interval.count / Int64(script.agents))
        let undisturbed = Nanoseconds.milliseconds(2) + script.transit + script.transit
        for percentile in ExpectedFigures.percentiles {
            let fromTop = Int64(response.count) * Int64(1000 - percentile.permille) / 1000
            let expected = max(.seconds(2) - step * fromTop, undisturbed)
            let figure = response[keyPath: percentile.path]
            #expect(
                max(figure - expected, expected - figure) <= step + ExpectedFigures.bucketWidth(at: expected),
                "\(percentile.name): \(figure), in closed form \(expected)")
        }
        // 3,000 heartbeats, 200 in the pause: a closed loop, which waits for the answer before it sends again, would
        // have seen 100.
        for (wait, count) in [(Nanoseconds.milliseconds(500), 150), (.seconds(1), 100), (.milliseconds(1_500), 50)] {
            #expect(abs(Forecast(script).responseTimes.count(above: wait) - count) <= 1)
            #expect(abs(outcome.record.responses(above: wait) - count) <= 2)
        }
    }

    @Test("A pause under a fleet in lockstep holds every agent up for exactly the rest of the pause")
    func pauseLockstep() {
        var script = Self.script(answering: .constant(.milliseconds(2)))
        script.phase = .lockstep
        script.until = .zero + .seconds(20)
        script.server.pauses = [Pause(from: .zero + .milliseconds(10_500), until: .zero + .milliseconds(12_500))]
        let outcome = VirtualFleet.play(script)
        Self.expect(outcome, toBe: Forecast(script))
        let response = outcome.record.summary[.heartbeatResponse]
        #expect(response.max == .milliseconds(1_500) + script.transit)
        #expect(outcome.record.responses(above: .seconds(1)) == script.agents)
        #expect(outcome.record.responses(above: .milliseconds(400)) == 2 * script.agents)
        #expect(outcome.record.responses(above: .milliseconds(3)) == 2 * script.agents)
    }

    @Test(
        "Every answer of a throttling server is counted and timed, and every refusal is counted as one",
        arguments: [0.02, 0.3])
    func throttling(share: Double) {
        var script = Self.script(answering: .uniform(.milliseconds(1), .milliseconds(9)))
        script.server.throttle = Throttle(share: share, retryAfter: .milliseconds(400))
        let outcome = VirtualFleet.play(script)
        let summary = outcome.record.summary
        #expect(outcome.refusals > 20)
        #expect(summary.counters[.throttled] == UInt64(outcome.refusals))
        #expect(outcome.server.throttled == UInt64(outcome.refusals))
        // How fast a server refuses is no latency of its answers; heartbeats that were due meanwhile count as well.
        ExpectedFigures(outcome.wire.map(\.serviceTime)).expect(summary[.heartbeatService])
        let counters = summary.counters
        #expect(
            summary[.heartbeatResponse].count
                == UInt64(outcome.wire.count) + counters[.heartbeatsNotPossible] + counters[.heartbeatsUnanswered])
        #expect(counters[.reportsRefused] == UInt64(outcome.refusals))
        #expect(counters[.answersReceived] + counters[.reportsRefused] == outcome.server.answers)
    }
}

extension RunRecord {
    /// How many heartbeats of the run took longer from due to answered, to the width of a bucket.
    func responses(above span: Nanoseconds) -> Int {
        count(of: .heartbeatResponse, above: span)
    }

    func count(of measure: Measure, above span: Nanoseconds) -> Int {
        let total = histograms.first { $0.tag == "total/\(measure.name)" }
        guard let histogram = total?.histogram else { return 0 }
        return Int((Double(histogram.count) * (1 - histogram.share(atMost: span))).rounded())
    }
}
