/// Why a connection cannot continue. Each failure is fatal; `alert` is what the peer is sent.
public enum RecordFailure: Error, Hashable, Sendable {
    /// The tag does not fit, or the record is too short to have one.
    case badRecord
    /// Longer than RFC 8446 §5.1 and §5.2 allow.
    case overflow
    /// A record that is not allowed after the handshake, by its content type.
    case unexpectedRecord(UInt8)
    /// A handshake message that is not allowed after the handshake, by its type.
    case unexpectedMessage(UInt8)
    /// Nothing but zeros inside (RFC 8446 §5.4).
    case noContentType
    /// A handshake or alert record without content (RFC 8446 §5.4).
    case emptyRecord
    /// Bytes after a key update in the same record (RFC 8446 §5.1).
    case acrossKeys
    /// Another record before a handshake message is complete (RFC 8446 §5.1).
    case interleaved
    /// An alert that does not have two bytes, or has an unknown level.
    case malformedAlert
    /// A key update whose body is not one byte.
    case malformedKeyUpdate
    /// A ticket longer than its fields can be (RFC 8446 §4.6.1).
    case malformedTicket
    /// A key update whose request is neither 0 nor 1 (RFC 8446 §4.6.3).
    case unknownKeyUpdate(UInt8)
    /// Too many empty records, key updates, tickets or user_canceled alerts in a row without data.
    case useless
    /// The peer's fatal alert, by its number.
    case alert(UInt8)
    /// OpenSSL could not compute: memory.
    case internalError

    /// The number of the alert to send (RFC 8446 §6); nil: the peer has ended the connection, and nothing is sent.
    public var alert: UInt8? {
        switch self {
        case .badRecord: 20
        case .overflow: 22
        case .unexpectedRecord, .unexpectedMessage, .noContentType, .emptyRecord, .acrossKeys, .interleaved, .useless:
            10
        case .malformedAlert, .malformedTicket, .malformedKeyUpdate: 50
        case .unknownKeyUpdate: 47
        case .internalError: 80
        case .alert: nil
        }
    }
}

/// How a call of `RecordLayer.open` ended.
public enum RecordEnd: Hashable, Sendable {
    /// The input is used up.
    case needsInput
    /// The target has no room for the next record: call again with the input from `consumed` on.
    case needsRoom
    /// The peer has sent close_notify. Nothing more will come; what this side sends still arrives.
    case peerFinished
    case failed(RecordFailure)
}

/// What a call of `RecordLayer.open` came to.
public struct OpenedRecords: Hashable, Sendable {
    /// Bytes of the input that were used.
    public var consumed = 0
    /// Bytes of application data, at the beginning of the target.
    public var plaintext = 0
    public var end = RecordEnd.needsInput
    /// A key update or an alert is to be sent: call `RecordLayer.control`.
    public var owesOutput = false

    public init() {}
}
