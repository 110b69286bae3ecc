/// Reads the messages of one HTTP/1.1 connection (RFC 9112), requests or responses: bytes in, events out.
///
/// A message is its head, then the pieces of its body in place in the input, then its end. Only a partial head is
/// held; bodies pass through. Behind a head that switches protocols (101, or a successful CONNECT), and behind a
/// message after which the connection closes, nothing more is consumed: the rest of the input belongs to somebody else,
/// or nobody.
public struct HTTPReader: Sendable {
    private let limits: HTTPLimits
    private let direction: HTTPDirection
    private var state: State
    private var method = HTTPMethod.get
    private var informationalCount: UInt32 = 0

    private enum State {
        case head(HTTPHeadParser)
        case fixed(remaining: Int, keepAlive: Bool)
        case chunked(HTTPChunks, keepAlive: Bool)
        case untilClose(count: Int)
        /// The protocol changed, the last message ended, or an error was thrown.
        case done
    }

    /// A reader at the start of a connection.
    public init(_ direction: HTTPDirection, limits: HTTPLimits = HTTPLimits()) {
        self.direction = direction
        self.limits = limits
        state = .head(HTTPHeadParser(direction))
    }

    /// Tells which request the next response answers: one to HEAD has no body, one to CONNECT opens a tunnel.
    public mutating func expectResponse(to method: HTTPMethod) {
        self.method = method
    }

    /// Whether no byte of a message has arrived since the last one ended.
    public var isBetweenMessages: Bool {
        if case .head(let parser) = state { return parser.isEmpty && informationalCount == 0 }
        return false
    }

    /// Whether nothing more is read: the protocol changed, the connection's last message ended, or an error was thrown.
    public var isDone: Bool {
        if case .done = state { return true }
        return false
    }

    /// Whether the message whose head was read has no more body.
    var isAtEnd: Bool {
        if case .fixed(0, _) = state { return true }
        return false
    }

    /// How many bytes of memory a head that has not wholly arrived uses.
    public var reservedBytes: Int {
        if case .head(let parser) = state { return parser.reservedBytes }
        return 0
    }

    /// How many bytes of the message's body are still to come; nil where its head does not say.
    var remainingBytes: Int? {
        if case .fixed(let remaining, _) = state { return remaining }
        return nil
    }

    /// The next event in `input[offset...]`, or nil if there is none.
    ///
    /// To be called until it returns nil, even with nothing left in the input: an end may follow without a further
    /// byte. After an error it returns nil and consumes nothing.
    public mutating func next(_ input: RawSpan, at offset: inout Int) throws(HTTPError) -> HTTPEvent? {
        do throws(HTTPError) {
            return try step(input, at: &offset)
        } catch {
            state = .done
            throw error
        }
    }

    private mutating func step(_ input: RawSpan, at offset: inout Int) throws(HTTPError) -> HTTPEvent? {
        switch state {
        case .head(var parser):
            state = .done  // So that the parser's buffers have one owner while it appends to them.
            guard let (startLine, fields) = try parser.next(input, at: &offset, limits: limits) else {
                state = .head(parser)
                return nil
            }
            return try begin(startLine, fields)
        case .fixed(let remaining, let keepAlive):
            guard remaining > 0 else { return end(keepAlive: keepAlive) }
            guard offset < input.byteCount else { return nil }
            let range = offset..<offset + min(remaining, input.byteCount - offset)
            offset = range.upperBound
            state = .fixed(remaining: remaining - range.count, keepAlive: keepAlive)
            return .body(range)
        case .chunked(var chunks, let keepAlive):
            let found = try chunks.next(input, at: &offset, limits: limits)
            state = .chunked(chunks, keepAlive: keepAlive)
            switch found {
            case .data(let range): return .body(range)
            case .ended: return end(keepAlive: keepAlive)
            case nil: return nil
            }
        case .untilClose(let count):
            guard offset < input.byteCount else { return nil }
            guard count < limits.bodyBytes else { throw .bodyTooLarge(limit: limits.bodyBytes) }
            let range = offset..<offset + min(limits.bodyBytes - count, input.byteCount - offset)
            offset = range.upperBound
            state = .untilClose(count: count + range.count)
            return .body(range)
        case .done:
            return nil
        }
    }

    /// What the close of the connection means: the end of a body without a length, nothing between two messages.
    /// - Throws: `HTTPError.truncated` inside a message: the peer's or the network's fault.
    public mutating func transportClosed() throws(HTTPError) -> HTTPEvent? {
        defer { state = .done }
        switch state {
        case .untilClose: return .end(keepAlive: false)
        case .head where isBetweenMessages: return nil
        case .fixed(0, _): return .end(keepAlive: false)
        case .done: return nil
        case .head, .fixed, .chunked: throw .truncated
        }
    }

    private mutating func begin(
        _ startLine: HTTPHeadParser.StartLine, _ fields: HTTPFields
    ) throws(HTTPError) -> HTTPEvent? {
        switch startLine {
        case .request(let method, let target, let version):
            let head = HTTPRequestHead(method: method, target: target, version: version, fields: fields)
            let framing = try HTTPBodyFraming(of: head, limits: limits)
            frame(framing, keepAlive: Self.keepsAlive(fields, version))
            return .request(head)
        case .response(let status, let reason, let version):
            let head = HTTPResponseHead(status: status, reason: reason, version: version, fields: fields)
            if status < 200, status != 101 {
                guard informationalCount < limits.informationalCount else {
                    throw .tooManyInformational(limit: limits.informationalCount)
                }
                informationalCount += 1
                state = .head(HTTPHeadParser(direction))
                return .informational(head)
            }
            let framing = try HTTPBodyFraming(of: head, to: method, limits: limits)
            frame(framing, keepAlive: Self.keepsAlive(fields, version))
            return .response(head)
        }
    }

    private mutating func frame(_ framing: HTTPBodyFraming, keepAlive: Bool) {
        switch framing {
        case .none: state = .fixed(remaining: 0, keepAlive: keepAlive)
        case .fixed(let length): state = .fixed(remaining: length, keepAlive: keepAlive)
        case .chunked: state = .chunked(HTTPChunks(), keepAlive: keepAlive)
        case .untilClose: state = .untilClose(count: 0)
        case .tunnel: state = .done
        }
    }

    private mutating func end(keepAlive: Bool) -> HTTPEvent {
        informationalCount = 0
        method = .get
        state = keepAlive ? .head(HTTPHeadParser(direction)) : .done
        return .end(keepAlive: keepAlive)
    }

    /// RFC 9112, section 9.3.
    static func keepsAlive(_ fields: HTTPFields, _ version: HTTPVersion) -> Bool {
        if fields.contains("Connection", token: "close") { return false }
        return version == .http11 || fields.contains("Connection", token: "keep-alive")
    }
}

/// What an HTTP reader found.
public enum HTTPEvent: Equatable, Sendable {
    case request(HTTPRequestHead)
    /// A 1xx response before the final one.
    case informational(HTTPResponseHead)
    case response(HTTPResponseHead)
    /// The next piece of the body, at this range of the input.
    case body(Range<Int>)
    /// The message is complete.
    /// - Parameter keepAlive: whether the connection may carry another message.
    case end(keepAlive: Bool)
}
