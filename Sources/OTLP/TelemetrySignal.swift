/// A kind of telemetry, each with an address of its own at a receiver (OTLP/HTTP).
public enum TelemetrySignal: UInt8, CaseIterable, Hashable, Sendable {
    case metrics, traces, logs

    /// Where receivers take it, unless they say otherwise.
    public var path: String {
        switch self {
        case .metrics: "/v1/metrics"
        case .traces: "/v1/traces"
        case .logs: "/v1/logs"
        }
    }

    /// The media type of a request's body and of its response's (OTLP/HTTP: Binary Protobuf Encoding).
    public static let mediaType = "application/x-protobuf"
}
