import ControlPlane
import OTLP
import OpAMP

/// What the embedded server has received of agents' own telemetry: counted, so that a run can be reconciled, and
/// dropped.
struct TelemetryReceipts {
    private(set) var counts = ServerCounts()

    mutating func connectionUsed() {
        counts.telemetryConnections += 1
    }

    /// An export request was received.
    /// - Returns: The status of the response: 200, or 400 for a malformed request.
    mutating func received(_ body: [UInt8], _ signal: TelemetrySignal) -> UInt16 {
        do throws(DecodingError) {
            let items = UInt64(try ExportTally.items(in: body, of: signal))
            counts.telemetryRequests += 1
            switch signal {
            case .metrics: counts.telemetryDataPoints += items
            case .traces: counts.telemetrySpans += items
            case .logs: counts.telemetryLogRecords += items
            }
            return 200
        } catch {
            counts.telemetryMalformed += 1
            return 400
        }
    }
}
