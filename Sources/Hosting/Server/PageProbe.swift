public import Basis
import ControlPlane
public import Engine
import OpenSSL
public import Transport

/// Asks a server for a page over HTTP: one request, one connection. A server that has nothing at that path, or
/// something
/// else, has answered too.
public final class PageProbe: Endpoint, @unchecked Sendable {
    private let host: String
    private let page: Page
    private let fields: HTTPFields
    private let attempt: ConnectAttempt
    private var exchange: HTTPExchange
    private var completion: (@Sendable ([UInt8]?) -> Void)?

    /// What is asked for.
    public struct Page: Hashable, Sendable {
        public var path: String
        /// What the content type of an answer begins with.
        public var contentType: String
        /// A longer body is something else, in bytes.
        public var limit: Int
        /// What is sent, with POST; nil: nothing, with GET.
        public var body: [UInt8]?

        public init(path: String, contentType: String, limit: Int, body: [UInt8]? = nil) {
            self.path = path
            self.contentType = contentType
            self.limit = limit
            self.body = body
        }

        /// The counts of Muster's own server: a few hundred bytes.
        public static let counts = Page(path: ServerHost.countsPath, contentType: "application/json", limit: 1 << 16)
    }

    private init(
        _ page: Page, shard: Shard, host: String, fields: HTTPFields, _ plan: ConnectPlan,
        completion: @escaping @Sendable ([UInt8]?) -> Void
    ) {
        self.host = host
        self.page = page
        var limits = HTTPLimits()
        limits.bodyBytes = page.limit
        exchange = HTTPExchange(limits: limits)
        self.fields = fields
        attempt = ConnectAttempt(plan, at: shard.now)
        self.completion = completion
        super.init(shard: shard)
    }

    /// The body of the page, or `nil` where the server has none to give.
    /// - Parameters:
    ///   - fields: further fields of the request: the credentials.
    ///   - proxy: the one to go through, at `address`.
    ///   - identity: the certificate to show where the server asks for one.
    public static func ask(
        for page: Page, _ address: SocketAddress, host: String, fields: HTTPFields = HTTPFields(),
        through proxy: ProxyRoute? = nil,
        security: TargetSecurity? = nil,
        identity: PackedIdentity? = nil, on shard: Shard
    ) async -> [UInt8]? {
        await withCheckedContinuation { continuation in
            shard.perform {
                let plan = ConnectPlan(
                    address: address, tunnel: proxy.map { (host, $0.fields) },
                    tls: security?.request(identity: identity, resumes: false),
                    timeouts: ConnectTimeouts(each: timeout))
                let probe = PageProbe(page, shard: shard, host: host, fields: fields, plan) {
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
            if let body = page.body {
                exchange.begin(
                    .post, target: page.path, host: host, fields: fields, body: body.span.bytes, to: &request)
            } else {
                exchange.begin(.get, target: page.path, host: host, fields: fields, body: nil, to: &request)
            }
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
            let isPage =
                (200..<300).contains(head.status)
                && (page.contentType.isEmpty || head.fields["Content-Type"]?.hasPrefix(page.contentType) == true)
            finish(isPage ? exchange.body : nil)
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
}
