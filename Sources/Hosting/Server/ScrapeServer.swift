import Basis
public import Engine
import Synchronization
import Transport

/// Serves one page at one path, generated for every request: what a Prometheus server scrapes during a run.
///
/// It has a shard of its own, so that a scrape never delays an agent's timer.
public final class ScrapeServer: Sendable {
    /// Where it listens, the port resolved.
    public let address: SocketAddress
    private let shard: Shard
    private let listener: Listener

    /// What a request is answered with.
    public struct Page: Sendable {
        public var contentType: String
        public var body: String

        public init(contentType: String, body: String) {
            self.contentType = contentType
            self.body = body
        }
    }

    /// Listens at once.
    /// - Parameters:
    ///   - path: the only path there is; anything else is 404.
    ///   - page: called on the server's shard for each request; nil answers 503: there are no figures yet.
    /// - Throws: `ScrapeServerError`, naming the address and the remedy.
    public init(
        address: SocketAddress, path: String = "/metrics", page: @escaping @Sendable () -> Page?
    ) throws(ScrapeServerError) {
        do {
            let shard = try Shard(label: "muster.scrapes")
            self.shard = shard
            let connections = Connections()
            do {
                listener = try Listener(shard: shard, addresses: [address]) { shard, _ in
                    connections.take() ? ScrapeLink(shard: shard, path: path, page: page, connections) : nil
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
        "cannot serve the run's metrics on \(address): \(reason). Choose another address or port; 0 takes any free one."
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
    private let path: String
    private let page: @Sendable () -> ScrapeServer.Page?
    private let connections: Connections
    private var exchange = HTTPServerExchange(limits: ScrapeLink.limits)

    init(
        shard: Shard, path: String, page: @escaping @Sendable () -> ScrapeServer.Page?, _ connections: Connections
    ) {
        self.path = path
        self.page = page
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
                    answer(head, keepAlive: keepAlive)
                    guard keepAlive else { return }
                case .head(_, let body):
                    // A scrape has no body.
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

    private func answer(_ head: HTTPRequestHead, keepAlive: Bool) {
        guard head.method == .get || head.method == .head else { return end(with: 405) }
        let target = head.originForm
        guard target == path || target.hasPrefix(path + "?") else { return end(with: 404) }
        guard let page = page() else { return end(with: 503) }
        var fields = HTTPFields()
        // A content type of visible characters is always a valid field value.
        try? fields.append("Content-Type", page.contentType)
        var output: [UInt8] = []
        let body = page.body.utf8
        HTTPWriter.appendResponse(
            200, fields: fields, contentLength: body.count, keepAlive: keepAlive, to: &output)
        if head.method == .get { output.append(contentsOf: body) }
        write(output.span.bytes)
        if !keepAlive { closeGracefully(within: ScrapeLink.closeTimeout) }
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
