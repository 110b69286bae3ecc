public import Basis

/// A report that was sent and whose answer is to be found.
public struct SentReport: Hashable, Sendable {
    /// What kind of report, from zero to `Matcher.maxKinds` - 1. Each kind has service times of its own.
    public let kind: UInt8
    /// When it was due. Never later than `sentAt`.
    public let dueAt: Instant
    /// When it was handed out for sending.
    public let sentAt: Instant
    /// Whether its answer usually has content, as that to a first report: then an offer that is received while it waits
    /// alone is its answer, before anything is learned.
    public let expectsContent: Bool
    /// Whether `MatchOutcome.overdue` has been returned for it.
    public internal(set) var wasOverdue = false

    @inlinable
    public init(kind: UInt8, dueAt: Instant, sentAt: Instant, expectsContent: Bool = false) {
        self.kind = kind
        self.expectsContent = expectsContent
        self.dueAt = dueAt
        self.sentAt = sentAt
    }
}

/// What a message from the server shows of itself.
public enum ReceivedMessage: UInt8, CaseIterable, Sendable {
    /// An acknowledgement without content. The specification gives it no other use than an answer.
    case bare
    /// It carries an offer, a command or a flag: an answer, or sent by the server of its own accord.
    case offer
    /// It carries an error response.
    case error

    /// Whether the specification knows the message as an answer only.
    @inline(__always)
    var isAlwaysAnswer: Bool { self != .offer }
}

/// Where else an answer may belong: the ends of the service times of every reading within a factor of 1,000 of the
/// best one.
public struct ServiceTimeRange: Hashable, Sendable {
    public var low: Nanoseconds
    public var high: Nanoseconds

    @inlinable
    public init(low: Nanoseconds, high: Nanoseconds) {
        self.low = low
        self.high = high
    }
}

/// What became of a report or a message. Each report ends in exactly one of `answered`, `unanswered` and `cut`.
public enum MatchOutcome: Hashable, Sendable {
    /// The message at `at` answered the report.
    /// - Parameters:
    ///   - range: `nil`: certain. Otherwise another reading is possible; the true service time lies in the range,
    ///     unless the report is one that was never answered.
    ///   - mayBeUnanswered: the report may also be one that was never answered.
    case answered(SentReport, at: Instant, ReceivedMessage, range: ServiceTimeRange?, mayBeUnanswered: Bool)
    /// The report was never answered.
    /// - Parameters:
    ///   - isProven: the server has processed a later Ping without an answer, or no message came for the longest time
    ///     that an answer may take. Otherwise the answers after it fit later reports.
    ///   - range: not `nil`: it may have been answered after all, with a service time in the range.
    case unanswered(SentReport, isProven: Bool, range: ServiceTimeRange?)
    /// The connection ended while the report waited. Whether it was overdue is for the caller to see.
    case cut(SentReport)
    /// The report has waited for longer than the timeout; it is still waited for.
    case overdue(SentReport)
    /// A message that answers no report: sent by the server of its own accord, or a duplicate of an answer.
    case surplus(ReceivedMessage)
}

/// Whether a WebSocket Ping accompanies a report.
public enum PingPlacement: Hashable, Sendable {
    case none
    /// A Ping with this number goes before the report, in the same write.
    case before(UInt16)
    /// A Ping with this number goes after the report, in the same write.
    case after(UInt16)
}

/// When Pings may be sent. Real agents send none.
public enum PingPolicy: String, Hashable, CaseIterable, Sendable {
    case never
    /// Only before a report that would overtake an unanswered one, on servers whose Pongs have proved ordered.
    case inDoubt = "in-doubt"
    /// With every report.
    case always
}

/// What the matcher must know of the connection at each event.
public struct MatchContext: Hashable, Sendable {
    /// How long an answer may take before its report is overdue.
    public var timeout: Nanoseconds
    /// No answer comes sooner: the network alone takes so long.
    public var minService: Nanoseconds
    /// The longest time between two reports; `nil`: not known.
    public var interval: Nanoseconds?
    public var pings: PingPolicy
    /// Whether each message is the answer to the oldest report that waits, as over HTTP: then there is nothing to learn
    /// and nothing to guess.
    public var isExact: Bool
    /// Whether the server names in each answer the report that it is to. A message that names none answers none, but
    /// for an error, which answers the oldest.
    public var isNumbered: Bool

    @inlinable
    public init(
        timeout: Nanoseconds, interval: Nanoseconds?, pings: PingPolicy, isExact: Bool = false,
        isNumbered: Bool = false, minService: Nanoseconds = .zero
    ) {
        self.timeout = timeout
        self.minService = minService
        self.interval = interval
        self.pings = pings
        self.isExact = isExact
        self.isNumbered = isNumbered
    }
}
