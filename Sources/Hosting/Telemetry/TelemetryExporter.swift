import AgentModel
import Basis
import Engine
import Metrics
import OTLP
import OpAMP
import Transport

/// Sends the own telemetry of a shard's agents to the destinations that servers offered them: OTLP over HTTP, a few
/// connections for each destination, a bounded queue before them. Confined to its shard.
///
/// It shares the agents' shard and nothing else with them: no connection, no buffer, no timer. What a destination does
/// not accept is counted and dropped, so that it does not delay the next export; the counters in it are cumulative, so
/// that the next export holds what the lost one held.
final class TelemetryExporter {
    private let shard: Shard
    private let metrics: ShardMetrics
    private let sources: [SocketAddress]
    private let resolve: DestinationResolver
    private var lanes: [ObjectIdentifier: TelemetryLane] = [:]

    /// The limit of destinations of one shard, for servers that offer each agent one of its own.
    static let laneLimit = 64

    init(shard: Shard, metrics: ShardMetrics, target: AgentTarget, resolve: @escaping DestinationResolver) {
        self.shard = shard
        self.metrics = metrics
        sources = target.sources
        self.resolve = resolve
    }

    func send(_ export: TelemetryExport, body: [UInt8]) {
        guard let lane = lane(to: export.destination) else {
            return metrics.count(.telemetryDropped)
        }
        lane.send(TelemetryRequest(signal: export.signal, body: body, items: export.items))
    }

    /// Whether everything that was sent has been answered or has failed.
    var isQuiet: Bool { lanes.values.allSatisfy(\.isQuiet) }

    private func lane(to destination: TelemetryDestination) -> TelemetryLane? {
        if let lane = lanes[ObjectIdentifier(destination)] { return lane }
        if let same = lanes.values.first(where: { $0.destination.settings == destination.settings }) {
            return same
        }
        guard lanes.count < Self.laneLimit else { return nil }
        let lane = TelemetryLane(
            destination: destination, shard: shard, metrics: metrics, sources: sources, resolve: resolve)
        lanes[ObjectIdentifier(destination)] = lane
        return lane
    }
}

/// One export request.
struct TelemetryRequest {
    let signal: TelemetrySignal
    let body: [UInt8]
    let items: Int
}
