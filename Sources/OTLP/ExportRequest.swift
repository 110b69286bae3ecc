internal import Protobuf

/// Writes the bodies of OTLP/HTTP export requests in binary protobuf (opentelemetry-proto, the collector's services of
/// version 1).
///
/// Each request holds one resource with one scope, as an agent that reports about itself has. What is written: the
/// fields that such an agent fills in; the rest keeps its default.
public enum ExportRequest {
    /// ExportMetricsServiceRequest.
    /// - Parameters:
    ///   - start: since when counters count, in UNIX nanoseconds.
    ///   - time: the time of the values, in UNIX nanoseconds.
    public static func append(
        _ metrics: [TelemetryMetric], from source: TelemetrySource, start: UInt64, time: UInt64,
        to bytes: inout [UInt8]
    ) {
        let scope = ScopeMetrics(
            scope: InstrumentationScope(source), metrics: metrics.map { Metric($0, start: start, time: time) })
        ExportMetricsServiceRequest(
            resourceMetrics: [ResourceMetrics(resource: Resource(source), scopeMetrics: [scope])]
        ).append(to: &bytes)
    }

    /// ExportTraceServiceRequest.
    public static func append(_ spans: [TelemetrySpan], from source: TelemetrySource, to bytes: inout [UInt8]) {
        let scope = ScopeSpans(scope: InstrumentationScope(source), spans: spans.map { Span($0) })
        ExportTraceServiceRequest(
            resourceSpans: [ResourceSpans(resource: Resource(source), scopeSpans: [scope])]
        ).append(to: &bytes)
    }

    /// ExportLogsServiceRequest.
    public static func append(_ records: [TelemetryRecord], from source: TelemetrySource, to bytes: inout [UInt8]) {
        let scope = ScopeLogs(scope: InstrumentationScope(source), logRecords: records.map { LogRecord($0) })
        ExportLogsServiceRequest(
            resourceLogs: [ResourceLogs(resource: Resource(source), scopeLogs: [scope])]
        ).append(to: &bytes)
    }
}

extension Resource {
    fileprivate init(_ source: TelemetrySource) {
        self.init(attributes: source.attributes.map { KeyValue($0) })
    }
}

extension InstrumentationScope {
    fileprivate init(_ source: TelemetrySource) {
        self.init(name: source.scope, version: source.version)
    }
}

extension KeyValue {
    fileprivate init(_ attribute: TelemetryAttribute) {
        let value: AnyValue =
            switch attribute.value {
            case .text(let text): .string(text)
            case .flag(let flag): .bool(flag)
            case .integer(let number): .int(number)
            case .real(let number): .double(number)
            }
        self.init(key: attribute.key, value: value)
    }
}

extension Metric {
    /// A gauge, or a cumulative sum.
    fileprivate init(_ metric: TelemetryMetric, start: UInt64, time: UInt64) {
        self.init(name: metric.name, description: metric.summary, unit: metric.unit)
        switch metric.form {
        case .gauge:
            gauge = Gauge(dataPoints: metric.points.map { NumberDataPoint($0, start: 0, time: time) })
        case .counter, .upDownCounter:
            sum = Sum(
                dataPoints: metric.points.map { NumberDataPoint($0, start: start, time: time) },
                aggregationTemporality: AggregationTemporality(metric.temporality),
                isMonotonic: metric.form == .counter)
        case .histogram:
            exponentialHistogram = ExponentialHistogram(
                dataPoints: metric.points.compactMap {
                    ExponentialHistogramDataPoint($0, start: start, time: time)
                }, aggregationTemporality: AggregationTemporality(metric.temporality))
        }
    }
}

extension AggregationTemporality {
    fileprivate init(_ temporality: TelemetryMetric.Temporality) {
        self =
            switch temporality {
            case .cumulative: .cumulative
            case .delta: .delta
            }
    }
}

extension ExponentialHistogramDataPoint {
    /// Nil for a point that is a number.
    fileprivate init?(_ point: TelemetryMetric.Point, start: UInt64, time: UInt64) {
        guard case .distribution(let values) = point.value else { return nil }
        var counts: [UInt8] = []
        for count in values.counts { Varint.append(count, to: &counts) }
        self.init(
            attributes: point.attributes.map { KeyValue($0) }, startTimeUnixNano: start, timeUnixNano: time,
            count: values.count, sum: values.sum, scale: Self.zigZag(values.scale), zeroCount: values.zeroCount,
            positive: ExponentialBuckets(offset: Self.zigZag(values.offset), bucketCounts: counts),
            min: values.count > 0 ? values.min : nil, max: values.count > 0 ? values.max : nil)
    }

    private static func zigZag(_ number: Int32) -> UInt32 { UInt32(bitPattern: (number << 1) ^ (number >> 31)) }
}

extension NumberDataPoint {
    fileprivate init(_ point: TelemetryMetric.Point, start: UInt64, time: UInt64) {
        self.init(
            startTimeUnixNano: start, timeUnixNano: time, attributes: point.attributes.map { KeyValue($0) })
        switch point.value {
        case .real(let number): asDouble = number
        case .integer(let number): asInt = number
        case .distribution: break
        }
    }
}

extension Span {
    /// A span internal to the agent.
    fileprivate init(_ span: TelemetrySpan) {
        self.init(
            traceId: span.trace.bytes, spanId: Self.bytes(span.identifier), name: span.name, kind: .inner,
            startTimeUnixNano: span.start, endTimeUnixNano: span.end,
            attributes: span.attributes.map { KeyValue($0) },
            status: span.failure.map { Status(message: $0, code: .error) })
    }

    /// Eight bytes, the most significant first; none for zero, which identifies nothing.
    fileprivate static func bytes(_ identifier: UInt64) -> [UInt8] {
        identifier == 0 ? [] : Swift.withUnsafeBytes(of: identifier.bigEndian) { [UInt8]($0) }
    }
}

extension TraceIdentifier {
    fileprivate var bytes: [UInt8] {
        guard high != 0 || low != 0 else { return [] }
        return Swift.withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { [UInt8]($0) }
    }
}

extension LogRecord {
    /// A record, observed when it was made.
    fileprivate init(_ record: TelemetryRecord) {
        self.init(
            timeUnixNano: record.time, severityNumber: SeverityNumber(rawValue: Int32(record.severity.rawValue)),
            severityText: record.severity.text, body: .string(record.body),
            attributes: record.attributes.map { KeyValue($0) }, observedTimeUnixNano: record.time,
            eventName: record.event)
    }
}
