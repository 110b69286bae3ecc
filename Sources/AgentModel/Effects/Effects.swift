public import Basis
import OpAMP

/// What a step of an agent asks of the world: a list of effects, the bytes that they point into, and the one timer.
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

/// One thing that an agent asks of the world or tells it.
public enum Effect: Sendable {
    /// Open the transport now; all waiting has been done.
    case connect
    /// The same with settings that a server has offered; what they leave out stays as the profile has it.
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
    /// The agent's life took a step.
    case stateChanged(StateChange)
    /// A report that has just been handed out says something else of the agent's health than the one before.
    case healthReported(HealthChange)
    /// Something worth a count of its own happened, so many times.
    case count(Anomaly, UInt32)
    /// The agent misbehaved as its plan has it.
    case fault(Fault)
    /// Send a request with the agent's own telemetry (Own Telemetry Reporting).
    indirect case exportTelemetry(TelemetryExport)
    /// Read from this connection no faster than so many bytes a second.
    case readSlowly(bytesPerSecond: Int)
    /// How far the agent is with a remote configuration.
    case config(ConfigStage)
    /// How far the agent is with packages.
    case package(PackageStage)
    /// How far the agent is with connection settings.
    case settings(SettingsStage)
    /// Fetch and verify a package's file; `Agent.downloadTold` is due as it goes on.
    indirect case download(PackageDownload)
    /// The agent with that number no longer wants the file that it fetches.
    case cancelDownload(agent: UInt64)
}

/// An encoded report in `Effects.bytes`: an AgentToServer, without the WebSocket message header in front.
public struct ReportSlice: Hashable, Sendable {
    /// Where it lies in `Effects.bytes`.
    public let range: Range<Int>
    public let kind: ReportKind
    /// When it was due. Response time counts from here, whenever the host gets round to sending it.
    public let dueAt: Instant
}

/// Why a report was sent.
public enum ReportKind: UInt8, CaseIterable, Sendable {
    /// The first of the agent's life: its whole status.
    case first
    /// The first of a later connection.
    case reconnect
    /// Nothing but a sign of life.
    case heartbeat
    /// Something of the status has changed.
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
    /// Bytes that are no AgentToServer, sent on purpose.
    case malformed
    /// A report beyond the usual limit, sent on purpose.
    case oversized
}

/// The answer to a report, measured. Answers carry no reference to what they answer, so they are matched first in, first
/// out; a message that the server sends of its own accord while a report is under way is taken for its answer.
public struct AnsweredReport: Hashable, Sendable {
    public let kind: ReportKind
    /// From when the report was due to when its answer was there.
    public let responseTime: Nanoseconds
    /// From when the report was handed out for sending to when its answer was there.
    public let serviceTime: Nanoseconds
}
