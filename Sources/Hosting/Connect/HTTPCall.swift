public import Basis
public import Engine
import Metrics
import OpenSSL
public import Transport

/// One HTTP request on one connection, from the dial to the response.
public final class HTTPCall: Endpoint, @unchecked Sendable {
    /// What is asked for.
    public struct Request: Sendable {
        public var method: HTTPMethod
        /// In origin form: path and query.
        public var target: String
        /// For the `Host` field.
        public var host: String
        public var fields: HTTPFields
        /// Nil: there is none.
        public var body: [UInt8]?
        /// A longer body of a response is refused, bytes.
        public var maxResponse: Int

        public init(
            _ method: HTTPMethod, target: String, host: String, fields: HTTPFields = HTTPFields(), body: [UInt8]? = nil,
            maxResponse: Int = 1 << 16
        ) {
            self.method = method
            self.target = target
            self.host = host
            self.fields = fields
            self.body = body
            self.maxResponse = maxResponse
        }
    }

    /// What the server answered.
    public struct Response: Sendable {
        public var status: UInt16
        public var fields: HTTPFields
        public var body: [UInt8]
    }

    /// Why there is no response.
    public struct Problem: Error, Hashable, CustomStringConvertible {
        public let description: String
    }

    private let request: Request
    private let attempt: ConnectAttempt
    private var exchange: HTTPExchange
    private var completion: (@Sendable (Result<Response, Problem>) -> Void)?

    private init(
        shard: Shard, _ request: Request, _ plan: ConnectPlan,
        completion: @escaping @Sendable (Result<Response, Problem>) -> Void
    ) {
        self.request = request
        var limits = HTTPLimits()
        limits.bodyBytes = request.maxResponse
        exchange = HTTPExchange(limits: limits)
        attempt = ConnectAttempt(plan, at: shard.now)
        self.completion = completion
        super.init(shard: shard)
    }

    /// The server's response; nil where none came in time, or none that is HTTP, or a longer one than allowed.
    /// - Parameters:
    ///   - timeout: for all of it.
    ///   - proxy: the one to go through, at `address`.
    ///   - identity: the certificate to show where the server asks for one.
    public static func perform(
        _ request: Request, at address: SocketAddress, within timeout: Nanoseconds, through proxy: ProxyRoute? = nil,
        security: TargetSecurity? = nil, identity: PackedIdentity? = nil, on shard: Shard
    ) async -> Response? {
        try? await result(
            of: request, at: address, within: timeout, through: proxy, security: security, identity: identity,
            on: shard
        ).get()
    }

    /// The same, with the reason where there is no response.
    public static func result(
        of request: Request, at address: SocketAddress, within timeout: Nanoseconds, through proxy: ProxyRoute? = nil,
        security: TargetSecurity? = nil, identity: PackedIdentity? = nil, on shard: Shard
    ) async -> Result<Response, Problem> {
        await withCheckedContinuation { continuation in
            shard.perform {
                let plan = ConnectPlan(
                    address: address, tunnel: proxy.map { (request.host, $0.fields) },
                    tls: security?.request(identity: identity, resumes: false),
                    timeouts: ConnectTimeouts(each: timeout))
                let call = HTTPCall(shard: shard, request, plan) { continuation.resume(returning: $0) }
                call.setTimer(at: shard.now + timeout)
                if !call.attempt.begin(on: call) { call.finish("it was not begun") }
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
            var bytes: [UInt8] = []
            if let body = request.body {
                exchange.begin(
                    request.method, target: request.target, host: request.host, fields: request.fields,
                    body: body.span.bytes, to: &bytes)
            } else {
                exchange.begin(
                    request.method, target: request.target, host: request.host, fields: request.fields, body: nil,
                    to: &bytes)
            }
            write(bytes.span.bytes)
        case .failed(let error): finish(error.counter.title)
        }
    }

    public override func received(_ bytes: RawSpan) {
        var offset = 0
        guard attempt.phase == nil else { return connecting(attempt.received(bytes, at: &offset, on: self)) }
        do throws(HTTPExchangeError) {
            guard let response = try exchange.next(bytes, at: &offset) else { return }
            finish(
                .success(
                    Response(status: response.head.status, fields: response.head.fields, body: exchange.body)))
        } catch {
            finish("the response is no HTTP, or too long")
        }
    }

    public override func closed(_ cause: CloseCause) {
        finish(Counter(cause).title)
    }

    public override func timerFired(due: Instant) {
        finish("no response in time")
    }

    private func finish(_ problem: String) {
        finish(.failure(Problem(description: problem)))
    }

    private func finish(_ result: Result<Response, Problem>) {
        guard let completion else { return }
        self.completion = nil
        cancelTimer()
        abort()
        completion(result)
    }
}
