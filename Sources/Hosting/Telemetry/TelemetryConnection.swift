import Basis
import Engine
import Metrics
import OTLP
import Transport

/// One connection to a destination of own telemetry: one export request after the other. Confined to its shard.
final class TelemetryConnection: Endpoint, @unchecked Sendable {
    private enum Stage {
        case dialing
        case idle
        case busy(TelemetryRequest)
        case over
    }

    private let lane: TelemetryLane
    private var exchange = HTTPExchange(limits: TelemetryConnection.limits)
    private var stage = Stage.over

    init(lane: TelemetryLane, shard: Shard) {
        self.lane = lane
        super.init(shard: shard)
    }

    func dial(to address: SocketAddress, from source: SocketAddress?, _ route: TelemetryRoute) {
        stage = .dialing
        if !connect(
            to: address, from: source, timeout: Self.dialTimeout, tls: route.tls, serverName: route.serverName,
            identity: route.identity)
        {
            // The shard is stopping: nothing is sent any more.
            stage = .over
        }
    }

    var isReusable: Bool { isOpen && exchange.isReady && waitingBytes == 0 }

    func send(_ request: TelemetryRequest, over route: TelemetryRoute) {
        stage = .busy(request)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(request.body.count + 512)
        exchange.begin(
            .post, target: route.path, host: route.host, fields: route.fields, body: request.body.span.bytes, to: &bytes
        )
        setTimer(at: shard.now + Self.answerTimeout)
        lane.metrics.count(.telemetryRequests)
        lane.metrics.count(.telemetryBytes, bytes.count)
        write(bytes.span.bytes)
    }

    func leave() {
        stage = .over
        cancelTimer()
        lane.left(self)
        closeGracefully(within: WebSocketLink.closeTimeout)
    }

    override func connected() {
        guard case .dialing = stage else { return }
        rest()
        lane.dialed(self)
    }

    private func rest() {
        stage = .idle
        setTimer(at: shard.now + Self.idleTimeout)
    }

    override func received(_ bytes: RawSpan) {
        var offset = 0
        do throws(HTTPExchangeError) {
            guard let response = try exchange.next(bytes, at: &offset) else { return }
            guard case .busy(let request) = stage else { return drop() }
            judge(response.head, exchange.body, request)
            if response.keepAlive, offset == bytes.byteCount {
                rest()
                lane.ready(self)
            } else {
                leave()
            }
        } catch {
            lane.metrics.count(named: error.name)
            drop()
        }
    }

    /// What became of a request, as its response says (OTLP/HTTP Response).
    private func judge(_ head: HTTPResponseHead, _ body: [UInt8], _ request: TelemetryRequest) {
        guard (200..<300).contains(head.status) else {
            lane.metrics.count(.telemetryRefused)
            lane.metrics.count(named: "telemetry_status_\(head.status)")
            return
        }
        let rejected = min((try? ExportTally.rejected(in: body)) ?? 0, request.items)
        lane.metrics.count(.telemetryItems, request.items - rejected)
        if rejected > 0 { lane.metrics.count(named: "telemetry_items_rejected", UInt64(rejected)) }
    }

    /// The connection has come to nothing; what was under way on it is lost.
    private func drop() {
        if case .busy = stage { lane.metrics.count(.telemetryUnreachable) }
        stage = .over
        cancelTimer()
        lane.left(self)
        abort()
    }

    override func closed(_ cause: CloseCause) {
        let former = stage
        stage = .over
        cancelTimer()
        switch former {
        case .dialing: lane.dialFailed()
        case .idle: lane.left(self)
        case .busy:
            lane.metrics.count(.telemetryUnreachable)
            lane.left(self)
        case .over: break
        }
    }

    override func timerFired(due: Instant) {
        switch stage {
        case .idle: leave()
        case .busy: drop()
        case .dialing, .over: break
        }
    }

    private static let dialTimeout = Nanoseconds.seconds(10)
    /// The time that OTLP exporters usually give a destination.
    private static let answerTimeout = Nanoseconds.seconds(10)
    private static let idleTimeout = Nanoseconds.seconds(60)
    /// A response is empty, or says in a few words what was not taken.
    private static let limits: HTTPLimits = {
        var limits = HTTPLimits()
        limits.bodyBytes = 1 << 20
        return limits
    }()
}
