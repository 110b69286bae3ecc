/// Why a connection keeps its SSL instead of being handed over to the record layer. All but `version`, `suite`,
/// `secrets`, `earlyData` and `turnedOff` may pass, and are looked at again with the next read.
public enum TLSKeptReason: Int, CaseIterable, Hashable, Sendable {
    /// TLS 1.2.
    case version
    /// A suite that the record layer does not have: AES-CCM.
    case suite
    /// The handshake is not complete.
    case handshake
    /// OpenSSL has not given the traffic secrets.
    case secrets
    /// Early data was accepted: record numbers are not known.
    case earlyData
    /// One side has begun to end the connection.
    case shutdown
    /// An alert was sent or received.
    case alert
    /// A key update was seen: the secrets known are not the present ones.
    case keyUpdate
    /// OpenSSL has decrypted bytes that were not read.
    case plaintext
    /// OpenSSL has read a part of a record.
    case amidRecord
    /// OpenSSL has read a part of a handshake message.
    case amidMessage
    /// OpenSSL has bytes to send.
    case output
    /// A session is to be resumed later, and no ticket has come.
    case ticket
    /// Hand-overs have turned themselves off: first records after them were refused.
    case turnedOff

    /// Whether it holds for as long as the connection.
    var isLasting: Bool {
        switch self {
        case .version, .suite, .secrets, .earlyData, .keyUpdate, .turnedOff: true
        case .handshake, .shutdown, .alert, .plaintext, .amidRecord, .amidMessage, .output, .ticket: false
        }
    }

    /// A stable name for counting.
    public var name: String {
        switch self {
        case .version: "TLS 1.2"
        case .suite: "cipher suite"
        case .handshake: "handshake not complete"
        case .secrets: "no traffic secrets"
        case .earlyData: "early data"
        case .shutdown: "connection ending"
        case .alert: "alert"
        case .keyUpdate: "key update"
        case .plaintext: "unread data"
        case .amidRecord: "incomplete record"
        case .amidMessage: "incomplete message"
        case .output: "unsent output"
        case .ticket: "no ticket"
        case .turnedOff: "turned off"
        }
    }
}
