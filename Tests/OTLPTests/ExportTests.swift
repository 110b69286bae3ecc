import Protobuf
import Testing

@testable import OTLP

@Suite("OTLP export requests (opentelemetry-proto, collector services of version 1)")
struct ExportTests {
    static let source = TelemetrySource(
        attributes: [
            TelemetryAttribute("service.name", "collector"), TelemetryAttribute("n", .integer(-2)),
            TelemetryAttribute("f", .flag(true)), TelemetryAttribute("r", .real(0.5)),
        ], scope: "scope", version: "1")

    static let metrics = [
        TelemetryMetric("up", "time", unit: "s", .gauge, [.init(.real(1.5))]),
        TelemetryMetric(
            "sent", "", unit: "{spans}", .counter,
            [.init(.integer(7), [TelemetryAttribute("exporter", "otlp")]), .init(.integer(0))]),
        TelemetryMetric("memory", "", unit: "By", .upDownCounter, [.init(.integer(1 << 40))]),
    ]
    static let spans = [
        TelemetrySpan(
            trace: TraceIdentifier(high: 1, low: 2), identifier: 3, name: "work", start: 10, end: 20,
            attributes: [TelemetryAttribute("cause", "x")]),
        TelemetrySpan(
            trace: TraceIdentifier(high: 1, low: 3), identifier: 4, name: "fail", start: 10, end: 20, failure: "refused"
        ),
    ]
    static let records = [
        TelemetryRecord(time: 5, severity: .warning, body: "lost", event: "state", attributes: []),
        TelemetryRecord(
            time: 6, severity: .error, body: String(repeating: "long ", count: 60), event: "", attributes: []),
        TelemetryRecord(time: 7, severity: .information, body: "", event: "", attributes: []),
    ]

    static func bytes(_ signal: TelemetrySignal) -> [UInt8] {
        var bytes: [UInt8] = []
        switch signal {
        case .metrics: ExportRequest.append(metrics, from: source, start: 1, time: 2, to: &bytes)
        case .traces: ExportRequest.append(spans, from: source, to: &bytes)
        case .logs: ExportRequest.append(records, from: source, to: &bytes)
        }
        return bytes
    }

    @Test(
        "A receiver counts the data points, spans and records that were written",
        arguments: [(TelemetrySignal.metrics, 4), (.traces, 2), (.logs, 3)])
    func counts(signal: TelemetrySignal, items: Int) throws {
        #expect(try ExportTally.items(in: Self.bytes(signal), of: signal) == items)
    }

    @Test("A request is appended behind what the buffer holds")
    func appends() throws {
        var bytes: [UInt8] = [1, 2, 3]
        ExportRequest.append(Self.spans, from: Self.source, to: &bytes)
        #expect(bytes[..<3] == [1, 2, 3])
        #expect(Array(bytes[3...]) == Self.bytes(.traces))
    }

    @Test("The bytes of a small request are those that the format prescribes")
    func knownBytes() {
        var bytes: [UInt8] = []
        ExportRequest.append(
            [TelemetryRecord(time: 1, severity: .information, body: "b", event: "", attributes: [])],
            from: TelemetrySource(attributes: [TelemetryAttribute("k", "v")], scope: "s", version: ""), to: &bytes)
        let keyValue: [UInt8] = [0x0A, 8, 0x0A, 1, 0x6B, 0x12, 3, 0x0A, 1, 0x76]
        let resource: [UInt8] = [0x0A, UInt8(keyValue.count)] + keyValue
        let scope: [UInt8] = [0x0A, 3, 0x0A, 1, 0x73]
        let record: [UInt8] =
            [0x09, 1, 0, 0, 0, 0, 0, 0, 0] + [0x10, 9] + [0x1A, 4, 0x49, 0x4E, 0x46, 0x4F]
            + [0x2A, 3, 0x0A, 1, 0x62] + [0x59, 1, 0, 0, 0, 0, 0, 0, 0]
        let inner = scope + [0x12, UInt8(record.count)] + record
        let content = resource + [0x12, UInt8(inner.count)] + inner
        #expect(bytes == [0x0A, UInt8(content.count)] + content)
    }

    @Test("A response has the number of rejected items", arguments: [0, 1, 300])
    func rejected(count: Int) throws {
        let response = ExportResponse(
            partialSuccess: PartialSuccess(rejectedItems: Int64(count), errorMessage: "too many"))
        #expect(try ExportTally.rejected(in: response.encoded()) == count)
        #expect(try ExportTally.rejected(in: []) == 0)
    }

    @Test("Every form of a metric has its points counted")
    func metricForms() throws {
        let point = OpaquePoint()
        let metrics = [
            Metric(gauge: Gauge(dataPoints: [NumberDataPoint()])), Metric(sum: Sum(dataPoints: [NumberDataPoint()])),
            Metric(histogram: Histogram(dataPoints: [point, point])),
            Metric(exponentialHistogram: ExponentialHistogram(dataPoints: [ExponentialHistogramDataPoint()])),
            Metric(summary: Summary(dataPoints: [point])),
        ]
        let request = ExportMetricsServiceRequest(
            resourceMetrics: [ResourceMetrics(scopeMetrics: [ScopeMetrics(metrics: metrics)])])
        #expect(try ExportTally.items(in: request.encoded(), of: .metrics) == 6)
        #expect(try ExportMetricsServiceRequest(decoding: request.encoded()) == request)
    }

    @Test(
        "A malformed request is rejected with the reason",
        arguments: [
            ([0x0A, 5, 1], .truncated, 2), ([0x00], .invalidFieldNumber, 1), ([0x0B], .truncated, 1),
            ([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1], .overlongVarint, 11),
            ([0x80], .truncated, 1),
        ] as [([UInt8], DecodingError.Fault, Int)])
    func malformed(bytes: [UInt8], fault: DecodingError.Fault, offset: Int) {
        #expect(throws: DecodingError(fault, offset: offset)) { try ExportTally.items(in: bytes, of: .logs) }
    }

    @Test("A field with the layout of another type is unknown, as Protocol Buffers has it: it is not counted")
    func otherLayout() throws {
        #expect(try ExportTally.items(in: [0x08, 1], of: .logs) == 0)
    }

    @Test(
        "Cut or changed bytes are counted or rejected, and never read beyond their end",
        arguments: TelemetrySignal.allCases)
    func mutated(signal: TelemetrySignal) {
        let whole = Self.bytes(signal)
        for length in whole.indices { _ = try? ExportTally.items(in: Array(whole[..<length]), of: signal) }
        for place in whole.indices {
            for bit in 0..<8 {
                var bytes = whole
                bytes[place] ^= 1 << UInt8(bit)
                for other in TelemetrySignal.allCases { _ = try? ExportTally.items(in: bytes, of: other) }
                _ = try? ExportTally.rejected(in: bytes)
            }
        }
        #expect((try? ExportTally.items(in: whole, of: signal)) != nil)
    }

    /// A group with the number 100, which nothing of OTLP has, `depth` levels deep.
    private static func group(depth: Int) -> [UInt8] {
        Array([[UInt8]](repeating: [0xA3, 0x06], count: depth).joined()) + [0x08, 5]
            + Array([[UInt8]](repeating: [0xA4, 0x06], count: depth).joined())
    }

    @Test("Groups are skipped before, between and inside the messages", arguments: TelemetrySignal.allCases)
    func groups(signal: TelemetrySignal) throws {
        let request = Self.bytes(signal)
        let items = try ExportTally.items(in: request, of: signal)
        #expect(items > 0)
        let group = Self.group(depth: 3)
        #expect(try ExportTally.items(in: group + request + group + request + group, of: signal) == 2 * items)
        // The request again, with a group at the beginning of its one resource.
        let inner = try #require(Self.content(of: request))
        let size = inner.count + group.count
        let wrapped = [0x0A, UInt8(size & 0x7F | 0x80), UInt8(size >> 7)] + group + inner
        #expect(try ExportTally.items(in: wrapped, of: signal) == items)
    }

    /// The content of the first field, which is all there is.
    private static func content(of request: [UInt8]) -> [UInt8]? {
        guard request.first == 0x0A, let end = request[1...].firstIndex(where: { $0 < 0x80 }) else { return nil }
        return Array(request[(end + 1)...])
    }

    @Test("Groups count as levels, and have to end", arguments: TelemetrySignal.allCases)
    func groupDepth(signal: TelemetrySignal) {
        #expect(throws: Never.self) { try ExportTally.items(in: Self.group(depth: 100), of: signal) }
        for depth in [101, 1_000_000] {
            #expect(throws: DecodingError.self) { try ExportTally.items(in: Self.group(depth: depth), of: signal) }
            #expect(throws: DecodingError.self) {
                try ExportTally.items(in: [UInt8](repeating: 0x0B, count: depth), of: signal)
            }
        }
        for bytes: [UInt8] in [[0xA3, 0x06], [0xA4, 0x06], [0xA3, 0x06, 0xAC, 0x06]] {
            #expect(throws: DecodingError.self) { try ExportTally.items(in: bytes, of: signal) }
        }
    }
}
