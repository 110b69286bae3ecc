/// Writes the bodies of OTLP/HTTP export requests in binary protobuf (opentelemetry-proto, the collector's services of version 1).
///
/// Each request holds one resource with one scope, as an agent that reports about itself has. What is written: the fields that
/// such an agent fills in; the rest keeps its default.
public enum ExportRequest {
    /// ExportMetricsServiceRequest.
    /// - Parameters:
    ///   - start: since when counters count, in UNIX nanoseconds.
    ///   - time: when the values were so.
    public static func append(
        _ metrics: [TelemetryMetric], from source: TelemetrySource, start: UInt64, time: UInt64,
        to bytes: inout [UInt8]
    ) {
        write(from: source, to: &bytes) { writer in
            for metric in metrics {
                writer.message(2) { $0.write(metric, start: start, time: time) }
            }
        }
    }

    /// ExportTraceServiceRequest.
    public static func append(_ spans: [TelemetrySpan], from source: TelemetrySource, to bytes: inout [UInt8]) {
        write(from: source, to: &bytes) { writer in
            for span in spans { writer.message(2) { $0.write(span) } }
        }
    }

    /// ExportLogsServiceRequest.
    public static func append(_ records: [TelemetryRecord], from source: TelemetrySource, to bytes: inout [UInt8]) {
        write(from: source, to: &bytes) { writer in
            for record in records { writer.message(2) { $0.write(record) } }
        }
    }

    /// The frame that the three have in common: ResourceMetrics, ResourceSpans and ResourceLogs, and what stands in them, have
    /// the same numbers.
    private static func write(
        from source: TelemetrySource, to bytes: inout [UInt8], _ items: (inout ProtobufWriter) -> Void
    ) {
        // The array leaves the caller while it is written to, so that it is not copied.
        var taken: [UInt8] = []
        swap(&taken, &bytes)
        var writer = ProtobufWriter(appendingTo: taken)
        taken = []
        writer.message(1) { writer in
            writer.message(1) { writer in
                for attribute in source.attributes { writer.message(1) { $0.write(attribute) } }
            }
            writer.message(2) { writer in
                writer.message(1) { writer in
                    writer.text(1, source.scope)
                    writer.text(2, source.version)
                }
                items(&writer)
            }
        }
        bytes = writer.bytes
    }
}

extension ProtobufWriter {
    /// A KeyValue.
    fileprivate mutating func write(_ attribute: TelemetryAttribute) {
        text(1, attribute.key)
        message(2) { writer in
            switch attribute.value {
            case .text(let text): writer.member(1, text: text)
            case .flag(let flag): writer.member(2, varint: flag ? 1 : 0)
            case .integer(let number): writer.member(3, varint: UInt64(bitPattern: number))
            case .real(let number): writer.member(4, fixed64: number.bitPattern)
            }
        }
    }

    /// A Metric: a Gauge, or a cumulative Sum.
    fileprivate mutating func write(_ metric: TelemetryMetric, start: UInt64, time: UInt64) {
        text(1, metric.name)
        text(2, metric.summary)
        text(3, metric.unit)
        switch metric.form {
        case .gauge:
            message(5) { writer in
                for point in metric.points { writer.message(1) { $0.write(point, start: 0, time: time) } }
            }
        case .counter, .upDownCounter:
            message(7) { writer in
                for point in metric.points { writer.message(1) { $0.write(point, start: start, time: time) } }
                // AGGREGATION_TEMPORALITY_CUMULATIVE, is_monotonic.
                writer.number(2, 2)
                writer.number(3, metric.form == .counter ? 1 : 0)
            }
        }
    }

    /// A NumberDataPoint.
    private mutating func write(_ point: TelemetryMetric.Point, start: UInt64, time: UInt64) {
        fixed64(2, start)
        fixed64(3, time)
        switch point.value {
        case .real(let number): member(4, fixed64: number.bitPattern)
        case .integer(let number): member(6, fixed64: UInt64(bitPattern: number))
        }
        for attribute in point.attributes { message(7) { $0.write(attribute) } }
    }

    /// A Span, internal to the agent.
    fileprivate mutating func write(_ span: TelemetrySpan) {
        identifier(1, [span.trace.high, span.trace.low])
        identifier(2, [span.identifier])
        text(5, span.name)
        number(6, 1)
        fixed64(7, span.start)
        fixed64(8, span.end)
        for attribute in span.attributes { message(9) { $0.write(attribute) } }
        if let failure = span.failure {
            message(15) { writer in
                writer.text(2, failure)
                writer.number(3, 2)
            }
        }
    }

    /// A LogRecord, observed when it was made.
    fileprivate mutating func write(_ record: TelemetryRecord) {
        fixed64(1, record.time)
        number(2, record.severity.rawValue)
        text(3, record.severity.text)
        message(5) { $0.member(1, text: record.body) }
        for attribute in record.attributes { message(6) { $0.write(attribute) } }
        fixed64(11, record.time)
        text(12, record.event)
    }
}
