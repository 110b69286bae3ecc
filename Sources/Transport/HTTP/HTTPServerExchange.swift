import Basis

/// The server's side of one HTTP/1.1 connection: whole requests, and upgrades to WebSocket beside them on one port.
///
/// The head of a request is reported before its body is read, so that the caller can refuse the request and have the
/// body dropped. After a request the caller answers, with `HTTPWriter.appendResponse`, before it asks for the next: a
/// client that sends several at once receives its answers in order. Holds the body of the request that is arriving,
/// growing with what arrived.
public struct HTTPServerExchange: Sendable {
    private var reader: HTTPReader
    private var head: HTTPRequestHead?
    private let limits: HTTPLimits
    private var dropsBody = false
    /// The request's body as received, without its chunk framing, until the next event.
    public private(set) var body: [UInt8] = []

    /// What a client sent.
    public enum Event: Equatable, Sendable {
        /// A request for WebSocket, to be answered by `WebSocketServerHandshake`. Where it is accepted, what follows in
        /// the input belongs to a `WebSocketReader`; where it is refused, the connection is to be closed.
        case upgrade(HTTPRequestHead)
        /// The head of a request; its body, if any, follows. `dropBody` refuses the body.
        case head(HTTPRequestHead, AnnouncedBody)
        /// A whole request; its body is in `body`.
        /// - Parameter keepAlive: whether the client will send another; otherwise the answer says close.
        case request(HTTPRequestHead, keepAlive: Bool)
    }

    /// What a head says of the body that follows.
    public struct AnnouncedBody: Equatable, Sendable {
        /// How many bytes follow; nil where the body is chunked and the client does not say.
        public var count: Int?
        /// The client waits for a 100 before it sends its body: `HTTPWriter.appendContinue`, or a final status and a
        /// close.
        public var awaitsContinue: Bool

        public init(count: Int?, awaitsContinue: Bool = false) {
            self.count = count
            self.awaitsContinue = awaitsContinue
        }
    }

    /// What part of a request is arriving.
    public enum Arriving: Equatable, Sendable {
        /// Not a byte since the last request.
        case nothing
        case head
        case body
    }

    /// A body's buffer larger than this is freed rather than kept for the next request.
    private static let keptCapacity = 1 << 10

    public init(limits: HTTPLimits = HTTPLimits()) {
        self.limits = limits
        reader = HTTPReader(.requests, limits: limits)
    }

    /// Whether no byte of a request has arrived since the last one: a close or an idle timeout now cuts nothing.
    public var isIdle: Bool { arriving == .nothing }

    /// What part of a request is arriving.
    public var arriving: Arriving {
        if head != nil { return .body }
        return reader.isBetweenMessages ? .nothing : .head
    }

    /// How many bytes of memory are used for the request that is arriving.
    public var reservedBytes: Int { body.capacity + reader.reservedBytes }

    /// Drops the body of the request whose head was reported last: what arrives of it is read and not kept.
    public mutating func dropBody() {
        dropsBody = true
    }

    /// Frees the body of a request that was processed, where it is large.
    public mutating func releaseBody() {
        if body.capacity > Self.keptCapacity { body = [] }
    }

    /// The next event in `input[offset...]`; nil if there is none.
    /// - Throws: `HTTPError`: the client's fault. To be answered with `responseStatus` and closed.
    public mutating func next(_ input: RawSpan, at offset: inout Int) throws(HTTPError) -> Event? {
        while let event = try reader.next(input, at: &offset) {
            switch event {
            case .request(let request):
                releaseBody()
                body.removeAll(keepingCapacity: true)
                dropsBody = false
                if WebSocketServerHandshake.isUpgrade(request) { return .upgrade(request) }
                head = request
                let awaitsContinue =
                    request.version == .http11 && request.fields.contains("Expect", token: "100-continue")
                    && !reader.isAtEnd
                return .head(request, AnnouncedBody(count: reader.remainingBytes, awaitsContinue: awaitsContinue))
            case .body(let range):
                if dropsBody { continue }
                body.grow(by: range.count, towards: limits.bodyBytes)
                body.append(input.extracting(range))
            case .end(let keepAlive):
                guard let request = head else { continue }
                head = nil
                return .request(request, keepAlive: keepAlive)
            case .informational, .response:
                continue
            }
        }
        return nil
    }
}
