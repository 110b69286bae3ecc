import AgentModel
import Basis
import Prometheus
import Testing

@testable import Metrics

extension Snapshot {
    /// The page for scrapers, as text.
    var prometheusText: String { String(decoding: PrometheusPage.body(for: self, as: .text), as: UTF8.self) }
}

@Suite("Prometheus text")
struct PrometheusTextTests {
    static func body() -> String {
        let exchange = IntervalExchange()
        let shard = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange])
        recorder.enterPhase("st\"orm", at: .zero)
        shard.count(.heartbeats, 42)
        shard.count(.reset, 2)
        shard.count(named: "odd\\name\n")
        shard.agentsMoved(5, from: nil, to: .connected)
        for milliseconds in 1...100 { shard.record(.heartbeatResponse, .milliseconds(Int64(milliseconds))) }
        shard.publish()
        return recorder.tick(at: .zero + .seconds(1), process: .idle).prometheusText
    }

    @Test("Counters, errors, states and summaries stand there under their names")
    func samples() {
        let lines = Set(Self.body().split(separator: "\n").map(String.init))
        for line in [
            "muster_heartbeats_total 42.0",
            "muster_errors_total{error=\"reset\",fault=\"network\"} 2.0",
            "muster_agents{state=\"connected\"} 5.0",
            "muster_heartbeat_response_seconds_count 100.0",
            "muster_named_total{name=\"odd\\\\name\\n\"} 1.0",
            "muster_phase{phase=\"st\\\"orm\"} 1.0",
            "# TYPE muster_heartbeat_response_seconds summary",
            "muster_generator_tool_bound 0.0",
            "muster_heartbeat_response_distribution_seconds_bucket{le=\"0.02\"} 20.0",
            "muster_heartbeat_response_distribution_seconds_bucket{le=\"0.1\"} 100.0",
            "muster_heartbeat_response_distribution_seconds_bucket{le=\"+Inf\"} 100.0",
            "muster_heartbeat_response_distribution_seconds_bucket{le=\"0.0005\"} 0.0",
        ] { #expect(lines.contains(line), "\(line)") }
    }

    @Test("Every sample belongs to a family announced before it, and no family is announced twice")
    func families() {
        var announced: Set<Substring> = []
        for line in Self.body().split(separator: "\n") {
            if line.hasPrefix("# TYPE ") {
                #expect(announced.insert(line.split(separator: " ")[2]).inserted, "\(line)")
            } else if !line.hasPrefix("#") {
                let name = line.prefix { $0 != "{" && $0 != " " }
                let families = ["", "_sum", "_count", "_bucket"].filter { name.hasSuffix($0) }.map {
                    name.dropLast($0.count)
                }
                #expect(families.contains { announced.contains($0) }, "\(line)")
            }
        }
    }
}
