import Basis

/// The server's side of one HTTP/1.1 connection: whole requests, and upgrades to WebSocket beside them on one port.
///
/// After a request the caller answers, with `HTTPWriter.appendResponse`, before it asks for the next: a client that sends
/// several at once finds its answers in order. Holds the body of the request that is arriving, growing with what arrived.
public struct HTTPServerExchange: Sendable {
    private var reader: HTTPReader
    private var head: HTTPRequestHead?
    private let limits: HTTPLimits
    /// The request's body as it stood on the wire, until the next event.
    public private(set) var body: [UInt8] = []

    /// What a client sent.
    public enum Event: Equatable, Sendable {
        /// A request for WebSocket, to be answered by `WebSocketServerHandshake`. Where it is accepted, what follows in the
        /// input belongs to a `WebSocketReader`; where it is refused, the connection is to be closed.
        case upgrade(HTTPRequestHead)
        /// The client waits for a 100 before it sends its body: `HTTPWriter.appendContinue`, or a final status and a close.
        case expectsContinue(HTTPRequestHead)
        /// A whole request; its body is in `body`.
        /// - Parameter keepAlive: whether the client will send another; otherwise the answer says close.
        case request(HTTPRequestHead, keepAlive: Bool)
    }

    /// A body's buffer larger than this is given back rather than kept for the next request.
    private static let keptCapacity = 16 << 10

    public init(limits: HTTPLimits = HTTPLimits()) {
        self.limits = limits
        reader = HTTPReader(.requests, limits: limits)
    }

    /// Whether no byte of a request has arrived since the last one: a close or an idle timeout now cuts nothing.
    public var isIdle: Bool { head == nil && reader.isBetweenMessages }

    /// The next event in `input[offset...]`; nil where there is none.
    /// - Throws: `HTTPError`: the client's fault. To be answered with `responseStatus` and closed.
    public mutating func next(_ input: RawSpan, at offset: inout Int) throws(HTTPError) -> Event? {
        while let event = try reader.next(input, at: &offset) {
            switch event {
            case .request(let request):
                if body.capacity > Self.keptCapacity { body = [] }
                body.removeAll(keepingCapacity: true)
                if WebSocketServerHandshake.isUpgrade(request) { return .upgrade(request) }
                head = request
                if request.version == .http11, request.fields.contains("Expect", token: "100-continue"),
                    !reader.isAtEnd
                {
                    return .expectsContinue(request)
                }
            case .body(let range):
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
