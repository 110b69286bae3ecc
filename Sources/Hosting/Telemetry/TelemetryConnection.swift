import Basis
import Engine
import Metrics
import OTLP
import Transport

/// One connection to a destination of own telemetry: one export request after the other. Confined to its shard.
final class TelemetryConnection: Endpoint, @unchecked Sendable {
    private enum ExportStage {
        case connecting(ConnectAttempt)
        case idle
        case busy(TelemetryRequest)
        case over
    }

    private let lane: TelemetryLane
    private var exchange = HTTPExchange(limits: TelemetryConnection.limits)
    private var stage = ExportStage.over

    init(lane: TelemetryLane, shard: Shard) {
        self.lane = lane
        super.init(shard: shard)
    }

    func dial(to address: SocketAddress, from source: SocketAddress?, _ route: TelemetryRoute) {
        let tls = route.tls.map {
            ConnectPlan.TLSRequest(
                context: $0, serverName: route.serverName, identity: route.identity, resumes: true)
        }
        let attempt = ConnectAttempt(ConnectPlan(address: address, source: source, tls: tls), at: shard.now)
        // A shard that is stopping sends nothing any more.
        stage = attempt.begin(on: self) ? .connecting(attempt) : .over
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
        closeGracefully(within: ConnectTimeouts.close)
    }

    override func connected() {
        guard case .connecting(let attempt) = stage else { return }
        connecting(attempt.connected(on: self))
    }

    private func connecting(_ progress: ConnectAttempt.Progress) {
        switch progress {
        case .underWay: break
        case .ready:
            rest()
            lane.dialed(self)
        case .failed(let error):
            stage = .over
            lane.dialFailed(error)
        }
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

    /// The outcome of a request, from its response (OTLP/HTTP Response).
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

    /// The connection failed; the request that was in flight on it is lost.
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
        case .connecting(let attempt): lane.dialFailed(attempt.closed(cause))
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
        case .connecting, .over: break
        }
    }

    /// The default timeout of OTLP exporters.
    private static let answerTimeout = Nanoseconds.seconds(10)
    private static let idleTimeout = Nanoseconds.seconds(60)
    /// A response is empty, or contains briefly what was rejected.
    private static let limits: HTTPLimits = {
        var limits = HTTPLimits()
        limits.bodyBytes = 1 << 20
        return limits
    }()
}
