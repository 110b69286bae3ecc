/// What happened with the records of all connections of a thread.
public struct RecordCounts: Hashable, Sendable {
    /// Records sealed and opened.
    public var sealed: UInt64 = 0
    public var opened: UInt64 = 0
    /// Records whose bytes came in several reads.
    public var inPieces: UInt64 = 0
    /// Records with padding.
    public var padded: UInt64 = 0
    /// Records of application data without a byte.
    public var empty: UInt64 = 0
    /// Tickets that came after the hand-over. They cannot be used: the resumption secret was OpenSSL's.
    public var ticketsSkipped: UInt64 = 0
    /// The peer's key updates, and those that asked for ours.
    public var updatesReceived: UInt64 = 0
    public var updatesAnswered: UInt64 = 0
    /// Key updates that this side made because its key had sealed its share.
    public var updatesByLimit: UInt64 = 0
    /// Times that the peer was asked for a key update because its key had sealed its share.
    public var updatesRequested: UInt64 = 0
    /// Alerts: close_notify and user_canceled from the peer, fatal ones from the peer, and all that this side sent.
    public var closeNotifies: UInt64 = 0
    public var userCancelled: UInt64 = 0
    public var alertsReceived: UInt64 = 0
    public var alertsSent: UInt64 = 0

    public init() {}
}
