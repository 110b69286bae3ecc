import AgentModel
import Basis
import Engine
import Metrics
import OTLP
import OpAMP

/// The queue to one destination, and its connections. Confined to its shard.
final class TelemetryLane: @unchecked Sendable {
    let destination: TelemetryDestination
    let metrics: ShardMetrics
    private let shard: Shard
    private let sources: [SocketAddress]
    private let resolve: DestinationResolver
    private var state = Destination.unresolved
    private var waiting: [TelemetryRequest] = []
    private var waitingBytes = 0
    private var idle: [TelemetryConnection] = []
    /// How many are dialling, idle or busy; and how many of them are dialling.
    private var connections = 0
    private var dialing = 0
    private var dialed = 0

    private enum Destination {
        case unresolved
        case resolving
        case ready(TelemetryRoute)
        /// The destination could not be reached; until then requests are dropped without an attempt.
        case down(until: Instant, TelemetryRoute?)
    }

    /// Connections of one shard to one destination: exporters share few.
    private static let connectionLimit = 4
    /// Requests that wait; further ones are dropped.
    private static let queueLimit = 1_024
    private static let queueBytes = 8 << 20
    /// How long no attempt is made at a destination that could not be reached.
    private static let retryDelay = Nanoseconds.seconds(5)

    init(
        destination: TelemetryDestination, shard: Shard, metrics: ShardMetrics, sources: [SocketAddress],
        resolve: @escaping DestinationResolver
    ) {
        self.destination = destination
        self.shard = shard
        self.metrics = metrics
        self.sources = sources
        self.resolve = resolve
    }

    /// Whether nothing waits and nothing is under way.
    var isQuiet: Bool { waiting.isEmpty && connections == idle.count }

    func send(_ request: TelemetryRequest) {
        if case .down(let until, let route) = state {
            guard shard.now >= until else { return metrics.count(.telemetryUnreachable) }
            state = route.map { .ready($0) } ?? .unresolved
        }
        guard waiting.count < Self.queueLimit, waitingBytes + request.body.count <= Self.queueBytes else {
            return metrics.count(.telemetryDropped)
        }
        waiting.append(request)
        waitingBytes += request.body.count
        advance()
    }

    private func advance() {
        switch state {
        case .unresolved: look()
        case .resolving, .down: break
        case .ready(let route):
            while !waiting.isEmpty, let connection = takeIdle() { connection.send(takeFirst(), over: route) }
            while connections < min(waiting.count, Self.connectionLimit) { dial(route) }
        }
    }

    private func takeFirst() -> TelemetryRequest {
        let request = waiting.removeFirst()
        waitingBytes -= request.body.count
        return request
    }

    private func takeIdle() -> TelemetryConnection? {
        while let connection = idle.popLast() {
            if connection.isReusable { return connection }
            connection.leave()
        }
        return nil
    }

    private func look() {
        state = .resolving
        let (resolve, settings) = (resolve, destination.settings)
        Task { [self] in
            let found: Result<TelemetryRoute, OfferProblem>
            do throws(OfferProblem) { found = .success(try await resolve(settings)) } catch { found = .failure(error) }
            shard.perform { [self] in
                switch found {
                case .success(let route):
                    state = .ready(route)
                    advance()
                case .failure(let problem):
                    metrics.count(named: "telemetry_destination_unusable: \(problem.rawValue)")
                    giveUp(nil)
                }
            }
        }
    }

    private func dial(_ route: TelemetryRoute) {
        let connection = TelemetryConnection(lane: self, shard: shard)
        connections += 1
        dialing += 1
        let source = sources.isEmpty ? nil : sources[dialed % sources.count]
        let address = route.addresses[dialed % route.addresses.count]
        dialed += 1
        connection.dial(to: address, from: source, route)
    }

    /// Everything that waits is lost, and no attempt is made for a while.
    private func giveUp(_ route: TelemetryRoute?) {
        metrics.count(.telemetryUnreachable, waiting.count)
        waiting = []
        waitingBytes = 0
        state = .down(until: shard.now + Self.retryDelay, route)
    }

    // MARK: - Told by connections

    func dialed(_ connection: TelemetryConnection) {
        dialing -= 1
        ready(connection)
    }

    func ready(_ connection: TelemetryConnection) {
        idle.append(connection)
        advance()
    }

    /// An attempt failed. While another connection is up, what waits goes over that.
    func dialFailed(_ error: ConnectError) {
        metrics.count(named: "telemetry_connect_\(error.phase)_failed")
        connections -= 1
        dialing -= 1
        if case .ready(let route) = state, connections == dialing { giveUp(route) }
    }

    func left(_ connection: TelemetryConnection) {
        connections -= 1
        idle.removeAll { $0 === connection }
        advance()
    }
}
