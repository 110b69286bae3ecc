import Basis
import OTLP
import OpAMP

/// What a collector says about itself: the metrics of its process under the names of the semantic conventions, its own
/// metrics under the names that the OpenTelemetry Collector uses, its work as spans and its life as log records.
///
/// All of it follows from (seed, index, uptime) and the agent's own life, so it is the same in every run.
struct CollectorTelemetry {
    /// The throughput and size of one agent, drawn once by its seed.
    private let spansPerSecond: Double
    private let pointsPerSecond: Double
    private let baseMemory: Double
    private let cpuShare: Double
    private let failureShare: Double
    private let trace: UInt64

    init(seed: UInt64, index: UInt64) {
        var random = SeededRandom(seed: seed ^ 0x6F74_6C70, stream: index)
        spansPerSecond = 20 + 480 * random.unit()
        pointsPerSecond = 50 + 950 * random.unit()
        baseMemory = (80 + 160 * random.unit()) * 1_048_576
        cpuShare = 0.01 + 0.09 * random.unit()
        failureShare = random.chance(0.1) ? 0.01 * random.unit() : 0
        trace = random.next()
    }

    /// The metrics after `uptime` seconds.
    func metrics(uptime: Double) -> [TelemetryMetric] {
        // Memory breathes with the garbage collector, once in about a minute.
        let breath = (uptime / 60).truncatingRemainder(dividingBy: 1)
        let heap = baseMemory * (0.3 + 0.2 * breath)
        let sentSpans = uptime * spansPerSecond
        let sentPoints = uptime * pointsPerSecond
        func integer(_ value: Double, _ attributes: [TelemetryAttribute] = []) -> TelemetryMetric.Point {
            TelemetryMetric.Point(.integer(Int64(max(value, 0))), attributes)
        }
        func real(_ value: Double, _ attributes: [TelemetryAttribute] = []) -> TelemetryMetric.Point {
            TelemetryMetric.Point(.real(value), attributes)
        }
        let receiver = [TelemetryAttribute("receiver", "otlp"), TelemetryAttribute("transport", "grpc")]
        let exporter = [TelemetryAttribute("exporter", "otlp")]
        return [
            TelemetryMetric("process.uptime", "how long the process has run", unit: "s", .gauge, [real(uptime)]),
            TelemetryMetric(
                "process.cpu.time", "CPU seconds by mode", unit: "s", .counter,
                [
                    real(uptime * cpuShare * 0.8, [TelemetryAttribute("cpu.mode", "user")]),
                    real(uptime * cpuShare * 0.2, [TelemetryAttribute("cpu.mode", "system")]),
                ]),
            TelemetryMetric(
                "process.memory.usage", "physical memory in use", unit: "By", .upDownCounter,
                [integer(baseMemory + heap)]),
            TelemetryMetric(
                "process.memory.virtual", "virtual memory", unit: "By", .upDownCounter, [integer(baseMemory * 9)]),
            TelemetryMetric("process.thread.count", "threads", unit: "{thread}", .upDownCounter, [integer(14)]),
            TelemetryMetric(
                "otelcol_process_runtime_heap_alloc_bytes", "bytes of live heap objects", unit: "By", .gauge,
                [integer(heap)]),
            TelemetryMetric(
                "otelcol_receiver_accepted_spans", "spans taken in", unit: "{spans}", .counter,
                [integer(sentSpans, receiver)]),
            TelemetryMetric(
                "otelcol_receiver_accepted_metric_points", "metric points taken in", unit: "{datapoints}", .counter,
                [integer(sentPoints, receiver)]),
            TelemetryMetric(
                "otelcol_exporter_sent_spans", "spans passed on", unit: "{spans}", .counter,
                [integer(sentSpans * (1 - failureShare), exporter)]),
            TelemetryMetric(
                "otelcol_exporter_send_failed_spans", "spans that could not be passed on", unit: "{spans}", .counter,
                [integer(sentSpans * failureShare, exporter)]),
            TelemetryMetric(
                "otelcol_exporter_sent_metric_points", "metric points passed on", unit: "{datapoints}", .counter,
                [integer(sentPoints, exporter)]),
            TelemetryMetric(
                "otelcol_exporter_queue_size", "batches that wait", unit: "{batches}", .gauge,
                [integer(8 * breath, exporter)]),
            TelemetryMetric(
                "otelcol_exporter_queue_capacity", "batches that may wait", unit: "{batches}", .gauge,
                [integer(1_000, exporter)]),
        ]
    }

    /// A span for each piece of work among the events that has ended.
    func spans(_ events: [StateChange], export: UInt64, unixTime: (Instant) -> UInt64) -> [TelemetrySpan] {
        events.enumerated().compactMap { place, change in
            guard let name = change.from.work else { return nil }
            let number = export << 8 | UInt64(place + 1)
            return TelemetrySpan(
                trace: TraceIdentifier(high: trace, low: number), identifier: (trace ^ number << 1) | 1, name: name,
                start: unixTime(change.at - change.spent), end: unixTime(change.at),
                attributes: [TelemetryAttribute("opamp.agent.cause", change.cause.name)],
                failure: change.cause.severity == .error ? change.cause.name : nil)
        }
    }

    /// A log record for each event.
    func records(_ events: [StateChange], dropped: Int, unixTime: (Instant) -> UInt64) -> [TelemetryRecord] {
        var records = events.map { change in
            TelemetryRecord(
                time: unixTime(change.at), severity: change.cause.severity,
                body: "\(change.from.name) -> \(change.to.name): \(change.cause.name)", event: "opamp.agent.state",
                attributes: [
                    TelemetryAttribute("opamp.agent.state", change.to.name),
                    TelemetryAttribute("opamp.agent.cause", change.cause.name),
                ])
        }
        if dropped > 0, let last = events.last {
            records.append(
                TelemetryRecord(
                    time: unixTime(last.at), severity: .warning, body: "\(dropped) earlier events were not kept",
                    event: "opamp.agent.events_dropped"))
        }
        return records
    }
}

extension AgentState {
    /// What the agent does in the state, as the name of a span; `nil` where it does nothing.
    fileprivate var work: String? {
        switch self {
        case .connecting: "opamp.connect"
        case .connected: "opamp.first_report"
        case .configuring: "opamp.apply_config"
        case .updating: "opamp.install_packages"
        case .closing: "opamp.close"
        case .restarting: "process.restart"
        case .initializing, .running, .backingOff, .disconnected: nil
        }
    }
}

extension TransitionCause {
    /// How an agent would log it.
    fileprivate var severity: TelemetryRecord.Severity {
        switch self {
        case .started, .transportOpened, .waitEnded, .firstAnswer, .configurationBegan, .configurationEnded,
            .updateBegan, .updateEnded, .newConnectionSettings, .newConfiguration, .restartCommand, .restarted, .closed,
            .left,
            .restartedByOperator,
            .drained:
            .information
        case .throttled, .malformedAnswer, .closeTimedOut, .stormed, .lost: .warning
        case .connectFailed, .upgradeRefused, .crash: .error
        }
    }
}
