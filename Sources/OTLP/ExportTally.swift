public import Protobuf

/// Reads as much of OTLP as a receiver needs in order to count: how many data points, spans or log records a request
/// holds, and how many of them a response rejects.
///
/// Any bytes may come: whatever does not lie inside its message or is overlong is an error, and the reading goes no
/// deeper than the messages of the format.
public enum ExportTally {
    /// Data points, spans or log records of an export request.
    /// - Throws: The sender's fault.
    /// - Complexity: O(n) in the bytes.
    public static func items(in request: [UInt8], of signal: TelemetrySignal) throws(DecodingError) -> Int {
        let path =
            switch signal {
            case .metrics: FieldPaths.dataPoints
            case .traces: FieldPaths.spans
            case .logs: FieldPaths.logRecords
            }
        return try FieldLookup.count(path, in: request.span.bytes)
    }

    /// How many items of the request the receiver rejected, as its response says (partial_success).
    public static func rejected(in response: [UInt8]) throws(DecodingError) -> Int {
        let rejected = try ExportResponse(decoding: response).partialSuccess?.rejectedItems ?? 0
        return max(Int(clamping: rejected), 0)
    }
}
