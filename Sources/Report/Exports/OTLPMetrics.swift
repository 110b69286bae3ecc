import AgentModel
import Basis
public import Metrics
import OTLP

/// The figures of a run as OTLP metrics, while it goes on. Documented, with every name, in `docs/exports.md`.
///
/// Names are those of OpenTelemetry's semantic conventions where there are any, own ones begin with `opamp.`.
public struct OTLPMetrics: Sendable {
    /// What a point of a sum or a histogram covers.
    public enum Temporality: String, CaseIterable, Sendable {
        /// The time since the start of the run.
        case cumulative
        /// The time since the request before.
        case delta
    }

    private let source: TelemetrySource
    /// Of the requests of agents that poll.
    private let requestAttributes: [TelemetryAttribute]
    private let temporality: Temporality
    /// The start of the run, in UNIX nanoseconds.
    private let start: UInt64
    private var lastTime: UInt64
    private var lastCounters = CounterTable()
    private var lastHistograms = [CompactHistogram](repeating: .empty, count: Measure.allCases.count)
    private var lastCPU = Nanoseconds.zero
    private var lastServerCPU = Nanoseconds.zero

    /// - Parameter start: of the run, in UNIX nanoseconds.
    public init(_ identity: RunIdentity, start: UInt64, temporality: Temporality) {
        self.start = start
        lastTime = start
        self.temporality = temporality
        requestAttributes = Self.requestAttributes(identity.server)
        let version = identity.tool.split(separator: " ").last.map(String.init) ?? ""
        source = TelemetrySource(
            attributes: [
                TelemetryAttribute("service.name", "muster"), TelemetryAttribute("service.version", version),
                TelemetryAttribute("service.instance.id", identity.run),
                TelemetryAttribute("opamp.run.profile", identity.profile),
                TelemetryAttribute("url.full", identity.server),
                TelemetryAttribute("opamp.run.seed", "\(identity.seed)"),
            ] + (identity.part.map { [TelemetryAttribute("opamp.run.shard", "\($0)")] } ?? []),
            scope: "muster", version: version)
    }

    /// The body of the next request: an ExportMetricsServiceRequest. Where it is not delivered, deltas of it are lost;
    /// cumulative figures are not.
    /// - Parameter time: of the figures, in UNIX nanoseconds.
    public mutating func body(for snapshot: Snapshot, time: UInt64) -> [UInt8] {
        let histograms = snapshot.histograms.map(\.estimate)
        var metrics = self.metrics(snapshot, histograms)
        for index in metrics.indices {
            // What grows and shrinks has no useful delta.
            metrics[index].temporality =
                temporality == .delta && ![.upDownCounter, .gauge].contains(metrics[index].form) ? .delta : .cumulative
        }
        var bytes: [UInt8] = []
        ExportRequest.append(
            metrics, from: source, start: temporality == .delta ? lastTime : start, time: time, to: &bytes)
        lastTime = time
        lastCounters = snapshot.counters
        lastHistograms = histograms
        lastCPU = snapshot.process.cpu
        lastServerCPU = snapshot.server?.cpu ?? .zero
        return bytes
    }

    private func metrics(_ snapshot: Snapshot, _ histograms: [CompactHistogram]) -> [TelemetryMetric] {
        [agents(snapshot)] + counters(snapshot) + [errors(snapshot)] + durations(histograms) + process(snapshot)
    }

    private func agents(_ snapshot: Snapshot) -> TelemetryMetric {
        TelemetryMetric(
            "opamp.agents", "Agents by state.", unit: "{agent}", .upDownCounter,
            AgentState.allCases.map {
                TelemetryMetric.Point(
                    .integer(Int64(snapshot.states[$0])), [TelemetryAttribute("opamp.agent.state", $0.key)])
            })
    }

    private func counters(_ snapshot: Snapshot) -> [TelemetryMetric] {
        Counter.allCases.filter { !$0.isError }.map { counter in
            TelemetryMetric(
                Self.name(counter), counter.summary, unit: Self.isBytes(counter) ? "By" : "1", .counter,
                [TelemetryMetric.Point(.integer(count(counter, snapshot)))])
        }
    }

    private func errors(_ snapshot: Snapshot) -> TelemetryMetric {
        TelemetryMetric(
            "opamp.errors", "Errors by type and by fault: network, server or tool.", unit: "{error}", .counter,
            Counter.errors.map { counter in
                var attributes = [TelemetryAttribute("error.type", counter.name)]
                if case .error(let fault) = counter.family {
                    attributes.append(TelemetryAttribute("opamp.fault", fault.rawValue))
                }
                return TelemetryMetric.Point(.integer(count(counter, snapshot)), attributes)
            })
    }

    private func count(_ counter: Counter, _ snapshot: Snapshot) -> Int64 {
        let now = snapshot.counters[counter]
        let before = temporality == .delta ? lastCounters[counter] : 0
        return Int64(clamping: now - min(before, now))
    }

    private func durations(_ histograms: [CompactHistogram]) -> [TelemetryMetric] {
        Measure.allCases.compactMap { measure in
            let all = histograms[measure.index]
            guard all.count > 0 else { return nil }
            let values = ScaledHistogram(temporality == .delta ? all.since(lastHistograms[measure.index]) : all)
            let distribution = TelemetryDistribution(
                count: values.count, sum: values.sum, min: values.min, max: values.max, zeroCount: values.zeroCount,
                scale: Int32(values.scale), offset: Int32(clamping: values.offset), counts: values.counts)
            return TelemetryMetric(
                Self.name(measure), "Time \(measure.summary).", unit: "s", .histogram,
                [.init(.distribution(distribution), measure == .httpRequest ? requestAttributes : [])])
        }
    }

    /// What the convention of `http.client.request.duration` asks for. Only answers with status 200 are measured.
    /// - Parameter server: `http://host:port/path`.
    private static func requestAttributes(_ server: String) -> [TelemetryAttribute] {
        var attributes = [
            TelemetryAttribute("http.request.method", "POST"),
            TelemetryAttribute("http.response.status_code", .integer(200)),
        ]
        let parts = server.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: true)
        guard parts.count > 1, let scheme = parts[0].split(separator: ":").first else { return attributes }
        attributes.append(TelemetryAttribute("url.scheme", String(scheme)))
        guard let colon = parts[1].lastIndex(of: ":") else { return attributes }
        let host = parts[1][..<colon].filter { $0 != "[" && $0 != "]" }
        attributes.append(TelemetryAttribute("server.address", String(host)))
        if let port = Int64(parts[1][parts[1].index(after: colon)...]) {
            attributes.append(TelemetryAttribute("server.port", .integer(port)))
        }
        return attributes
    }

    private func process(_ snapshot: Snapshot) -> [TelemetryMetric] {
        func cpu(_ name: String, _ summary: String, _ now: Nanoseconds, _ before: Nanoseconds) -> TelemetryMetric {
            let used = temporality == .delta ? now - before : now
            return TelemetryMetric(name, summary, unit: "s", .counter, [TelemetryMetric.Point(.real(used.seconds))])
        }
        func memory(_ name: String, _ summary: String, _ bytes: UInt64) -> TelemetryMetric {
            TelemetryMetric(
                name, summary, unit: "By", .upDownCounter, [TelemetryMetric.Point(.integer(Int64(clamping: bytes)))])
        }
        var metrics = [
            cpu("process.cpu.time", "CPU time of the load generator.", snapshot.process.cpu, lastCPU),
            TelemetryMetric(
                "process.cpu.utilization", "Share of the available cores that the load generator used last.",
                unit: "1", .gauge, [TelemetryMetric.Point(.real(snapshot.process.latestCPUShare))]),
            memory("process.memory.usage", "Memory of the load generator.", snapshot.process.residentBytes),
        ]
        if let used = snapshot.server?.cpu {
            metrics.append(cpu("opamp.server.cpu.time", "CPU time of the server.", used, lastServerCPU))
        }
        if let bytes = snapshot.row.server?.residentBytes {
            metrics.append(memory("opamp.server.memory.usage", "Memory of the server.", bytes))
        }
        return metrics
    }

    /// The name of a counter.
    public static func name(_ counter: Counter) -> String { "opamp.\(counter.name)" }

    /// The name of a duration.
    public static func name(_ measure: Measure) -> String {
        measure == .httpRequest ? "http.client.request.duration" : "opamp.\(measure.name).duration"
    }

    private static func isBytes(_ counter: Counter) -> Bool { counter.name.split(separator: "_").contains("bytes") }
}
