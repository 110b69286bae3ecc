public import Basis

/// When an agent's heartbeats are due (OpAMPConnectionSettings.heartbeat_interval_seconds).
public struct HeartbeatPlan: Hashable, Sendable {
    /// The agent's own interval, until a server offers another; zero: none at all.
    public var interval: Nanoseconds
    /// By how much of the interval each single one may come sooner or later, 0 ... 1.
    public var jitter: Double
    /// Where the first heartbeat of a connection falls.
    public var phase: HeartbeatPhase

    public init(interval: Nanoseconds = .seconds(30), jitter: Double = 0, phase: HeartbeatPhase = .spread) {
        self.interval = interval
        self.jitter = min(max(jitter, 0), 1)
        self.phase = phase
    }

    /// The span to the next heartbeat.
    @inline(__always)
    func span(_ interval: Nanoseconds, random: inout SeededRandom) -> Nanoseconds {
        guard jitter > 0 else { return interval }
        return interval.scaled(by: 1 + jitter * (2 * random.unit() - 1))
    }

    /// When the first heartbeat of a connection that opened at `opened` is due.
    func first(after opened: Instant, interval: Nanoseconds, random: inout SeededRandom) -> Instant {
        switch phase {
        case .spread:
            return opened + interval.scaled(by: 1 - random.unit())
        case .fromConnection:
            return opened + span(interval, random: &random)
        case .lockstep:
            let step = interval.count.magnitude
            let (beats, _) = (opened.nanoseconds / step).addingReportingOverflow(1)
            let (due, overflow) = beats.multipliedReportingOverflow(by: step)
            return overflow ? .distantFuture : Instant(nanoseconds: due)
        }
    }
}

/// How the heartbeats of a cohort are distributed in time.
public enum HeartbeatPhase: String, CaseIterable, Hashable, Sendable {
    /// The first falls anywhere within one interval after connecting: the even load of a fleet that grew over weeks.
    case spread
    /// One interval after connecting, as real clients count: a fleet that connected together keeps beating together.
    case fromConnection = "from-connection"
    /// All agents at the same instants, the multiples of the interval on the run's axis: the worst case.
    case lockstep
}

/// When the heartbeats of one agent are due (OpAMPConnectionSettings.heartbeat_interval_seconds): a state machine that
/// receives as events the opened and ended connections, the sent reports and the server's offers.
///
/// Over a WebSocket these are the agent's heartbeats, if it has any. Over plain HTTP the agent also has to ask whether
/// the server has anything for it, with heartbeats or without, and each poll is a heartbeat (Plain HTTP Transport); an
/// interval that the server has offered is then the polling interval, longer or shorter.
struct HeartbeatSchedule: Hashable, Sendable {
    /// What the cohort's plan and the agent's capabilities say about its heartbeats.
    struct Rules: Hashable, Sendable {
        let plan: HeartbeatPlan
        /// Zero: the agent has a WebSocket.
        let pollingInterval: Nanoseconds
        /// Each report is sent after the answer to the one before; there is no clock.
        let isClosedLoop: Bool
        /// Whether the agent declares ReportsHeartbeat.
        var sendsHeartbeats: Bool
        /// How many times as often as planned.
        var pace = 1.0

        init(_ plan: CohortPlan, sendsHeartbeats: Bool) {
            self.plan = plan.heartbeat
            pollingInterval = max(plan.pollingInterval ?? .zero, .zero)
            isClosedLoop = plan.load.isClosed
            self.sendsHeartbeats = sendsHeartbeats
        }
    }

    /// An interval, and whether a server has offered it.
    struct Interval: Hashable, Sendable {
        var span: Nanoseconds
        var isOffered = false
    }

    /// When the next one is due; `.distantFuture` while there is none to come.
    private(set) var next: Instant = .distantFuture
    /// The interval in force: the plan's, until a server offers another. Zero: no heartbeats.
    private(set) var interval: Interval
    /// The first heartbeat of this connection has been sent: from then on the interval counts from the last report.
    private(set) var hasBegun = false

    init(_ plan: HeartbeatPlan) {
        interval = Interval(span: plan.interval)
    }

    /// A schedule as it was kept, with the plan's interval.
    init(_ plan: HeartbeatPlan, next: Instant, hasBegun: Bool) {
        self.init(plan)
        self.next = next
        self.hasBegun = hasBegun
    }

    /// How often the agent sends though nothing has changed; zero: never.
    @inline(__always)
    func span(by rules: Rules) -> Nanoseconds {
        let span = plannedSpan(by: rules)
        return rules.pace == 1 ? span : max(span.scaled(by: 1 / rules.pace), min(span, Self.shortest))
    }

    /// However fast the pace, an agent sends no more than a thousand heartbeats a second.
    private static let shortest = Nanoseconds.milliseconds(1)

    private func plannedSpan(by rules: Rules) -> Nanoseconds {
        let own = rules.sendsHeartbeats ? interval.span : .zero
        guard rules.pollingInterval > .zero else { return own }
        if interval.isOffered, interval.span > .zero { return interval.span }
        return own > .zero ? min(own, rules.pollingInterval) : rules.pollingInterval
    }

    /// A connection has been opened, or heartbeats begin again on it: sets the first one.
    mutating func begin(at opened: Instant, by rules: Rules, _ random: inout SeededRandom) {
        hasBegun = false
        let span = span(by: rules)
        let isTimed = span > .zero && !rules.isClosedLoop
        next = isTimed ? rules.plan.first(after: opened, interval: span, random: &random) : .distantFuture
    }

    /// A report that was due at `dueAt` has been sent: sets the next heartbeat.
    ///
    /// Any report shows the server that the agent is alive, so the interval counts from the last one. The first
    /// heartbeat of a connection keeps the place that the cohort's phase gave it, or a full-state report to every agent
    /// of a fleet would synchronise the whole fleet.
    @inline(__always)
    mutating func sent(_ kind: ReportKind, dueAt: Instant, by rules: Rules, _ random: inout SeededRandom) {
        guard next != .distantFuture else { return }
        if kind == .heartbeat { hasBegun = true }
        if rules.plan.phase == .lockstep {
            if kind == .heartbeat { next = dueAt + span(by: rules) }
        } else if hasBegun || rules.plan.phase == .fromConnection {
            next = dueAt + rules.plan.span(span(by: rules), random: &random)
        }
        if rules.isClosedLoop { next = .distantFuture }
    }

    /// Leaves out the heartbeats that are overdue at `now`.
    /// - Returns: How many they are.
    mutating func skipOverdue(at now: Instant, by rules: Rules) -> Int {
        let span = span(by: rules)
        guard now >= next, span > .zero else { return 0 }
        let skipped = (now - next).count / span.count + 1
        next = next + span * skipped
        return Int(clamping: skipped)
    }

    /// The next report of a closed loop is due then.
    mutating func wait(until due: Instant) { next = due }

    /// There is no connection any more, or it is being closed.
    mutating func end() { next = .distantFuture }

    /// Another interval is in force from now on; zero turns heartbeats off.
    /// - Parameter isOnline: whether there is a connection that the change begins on at once.
    mutating func change(
        to interval: Interval, isOnline: Bool, at now: Instant, by rules: Rules, _ random: inout SeededRandom
    ) {
        let former = span(by: rules)
        self.interval = interval
        if isOnline, span(by: rules) != former { begin(at: now, by: rules, &random) }
    }

    /// The process has restarted, without what a server has offered.
    mutating func reset(_ plan: HeartbeatPlan) {
        interval = Interval(span: plan.interval)
    }
}
