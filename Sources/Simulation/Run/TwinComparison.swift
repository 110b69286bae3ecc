public import Basis
public import Rollout

/// A rehearsal on real sockets beside its twin in virtual time: whether both took the same decisions, and how far their
/// times are apart.
///
/// Decisions are equal where their kind, stage and reason are: the same stages, the same gate, the same end. Figures
/// may differ by agents that answered a moment earlier or later.
public struct TwinComparison: Hashable, Sendable {
    /// One decision of both.
    public struct Pair: Hashable, Sendable {
        public var decision: String
        /// From the rollout's begin; nil: that side did not take it.
        public var live: Nanoseconds?
        public var virtual: Nanoseconds?

        /// How far the two are apart.
        public var difference: Nanoseconds? {
            guard let live, let virtual else { return nil }
            return live > virtual ? live - virtual : virtual - live
        }
    }

    public let pairs: [Pair]
    /// The first decision in which they differ, in words; nil: all are equal.
    public let firstDifference: String?
    /// The largest difference of the times of one decision, and what it may be at that time.
    public let largest: (pair: Pair, tolerance: Nanoseconds)?
    public let speed: Double

    /// What a time may differ by: a second of the machine's clock, and five percent of the time since the begin.
    public static func tolerance(at time: Nanoseconds, speed: Double) -> Nanoseconds {
        Nanoseconds(seconds: speed + 0.05 * abs(time.seconds))
    }

    public init(live: RehearsalSummary, virtual: RehearsalSummary) {
        let speed = live.live?.speed ?? 1
        self.speed = speed
        let (left, right) = (Self.steps(live), Self.steps(virtual))
        var pairs: [Pair] = []
        var first: String?
        for place in 0..<max(left.count, right.count) {
            let (mine, other) = (place < left.count ? left[place] : nil, place < right.count ? right[place] : nil)
            guard let mine, let other, mine.name == other.name else {
                func text(_ step: (name: String, at: Nanoseconds)?) -> String {
                    step.map { "'\($0.name)'" } ?? "nothing more"
                }
                first = "decision \(place + 1): \(text(mine)) live, \(text(other)) in virtual time"
                if let mine { pairs.append(Pair(decision: mine.name, live: mine.at, virtual: nil)) }
                if let other { pairs.append(Pair(decision: other.name, live: nil, virtual: other.at)) }
                break
            }
            pairs.append(Pair(decision: mine.name, live: mine.at, virtual: other.at))
        }
        self.pairs = pairs
        firstDifference = first
        let worst = pairs.compactMap { pair -> (pair: Pair, tolerance: Nanoseconds, excess: Double)? in
            guard let difference = pair.difference, let virtual = pair.virtual else { return nil }
            let tolerance = Self.tolerance(at: virtual, speed: speed)
            return (pair, tolerance, difference.seconds / max(tolerance.seconds, 1e-9))
        }.max { $0.excess < $1.excess }
        largest = worst.map { ($0.pair, $0.tolerance) }
    }

    public var areDecisionsEqual: Bool { firstDifference == nil }
    public var areTimesWithinTolerance: Bool {
        largest.map { ($0.pair.difference ?? .zero) <= $0.tolerance } ?? true
    }

    private static func steps(_ summary: RehearsalSummary) -> [(name: String, at: Nanoseconds)] {
        summary.decisions.map { ($0.name, $0.at - (summary.began ?? .zero)) }
    }

    public static func == (left: TwinComparison, right: TwinComparison) -> Bool {
        left.pairs == right.pairs && left.firstDifference == right.firstDifference && left.speed == right.speed
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(pairs) }
}

extension RolloutDecision {
    /// What was decided, without figures.
    public var name: String {
        switch kind {
        case .began: "the rollout begins"
        case .stageBegan(let stage, _): "stage \(stage + 1) begins"
        case .soakBegan(let stage, _): "stage \(stage + 1) is watched"
        case .canaryPassedEarly: "the canary passes early"
        case .stagePassed(let stage, _): "stage \(stage + 1) passes"
        case .windowAwaited(let stage, _): "stage \(stage + 1) waits for its window"
        case .approvalAwaited(let stage): "stage \(stage + 1) waits for an operator"
        case .stopped(let stage, let reason, _): "stopped in stage \(stage + 1) by \(reason.name)"
        case .paused(let stage): "paused in stage \(stage + 1)"
        case .resumed(let stage): "resumed in stage \(stage + 1)"
        case .aborted(let stage, _): "aborted in stage \(stage + 1)"
        case .rollingBack: "the former revision is offered"
        case .rolledBack: "rolled back"
        case .reordered: "the order is computed again"
        case .finished: "finished"
        }
    }
}

extension RolloutDecision.Reason {
    /// The reason without figures.
    public var name: String {
        switch self {
        case .gate(let index, _): "gate \(index + 1)"
        case .canaryTest: "the canary test"
        case .stageTimeout: "the stage's timeout"
        case .noProgress: "lack of progress"
        case .operatorCommand: "the operator"
        }
    }
}
