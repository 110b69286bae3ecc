public import Basis
import ControlPlane
public import Engine
import OpenSSL
public import Transport

/// Asks a server for its counts over HTTP: one request, one connection. Muster's own server answers; any other has
/// nothing at that path, and that is an answer too.
public final class CountsProbe: Endpoint, @unchecked Sendable {
    private let host: String
    private let fields: HTTPFields
    private let attempt: ConnectAttempt
    private var exchange = HTTPExchange(limits: CountsProbe.limits)
    private var completion: (@Sendable ([UInt8]?) -> Void)?

    private init(
        shard: Shard, host: String, fields: HTTPFields, _ plan: ConnectPlan,
        completion: @escaping @Sendable ([UInt8]?) -> Void
    ) {
        self.host = host
        self.fields = fields
        attempt = ConnectAttempt(plan, at: shard.now)
        self.completion = completion
        super.init(shard: shard)
    }

    /// The JSON object with the counts, or `nil` where the server has none to give.
    /// - Parameters:
    ///   - fields: further fields of the request: the credentials.
    ///   - proxy: the one to go through, at `address`.
    ///   - identity: the certificate to show where the server asks for one.
    public static func ask(
        _ address: SocketAddress, host: String, fields: HTTPFields = HTTPFields(), through proxy: ProxyRoute? = nil,
        security: TargetSecurity? = nil,
        identity: PackedIdentity? = nil, on shard: Shard
    ) async -> [UInt8]? {
        await withCheckedContinuation { continuation in
            shard.perform {
                let plan = ConnectPlan(
                    address: address, tunnel: proxy.map { (host, $0.fields) },
                    tls: security?.request(identity: identity, resumes: false),
                    timeouts: ConnectTimeouts(each: timeout))
                let probe = CountsProbe(shard: shard, host: host, fields: fields, plan) {
                    continuation.resume(returning: $0)
                }
                probe.setTimer(at: shard.now + timeout)
                if !probe.attempt.begin(on: probe) { probe.finish(nil) }
            }
        }
    }

    public override func connected() {
        connecting(attempt.connected(on: self))
    }

    private func connecting(_ progress: ConnectAttempt.Progress) {
        switch progress {
        case .underWay: break
        case .ready:
            var request: [UInt8] = []
            exchange.begin(
                .get, target: ServerHost.countsPath, host: host, fields: fields, body: nil, to: &request)
            write(request.span.bytes)
        case .failed: finish(nil)
        }
    }

    public override func received(_ bytes: RawSpan) {
        var offset = 0
        guard attempt.phase == nil else { return connecting(attempt.received(bytes, at: &offset, on: self)) }
        do throws(HTTPExchangeError) {
            guard let response = try exchange.next(bytes, at: &offset) else { return }
            let head = response.head
            let hasCounts = head.status == 200 && head.fields["Content-Type"] == "application/json"
            finish(hasCounts ? exchange.body : nil)
        } catch {
            finish(nil)
        }
    }

    public override func closed(_ cause: CloseCause) {
        finish(nil)
    }

    public override func timerFired(due: Instant) {
        finish(nil)
    }

    private func finish(_ answer: [UInt8]?) {
        guard let completion else { return }
        self.completion = nil
        cancelTimer()
        abort()
        completion(answer)
    }

    private static let timeout = Nanoseconds.seconds(3)
    /// Counts have a few hundred bytes; a longer body is something else.
    private static let limits: HTTPLimits = {
        var limits = HTTPLimits()
        limits.bodyBytes = 1 << 16
        return limits
    }()
}
