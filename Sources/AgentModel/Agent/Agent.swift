public import Basis
public import OpAMP

/// The state machine of one simulated agent: sans-I/O, told what happened and when, answering with effects.
///
/// It is a plain value and small; what an idle agent does not need is boxed and exists only once it is needed. Everything
/// about it follows from (seed, index, cohort): the same agent in every run, on every shard and host.
///
/// Files: `Agent+Connection` opens, loses and closes connections; `Agent+Heartbeats` wakes; `Agent+Answers` takes what the
/// server sends; `Agent+Reports` builds and sends reports. All changes of state go through `LifeCycle`.
public struct Agent {
    /// The agent's number in the run.
    public let index: UInt64
    public let cohort: Cohort
    public internal(set) var instanceUID: InstanceUID

    var random: SeededRandom
    var life = LifeCycle()
    /// The number that the next report takes (AgentToServer.sequence_num); the first is 0, as opamp-go's.
    var nextSequenceNumber: UInt64 = 0
    /// When the agent's process started, for `start_time_unix_nano`.
    var processStarted: Instant = .zero
    /// The interval in force: the plan's, until a server offered another. Zero: no heartbeats.
    var heartbeatInterval: Nanoseconds
    /// When the next heartbeat is due; `.distantFuture` while there is none to come.
    var nextHeartbeat: Instant = .distantFuture
    /// What the host's timer is set to.
    var timer: Instant = .distantFuture
    var outstanding = OutstandingReports()
    /// What the server says it can do; empty until it said so.
    var serverCapabilities: ServerCapabilities = []
    /// What an agent with nothing but a connection does not have.
    var extended: Boxed<ExtendedState>?
    /// What has changed since it was last reported.
    var changed: StatusFields = .full
    /// What was reported on this connection and not yet confirmed by an answer.
    var unconfirmed: StatusFields = []
    /// Attempts that failed since a connection was last good, by the cohort's policy.
    var failures: UInt16 = 0
    /// UNAVAILABLE answers since a report was last accepted.
    var throttles: UInt8 = 0
    /// Reports on this connection that were given up unanswered, whose answers may yet come.
    var givenUp: UInt8 = 0
    var flags: Flags = []
    /// What it last reported of its health; `nil`: nothing yet.
    public internal(set) var reportedHealth: HealthGrade?
    /// How this agent misbehaves.
    public internal(set) var faults: Faults

    /// Small facts about an agent.
    struct Flags: OptionSet, Hashable, Sendable {
        let rawValue: UInt8

        /// The first report of the agent's life has been sent.
        static let introduced = Flags(rawValue: 1 << 0)
        /// The server has been asked for an instance uid and has not given one yet.
        static let wantsInstanceUID = Flags(rawValue: 1 << 1)
        /// The first heartbeat of this connection has been sent: from then on the interval counts from the last report.
        static let hasBeaten = Flags(rawValue: 1 << 2)
        /// A message is being processed: what it changes is reported once all of it is.
        static let takingAnswer = Flags(rawValue: 1 << 3)
        /// A certificate has been asked for in this life and for this instance uid.
        static let askedForCertificate = Flags(rawValue: 1 << 4)
        /// The heartbeat interval in force is one that a server has offered.
        static let intervalOffered = Flags(rawValue: 1 << 5)
    }

    /// Agent `index` of the run.
    public init(index: UInt64, cohort: Cohort) {
        self.index = index
        self.cohort = cohort
        random = SeededRandom(seed: cohort.seed, stream: index)
        faults = cohort.plan.faults.faults(of: index, seed: cohort.seed)
        instanceUID = Self.makeInstanceUID(&random)
        heartbeatInterval = cohort.plan.heartbeat.interval
        if let uid = borrowedInstanceUID { instanceUID = uid }
        if cohort.plan.requestsInstanceUID { flags.insert(.wantsInstanceUID) }
    }

    /// Where the agent stands.
    public var state: AgentState { life.phase.state }

    /// Since when it has stood there.
    public var stateSince: Instant { life.since }

    /// What it declares.
    public var capabilities: AgentCapabilities { extended?.value.capabilities ?? cohort.capabilities }

    /// The number that its next report takes.
    public var sequenceNumber: UInt64 { nextSequenceNumber }

    /// How many reports wait for their answers.
    public var outstandingReports: Int { outstanding.count }

    /// An instance uid as a machine makes it at installation: a UUIDv7 of some moment in 2025. Not the run's own time: the
    /// agent must be the same in every run.
    static func makeInstanceUID(_ random: inout SeededRandom) -> InstanceUID {
        let newYear2025: UInt64 = 1_735_689_600_000
        let year: UInt64 = 365 * 86_400_000
        let moment = newYear2025 + random.next() % year
        return InstanceUID(unixMilliseconds: moment, random: &random)
    }

    /// The uid of somebody else, that this agent takes for its own by one of its faults.
    var borrowedInstanceUID: InstanceUID? {
        if faults.has(.isClone) { return Self.instanceUID(of: cohort.cloneStream, cohort) }
        if faults.has(.reusesInstanceUID), index > 0 { return Self.instanceUID(of: index - 1, cohort) }
        return nil
    }

    private static func instanceUID(of stream: UInt64, _ cohort: Cohort) -> InstanceUID {
        var random = SeededRandom(seed: cohort.seed, stream: stream)
        return makeInstanceUID(&random)
    }

    /// The cohort's policy, unless the agent knows no timeout.
    var reconnectPolicy: ReconnectPolicy {
        faults.has(.reconnectsTooFast) ? .fixed(Self.impatience) : cohort.plan.reconnect
    }

    /// The wait of an agent that comes back too fast: not zero, or one that is refused would do nothing else.
    static let impatience = Nanoseconds.milliseconds(10)

    /// How long to wait before the next attempt after so many that failed.
    mutating func waitBeforeRetry(
        afterFailures failures: Int, asked: Nanoseconds? = nil, _ effects: inout Effects
    ) -> Nanoseconds {
        if faults.has(.reconnectsTooFast) { effects.fault(.reconnectsTooFast) }
        return reconnectPolicy.wait(afterFailures: failures, asked: asked, random: &random)
    }

    var honoursThrottling: Bool {
        cohort.plan.honoursThrottling && cohort.plan.reconnect.honoursServer && !faults.has(.ignoresThrottling)
    }

    var isTakingAnswer: Bool { flags.contains(.takingAnswer) }

    /// Takes a life-cycle event and records what came of it.
    /// - Returns: Whether the event fits the phase. Where not, it is counted and the caller does nothing more.
    mutating func step(
        _ event: LifeCycle.Event, because cause: TransitionCause, at now: Instant, _ effects: inout Effects
    ) -> Bool {
        switch life.apply(event, because: cause, at: now) {
        case .moved(let change):
            effects.append(.stateChanged(change))
            if extended?.value.telemetry != nil { noteForTelemetry(change) }
            return true
        case .stayed:
            return true
        case .rejected:
            effects.count(.eventOutOfState)
            return false
        }
    }

    /// Sets the host's timer where the agent must be woken sooner than it is set to. A timer that is set too early is left
    /// alone: it fires, finds nothing due and is set again, which costs less than moving it at every answer.
    mutating func setTimer(_ effects: inout Effects) {
        let wanted = nextDeadline
        guard wanted < timer else { return }
        timer = wanted
        effects.wakeAt = wanted
    }

    /// When the agent next has something to do of its own accord.
    var nextDeadline: Instant {
        var deadline: Instant
        switch life.phase {
        case .initializing, .disconnected: return .distantFuture
        case .connecting(let begun): deadline = begun + cohort.plan.connectTimeout
        case .connected, .running, .configuring, .updating: deadline = nextHeartbeat
        case .backingOff(let until): deadline = until
        case .closing(let end, _): deadline = end
        case .restarting(let until): deadline = until
        }
        if let extended, isProcessUp { deadline = min(deadline, extended.value.nextDeadline) }
        if let oldest = outstanding.oldest { deadline = min(deadline, oldest.sentAt + cohort.plan.answerTimeout) }
        return deadline
    }
}
