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

/// How the heartbeats of a cohort lie relative to each other.
public enum HeartbeatPhase: String, CaseIterable, Hashable, Sendable {
    /// The first falls anywhere within one interval after connecting: the even load of a fleet that grew over weeks.
    case spread
    /// One interval after connecting, as real clients count: a fleet that connected together keeps beating together.
    case fromConnection = "from-connection"
    /// All agents at the same instants, the multiples of the interval on the run's axis: the worst case.
    case lockstep
}
