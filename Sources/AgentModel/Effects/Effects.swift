public import Basis
public import Matching
public import OpAMP

/// The output of a step of an agent: a list of effects for its host, the bytes that they point into, and the one timer.
///
/// The caller owns it and uses one for all agents of a shard: empty it, give it to one step of one agent, perform it.
/// Once it has grown to its working size, steps on the message path allocate nothing.
public struct Effects: Sendable {
    /// In the order in which they are to be performed.
    public internal(set) var list: [Effect] = []
    /// The encoded reports that `ReportSlice`s point into.
    public internal(set) var bytes: [UInt8] = []
    /// When the agent wants to be woken. `nil`: the timer stays as it is; `.distantFuture`: it may be disarmed.
    public internal(set) var wakeAt: Instant?
    /// The shard's cache of remote configurations.
    var configCache = ConfigCache()
    /// The shard's cache of packages.
    var packageCache = PackageCache()
    /// The shard's cache of telemetry destinations.
    var telemetryCache = TelemetryCache()
    /// Finds out which reports the shard's agents have had answered; `LearnedCountsExchange` goes among shards.
    public var matcher = Matcher()
    /// What it has found in this step and is not recorded yet.
    var outcomes: [MatchOutcome] = []

    public init() {
        list.reserveCapacity(16)
        bytes.reserveCapacity(16 * 1024)
    }

    /// Forgets everything and keeps the memory.
    @inlinable
    public mutating func removeAll() {
        _removeAll()
    }

    @usableFromInline
    mutating func _removeAll() {
        if !list.isEmpty { list.removeAll(keepingCapacity: true) }
        if !bytes.isEmpty { bytes.removeAll(keepingCapacity: true) }
        wakeAt = nil
    }

    mutating func append(_ effect: Effect) {
        list.append(effect)
    }

    mutating func fault(_ fault: Fault) {
        list.append(.fault(fault))
    }

    mutating func count(_ anomaly: Anomaly, _ times: Int = 1) {
        if times > 0 { list.append(.count(anomaly, UInt32(clamping: times))) }
    }
}

/// A request of an agent to its host, or an event that it reports to it.
public enum Effect: Sendable {
    /// Open the transport now; all waiting has been done.
    case connect
    /// The same with settings that a server has offered; missing settings stay as in the profile.
    case connectTo(ConnectionTarget)
    /// Send a report as one WebSocket message.
    case send(ReportSlice)
    /// Send a WebSocket Ping with this payload, in the same write as the report beside it.
    case ping(UInt64)
    /// Begin the WebSocket closing handshake with this code; `closeCompleted` is due when it is done.
    case close(code: UInt16)
    /// Drop the transport at once; nothing more of it may be delivered.
    case abort
    /// Leave the transport by `fin`, `reset` or `silent`; nothing more of it may be delivered.
    case leaveTransport(LeaveMethod)
    /// A report was answered.
    case answered(AnsweredReport)
    /// A report was not answered, and its answer is no longer waited for.
    indirect case unanswered(UnansweredReport)
    /// Heartbeats were due while there was no connection.
    indirect case heartbeatsNotPossible(MissedHeartbeats)
    /// The agent's server has answered again after a connection was lost, or the agent has ended without it.
    case withoutServer(TimeWithoutServer)
    /// The first report of a connection was answered without an error: the span since the connection was begun.
    case firstAnswered(Nanoseconds)
    /// The agent's state has changed.
    case stateChanged(StateChange)
    /// The health in a report that was just sent differs from the one before.
    case healthReported(HealthChange)
    /// An anomaly occurred, with the number of times.
    case count(Anomaly, UInt32)
    /// A fault was injected.
    case fault(Fault)
    /// Send a request with the agent's own telemetry (Own Telemetry Reporting).
    indirect case exportTelemetry(TelemetryExport)
    /// Limits how fast this connection is read, in bytes per second.
    case readSlowly(bytesPerSecond: Int)
    /// The agent has reached a stage of an offer.
    case offer(OfferStep)
    /// The agent has done something with one package.
    case package(PackageStep)
    /// Download and verify a package's file; `Agent.downloadTold` is due as it proceeds.
    indirect case download(PackageDownload)
    /// The agent with that number no longer needs the file that it downloads.
    case cancelDownload(agent: UInt64)
}

/// A stage that an agent has reached of an offer; recorded when the report about it is sent.
public struct OfferStep: Hashable, Sendable {
    public let kind: OfferKind
    public let stage: OfferStage
    /// Distinguishes the offer from others of its kind: `offerNumber` of the server's hash. `nil`: the offer was for
    /// this agent alone, with a certificate of its own, and is part of no wave.
    public let number: UInt64?
    /// Since the offer was received, of packages since it was begun.
    public let elapsed: Nanoseconds
}

/// What an agent has done with one package of an offer.
public enum PackageStep: UInt8, CaseIterable, Sendable {
    /// Its download or its installation has begun.
    case downloading, installing
    /// It has been installed, or could not be.
    case installed, failed
}

/// An encoded report in `Effects.bytes`: an AgentToServer, without the WebSocket message header in front.
public struct ReportSlice: Hashable, Sendable {
    /// The range of the bytes in `Effects.bytes`.
    public let range: Range<Int>
    public let kind: ReportKind
    /// The parts of the agent's status that it carries.
    public let content: StatusFields
    /// Its number (AgentToServer.sequence_num).
    public let sequenceNumber: UInt64
    /// When it was due. Response time counts from here, whenever the host sends it.
    public let dueAt: Instant
}

/// Why a report was sent.
public enum ReportKind: UInt8, CaseIterable, Sendable {
    /// The first of the agent's life: its whole status.
    case first
    /// The first of a later connection.
    case reconnect
    /// No content: it shows that the agent is alive.
    case heartbeat
    /// A part of the status has changed.
    case status
    /// The server asked for the whole status.
    case fullState
    /// The server asked for the list of available components.
    case components
    /// A custom message.
    case custom
    /// A request for connection settings.
    case request
    /// The last of a connection: AgentDisconnect is set.
    case agentDisconnect
    /// An invalid AgentToServer, sent on purpose.
    case malformed
    /// A report beyond the usual limit, sent on purpose.
    case oversized
}

/// The answer to a report, measured. An answer carries no reference to what it answers, so it may be one of several
/// readings: the likeliest one, and the range of the others.
public struct AnsweredReport: Hashable, Sendable {
    public let kind: ReportKind
    /// From when the report was due to when its answer was there.
    public let responseTime: Nanoseconds
    /// From when the report was handed out for sending to when its answer was there.
    public let serviceTime: Nanoseconds
    /// The response times of all readings that are not unlikely; `nil`: the reading is certain.
    public let range: ClosedRange<Nanoseconds>?
    /// Whether another reading has it that the report was never answered.
    public let mayBeUnanswered: Bool
    /// The answer was received after the answer timeout.
    public let isLate: Bool
    /// The answer is an error: it says nothing about how long an answer takes.
    public let isRefusal: Bool

    public init(
        kind: ReportKind, responseTime: Nanoseconds, serviceTime: Nanoseconds, range: ClosedRange<Nanoseconds>? = nil,
        mayBeUnanswered: Bool = false, isLate: Bool = false, isRefusal: Bool = false
    ) {
        self.kind = kind
        self.responseTime = responseTime
        self.serviceTime = serviceTime
        self.range = range
        self.mayBeUnanswered = mayBeUnanswered
        self.isLate = isLate
        self.isRefusal = isRefusal
    }
}

/// A report that is no longer waited for.
public struct UnansweredReport: Hashable, Sendable {
    /// Why its answer is no longer waited for.
    public enum Cause: UInt8, CaseIterable, Sendable {
        /// The answer timeout has passed, or the end of the drain: the server did not answer.
        case timedOut
        /// The connection was lost, or the server closed it.
        case connectionLost
        /// The profile kept the agent from its server: a partition, a slow network, slow reading.
        case withheld
        /// The run itself or the agent ended the connection while the answer could still have been received.
        case cut
    }

    public let kind: ReportKind
    public var cause: Cause
    /// From when the report was due to when it was given up: its response time is longer.
    public let waited: Nanoseconds
    /// From when the report was due to when it was handed out for sending.
    public let delay: Nanoseconds
    /// The response times of other readings, by which it was answered; `nil`: there are none.
    public let possibleAnswer: ClosedRange<Nanoseconds>?

    public init(
        kind: ReportKind, cause: Cause, waited: Nanoseconds, delay: Nanoseconds = .zero,
        possibleAnswer: ClosedRange<Nanoseconds>? = nil
    ) {
        self.kind = kind
        self.cause = cause
        self.waited = waited
        self.delay = delay
        self.possibleAnswer = possibleAnswer
    }
}

/// Heartbeats that were due while the agent had no connection, one interval after the other.
public struct MissedHeartbeats: Hashable, Sendable {
    public let count: Int
    /// From when the first was due to the first answer on a later connection, or to the end of the agent.
    public let longest: Nanoseconds
    /// Between two of them.
    public let interval: Nanoseconds
    /// Whether an answer was received in the end; otherwise `longest` is a lower bound.
    public let isAnswered: Bool

    public init(count: Int, longest: Nanoseconds, interval: Nanoseconds, isAnswered: Bool) {
        self.count = count
        self.longest = longest
        self.interval = interval
        self.isAnswered = isAnswered
    }
}

/// How long an agent was without its server: from the last answer before it lost the connection to the first answer on
/// a later one.
public struct TimeWithoutServer: Hashable, Sendable {
    public let span: Nanoseconds
    /// Whether there was an answer in the end; otherwise `span` is a lower bound.
    public let isOver: Bool

    public init(span: Nanoseconds, isOver: Bool) {
        self.span = span
        self.isOver = isOver
    }
}
