import Basis
public import Engine
import Synchronization
public import Transport

/// A small HTTP server for pages about a run: what a Prometheus server scrapes, and the page that a browser shows.
///
/// It has a shard of its own, so that a request never delays an agent's timer.
public final class ScrapeServer: Sendable {
    /// Where it listens, the port resolved.
    public let address: SocketAddress
    private let shard: Shard
    private let listener: Listener

    /// What a request is answered with.
    public struct Page: Sendable {
        public var contentType: String
        public var body: [UInt8]

        public init(contentType: String, body: [UInt8]) {
            self.contentType = contentType
            self.body = body
        }

        public init(contentType: String, body: String) {
            self.init(contentType: contentType, body: Array(body.utf8))
        }
    }

    /// A request, without its body: one with a body is refused before this.
    public struct Request: Sendable {
        public var method: HTTPMethod
        /// Without the query.
        public var path: String
        /// The part after the `?`, as received; empty where there is none.
        public var query: String
        public var fields: HTTPFields

        public init(method: HTTPMethod, path: String, query: String = "", fields: HTTPFields = HTTPFields()) {
            self.method = method
            self.path = path
            self.query = query
            self.fields = fields
        }
    }

    /// How a request is answered.
    public struct Response: Sendable {
        public var status: UInt16
        /// Beside the content type and length.
        public var fields: [(name: String, value: String)] = []
        /// Nil: an empty body.
        public var page: Page?
        /// Whether the connection ends after it.
        public var closes = false

        public init(status: UInt16, page: Page? = nil) {
            self.status = status
            self.page = page
        }
    }

    /// Listens at once, for one page.
    /// - Parameters:
    ///   - path: the only path there is; anything else is 404.
    ///   - page: called on the server's shard for each request; nil answers 503: there are no figures yet.
    /// - Throws: `ScrapeServerError`, naming the address and the remedy.
    public convenience init(
        address: SocketAddress, path: String = "/metrics", page: @escaping @Sendable (Request) -> Page?
    ) throws(ScrapeServerError) {
        try self.init(address: address) { request in
            func refusal(_ status: UInt16) -> Response {
                var response = Response(status: status)
                response.closes = true
                return response
            }
            guard request.method == .get || request.method == .head else { return refusal(405) }
            guard request.path == path else { return refusal(404) }
            guard let page = page(request) else { return refusal(503) }
            return Response(status: 200, page: page)
        }
    }

    /// Listens at once.
    /// - Parameter respond: called on the server's shard for each request.
    /// - Throws: `ScrapeServerError`, naming the address and the remedy.
    public init(
        address: SocketAddress, respond: @escaping @Sendable (Request) -> Response
    ) throws(ScrapeServerError) {
        do {
            let shard = try Shard(label: "muster.scrapes")
            self.shard = shard
            let connections = Connections()
            do {
                listener = try Listener(shard: shard, addresses: [address]) { shard, _ in
                    connections.take() ? ScrapeLink(shard: shard, respond: respond, connections) : nil
                }
            } catch {
                shard.stop {}
                throw error
            }
        } catch {
            throw ScrapeServerError(address: address, reason: "\(error)")
        }
        self.address = listener.addresses.first ?? address
    }

    /// Stops listening and ends what is open.
    public func stop() async {
        listener.close()
        await shard.stop()
    }
}

/// The page cannot be served.
public struct ScrapeServerError: Error, CustomStringConvertible {
    public let address: SocketAddress
    public let reason: String

    public var description: String {
        "cannot serve the run's figures on \(address): \(reason). Choose another address or port; 0 takes any free one."
    }
}

/// The limit of connected scrapers.
private final class Connections: Sendable {
    private let open = Atomic<Int>(0)
    private static let most = 64

    func take() -> Bool {
        if open.add(1, ordering: .relaxed).newValue <= Self.most { return true }
        giveBack()
        return false
    }

    func giveBack() {
        open.subtract(1, ordering: .relaxed)
    }
}

/// One connection of a scraper. Confined to its shard.
private final class ScrapeLink: Endpoint, @unchecked Sendable {
    private let respond: @Sendable (ScrapeServer.Request) -> ScrapeServer.Response
    private let connections: Connections
    private var exchange = HTTPServerExchange(limits: ScrapeLink.limits)

    init(
        shard: Shard, respond: @escaping @Sendable (ScrapeServer.Request) -> ScrapeServer.Response,
        _ connections: Connections
    ) {
        self.respond = respond
        self.connections = connections
        super.init(shard: shard)
    }

    override func connected() {
        idleTimeout = ScrapeLink.timeout
    }

    override func received(_ bytes: RawSpan) {
        var offset = 0
        do throws(HTTPError) {
            while let event = try exchange.next(bytes, at: &offset) {
                switch event {
                case .request(let head, let keepAlive):
                    guard answer(head, keepAlive: keepAlive) else { return }
                case .head(_, let body):
                    // No request of a scraper or of the page has a body.
                    guard body.count == 0 else { return end(with: 413) }
                case .upgrade:
                    return end(with: 405)
                }
            }
            // A head has a deadline that does not restart with each byte.
            receiveDeadline = exchange.isIdle ? nil : receiveDeadline ?? shard.now + ScrapeLink.headTimeout
        } catch {
            end(with: error.responseStatus)
        }
    }

    override func closed(_ cause: CloseCause) {
        connections.giveBack()
    }

    /// - Returns: whether the connection goes on.
    private func answer(_ head: HTTPRequestHead, keepAlive: Bool) -> Bool {
        let parts = head.originForm.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let response = respond(
            ScrapeServer.Request(
                method: head.method, path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : "",
                fields: head.fields))
        var fields = HTTPFields()
        // Types and fields of visible characters are always valid field values.
        if let page = response.page { try? fields.append("Content-Type", page.contentType) }
        for field in response.fields { try? fields.append(field.name, field.value) }
        var output: [UInt8] = []
        let body = response.page?.body
        let goesOn = keepAlive && !response.closes
        HTTPWriter.appendResponse(
            response.status, fields: fields, contentLength: response.status == 204 ? nil : body?.count ?? 0,
            keepAlive: goesOn, to: &output)
        if let body, head.method != .head { output.append(contentsOf: body) }
        write(output.span.bytes)
        if !goesOn { closeGracefully(within: ScrapeLink.closeTimeout) }
        return goesOn
    }

    private func end(with status: UInt16) {
        var output: [UInt8] = []
        HTTPWriter.appendResponse(status, contentLength: 0, keepAlive: false, to: &output)
        write(output.span.bytes)
        closeGracefully(within: ScrapeLink.closeTimeout)
    }

    /// Scrapes are seconds or minutes apart.
    private static let timeout = Nanoseconds.seconds(150)
    private static let headTimeout = Nanoseconds.seconds(20)
    private static let closeTimeout = Nanoseconds.seconds(2)
    /// A scrape has no body.
    private static let limits: HTTPLimits = {
        var limits = HTTPLimits()
        limits.bodyBytes = 1 << 10
        return limits
    }()
}
