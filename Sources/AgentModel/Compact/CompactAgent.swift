package import Basis
import OpAMP

/// An agent of a simulated fleet in 48 bytes, between its steps: what does not follow from its number, its cohort and
/// the revisions that its server offers.
///
/// The host wakes the agent with `Agent(waking:)`, steps it, and puts it back with `Agent.compact(_:)`. What is
/// measured only at a socket is not kept: since when a state lasts, when the last answer came, how long an offer took.
/// The random numbers are not kept either: the host gives each step a stream of its own, so that a step that is left
/// out changes no other.
package struct CompactAgent: Hashable, Sendable {
    /// The time of the phase: when the attempt to connect began (also that of the open connection), when the wait ends,
    /// when the process is back.
    package internal(set) var time: Instant
    /// When the next heartbeat is due; `.distantFuture`: there is none to come.
    package internal(set) var nextHeartbeat: Instant
    /// When the application under way ends, when the agent crashes because of its configuration, or when it tries a
    /// failed one again: at most one of them exists in each state.
    package internal(set) var configurationDue: Instant
    /// The number of the next report; it wraps.
    package internal(set) var sequenceNumber: UInt32
    var unreported: StatusFields
    var unconfirmed: StatusFields
    package internal(set) var backoff: Backoff
    /// The revisions that worked, the newest in the lowest byte.
    var history: UInt32
    /// The revision that was offered last; 0: none was accepted.
    package internal(set) var lastOffer: UInt8
    /// The revision that the agent runs; 0: its local configuration.
    package internal(set) var running: UInt8
    package internal(set) var phase: Phase
    var stage: Stage
    var message: FailureMessage
    var reported: OfferStage
    var reportedHealth: HealthGrade?
    var flags: Flags

    /// The phases of the life cycle that an agent can be kept in.
    package enum Phase: UInt8, Sendable {
        case connecting, connected, running, configuring, backingOff, restarting, updating
    }

    /// The states of the configuration, with the outcome that an application will have.
    enum Stage: UInt8 { case notConfigured, succeeding, failing, crashing, configured, error }

    /// The messages of a failure that agents of a simulated fleet have.
    enum FailureMessage: UInt8, CaseIterable {
        case none, component, marker, crashedApplying, crashedRunning

        var text: String {
            switch self {
            case .none: ""
            case .component: Configuration.componentFailed
            case .marker: Configuration.failedByMarker
            case .crashedApplying: Configuration.crashedApplying
            case .crashedRunning: Configuration.crashedRunning
            }
        }

        init?(_ text: String) {
            guard let known = Self.allCases.first(where: { $0.text == text }) else { return nil }
            self = known
        }
    }

    struct Flags: OptionSet, Hashable, Sendable {
        let rawValue: UInt8
        static let introduced = Flags(rawValue: 1)
        static let hasBegunHeartbeats = Flags(rawValue: 2)
        static let lies = Flags(rawValue: 4)
        static let knowsServer = Flags(rawValue: 8)
        static let isConfigured = Flags(rawValue: 16)
        /// Those that are of the configuration.
        static let ofConfiguration: Flags = [.lies, .isConfigured]
    }

    /// Whether the connection is open and reports can be sent on it.
    @inlinable
    package var isOnline: Bool {
        switch phase {
        case .connected, .running, .configuring, .updating: true
        case .connecting, .backingOff, .restarting: false
        }
    }

    /// Whether heartbeats follow from `nextHeartbeat` and the interval alone: the first of the connection is sent, and
    /// none of them changes anything but the sequence number.
    package var hasSteadyHeartbeats: Bool {
        isOnline && phase != .connected && flags.contains(.hasBegunHeartbeats) && nextHeartbeat != .distantFuture
    }

    /// Whether the last offer failed and has been reported so.
    package var hasFailed: Bool { stage == .error }

    /// Whether it applies a configuration.
    package var isApplying: Bool {
        switch stage {
        case .succeeding, .failing, .crashing: true
        case .notConfigured, .configured, .error: false
        }
    }

    /// Whether it applies one, and will be able to.
    package var willSucceed: Bool { stage == .succeeding }

    /// Whether it says that it applied the last offer and reports another effective configuration.
    package var lies: Bool { flags.contains(.lies) }

    /// An agent that has run `revision` for long: connected, everything reported, its heartbeats steady.
    package init(running revision: UInt8, nextHeartbeat: Instant, sequenceNumber: UInt32) {
        time = .zero
        self.nextHeartbeat = nextHeartbeat
        configurationDue = .distantFuture
        self.sequenceNumber = sequenceNumber
        unreported = []
        unconfirmed = []
        backoff = Backoff()
        history = UInt32(revision)
        lastOffer = revision
        running = revision
        phase = .running
        stage = .configured
        message = .none
        reported = .converged
        reportedHealth = .healthy
        flags = [.introduced, .hasBegunHeartbeats, .knowsServer, .isConfigured]
    }

    /// The agent has no connection, and tries to connect again at `time`.
    package mutating func disconnect(until time: Instant) {
        (phase, self.time, nextHeartbeat) = (.backingOff, time, .distantFuture)
        flags.remove(.hasBegunHeartbeats)
    }

    /// Sends the heartbeats that are due up to `now`, where they are steady: the closed form of one step each.
    /// - Returns: How many they are.
    @inline(__always)
    @discardableResult
    package mutating func sendSteadyHeartbeats(upTo now: Instant, every interval: Nanoseconds) -> UInt64 {
        guard now >= nextHeartbeat else { return 0 }
        let step = interval.count.magnitude
        let count = (now.nanoseconds - nextHeartbeat.nanoseconds) / step + 1
        nextHeartbeat = Instant(nanoseconds: nextHeartbeat.nanoseconds + count * step)
        sequenceNumber &+= UInt32(truncatingIfNeeded: count)
        return count
    }

    /// Sends the first heartbeat of the connection, which is due, where it changes nothing else: the closed form of the
    /// step.
    /// - Returns: Whether it was sent.
    @inline(__always)
    package mutating func sendFirstHeartbeat(every interval: Nanoseconds) -> Bool {
        guard isOnline, phase != .connected, unreported.isEmpty, unconfirmed.isEmpty,
            configurationDue > nextHeartbeat
        else { return false }
        nextHeartbeat = nextHeartbeat + interval
        sequenceNumber &+= 1
        flags.insert(.hasBegunHeartbeats)
        return true
    }

    /// The wait before an attempt to connect is over: it begins at `now`.
    @inline(__always)
    package mutating func beginAttempt(at now: Instant) {
        (phase, time) = (.connecting, now)
    }

    /// An attempt to connect that begins at `now`, when the wait is over, and is refused at once: the closed form of
    /// the two steps of the agent, `Backoff` being the agent's own.
    @inline(__always)
    package mutating func refusedAttempt(
        at now: Instant, by policy: ReconnectPolicy, _ random: inout SeededRandom
    ) {
        time = now + backoff.failed(policy, asked: nil, &random)
        phase = .backingOff
    }
}
