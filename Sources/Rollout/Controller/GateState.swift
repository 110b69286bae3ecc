import Basis

/// A gate while the rollout runs: what its window holds, and how often it was found exceeded.
struct GateState: Hashable, Sendable {
    let plan: GatePlan
    /// Which of the plan's `watchedComponents` it is about; nil: the agent as a whole.
    let component: Int?
    /// Faults, answers and the faults of agents that are not updated, within the window.
    var faults: SlidingCount
    var answers: SlidingCount
    var otherFaults: SlidingCount
    /// What a resumed rollout has left behind.
    var ignoredFaults = 0
    var ignoredSample = 0
    /// How many looks found the limit exceeded, and whether the last one did.
    var exceeded = 0
    var wasExceeded = false
    var nextLook: Instant?

    init(_ plan: GatePlan, component: Int?) {
        self.plan = plan
        self.component = component
        faults = SlidingCount(window: plan.window)
        answers = SlidingCount(window: plan.window)
        otherFaults = SlidingCount(window: plan.window)
    }

    /// Forgets what its window holds, at a stage's begin or when the rollout resumes.
    mutating func clear() {
        faults.removeAll()
        answers.removeAll()
        otherFaults.removeAll()
        exceeded = 0
        wasExceeded = false
    }

    /// Whether the figures exceed the limit.
    ///
    /// Whole numbers only, so equal on every machine. Against the agents that are not updated, their share is taken off
    /// the share of the updated ones.
    func isExceeded(_ figures: GateFigures) -> Bool {
        guard figures.sample >= max(plan.minimumSample, 1) else { return false }
        // Limits are not below zero.
        if figures.faulty == 0, !plan.inclusive { return false }
        let million: Int128 = 1_000_000
        let others = Int128(max(figures.otherSample, 1))
        let sample = Int128(figures.sample)
        // Faults above those that would be there at the others' share; in units of a fault times `others`.
        var excess = Int128(figures.faulty) * others
        if plan.against == .notUpdated { excess -= Int128(figures.otherFaulty) * sample }
        let limit: Int128 =
            switch plan.above {
            case .agents(let count): Int128(count) * million * others
            case .share(let share): Int128((share * 1e6).rounded()) * sample * others
            }
        return plan.inclusive ? excess * million >= limit : excess * million > limit
    }
}

/// A count of what happened within a sliding window, kept in 64 steps; without a window it counts nothing.
struct SlidingCount: Hashable, Sendable {
    static let steps = 64

    let step: UInt64
    private(set) var counts: [UInt32]
    private(set) var newest: UInt64 = 0
    private(set) var total = 0

    init(window: Nanoseconds?) {
        step = window.map { max(UInt64(max($0.count, 1)) / UInt64(Self.steps), 1) } ?? 0
        counts = window == nil ? [] : Array(repeating: 0, count: Self.steps)
    }

    mutating func add(_ count: Int = 1, at now: Instant) {
        guard !counts.isEmpty else { return }
        move(to: now)
        counts[Int(newest % UInt64(Self.steps))] += UInt32(count)
        total += count
    }

    /// Drops what is older than the window.
    mutating func move(to now: Instant) {
        guard !counts.isEmpty else { return }
        let current = now.nanoseconds / step
        guard current > newest else { return }
        for index in 0..<min(current - newest, UInt64(Self.steps)) {
            let slot = Int((current - index) % UInt64(Self.steps))
            total -= Int(counts[slot])
            counts[slot] = 0
        }
        newest = current
    }

    mutating func removeAll() {
        for index in counts.indices { counts[index] = 0 }
        total = 0
    }

    mutating func restore(counts: [UInt32], newest: UInt64) {
        self.counts = counts
        self.newest = newest
        total = counts.reduce(0) { $0 + Int($1) }
    }
}

/// Faults at this time, by whether the agents are updated.
struct ObservedCounts: Hashable, Sendable {
    /// Selected agents that are not offered.
    var waiting = 0
    var waitingUnhealthy = 0
    var waitingDisconnected = 0
    /// Agents that became so after their offer.
    var unhealthy = 0
    var disconnected = 0
    /// Of those, agents of the present stage.
    var stageUnhealthy = 0
    var stageDisconnected = 0
}
