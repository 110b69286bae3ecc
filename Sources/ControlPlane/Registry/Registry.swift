public import Basis
internal import OpAMP

/// The state machine of the embedded server on one shard: its agents, their reports, and the answers that are due.
///
/// Sans-I/O. Each input has the instant at which it happened and appends effects to the caller's buffer. The registry
/// reads no clock, and all its randomness comes from its seed. Times of inputs never decrease.
///
/// A report is processed when it arrives and answered by the plan: at once, or after a drawn delay, and never during a
/// pause. Answers of one connection are sent in the order of its reports. Processing a heartbeat is a comparison with
/// the last agent of its connection, a few stores, and some thirty bytes written to the effects: no look-up in a hash
/// table and no allocation. A registry is a value of one shard; shards share an `AgentDirectory`.
public struct Registry: Sendable {
    /// What this registry saw and did so far.
    public internal(set) var counts = ServerCounts()

    let plan: ServerPlan
    let shard: UInt16
    let directory: AgentDirectory?
    let wallClockAtZero: UInt64
    let encoder: AnswerEncoder
    /// Whether the plan has an answer delay.
    let hasDelay: Bool
    /// Whether the plan retains messages.
    let keepsMessages: Bool
    let throttled: AnswerExtra
    let full: AnswerExtra

    var random: SeededRandom
    /// What an answer takes of a server with a limit, and when the last of those that wait is done.
    let answerTime: Nanoseconds?
    var nextAnswer = Instant.zero
    var connections = ConnectionTable()
    var agents = AgentTable()
    var queue = ReplyQueue()
    var calendar: PauseCalendar
    /// The last wake-up that was asked for and has not come.
    var armed = Instant.distantFuture

    /// Agents that were given another uid and have not used it yet: the new uid by connection and former uid.
    var renames: [ConnectionID: [InstanceUID: InstanceUID]] = [:]
    var labels: LabelTable
    var offers = OfferBook()
    var notices = NoticeBoard()
    var components = KnownComponents()
    /// The lists of custom capabilities that agents reported.
    var customs = RowTable<String>(.init(rows: 4_096, bytesPerRow: 16 << 10, bytes: 4 << 20)) { $0.utf8.count }
    var pool: EncodedPool
    /// For the parts of reports that have to be understood.
    var decoder = CopyableArenaDecoder()
    /// The walk over the agents after a new offer, while it is under way.
    var walk: PushWalk?

    /// Certificate requests that wait for a decision, and the HTTP answers that wait with them.
    var tickets: Set<UInt64> = []
    var deferred: [UInt64: DeferredAnswer] = [:]
    /// The tickets of the answers that wait, by connection.
    var deferredTickets: [ConnectionID: Set<UInt64>] = [:]
    var nextTicket: UInt64 = 0

    /// Replies that one wake-up sends at most, so that a shard is never held up for long; the rest follow at once.
    static let repliesPerWake = 4_096
    /// Bytes of answers that one wake-up or push step produces, about.
    static let bytesPerStep = 1 << 20

    /// - Parameters:
    ///   - seed: Where delays, shares and new uids come from; different for each shard of a run.
    ///   - wallClockAtZero: Unix time in milliseconds at `Instant.zero`: the time in new instance uids.
    ///   - shard: The number of this shard among those that share `directory`.
    ///   - directory: Needed when the server has several shards.
    public init(
        plan: ServerPlan, seed: UInt64, wallClockAtZero: UInt64, shard: UInt16 = 0, directory: AgentDirectory? = nil
    ) {
        self.plan = plan
        self.shard = shard
        self.directory = directory
        self.wallClockAtZero = wallClockAtZero
        hasDelay = plan.answerDelay != .constant(.zero)
        answerTime = plan.answersPerSecond.map { Nanoseconds(seconds: 1 / max($0, 1e-3)) }
        random = SeededRandom(seed: seed, stream: UInt64(shard))
        calendar = PauseCalendar(plan.pauses)
        labels = LabelTable(keys: plan.labels)
        let customs = plan.customCapabilities + (plan.echoesSequence ? [CustomCapability.sequence] : [])
        encoder = AnswerEncoder(
            capabilities: plan.capabilities.union(.acceptsStatus),
            customCapabilities: customs.isEmpty ? nil : CustomCapabilities(capabilities: customs).encoded())
        let retry = plan.throttle.retryAfter.map { RetryInfo(retryAfterNanoseconds: UInt64(max(0, $0.count))) }
        throttled = AnswerExtra(
            error: ServerErrorResponse(type: .unavailable, errorMessage: "the server is overloaded", retryInfo: retry))
        full = AnswerExtra(
            error: ServerErrorResponse(type: .unavailable, errorMessage: "the server knows too many agents"))
        if case .encoded(let limit) = plan.retention {
            (pool, keepsMessages) = (EncodedPool(limit: limit), true)
        } else {
            (pool, keepsMessages) = (EncodedPool(limit: 0), false)
        }
        if let settings = plan.heartbeatSettings { offers.add(settings, for: .all) }
    }

    /// From `pause.from` until `pause.until` nothing is answered; what is owed by then leaves at the end. Like the
    /// pauses of the plan, but requested during the run.
    public mutating func pause(_ pause: Pause, at now: Instant, _ effects: inout ServerEffects) {
        calendar.insert(pause)
        arm(at: now, &effects)
    }

    /// The timer that the last `wake(at:)` effect asked for has come; early, late and spurious calls do no harm.
    public mutating func wake(at now: Instant, _ effects: inout ServerEffects) {
        armed = .distantFuture
        if calendar.opening(after: now) == now {
            var budget = Self.repliesPerWake
            while budget > 0, effects.bytes.count < Self.bytesPerStep, let item = queue.next(dueBy: now) {
                perform(item, &effects)
                budget -= 1
            }
            pushStep(at: now, &effects)
        }
        arm(at: now, &effects)
    }

    /// Requests a wake-up for the next deadline, unless an earlier one was requested already.
    mutating func arm(at now: Instant, _ effects: inout ServerEffects) {
        let next = walk == nil ? queue.nextDue : now
        guard next != .distantFuture else { return }
        let open = calendar.opening(after: max(next, now))
        guard open < armed else { return }
        armed = open
        effects.list.append(.wake(at: open))
    }
}
