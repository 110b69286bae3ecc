import TestSupport
import Testing

@testable import OTLP

/// The official Python messages (`pip install opentelemetry-proto`) as an independent reader.
enum PythonMessages {
    static let module = PythonModule("opentelemetry.proto.collector.logs.v1.logs_service_pb2")

    /// Decodes a request, prints it as one line of JSON, and whether anything in it is unknown or changes when written
    /// again.
    static let script = """
        import sys
        from google.protobuf import json_format
        from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as m
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as t
        from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as l
        kinds = {'metrics': m.ExportMetricsServiceRequest, 'traces': t.ExportTraceServiceRequest,
                 'logs': l.ExportLogsServiceRequest}
        data = bytes.fromhex(sys.argv[2])
        request = kinds[sys.argv[1]]()
        request.ParseFromString(data)
        \(PythonModule.unknownFields)
        print('unknown', unknown(request))
        print('same size', request.ByteSize() == len(data))
        print(json_format.MessageToJson(request, indent=None, sort_keys=True))
        """
}

@Suite(
    "OTLP, read by the official Python messages",
    .enabled("no python3 with the package opentelemetry-proto (pip install opentelemetry-proto)") {
        await PythonMessages.module.interpreter != nil
    })
struct PythonPeerTests {
    private func lines(_ signal: TelemetrySignal) async throws -> [String] {
        let hex = ExportTests.bytes(signal).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        return try #require(try await PythonMessages.module.lines(of: PythonMessages.script, ["\(signal)", hex]))
    }

    @Test("Every field is known there, and nothing is lost on the way", arguments: TelemetrySignal.allCases)
    func understood(signal: TelemetrySignal) async throws {
        let lines = try await lines(signal)
        #expect(lines.prefix(2) == ["unknown 0", "same size True"])
    }

    @Test(
        "It reads what was meant",
        arguments: [
            (
                TelemetrySignal.metrics,
                [
                    #""name": "up""#, #""gauge": {"dataPoints": [{"asDouble": 1.5, "timeUnixNano": "2"}]}"#,
                    #""aggregationTemporality": "AGGREGATION_TEMPORALITY_CUMULATIVE""#, #""isMonotonic": true"#,
                    #""asInt": "1099511627776""#, #""key": "exporter", "value": {"stringValue": "otlp"}"#,
                    #""startTimeUnixNano": "1""#, #""key": "n", "value": {"intValue": "-2"}"#,
                    #""key": "f", "value": {"boolValue": true}"#, #""key": "r", "value": {"doubleValue": 0.5}"#,
                    #""scope": {"name": "scope", "version": "1"}"#,
                ]
            ),
            (
                .traces,
                [
                    #""name": "work""#, #""kind": "SPAN_KIND_INTERNAL""#, #""startTimeUnixNano": "10""#,
                    #""endTimeUnixNano": "20""#, #""traceId": "AAAAAAAAAAEAAAAAAAAAAg==""#,
                    #""spanId": "AAAAAAAAAAM=""#,
                    #""status": {"code": "STATUS_CODE_ERROR", "message": "refused"}"#,
                ]
            ),
            (
                .logs,
                [
                    #""body": {"stringValue": "lost"}"#, #""severityNumber": "SEVERITY_NUMBER_WARN""#,
                    #""severityText": "ERROR""#, #""eventName": "state""#, #""observedTimeUnixNano": "5""#,
                    #""timeUnixNano": "7""#,
                ]
            ),
        ])
    func meaning(signal: TelemetrySignal, parts: [String]) async throws {
        let json = try #require(try await lines(signal).last)
        for part in parts { #expect(json.contains(part), "\(part) in \(json)") }
    }
}
