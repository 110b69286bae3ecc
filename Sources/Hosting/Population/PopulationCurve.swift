public import AgentModel
public import Basis

/// How many agents there are to be over time: stages one after another, in each of which the number goes evenly from
/// one figure to another. A pure value; a question costs the logarithm of the number of stages.
public struct PopulationCurve: Hashable, Sendable {
    /// A part of it.
    public struct Stage: Hashable, Sendable {
        public var length: Nanoseconds
        /// The number of agents at its end.
        public var to: Double
        /// How the agents leave that are too many.
        public var leaving: LeavePlan
        /// Which of them do.
        public var order: LeaveOrder

        public init(
            length: Nanoseconds, to: Double, leaving: LeavePlan = LeavePlan(), order: LeaveOrder = .last
        ) {
            self.length = max(length, .zero)
            self.to = max(to, 0)
            self.leaving = leaving
            self.order = order
        }
    }

    public let stages: [Stage]
    /// How many there are before the first stage.
    public let initial: Double
    /// When each stage begins, from the run's start.
    public let starts: [Nanoseconds]

    /// - Parameter start: when the first stage begins, from the run's start.
    public init(_ stages: [Stage], initial: Double = 0, start: Nanoseconds = .zero) {
        self.stages = stages
        self.initial = initial
        var begin = start
        starts = stages.map { stage in
            defer { begin = begin + stage.length }
            return begin
        }
    }

    /// When the last stage is over, from the run's start.
    public var end: Nanoseconds {
        guard let last = stages.last, let start = starts.last else { return .zero }
        return start + last.length
    }

    /// The most agents that there are at one time.
    public var peak: Double { stages.reduce(initial) { max($0, $1.to) } }

    /// The stage at a time, the last of those that begin at it; `nil` before the first.
    public func stage(at offset: Nanoseconds) -> Int? {
        var (low, high) = (0, starts.count)
        while low < high {
            let middle = low + (high - low) / 2
            if starts[middle] <= offset { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : low - 1
    }

    /// How many agents there are to be at a time, as a point of the curve.
    public func level(at offset: Nanoseconds) -> Double {
        guard let index = stage(at: offset) else { return initial }
        let from = from(index)
        let (stage, passed) = (stages[index], offset - starts[index])
        guard passed < stage.length else { return stage.to }
        return from + (stage.to - from) * (passed.seconds / stage.length.seconds)
    }

    /// How many agents there are to be at a time.
    public func agents(at offset: Nanoseconds) -> Int { Int(level(at: offset) + Self.tolerance) }

    /// The part of one of several shards in them: all parts together are `agents(at:)`.
    public func agents(at offset: Nanoseconds, shard: Int, of shards: Int) -> Int {
        Self.part(of: agents(at: offset), shard: shard, of: shards)
    }

    /// The part of one of several shards in a number of agents: all parts together are that number.
    static func part(of agents: Int, shard: Int, of shards: Int) -> Int { (agents + shard) / max(shards, 1) }

    /// When the part of a shard next changes, or a stage begins; later than `offset`. `nil`: never again.
    public func nextChange(after offset: Nanoseconds, shard: Int, of shards: Int) -> Nanoseconds? {
        guard let index = stage(at: offset) else { return starts.first }
        let (stage, from, shards) = (stages[index], from(index), max(shards, 1))
        let following = index + 1 < starts.count ? starts[index + 1] : nil
        guard offset < starts[index] + stage.length, stage.to != from else { return following }
        let count = agents(at: offset)
        // As a level: of the next agent of this shard, or just below that of its last.
        let rest = (count + shard) % shards
        let level = stage.to > from ? Double(count + shards - rest) : Double(count - rest) - 2 * Self.tolerance
        let part = (level - from) / (stage.to - from)
        guard part < 1 else { return starts[index] + stage.length }
        return max(starts[index] + stage.length.scaled(by: part), offset + Self.shortestStep)
    }

    private func from(_ index: Int) -> Double { index == 0 ? initial : stages[index - 1].to }

    /// A hair of rounding is no agent.
    private static let tolerance = 1e-6
    private static let shortestStep = Nanoseconds.microseconds(200)
}

/// Which agents leave first where some have to.
public enum LeaveOrder: Hashable, Sendable {
    /// Those that came last.
    case last
    /// Drawn.
    case drawn
    /// Those in a zone, drawn; then others, drawn.
    case zone(String)
    /// Those with an attribute, drawn; then others, drawn.
    case attribute(key: String, text: String)
}
