/// The part of a fleet that one process runs: shard `index` of `count`.
public struct RunPart: Hashable, Sendable, CustomStringConvertible {
    /// Which one, from 1 to `count`.
    public let index: Int
    /// How many processes run the fleet together.
    public let count: Int

    /// The limit of shards of one run.
    public static let limit = 1_000

    /// - Returns: nil where it is not one of 1 to `count`, or there are more than `limit`.
    public init?(index: Int, count: Int) {
        guard (1...Self.limit).contains(count), (1...count).contains(index) else { return nil }
        self.index = index
        self.count = count
    }

    /// Reads `2/4`: the second of four.
    public init?(_ text: String) {
        let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 2, let index = numbers[0], let count = numbers[1] else { return nil }
        self.init(index: index, count: count)
    }

    public var description: String { "\(index)/\(count)" }
}

/// One of the runs that were merged.
public struct MergedRun: Hashable, Sendable {
    public var run: String
    /// Which part of the fleet it ran; nil: a fleet of its own.
    public var part: RunPart?
    public var machine: String
    public var agents: Int
    /// Seconds since 1970, by its host's clock.
    public var startedAt: Double
    /// By how much it began after the first of them.
    public var offset: Double
    public var outcome: String
    public var level: Verdict.Level

    package init(
        run: String, part: RunPart?, machine: String, agents: Int, startedAt: Double, offset: Double, outcome: String,
        level: Verdict.Level
    ) {
        self.run = run
        self.part = part
        self.machine = machine
        self.agents = agents
        self.startedAt = startedAt
        self.offset = offset
        self.outcome = outcome
        self.level = level
    }
}
