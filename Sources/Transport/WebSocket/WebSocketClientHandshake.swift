import Basis

/// The client's side of one opening handshake (RFC 6455, section 4.1): writes the request, checks the response.
///
/// Lives only until the connection is open; holds the response's head while it arrives.
public struct WebSocketClientHandshake: Sendable {
    private let nonce: (UInt64, UInt64)
    private let offer: DeflateOffer?
    private let limits: HTTPLimits
    /// Reads a response that comes in pieces or is unusual: there is one from its first byte on. In an array, because
    /// most handshakes need none and thousands may be under way.
    private var reader: [HTTPReader] = []
    private var isOver = false

    /// - Parameters:
    ///   - nonce: 16 random bytes, fresh for each connection.
    ///   - offer: what to propose for compression; nil proposes none.
    public init(nonce: (UInt64, UInt64), offer: DeflateOffer? = nil, limits: HTTPLimits = HTTPLimits()) {
        self.nonce = nonce
        self.offer = offer
        self.limits = limits
    }

    /// Appends the request.
    /// - Parameter fields: what goes along, such as credentials; not the handshake's own fields.
    public func appendRequest(
        target: String, host: String, fields: HTTPFields = HTTPFields(), to bytes: inout [UInt8]
    ) {
        appendRequest(WebSocketRequest(target: target, host: host, fields: fields, offer: offer), to: &bytes)
    }

    /// Appends the request.
    /// - Parameter request: made with the same offer as the handshake.
    public func appendRequest(_ request: WebSocketRequest, to bytes: inout [UInt8]) {
        request.append(WebSocketKey(nonce: nonce), to: &bytes)
    }

    /// Reads on; nil until the response is there. What follows it in the input is the first frames.
    /// - Throws: `WebSocketHandshakeError`: the server's refusal or fault. The connection is to be closed.
    public mutating func next(
        _ input: RawSpan, at offset: inout Int
    ) throws(WebSocketHandshakeError) -> WebSocketAgreement? {
        guard !isOver else { return nil }
        if reader.isEmpty {
            var answer = UsualUpgradeAnswer(limits: limits)
            if let end = answer.end(in: input, from: offset, key: WebSocketKey(nonce: nonce)) {
                offset = end
                isOver = true
                return WebSocketAgreement(deflate: nil)
            }
            guard offset < input.byteCount else { return nil }
            reader.append(HTTPReader(.responses, limits: limits))
        }
        while let event = try nextHead(input, at: &offset) {
            if case .response(let head) = event { return WebSocketAgreement(deflate: try check(head)) }
        }
        return nil
    }

    /// The error that a connection which closed before the handshake was complete ends in.
    public func transportClosed() -> WebSocketHandshakeError {
        reader.first?.isBetweenMessages ?? true ? .closed : .http(.truncated)
    }

    private mutating func nextHead(
        _ input: RawSpan, at offset: inout Int
    ) throws(WebSocketHandshakeError) -> HTTPEvent? {
        do throws(HTTPError) {
            return try reader[0].next(input, at: &offset)
        } catch {
            throw .http(error)
        }
    }

    private func check(_ head: HTTPResponseHead) throws(WebSocketHandshakeError) -> DeflateParameters? {
        guard head.status == 101 else { throw .refused(HTTPRefusal(head)) }
        guard head.fields.contains("Upgrade", token: "websocket") else { throw .missingUpgrade }
        guard head.fields.contains("Connection", token: "Upgrade") else { throw .missingConnection }
        let accept = WebSocketKey(nonce: nonce).accept
        guard head.fields.hasOnly("Sec-WebSocket-Accept", accept.span.bytes) else { throw .wrongAccept }
        guard !head.fields.contains("Sec-WebSocket-Protocol") else { throw .unexpectedSubprotocol }
        return try checkExtensions(head.fields)
    }

    private func checkExtensions(_ fields: HTTPFields) throws(WebSocketHandshakeError) -> DeflateParameters? {
        let values = fields.values(of: "Sec-WebSocket-Extensions")
        if values.isEmpty { return nil }
        guard let offer, let answers = WebSocketExtension.parse(values), answers.count == 1 else {
            throw .unexpectedExtension
        }
        do throws(DeflateNegotiationError) {
            return try offer.agree(to: answers[0])
        } catch {
            throw .badDeflate(error)
        }
    }
}

/// The request of an opening handshake, but for its key: the same for all connections to one place.
public struct WebSocketRequest: Sendable {
    private let beforeKey: [UInt8]
    private let afterKey: [UInt8]

    /// - Parameters:
    ///   - fields: what goes along, such as credentials; not the handshake's own fields.
    ///   - offer: what to propose for compression; nil proposes none.
    public init(target: String, host: String, fields: HTTPFields = HTTPFields(), offer: DeflateOffer? = nil) {
        var bytes: [UInt8] = []
        HTTPWriter.appendRequest(.get, target: target, host: host, fields: fields, to: &bytes)
        // The empty line goes behind the handshake's own fields.
        bytes.removeLast(2)
        bytes.append("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ")
        beforeKey = bytes
        bytes.removeAll()
        if let offer {
            bytes.append("\r\nSec-WebSocket-Extensions: ")
            bytes.append(offer.fieldValue)
        }
        bytes.append("\r\n\r\n")
        afterKey = bytes
    }

    func append(_ key: WebSocketKey, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: beforeKey)
        bytes.append(key.characters.span.bytes)
        bytes.append(contentsOf: afterKey)
    }
}

/// What an opening handshake ended in.
public struct WebSocketAgreement: Equatable, Sendable {
    /// What was agreed on for compression; nil for none.
    public var deflate: DeflateParameters?
}
