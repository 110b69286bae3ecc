import AgentModel
import Basis
import ControlPlane
import Engine
import Metrics
import OTLP
import OpAMP
import TestSupport
import Testing
import Transport

@testable import Hosting

/// Own telemetry on real sockets: the exporter of a shard against destinations that a test scripts, and against the
/// embedded server.
@Suite("Own telemetry over OTLP/HTTP (spec: Own Telemetry Reporting)")
struct TelemetryExporterTests {
    /// An exporter with nothing around it.
    private final class Bed {
        let shard: Shard
        private let recorder: RunRecorder
        private let state: State

        /// Touched on the shard alone.
        private final class State: @unchecked Sendable {
            let metrics: ShardMetrics
            let exporter: TelemetryExporter

            init(_ metrics: ShardMetrics, _ exporter: TelemetryExporter) {
                self.metrics = metrics
                self.exporter = exporter
            }
        }

        init(_ address: SocketAddress, path: String = "/v1/metrics", headers: [(name: String, value: String)] = [])
            throws
        {
            let shard = try Shard(label: "exporter")
            self.shard = shard
            let exchange = IntervalExchange()
            recorder = RunRecorder(start: Shard.clock, exchanges: [exchange])
            let metrics = ShardMetrics(exchange: exchange)
            let target = try #require(AgentTarget(addresses: [address], host: "h", path: "/"))
            let exporter = TelemetryExporter(shard: shard, metrics: metrics, target: target) {
                settings throws(OfferProblem) in
                guard !settings.destinationEndpoint.isEmpty,
                    let route = TelemetryRoute(
                        addresses: [address], host: "collector:4318", path: path, headers: headers)
                else { throw .endpointInvalid }
                return route
            }
            state = State(metrics, exporter)
        }

        /// Has the exporter send so many requests to a destination.
        func send(_ count: Int, _ body: [UInt8], items: Int = 1, to endpoint: String = "http://x") {
            let state = state
            shard.perform {
                let destination = TelemetryDestination(TelemetryConnectionSettings(destinationEndpoint: endpoint))
                for _ in 0..<count {
                    state.exporter.send(
                        TelemetryExport(
                            signal: .metrics, range: 0..<body.count, items: items, destination: destination),
                        body: body)
                }
            }
        }

        func wait(
            until what: String, _ counters: inout CounterTable, _ condition: (CounterTable) -> Bool
        ) async throws {
            let deadline = Shard.clock + .seconds(60)
            let state = state
            while !condition(counters) {
                await shard.value { _ = state.metrics.publish() }
                counters =
                    recorder.tick(
                        at: Shard.clock, process: ProcessSample(cpu: .zero, residentBytes: 0, availableCores: 1)
                    ).counters
                guard Shard.clock < deadline else {
                    Issue.record("waited without result for \(what)")
                    return
                }
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    private static func body() -> [UInt8] {
        var bytes: [UInt8] = []
        ExportRequest.append(
            [TelemetryMetric("m", "", unit: "1", .gauge, [.init(.integer(1))])],
            from: TelemetrySource(attributes: [], scope: "s", version: ""), start: 0, time: 1, to: &bytes)
        return bytes
    }

    @Test(
        "A request is a POST of protobuf to the offered path, with the offered headers and the exported body"
    )
    func requestForm() async throws {
        let server = try ScriptedHTTPServer { _ in .status(200) }
        let bed = try Bed(
            server.address, path: "/custom/v1/metrics", headers: [("Authorization", "Bearer x"), ("X-Tenant", "shop")])
        var counters = CounterTable()
        bed.send(3, Self.body(), items: 1)
        try await bed.wait(until: "three requests taken", &counters) { $0[.telemetryItems] == 3 }
        await bed.shard.stop()
        await server.stop()
        #expect(counters[.telemetryRequests] == 3)
        #expect(counters[.telemetryBytes] > 3 * UInt64(Self.body().count))
        for request in server.requests {
            #expect(request.head.method == .post)
            #expect(request.head.target == "/custom/v1/metrics")
            #expect(request.head.fields["Host"] == "collector:4318")
            #expect(request.head.fields.hasMediaType("application/x-protobuf"))
            #expect(request.head.fields["Authorization"] == "Bearer x")
            #expect(request.head.fields["X-Tenant"] == "shop")
            #expect(request.body == Self.body())
        }
    }

    @Test("However many requests wait, a destination has at most four connections, each with one request at a time")
    func pooled() async throws {
        let server = try ScriptedHTTPServer { _ in .acknowledges(after: .milliseconds(5)) }
        let bed = try Bed(server.address)
        var counters = CounterTable()
        bed.send(100, Self.body())
        try await bed.wait(until: "all taken", &counters) { $0[.telemetryItems] == 100 }
        await bed.shard.stop()
        await server.stop()
        #expect(server.maxOpen <= 4)
        #expect(counters.errors == 0)
    }

    @Test("What the queue of a destination cannot hold is counted and dropped")
    func queueFull() async throws {
        let server = try ScriptedHTTPServer { _ in .ignores }
        let bed = try Bed(server.address)
        var counters = CounterTable()
        bed.send(1_500, Self.body())
        try await bed.wait(until: "the rest dropped", &counters) { $0[.telemetryDropped] > 0 }
        #expect(counters[.telemetryDropped] == 1_500 - 1_024)
        await bed.shard.stop()
        await server.stop()
    }

    @Test(
        "A status other than success is counted, and the next export is still sent",
        arguments: [400, 404, 429, 503])
    func refused(status: Int) async throws {
        let server = try ScriptedHTTPServer { request in .status(request.number == 0 ? status : 200) }
        let bed = try Bed(server.address)
        var counters = CounterTable()
        bed.send(1, Self.body())
        try await bed.wait(until: "the refusal", &counters) { $0[.telemetryRefused] == 1 }
        bed.send(1, Self.body())
        try await bed.wait(until: "the next", &counters) { $0[.telemetryItems] == 1 }
        await bed.shard.stop()
        await server.stop()
    }

    @Test("Items that the destination rejected are not counted as accepted (OTLP: partial success)")
    func partialSuccess() async throws {
        // ExportMetricsServiceResponse{partial_success{rejected_data_points: 3}}
        let server = try ScriptedHTTPServer { _ in .answer([0x0A, 2, 0x08, 3]) }
        let bed = try Bed(server.address)
        var counters = CounterTable()
        bed.send(1, Self.body(), items: 10)
        try await bed.wait(until: "the response", &counters) { $0[.telemetryItems] > 0 }
        #expect(counters[.telemetryItems] == 7)
        await bed.shard.stop()
        await server.stop()
    }

    @Test(
        "A destination that is not served, or has no address, is not tried for a time; waiting requests are counted")
    func unreachable() async throws {
        let closed = try #require(SocketAddress(host: "127.0.0.1", port: 1))
        let bed = try Bed(closed)
        var counters = CounterTable()
        bed.send(5, Self.body())
        try await bed.wait(until: "five lost", &counters) { $0[.telemetryUnreachable] == 5 }
        bed.send(2, Self.body())
        try await bed.wait(until: "two more, untried", &counters) { $0[.telemetryUnreachable] == 7 }
        bed.send(1, Self.body(), to: "")
        try await bed.wait(until: "one without an address", &counters) { $0[.telemetryUnreachable] == 8 }
        #expect(counters[.telemetryRequests] == 0)
        await bed.shard.stop()
    }

    @Test("A lost connection fails its request, and the next request gets a new connection")
    func lost() async throws {
        let server = try ScriptedHTTPServer { request in request.number == 0 ? .resets : .status(200) }
        let bed = try Bed(server.address)
        var counters = CounterTable()
        bed.send(1, Self.body())
        try await bed.wait(until: "the loss", &counters) { $0[.telemetryUnreachable] == 1 }
        bed.send(1, Self.body())
        try await bed.wait(until: "the next", &counters) { $0[.telemetryItems] == 1 }
        await bed.shard.stop()
        await server.stop()
    }

    @Test("The embedded server accepts OTLP on its port, answers each kind, and counts the items")
    func embedded() async throws {
        let server = try OpAMPServer(
            plan: ServerPlan(), address: .loopback(port: 0), shards: 1, seed: 1, wallClockAtZero: 0)
        let address = try #require(server.addresses.first)
        let bed = try Bed(address, path: "/v1/metrics")
        var counters = CounterTable()
        bed.send(20, Self.body())
        try await bed.wait(until: "all taken", &counters) { $0[.telemetryItems] == 20 }
        bed.send(1, [0x0A, 0xFF], items: 1)
        try await bed.wait(until: "what is no OTLP refused", &counters) { $0[.telemetryRefused] == 1 }
        let counts = await server.counts()
        #expect(counts.telemetryRequests == 20)
        #expect(counts.telemetryDataPoints == 20)
        #expect(counts.telemetryMalformed == 1)
        #expect(counts.telemetryConnections == counts.connectionsAccepted)
        #expect(counts.reports == 0)
        await bed.shard.stop()
        _ = await server.stop()
    }
}
