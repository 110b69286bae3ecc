public import Basis
import Matching
public import OpAMP

/// The state machine of one simulated agent: without I/O, its inputs are events and times, its outputs effects.
///
/// It is a plain value and small; what an idle agent does not need is boxed and exists only once it is needed.
/// Everything about it follows from (seed, index, cohort): the same agent in every run, on every shard and host.
///
/// It is composed of smaller state machines, each with its own interface and tests: `LifeCycle` (the state),
/// `HeartbeatSchedule` (when to send), `StatusChanges` (what to send), `Backoff` (when to connect again),
/// `MatchState` (what waits for an answer); and, boxed in `ExtendedState`, `Configuration`, `PackageKeeper`,
/// `ConnectionSettingsKeeper`, `HealthState`, `TelemetryKeeper`, `ChangeBatch`, `SupervisedCollector`,
/// `CapabilitySchedule`, `ExcessiveReports`. The agent connects them: `Agent+Connection` opens, loses and closes
/// connections; `Agent+Heartbeats` wakes; `Agent+Answers` processes what the server sends; `Agent+Reports` builds and
/// sends reports.
public struct Agent {
    /// The agent's number in the run.
    public internal(set) var index: UInt64
    public internal(set) var cohort: Cohort
    public internal(set) var instanceUID: InstanceUID

    var random: SeededRandom
    var life = LifeCycle()
    /// The number of the next report (AgentToServer.sequence_num); the first is 0, as opamp-go's.
    var nextSequenceNumber: UInt64 = 0
    /// When the agent's process started, for `start_time_unix_nano`.
    var processStarted: Instant = .zero
    /// What the host's timer is set to.
    var timer: Instant = .distantFuture
    /// The reports that wait for their answers.
    var match = MatchState()
    /// The capabilities of the server; empty until it has sent them.
    var serverCapabilities: ServerCapabilities = []
    /// What an agent with nothing but a connection does not have.
    var extended: Boxed<ExtendedState>?
    // From here on in an order that wastes no byte on alignment: there are hundreds of thousands of agents.
    /// When heartbeats are due.
    var schedule: HeartbeatSchedule
    /// What the server may not have of the agent's status.
    var changes = StatusChanges()
    /// How long to wait before the next connection.
    var backoff = Backoff()
    var flags: Flags = []
    /// The health that was reported last; `nil`: none yet.
    public internal(set) var reportedHealth: HealthGrade?
    /// The faults that are injected into this agent.
    public internal(set) var faults: Faults

    /// Small facts about an agent.
    struct Flags: OptionSet, Hashable, Sendable {
        let rawValue: UInt8

        /// The first report of the agent's life has been sent.
        static let introduced = Flags(rawValue: 1 << 0)
        /// An instance uid was requested from the server and has not been received yet.
        static let wantsInstanceUID = Flags(rawValue: 1 << 1)
        /// A message is being processed: what it changes is reported once all of it is.
        static let takingAnswer = Flags(rawValue: 1 << 2)
        /// A certificate has been requested in this life and for this instance uid.
        static let askedForCertificate = Flags(rawValue: 1 << 3)
        /// The run ends for the agent: it leaves once its reports are answered.
        static let leaving = Flags(rawValue: 1 << 4)
        /// Nothing passes between the agent and its server.
        static let cutOff = Flags(rawValue: 1 << 5)
        /// That is over, and reports of that time still wait for their answers.
        static let catchingUp = Flags(rawValue: 1 << 6)
        /// The server names in its answers the reports that they are to.
        static let numbered = Flags(rawValue: 1 << 7)
    }

    /// Agent `index` of the run.
    public init(index: UInt64, cohort: Cohort) {
        self.index = index
        self.cohort = cohort
        random = SeededRandom(seed: cohort.seed, stream: index)
        faults = cohort.plan.faults.faults(of: AgentNumber(index).place, seed: cohort.seed)
        instanceUID = Self.makeInstanceUID(&random)
        schedule = HeartbeatSchedule(cohort.plan.heartbeat)
        if let uid = borrowedInstanceUID { instanceUID = uid }
        if cohort.plan.requestsInstanceUID { flags.insert(.wantsInstanceUID) }
    }

    /// The agent's state.
    public var state: AgentState { life.phase.state }

    /// When the attempt began that its present connection came of, or comes of; `nil`: there is none.
    public var connectionBegun: Instant? {
        if case .connecting(let begun) = life.phase { return begun }
        return life.phase.session?.begun
    }

    /// Since when it has been in that state.
    public var stateSince: Instant { life.since }

    /// What it declares.
    public var capabilities: AgentCapabilities { extended?.value.capabilities ?? cohort.capabilities }

    /// The number of its next report.
    public var sequenceNumber: UInt64 { nextSequenceNumber }

    /// The server has received no report from this number on: the next one has it, so that the server sees no gap
    /// (AgentToServer.sequence_num). A number that is still to come changes nothing.
    public mutating func resumeSequence(at number: UInt64) {
        nextSequenceNumber = min(nextSequenceNumber, number)
    }

    /// Whether the run ends for the agent.
    public var isLeaving: Bool {
        if case .closing(_, .stop) = life.phase { return true }
        return flags.contains(.leaving) || life.phase == .disconnected
    }

    /// How many reports wait for their answers and are not overdue.
    public var outstandingReports: Int { match.waitingReports }

    /// An instance uid as a machine makes it at installation: a UUIDv7 of some moment in 2025. Not the run's own time:
    /// the agent must be the same in every run.
    static func makeInstanceUID(_ random: inout SeededRandom) -> InstanceUID {
        let newYear2025: UInt64 = 1_735_689_600_000
        let year: UInt64 = 365 * 86_400_000
        let moment = newYear2025 + random.next() % year
        return InstanceUID(unixMilliseconds: moment, random: &random)
    }

    /// The uid of another agent that this one uses because of one of its faults.
    var borrowedInstanceUID: InstanceUID? {
        if faults.has(.isClone) { return Self.instanceUID(of: cohort.cloneStream, cohort) }
        if faults.has(.reusesInstanceUID), index > 0 { return Self.instanceUID(of: index - 1, cohort) }
        return nil
    }

    private static func instanceUID(of stream: UInt64, _ cohort: Cohort) -> InstanceUID {
        var random = SeededRandom(seed: cohort.seed, stream: stream)
        return makeInstanceUID(&random)
    }

    /// The policy by which the agent connects again, now that it has to: the cohort's, unless the agent reconnects too
    /// fast.
    func reconnectPolicy(_ effects: inout Effects) -> ReconnectPolicy {
        guard faults.has(.reconnectsTooFast) else { return cohort.plan.reconnect }
        effects.fault(.reconnectsTooFast)
        return .fixed(Self.tooShortWait)
    }

    /// The wait of an agent that reconnects too fast: not zero, or one that is refused would do nothing else.
    private static let tooShortWait = Nanoseconds.milliseconds(10)

    /// What the heartbeats follow.
    @inline(__always)
    var heartbeatRules: HeartbeatSchedule.Rules {
        var rules = cohort.heartbeatRules
        rules.sendsHeartbeats = capabilities.contains(.reportsHeartbeat)
        rules.pace = cohort.pace.factor
        return rules
    }

    var honoursThrottling: Bool {
        cohort.plan.honoursThrottling && cohort.plan.reconnect.honoursServer && !faults.has(.ignoresThrottling)
    }

    var isTakingAnswer: Bool { flags.contains(.takingAnswer) }

    /// Applies a life-cycle event and records the step.
    /// - Returns: Whether the event fits the phase. Where not, it is counted and the caller does nothing more.
    mutating func step(
        _ event: LifeCycle.Event, because cause: TransitionCause, at now: Instant, _ effects: inout Effects
    ) -> Bool {
        switch life.apply(event, because: cause, at: now) {
        case .moved(let change):
            if cohort.reportForm == .encoded { effects.append(.stateChanged(change)) }
            if cohort.isScripted, change.from.isOnline != change.to.isOnline {
                cohort.plan.script?.told(of: index, change.to.isOnline ? .connected : .disconnected, at: now)
            }
            if extended?.value.telemetry != nil { noteForTelemetry(change) }
            return true
        case .stayed:
            return true
        case .rejected:
            effects.count(.eventOutOfState)
            return false
        }
    }

    /// Sets the host's timer where the agent must be woken sooner than it is set to. A timer that is set too early is
    /// left alone: it fires, finds nothing due and is set again, which costs less than moving it at every answer.
    mutating func setTimer(_ effects: inout Effects) {
        let wanted = nextDeadline(effects)
        guard wanted < timer else { return }
        timer = wanted
        effects.wakeAt = wanted
    }

    /// When the agent next has something to do without an event from outside.
    func nextDeadline(_ effects: borrowing Effects) -> Instant {
        var deadline: Instant
        switch life.phase {
        case .initializing, .disconnected: return .distantFuture
        case .connecting(let begun): deadline = begun + cohort.plan.connectTimeout
        case .connected, .running, .configuring, .updating: deadline = schedule.next
        case .backingOff(let until): deadline = until
        case .closing(let end, _): deadline = end
        case .restarting(let until): deadline = until
        }
        if let due = extended?.value.nextDeadline, isProcessUp { deadline = min(deadline, due) }
        return min(deadline, effects.matcher.deadline(of: match, matchContext))
    }
}

extension Agent {
    /// `template` with this agent's number, cohort, zone and present instance uid.
    public func filled(_ template: Template) -> String {
        template.filled(
            for: TemplateSubject(
                index: index, cohort: cohort.plan.name, zone: cohort.zone(of: index), instanceUID: instanceUID))
    }
}
