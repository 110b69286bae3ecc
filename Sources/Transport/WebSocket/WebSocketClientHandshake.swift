import Basis

/// The client's side of one opening handshake (RFC 6455, section 4.1): writes the request, checks the response.
///
/// Lives only until the connection is open; holds the response's head while it arrives.
public struct WebSocketClientHandshake: Sendable {
    private let key: [UInt8]
    private let offer: DeflateOffer?
    private var reader: HTTPReader

    /// - Parameters:
    ///   - nonce: 16 random bytes, fresh for each connection.
    ///   - offer: what to propose for compression; nil proposes none.
    public init(nonce: (UInt64, UInt64), offer: DeflateOffer? = nil, limits: HTTPLimits = HTTPLimits()) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        for word in [nonce.0, nonce.1] {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        key = Base64.encode(bytes)
        self.offer = offer
        reader = HTTPReader(.responses, limits: limits)
    }

    /// Appends the request.
    /// - Parameter fields: what goes along, such as credentials; not the handshake's own fields.
    public func appendRequest(
        target: String, host: String, fields: HTTPFields = HTTPFields(), to bytes: inout [UInt8]
    ) {
        HTTPWriter.appendRequest(.get, target: target, host: host, fields: fields, to: &bytes)
        // The empty line goes behind the handshake's own fields.
        bytes.removeLast(2)
        bytes.append("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ")
        bytes.append(contentsOf: key)
        if let offer {
            bytes.append("\r\nSec-WebSocket-Extensions: ")
            bytes.append(offer.fieldValue)
        }
        bytes.append("\r\n\r\n")
    }

    /// Reads on; nil until the response is there. What follows it in the input is the first frames.
    /// - Throws: `WebSocketHandshakeError`: the server's refusal or fault. The connection is to be closed.
    public mutating func next(
        _ input: RawSpan, at offset: inout Int
    ) throws(WebSocketHandshakeError) -> WebSocketAgreement? {
        while let event = try nextHead(input, at: &offset) {
            if case .response(let head) = event { return try check(head) }
        }
        return nil
    }

    /// The error that a connection which closed before the handshake was complete ends in.
    public func transportClosed() -> WebSocketHandshakeError {
        reader.isBetweenMessages ? .closed : .http(.truncated)
    }

    private mutating func nextHead(
        _ input: RawSpan, at offset: inout Int
    ) throws(WebSocketHandshakeError) -> HTTPEvent? {
        do throws(HTTPError) {
            return try reader.next(input, at: &offset)
        } catch {
            throw .http(error)
        }
    }

    private static let acceptSuffix = Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)

    /// The answer that `key` demands (RFC 6455, section 4.2.2).
    static func accept(_ key: [UInt8]) -> [UInt8] {
        Base64.encode(SHA1.digest(key + acceptSuffix))
    }

    private func check(_ head: HTTPResponseHead) throws(WebSocketHandshakeError) -> WebSocketAgreement {
        guard head.status == 101 else { throw .refused(HTTPRefusal(head)) }
        guard head.fields.contains("Upgrade", token: "websocket") else { throw .missingUpgrade }
        guard head.fields.contains("Connection", token: "Upgrade") else { throw .missingConnection }
        guard head.fields.hasOnly("Sec-WebSocket-Accept", Self.accept(key)) else { throw .wrongAccept }
        guard !head.fields.contains("Sec-WebSocket-Protocol") else { throw .unexpectedSubprotocol }
        return WebSocketAgreement(deflate: try checkExtensions(head.fields), head: head)
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

/// What an opening handshake ended in.
public struct WebSocketAgreement: Equatable, Sendable {
    /// What was agreed on for compression; nil for none.
    public var deflate: DeflateParameters?
    /// The server's 101.
    public var head: HTTPResponseHead
}
