import AgentModel
public import Basis
import OpAMP

/// What a profile's fleet will ask of a server, worked out from the profile alone: no socket is opened, no clock is
/// read.
///
/// Sizes are those of the messages that the agents really make, in their WebSocket frames; TCP and TLS come on top.
public struct LoadEstimate: Hashable, Sendable {
    /// One cohort's part.
    public struct Part: Hashable, Sendable {
        public var cohort: String
        public var agents: Int
        /// Bytes of the first report of an agent.
        public var firstReportBytes: Int
        /// Bytes of a heartbeat.
        public var heartbeatBytes: Int
        /// What the agents keep to: the server's offer where it makes one; zero: they have no heartbeats. Nil in a
        /// closed loop, which follows the answers.
        public var interval: Nanoseconds?

        /// Heartbeats a second when all agents are there; nil in a closed loop.
        public var heartbeatsPerSecond: Double? {
            interval.map { $0 > .zero ? Double(agents) / $0.seconds : 0 }
        }
    }

    public var parts: [Part]
    /// The most agents that arrive within a second.
    public var peakArrivals: Int
    /// When the last agent arrives, from the run's start.
    public var arrivalEnd: Nanoseconds

    /// Of a profile that was read or overridden well. Looks at no more than a few hundred moments of the arrival and at
    /// one agent of each cohort.
    public init(_ profile: Profile) {
        let counts = Population(profile).cohortCounts
        let schedule = ArrivalSchedule(profile)
        var offered: Nanoseconds?
        if case .embedded(let server) = profile.server { offered = server.heartbeatInterval }
        parts = zip(profile.cohorts, counts).map { cohort, count in
            let isClosed = if case .closedLoop = cohort.mode { true } else { false }
            let beat = cohort.heartbeat.enabled ? offered ?? cohort.heartbeat.interval : .zero
            let poll = profile.isPolling ? profile.wire.polling.interval(of: cohort.heartbeat) : beat
            return Part(
                cohort: cohort.name, agents: count,
                firstReportBytes: Self.firstReportBytes(of: cohort, in: profile),
                heartbeatBytes: Self.heartbeatBytes,
                interval: isClosed ? nil : beat > .zero ? min(beat, poll) : poll)
        }
        let shape = PopulationShape(profile)
        arrivalEnd = shape.isShaped ? shape.firstLevel : schedule.end
        peakArrivals = shape.isShaped ? shape.peakArrivals : Self.peakArrivals(schedule)
    }

    /// Heartbeats a second of all open loops when all agents are there.
    public var heartbeatsPerSecond: Double {
        parts.reduce(0) { $0 + ($1.heartbeatsPerSecond ?? 0) }
    }

    /// Bytes a second of those heartbeats.
    public var heartbeatBytesPerSecond: Double {
        parts.reduce(0) { $0 + ($1.heartbeatsPerSecond ?? 0) * Double($1.heartbeatBytes) }
    }

    /// Bytes of the first reports of all agents.
    public var firstReportBytes: Int {
        parts.reduce(0) { $0 + $1.agents * $1.firstReportBytes }
    }

    /// Whether some agents follow the server's answers instead of the clock.
    public var hasClosedLoop: Bool { parts.contains { $0.interval == nil } }

    /// What an agent of the cohort sends first once it is connected.
    private static func firstReportBytes(of cohort: CohortProfile, in profile: Profile) -> Int {
        let plan = CohortPlan(cohort: cohort, limits: profile.limits)
        var agent = Agent(index: 0, cohort: Cohort(plan, seed: profile.seed, unixOrigin: 1_700_000_000_000_000_000))
        var effects = Effects()
        agent.start(at: .zero, &effects)
        effects.removeAll()
        agent.connected(at: Instant(nanoseconds: 1), &effects)
        return effects.list.reduce(0) { bytes, effect in
            if case .send(let report) = effect { return bytes + framed(report.range.count) }
            return bytes
        }
    }

    private static let heartbeatBytes: Int = {
        var bytes: [UInt8] = []
        Heartbeat.encode(
            instanceUID: InstanceUID(high: .max, low: .max), sequenceNumber: 1_000, capabilities: .collector,
            appendingTo: &bytes)
        return framed(bytes.count)
    }()

    /// A message with OpAMP's header byte in a client's WebSocket frame (RFC 6455 section 5.2).
    private static func framed(_ message: Int) -> Int {
        let payload = message + 1
        let mask = 4
        let head = payload < 126 ? 2 : payload <= 0xFFFF ? 4 : 10
        return head + mask + payload
    }

    /// The most arrivals in any of at most 600 equal windows, none shorter than a second.
    private static func peakArrivals(_ schedule: ArrivalSchedule) -> Int {
        let windows = min(max(schedule.end.count / 1_000_000_000 + 1, 1), 600)
        let width = Nanoseconds(max(schedule.end.count / windows + 1, 1_000_000_000))
        var (peak, before) = (0, 0)
        for window in 1...windows {
            let after = schedule.arrived(by: width * window - Nanoseconds(1))
            peak = max(peak, after - before)
            before = after
        }
        return Int((Double(peak) / width.seconds).rounded(.up))
    }
}
