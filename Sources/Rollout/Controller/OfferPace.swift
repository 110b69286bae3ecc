import Basis

/// How many agents may be offered now, and when the next: the rate of the plan and the span of the stage. A command
/// holds at most one second of offers, so that a stop is a stop.
struct OfferPace: Hashable, Sendable {
    /// The highest rate that a growing one reaches, agents a second: a million agents take no less than a second.
    static let maxRate = 1_000_000.0

    private let limit: RolloutRate?
    /// Of the plan, agents a second; nil: no limit.
    private(set) var rate: Double?
    /// The present stage's own; nil: all at once.
    private(set) var stageRate: Double?
    /// No offer before it.
    private(set) var next = Instant.zero
    /// Agents that count towards the next growth of the rate.
    private(set) var counted = 0

    init(plan: RolloutPlan, total: Int) {
        limit = plan.limits.rate
        rate = limit?.perSecond
    }

    mutating func begin(_ stage: StageSequence.Stage, at now: Instant) {
        let isSpread = stage.over > .zero && !stage.positions.isEmpty
        stageRate = isSpread ? Double(stage.positions.count) / stage.over.seconds : nil
        next = max(next, now)
    }

    /// So many agents of `available` may be offered at once, over that time. Call it at `next` or later.
    mutating func take(_ available: Int, at now: Instant) -> (count: Int, over: Nanoseconds) {
        guard let perSecond = [rate, stageRate].compactMap(\.self).min() else { return (available, .zero) }
        let count = min(max(Int(perSecond), 1), available)
        let over = Nanoseconds(seconds: Double(count) / perSecond)
        next = now + max(over, Nanoseconds(1))
        return (count, over)
    }

    /// Counts an agent that was offered or applied the revision.
    mutating func count(_ what: RolloutRate.Counted, _ agents: Int = 1) {
        guard let limit, limit.factor > 1, limit.counts == what, var rate else { return }
        let max = limit.max ?? Self.maxRate
        counted += agents
        while counted >= limit.each, rate < max {
            counted -= limit.each
            rate = min(rate * limit.factor, max)
        }
        self.rate = rate
    }

    mutating func restore(rate: Double?, stageRate: Double?, next: Instant, counted: Int) {
        (self.rate, self.stageRate, self.next, self.counted) = (rate, stageRate, next, counted)
    }
}
