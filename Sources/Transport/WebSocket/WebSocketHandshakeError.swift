/// Why an upgrade to WebSocket did not come about.
public enum WebSocketHandshakeError: Error, Equatable, Sendable {
    /// The server answered with another status than 101: it does not want to, or not now.
    case refused(HTTPRefusal)
    /// The peer sent invalid HTTP/1.1.
    case http(HTTPError)
    /// The connection closed before a byte of the answer came.
    case closed
    /// `Upgrade: websocket` is missing.
    case missingUpgrade
    /// `Connection: Upgrade` is missing.
    case missingConnection
    /// The server's `Sec-WebSocket-Accept` is missing or does not answer our key.
    case wrongAccept
    /// The server chose a subprotocol though none was asked for.
    case unexpectedSubprotocol
    /// The server's `Sec-WebSocket-Extensions` is malformed, or names more than was offered.
    case unexpectedExtension
    /// The server's answer to our offer of compression breaks RFC 7692.
    case badDeflate(DeflateNegotiationError)
    /// The client's request is not a GET of HTTP/1.1.
    case badRequest
    /// The client's `Sec-WebSocket-Key` is missing, repeated, or not 16 bytes in base64.
    case badKey
    /// The client asks for another version than 13.
    case unsupportedVersion

    /// The name under which the error is counted; refusals are counted by status.
    public var name: String {
        switch self {
        case .refused(let refusal): "upgrade_refused_\(refusal.status)"
        case .http(let error): error.name
        case .closed: "upgrade_closed"
        case .missingUpgrade: "upgrade_missing_upgrade"
        case .missingConnection: "upgrade_missing_connection"
        case .wrongAccept: "upgrade_wrong_accept"
        case .unexpectedSubprotocol: "upgrade_unexpected_subprotocol"
        case .unexpectedExtension: "upgrade_unexpected_extension"
        case .badDeflate: "upgrade_bad_deflate"
        case .badRequest: "upgrade_bad_request"
        case .badKey: "upgrade_bad_key"
        case .unsupportedVersion: "upgrade_unsupported_version"
        }
    }
}

extension WebSocketHandshakeError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .refused(let refusal): "the server refused the upgrade: \(refusal.status) \(refusal.reason)"
        case .http(let error): error.description
        case .closed: "the connection closed before the upgrade was answered"
        case .missingUpgrade: "the handshake lacks Upgrade: websocket"
        case .missingConnection: "the handshake lacks Connection: Upgrade"
        case .wrongAccept: "the server's Sec-WebSocket-Accept does not answer the key that was sent"
        case .unexpectedSubprotocol: "the server chose a subprotocol that was not requested"
        case .unexpectedExtension: "the server chose an extension that was not offered"
        case .badDeflate(let error): "the server's permessage-deflate answer is wrong: \(error)"
        case .badRequest: "an upgrade must be a GET of HTTP/1.1"
        case .badKey: "the client's Sec-WebSocket-Key is not 16 bytes in base64"
        case .unsupportedVersion: "the client asks for another WebSocket version than 13"
        }
    }
}

/// A refusal: the status, and when to retry.
public struct HTTPRefusal: Equatable, Sendable {
    /// Any status but the one that was hoped for.
    public var status: UInt16
    public var reason: String
    /// nil where the server did not say, or not in a form that is known.
    public var retryAfter: RetryAfter?
    public var fields: HTTPFields

    public init(_ head: HTTPResponseHead) {
        status = head.status
        reason = head.reason
        retryAfter = head.fields["Retry-After"].flatMap { RetryAfter($0) }
        fields = head.fields
    }
}
