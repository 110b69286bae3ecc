import Basis
import Testing

@testable import Metrics

@Suite("Findings about the server")
struct ServerFindingsTests {
    /// A run of so many seconds, each with what `second` counts.
    static func findings(
        seconds: Int, _ second: (Int, ShardMetrics) -> Void
    ) -> ServerFindings {
        let exchange = IntervalExchange()
        let metrics = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange])
        metrics.count(.agentsConnected, 50)
        var last = CounterTable()
        for number in 1...seconds {
            second(number, metrics)
            metrics.publish()
            last = recorder.tick(at: .zero + .seconds(Int64(number)), process: .idle).counters
        }
        return ServerFindings(last, rows: recorder.series.all, duration: .seconds(Int64(seconds)))
    }

    @Test("A server that stops answering is found, with when and how many reports have no answer")
    func stop() throws {
        let findings = Self.findings(seconds: 12) { second, metrics in
            metrics.count(.heartbeats, 50)
            if second <= 5 { metrics.count(.answersReceived, 50) }
        }
        let stop = try #require(findings.stop)
        #expect(stop == ServerFindings.Stop(last: .seconds(5), reports: 350, length: .seconds(7)))
        #expect(findings.warnings.map(\.rule).contains("server-stopped-answering"))
    }

    @Test(
        "A server that answers to the end, and one that only an agent_disconnect leaves without an answer, did not stop"
    )
    func noStop() {
        let toTheEnd = Self.findings(seconds: 12) { second, metrics in
            metrics.count(.heartbeats, 50)
            if second % 2 == 0 { metrics.count(.answersReceived, 100) }
        }
        #expect(toTheEnd.stop == nil)
        let leaving = Self.findings(seconds: 12) { second, metrics in
            if second <= 5 {
                metrics.count(.heartbeats, 50)
                metrics.count(.answersReceived, 50)
            } else if second == 7 {
                metrics.count(.agentDisconnects, 50)
            }
        }
        #expect(leaving.stop == nil)
        #expect(leaving.warnings.isEmpty)
        let waiting = Self.findings(seconds: 12) { second, metrics in
            if second <= 5 {
                metrics.count(.heartbeats, 50)
                metrics.count(.answersReceived, 50)
            } else {
                metrics.count(.heartbeatsDue, 50)
                metrics.count(.heartbeatsNotPossible, 50)
            }
        }
        #expect(waiting.stop == nil)
        let refusing = Self.findings(seconds: 12) { second, metrics in
            metrics.count(.heartbeats, 50)
            metrics.count(second <= 5 ? .answersReceived : .reportsRefused, 50)
        }
        #expect(refusing.stop == nil)
        #expect(refusing.warnings.map(\.rule) == ["reports-refused"])
    }

    @Test("A server that is gone, so that no connection can be opened, has stopped answering")
    func gone() {
        let findings = Self.findings(seconds: 12) { second, metrics in
            if second <= 5 {
                metrics.count(.heartbeats, 50)
                metrics.count(.answersReceived, 50)
            } else {
                metrics.count(.connectionsAttempted, 50)
                metrics.count(.heartbeatsNotPossible, 50)
            }
        }
        #expect(findings.stop?.reports == 350)
    }

    @Test(
        "What percentiles need to be read with is a warning from one in a hundred on",
        arguments: [
            (Counter.unanswered, "reports-unanswered"), (.answersLost, "reports-unanswered"),
            (.reportsRefused, "reports-refused"), (.heartbeatsNotPossible, "heartbeats-not-possible"),
            (.answersAmbiguous, "answers-ambiguous"),
        ])
    func shares(counter: Counter, rule: String) {
        for (count, isTold) in [(9, false), (10, true)] {
            let findings = Self.findings(seconds: 1) { _, metrics in
                metrics.count(.heartbeats, 1_000)
                metrics.count(.heartbeatsDue, 1_000)
                metrics.count(.answersReceived, 1_000)
                metrics.count(counter, count)
            }
            #expect(findings.warnings.map(\.rule) == (isTold ? [rule] : []), "\(count)")
        }
    }

    @Test("A pool that is too small, and agents that reconnect without a wait, are named")
    func poolAndReconnects() {
        let findings = Self.findings(seconds: 10) { _, metrics in
            metrics.count(.heartbeats, 50)
            metrics.count(.answersReceived, 50)
            metrics.count(.pollsWithoutConnection)
            metrics.count(.reconnects, 50)
        }
        #expect(findings.warnings.map(\.rule) == ["pool-too-small", "reconnect-rate"])
        #expect(findings.warnings.last?.message.contains("60.0 times a minute") == true)
        let storm = Self.findings(seconds: 10) { _, metrics in
            metrics.count(.answersReceived, 50)
            metrics.count(.connectionsCut, 50)
            metrics.count(.reconnects, 50)
        }
        #expect(storm.warnings.isEmpty)
    }
}
