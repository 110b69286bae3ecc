public import Basis
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
        list.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
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
    /// Begin the WebSocket closing handshake with this code; `closeCompleted` is due when it is done.
    case close(code: UInt16)
    /// Drop the transport at once; nothing more of it may be delivered.
    case abort
    /// A report was answered.
    case answered(AnsweredReport)
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

/// The answer to a report, measured. Answers carry no reference to what they answer, so they are matched first in,
/// first out; a message that the server sends without a request while a report waits for its answer counts as that
/// answer.
public struct AnsweredReport: Hashable, Sendable {
    public let kind: ReportKind
    /// From when the report was due to when its answer was there.
    public let responseTime: Nanoseconds
    /// From when the report was handed out for sending to when its answer was there.
    public let serviceTime: Nanoseconds
}
