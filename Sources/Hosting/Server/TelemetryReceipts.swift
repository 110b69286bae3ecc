import ControlPlane
import OTLP

/// What the embedded server has received of agents' own telemetry: counted, so that a run can be reconciled, and thrown away.
struct TelemetryReceipts {
    private(set) var counts = ServerCounts()

    mutating func connectionUsed() {
        counts.telemetryConnections += 1
    }

    /// An export request came.
    /// - Returns: The status of the response: 200, or 400 for what is no OTLP.
    mutating func received(_ body: [UInt8], _ signal: TelemetrySignal) -> UInt16 {
        do throws(OTLPError) {
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
