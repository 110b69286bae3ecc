/// Why a WebSocket connection ends (RFC 6455, section 7.4, and IANA's registry).
public struct WebSocketCloseCode: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt16

    @inlinable
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// The purpose is fulfilled.
    public static let normal = WebSocketCloseCode(rawValue: 1000)
    /// The end is leaving: a server going down, a client shutting down.
    public static let goingAway = WebSocketCloseCode(rawValue: 1001)
    /// The peer broke the protocol.
    public static let protocolError = WebSocketCloseCode(rawValue: 1002)
    /// A kind of message that the end does not take, such as text.
    public static let unsupportedData = WebSocketCloseCode(rawValue: 1003)
    /// Never on the wire: a close frame without a code.
    public static let noStatus = WebSocketCloseCode(rawValue: 1005)
    /// Never on the wire: the connection was lost without a close frame.
    public static let abnormal = WebSocketCloseCode(rawValue: 1006)
    /// The payload does not fit the message's kind, such as text that is not UTF-8.
    public static let invalidPayload = WebSocketCloseCode(rawValue: 1007)
    public static let policyViolation = WebSocketCloseCode(rawValue: 1008)
    /// The message is larger than the end takes.
    public static let messageTooBig = WebSocketCloseCode(rawValue: 1009)
    /// The client needed an extension that the server did not agree to.
    public static let missingExtension = WebSocketCloseCode(rawValue: 1010)
    public static let internalError = WebSocketCloseCode(rawValue: 1011)
    public static let serviceRestart = WebSocketCloseCode(rawValue: 1012)
    public static let tryAgainLater = WebSocketCloseCode(rawValue: 1013)
    public static let badGateway = WebSocketCloseCode(rawValue: 1014)

    /// Whether the code may be in a close frame: the defined ones, and 3000 to 4999 for libraries and applications.
    public var mayBeSent: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}

extension WebSocketCloseCode: CustomStringConvertible {
    public var description: String { String(rawValue) }
}
