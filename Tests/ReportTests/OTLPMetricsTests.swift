import AgentModel
import Basis
import Foundation
import Metrics
import OTLP
import TestSupport
import Testing

@testable import Report

@Suite("The figures of a run as OTLP metrics")
struct OTLPMetricsTests {
    private static let module = PythonModule("opentelemetry.proto.collector.metrics.v1.metrics_service_pb2")

    /// Snapshots of a run: a thousand response times of 1 … 1,000 ms in the first second, as many again in the second.
    private static func snapshots() -> [Snapshot] {
        let exchange = IntervalExchange()
        let shard = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange])
        return (1...2).map { second in
            shard.count(.heartbeats, 1_000)
            shard.count(.reset, 2)
            if second == 1 { shard.agentsMoved(5, from: nil, to: .connected) }
            for milliseconds in 1...1_000 { shard.record(.heartbeatResponse, .milliseconds(Int64(milliseconds))) }
            shard.record(.httpRequest, .milliseconds(5))
            shard.publish()
            return recorder.tick(
                at: .zero + .seconds(Int64(second)),
                process: ProcessSample(cpu: .seconds(Int64(second)), residentBytes: 7, availableCores: 2))
        }
    }

    private static func bodies(_ temporality: OTLPMetrics.Temporality) -> [[UInt8]] {
        var metrics = OTLPMetrics(SampleRun.identity, start: 10, temporality: temporality)
        return snapshots().enumerated().map { metrics.body(for: $0.element, time: UInt64($0.offset) + 20) }
    }

    @Test("A receiver counts the data points of every request", arguments: OTLPMetrics.Temporality.allCases)
    func counted(temporality: OTLPMetrics.Temporality) throws {
        for body in Self.bodies(temporality) {
            let items = try ExportTally.items(in: body, of: .metrics)
            // Agents by state, counters, errors, two durations, CPU time and share, memory.
            #expect(items == AgentState.allCases.count + Counter.allCases.count + 5)
        }
    }

    /// Prints what the official messages read of a request.
    private static let script = """
        import sys
        from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as m
        from opentelemetry.proto.metrics.v1 import metrics_pb2 as p
        for text in sys.argv[1:]:
            request = m.ExportMetricsServiceRequest()
            request.ParseFromString(bytes.fromhex(text))
            resource = request.resource_metrics[0]
            print({a.key: a.value.string_value for a in resource.resource.attributes}['service.instance.id'])
            metrics = {x.name: x for x in resource.scope_metrics[0].metrics}
            beats = metrics['opamp.heartbeats'].sum
            print(beats.data_points[0].as_int, beats.aggregation_temporality, beats.is_monotonic)
            errors = {a.value.string_value: d.as_int for d in metrics['opamp.errors'].sum.data_points
                      for a in d.attributes if a.key == 'error.type'}
            print(errors['reset'], sum(errors.values()))
            histogram = metrics['opamp.heartbeat_response.duration'].exponential_histogram
            d = histogram.data_points[0]
            base = 2 ** (2 ** -d.scale)
            counts = list(d.positive.bucket_counts)
            rank, seen = d.count / 2, 0
            for i, count in enumerate(counts):
                seen += count
                if seen >= rank: break
            median = base ** (d.positive.offset + i + 0.5)
            print(d.count, sum(counts) + d.zero_count, histogram.aggregation_temporality, len(counts) <= 160)
            print(abs(median / 0.5 - 1) < base - 1, abs(d.sum - 500.5 * d.count / 1000) < 1,
                  d.start_time_unix_nano, d.time_unix_nano)
            request = metrics['http.client.request.duration']
            point = request.exponential_histogram.data_points[0]
            print(request.unit, point.count, sorted((a.key, a.value.string_value or a.value.int_value)
                                                    for a in point.attributes))
            print(metrics['process.cpu.utilization'].gauge.data_points[0].as_double)
            print(metrics['process.cpu.time'].sum.data_points[0].as_double,
                  metrics['process.memory.usage'].sum.is_monotonic)
        """

    @Test(
        "Python's OTLP messages read the counts, the distribution and the times",
        .enabled("no python3 with the package opentelemetry-proto (pip install opentelemetry-proto)") {
            await OTLPMetricsTests.module.interpreter != nil
        },
        arguments: OTLPMetrics.Temporality.allCases)
    func python(temporality: OTLPMetrics.Temporality) async throws {
        let hex = Self.bodies(temporality).map { body in
            body.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        let lines = try #require(try await Self.module.lines(of: Self.script, hex))
        let isDelta = temporality == .delta
        func expected(_ number: Int) -> [String] {
            let factor = isDelta ? 1 : number
            return [
                SampleRun.identity.run, "\(1_000 * factor) \(isDelta ? 1 : 2) True", "\(2 * factor) \(2 * factor)",
                "\(1_000 * factor) \(1_000 * factor) \(isDelta ? 1 : 2) True",
                "True True \(isDelta && number == 2 ? 20 : 10) \(19 + number)",
                "s \(factor) [('http.request.method', 'POST'), ('http.response.status_code', 200), "
                    + "('server.address', '127.0.0.1'), ('server.port', 4320), ('url.scheme', 'ws')]",
                number == 1 ? "0.0" : "0.5",
                // The first tick has no sample before it.
                "\(Double(number - 1)) False",
            ]
        }
        #expect(lines == expected(1) + expected(2))
    }

    @Test("docs/exports.md has every metric that is no counter or measure of its own")
    func documented() throws {
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: root.appendingPathComponent("docs/exports.md"), encoding: .utf8)
        let names = [
            "opamp.agents", "opamp.errors", "http.client.request.duration", "process.cpu.time",
            "process.cpu.utilization", "process.memory.usage", "opamp.server.cpu.time",
            "opamp.server.memory.usage",
        ]
        for name in names { #expect(page.contains("`\(name)`")) }
    }
}
