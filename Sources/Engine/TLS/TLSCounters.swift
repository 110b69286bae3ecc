import TLSRecords

/// What a shard has done about hand-overs and handshakes since it started.
public struct TLSCounters: Hashable, Sendable {
    /// Connections handed over from OpenSSL to the record layer.
    public var handedOver: UInt64 = 0
    /// Connections that kept their SSL, by the reason's raw value: at the end of the handshake where the reason is
    /// lasting, else at the end of the connection.
    public var kept = [UInt64](repeating: 0, count: TLSKeptReason.allCases.count)
    /// First records after a hand-over that one of the sides refused: always 0, unless a record number or a key was
    /// wrong or the peer sent garbage.
    public var firstRecordsRefused: UInt64 = 0
    /// Handshakes that had to wait for others to end (`ShardOptions.handshakeLimit`).
    public var handshakesDelayed: UInt64 = 0
    /// What happened with the records of connections that were handed over.
    var records = RecordCounts()

    public init() {}

    /// Connections that kept their SSL.
    public var keptInAll: UInt64 { kept.reduce(0, &+) }

    /// Events without a counter of their own, by name, the ones that never happened too; always in the same order.
    public var events: [(name: String, count: UInt64)] {
        TLSKeptReason.allCases.map { ("TLS kept: \($0.name)", kept[$0.rawValue]) } + [
            ("TLS records padded", records.padded), ("TLS records empty", records.empty),
            ("TLS tickets skipped", records.ticketsSkipped),
            ("TLS key updates received", records.updatesReceived),
            ("TLS key updates answered", records.updatesAnswered),
            ("TLS key updates by limit", records.updatesByLimit),
            ("TLS key updates requested", records.updatesRequested),
            ("TLS user_canceled", records.userCancelled),
            ("TLS fatal alerts received", records.alertsReceived),
        ]
    }
}

extension Shard {
    /// The shard's TLS counters until now. On the shard.
    public var tlsCounters: TLSCounters {
        var sum = counters.tls
        if let channel = tlsChannelIfMade { sum.records = channel.resources.counts }
        return sum
    }
}
