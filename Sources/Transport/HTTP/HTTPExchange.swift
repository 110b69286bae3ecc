import Basis

/// The client's side of one HTTP/1.1 connection that carries one request at a time, as OpAMP polls (RFC 9112, section
/// 9).
///
/// `begin` writes a request, `next` reads its response, `transportClosed` says what a close meant. A connection that
/// was kept alive may be closed by the server at the very moment the next request leaves: then no byte of a response
/// arrives, and the request may be sent again on another connection without harm. Times are the caller's: it gives up
/// on a response by closing.
public struct HTTPExchange: Sendable {
    private var reader: HTTPReader
    private var state = State.idle
    private var responses: UInt32 = 0
    /// The response's body as it was on the wire, until the next request begins.
    public private(set) var body: [UInt8] = []

    private enum State {
        /// No request is in flight, and one may begin.
        case idle
        /// A request has left; no byte of its response has arrived.
        case awaiting
        /// The response is arriving.
        case receiving(HTTPResponseHead?)
        /// The connection carries nothing more.
        case closed
    }

    /// A response whose body is complete.
    public struct Response: Equatable, Sendable {
        public var head: HTTPResponseHead
        /// Whether the connection may carry another request; otherwise the caller closes it.
        public var keepAlive: Bool
    }

    /// What the close of the connection meant.
    public enum Closing: Equatable, Sendable {
        /// Nothing was in flight.
        case idle
        /// The response, whose end was the close.
        case response(HTTPResponseHead)
        /// A request was in flight on a connection that had served before, and no byte was received: it may be sent
        /// again.
        case lostRace
        /// A request was in flight on a new connection, and no byte was received: the server refuses to answer.
        case unanswered
        /// The response was cut.
        case truncated
    }

    /// A body's buffer larger than this is given back rather than kept for the next response.
    private static let keptCapacity = 64 << 10

    /// An exchange on a connection that was just opened.
    public init(limits: HTTPLimits = HTTPLimits()) {
        reader = HTTPReader(.responses, limits: limits)
    }

    /// Whether a request may begin.
    public var isReady: Bool {
        if case .idle = state { return true }
        return false
    }

    /// How many responses were received on this connection.
    public var responseCount: UInt32 { responses }

    /// Appends a request, head and body. Only while `isReady`.
    /// - Parameters:
    ///   - fields: all fields but Host and Content-Length.
    ///   - body: nil for a request without one, such as GET.
    public mutating func begin(
        _ method: HTTPMethod, target: String, host: String, fields: HTTPFields, body content: RawSpan?,
        to bytes: inout [UInt8]
    ) {
        precondition(isReady, "one request at a time")
        if body.capacity > Self.keptCapacity { body = [] }
        body.removeAll(keepingCapacity: true)
        reader.expectResponse(to: method)
        HTTPWriter.appendRequest(
            method, target: target, host: host, fields: fields, contentLength: content?.byteCount, to: &bytes)
        if let content { bytes.append(content) }
        state = .awaiting
    }

    /// Reads on; nil until the response is complete. Its body is in `body`.
    ///
    /// A response may be complete before the caller has sent all of its request; such a connection is not to be used
    /// again.
    /// - Throws: `HTTPExchangeError`: the server's fault. The connection is to be closed.
    public mutating func next(
        _ input: RawSpan, at offset: inout Int
    ) throws(HTTPExchangeError) -> Response? {
        while offset < input.byteCount || isReceiving {
            switch state {
            case .idle:
                state = .closed
                throw .unsolicited
            case .closed:
                return nil
            case .awaiting:
                state = .receiving(nil)
            case .receiving(let head):
                guard let event = try readEvent(input, at: &offset) else { return nil }
                if let response = take(event, head, input) { return response }
            }
        }
        return nil
    }

    /// The connection was closed by the server or lost.
    public mutating func transportClosed() -> Closing {
        defer { state = .closed }
        switch state {
        case .idle, .closed:
            return .idle
        case .awaiting:
            return responses > 0 ? .lostRace : .unanswered
        case .receiving(let head):
            guard let head, let event = try? reader.transportClosed(), case .end = event else { return .truncated }
            responses &+= 1
            return .response(head)
        }
    }

    private var isReceiving: Bool {
        if case .receiving = state { return true }
        return false
    }

    private mutating func readEvent(
        _ input: RawSpan, at offset: inout Int
    ) throws(HTTPExchangeError) -> HTTPEvent? {
        do throws(HTTPError) {
            return try reader.next(input, at: &offset)
        } catch {
            state = .closed
            throw .http(error)
        }
    }

    private mutating func take(_ event: HTTPEvent, _ head: HTTPResponseHead?, _ input: RawSpan) -> Response? {
        switch event {
        case .request, .informational:
            return nil
        case .response(let head):
            state = .receiving(head)
            // Behind a switch of protocols there is no body and no end.
            guard reader.isDone else { return nil }
            state = .closed
            return Response(head: head, keepAlive: false)
        case .body(let range):
            body.append(input.extracting(range))
            return nil
        case .end(let keepAlive):
            guard let head else { return nil }
            responses &+= 1
            state = keepAlive ? .idle : .closed
            return Response(head: head, keepAlive: keepAlive)
        }
    }
}

/// How a server broke an exchange. Always its fault; the connection is to be closed.
public enum HTTPExchangeError: Error, Hashable, Sendable {
    case http(HTTPError)
    /// Bytes arrived while no request was in flight.
    case unsolicited

    /// Whether the body is larger than the limit.
    public var isTooLarge: Bool {
        if case .http(.bodyTooLarge) = self { true } else { false }
    }

    /// The name under which the error is counted.
    public var name: String {
        switch self {
        case .http(let error): error.name
        case .unsolicited: "http_unsolicited_response"
        }
    }
}

extension HTTPExchangeError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .http(let error): error.description
        case .unsolicited: "the server sent a response to no request"
        }
    }
}
