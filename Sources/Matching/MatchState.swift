import Basis

/// The state of one connection: 24 bytes. At most one report waits for its answer, and nothing is in doubt; everything
/// else is in a window of the shard's pool.
public struct MatchState: Hashable, Sendable {
    /// When the one waiting report was sent; where none waits, when the last event was.
    var time: Instant = .zero
    /// How much later than due the waiting report was sent, in nanoseconds.
    var delay: UInt32 = 0
    /// The window in the pool that has the connection's reports; `noWindow`: none.
    var window: UInt32 = Self.noWindow
    /// Reports sent minus answers received since nothing was waiting for certain: the number of reports that wait, if
    /// none was lost.
    var count: UInt16 = 0
    /// The number of the newest report, modulo 65,536.
    var number: UInt16 = 0
    /// Reports that wait, without those that are overdue and those for which a message waits to be matched.
    var waiting: UInt16 = 0
    var flags: Flags = []
    /// The kind of the waiting report.
    var kind: UInt8 = 0

    static let noWindow = UInt32.max

    /// A new connection.
    public init() {}

    /// The reports that wait for an answer, without those that are overdue. A message that is not matched yet counts as
    /// the answer to one of them.
    public var waitingReports: Int { Int(waiting) }

    struct Flags: OptionSet, Hashable, Sendable {
        let rawValue: UInt8

        /// A report waits.
        static let isWaiting = Flags(rawValue: 1 << 0)
        /// The waiting report was sent while nothing was in doubt.
        static let isLone = Flags(rawValue: 1 << 1)
        /// A report has overtaken another one since nothing was waiting for certain.
        static let isTainted = Flags(rawValue: 1 << 2)
        /// The waiting report has been returned as overdue.
        static let isOverdue = Flags(rawValue: 1 << 3)
        /// A Ping follows the waiting report in the same write; its Pong has not been received.
        static let isPinged = Flags(rawValue: 1 << 4)
        /// The Pong of that Ping was received before the answer.
        static let isPongFirst = Flags(rawValue: 1 << 5)
        /// The answer to the waiting report usually has content.
        static let expectsContent = Flags(rawValue: 1 << 6)
    }

    @inline(__always)
    var hasWindow: Bool { window != Self.noWindow }

    /// The report is the only one that waits.
    @inline(__always)
    mutating func wait(for report: SentReport, delay: UInt32) {
        time = report.sentAt
        self.delay = delay
        kind = report.kind
        waiting = report.wasOverdue ? 0 : 1
        flags.insert(.isWaiting)
        flags.remove([.isOverdue, .expectsContent])
        if report.wasOverdue { flags.insert(.isOverdue) }
        if report.expectsContent { flags.insert(.expectsContent) }
    }

    /// No report waits any more.
    @inline(__always)
    mutating func stopWaiting(at now: Instant) {
        time = now
        waiting = 0
        flags.remove(.isWaiting)
    }

    /// The waiting report, without a window.
    @inline(__always)
    var waitingReport: SentReport {
        var report = SentReport(
            kind: kind, dueAt: time - Nanoseconds(Int64(delay)), sentAt: time,
            expectsContent: flags.contains(.expectsContent))
        report.wasOverdue = flags.contains(.isOverdue)
        return report
    }
}
