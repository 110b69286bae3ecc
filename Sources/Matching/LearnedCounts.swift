public import Basis

/// What a shard has counted: the raw material of the learned tables. Plain sums, so that shards can add each other's.
public struct LearnedCounts: Hashable, Sendable {
    /// All sums, one after the other: those of each kind of report, then those of the connection as a whole.
    private(set) var sums: [Double]

    /// Nothing counted yet.
    public init() {
        sums = Array(repeating: 0, count: Matcher.maxKinds * Kind.stride + Whole.stride)
        for kind in 0..<Matcher.maxKinds {
            self[kind, Kind.shares] = 10
            self[kind, Kind.shares + 1] = 0.1
            self[kind, Kind.shares + 2] = 0.1
        }
    }

    /// Adds answers, all after the same service time.
    public mutating func addAnswers(_ count: Double, of kind: UInt8, after span: Nanoseconds, _ type: ReceivedMessage) {
        let kind = Int(kind)
        self[kind, Kind.answers + TimeBins.bin(of: span)] += count
        self[kind, Kind.answered] += count
        self[kind, Kind.shares + Int(type.rawValue)] += count
    }

    /// Adds reports that were never answered.
    public mutating func addDrops(_ count: Double, of kind: UInt8) {
        self[Int(kind), Kind.dropped] += count
    }

    /// Adds messages that answered nothing, received during `seconds` in which no report waited.
    public mutating func addSurplus(_ count: Double, of type: ReceivedMessage, in seconds: Double) {
        self[whole: Whole.surplus + Int(type.rawValue)] += count
        self[whole: Whole.quietSeconds] += seconds
    }

    /// Adds exchanges in which the answer to a report was received before the Pong of the Ping sent with it.
    public mutating func addPongsInOrder(_ count: Double) {
        self[whole: Whole.pongsInOrder] += count
    }

    /// Offsets of the sums of one kind of report.
    enum Kind {
        /// Answers by the bin of their service time.
        static let answers = 0
        /// Reports that had no answer yet when the next one was sent, by the bin of the time until then.
        static let censored = TimeBins.count
        /// All in `answers`.
        static let answered = 2 * TimeBins.count
        /// All in `censored`.
        static let allCensored = answered + 1
        /// Reports that were never answered.
        static let dropped = answered + 2
        /// Answers by what the message shows (`ReceivedMessage`).
        static let shares = answered + 3
        static let stride = shares + ReceivedMessage.allCases.count
    }

    /// Offsets of the sums of the connections as a whole.
    enum Whole {
        /// Messages received while no report waited, by `ReceivedMessage`.
        static let surplus = 0
        /// Seconds during which no report waited.
        static let quietSeconds = surplus + ReceivedMessage.allCases.count
        /// Reports with a Ping in the same write whose answer was received before the Pong.
        static let pongsInOrder = quietSeconds + 1
        /// The same, the Pong before the answer.
        static let pongsFirst = quietSeconds + 2
        static let stride = quietSeconds + 3
    }

    @inline(__always)
    subscript(kind: Int, offset: Int) -> Double {
        get { sums[kind * Kind.stride + offset] }
        set { sums[kind * Kind.stride + offset] = newValue }
    }

    @inline(__always)
    subscript(whole offset: Int) -> Double {
        get { sums[Matcher.maxKinds * Kind.stride + offset] }
        set { sums[Matcher.maxKinds * Kind.stride + offset] = newValue }
    }

    /// Halves what was learned of the service times of one kind, so that newer answers weigh more.
    mutating func halve(_ kind: Int) {
        for offset in 0..<Kind.stride { self[kind, offset] /= 2 }
        for offset in 0...Whole.quietSeconds { self[whole: offset] /= 2 }
    }

    /// Whether anything is counted of the service times of a kind.
    func knows(_ kind: Int) -> Bool {
        self[kind, Kind.answered] != 0 || self[kind, Kind.allCensored] != 0 || self[kind, Kind.dropped] != 0
    }

    static func += (left: inout LearnedCounts, right: LearnedCounts) {
        for number in left.sums.indices { left.sums[number] += right.sums[number] }
    }

    public static func - (left: LearnedCounts, right: LearnedCounts) -> LearnedCounts {
        var difference = left
        for number in left.sums.indices { difference.sums[number] -= right.sums[number] }
        return difference
    }
}

/// Where shards exchange what they have learned. It belongs to whoever sees all shards, under that one's lock.
///
/// Each shard hands over what it has counted itself since the last time and receives what the others have: every count
/// reaches every shard once.
public struct LearnedCountsExchange: Sendable {
    private var total = LearnedCounts()
    private var seen: [Int: LearnedCounts] = [:]

    public init() {}

    /// Adds a shard's counts.
    /// - Parameter growth: what the shard itself has counted since its last call (`Matcher.takeGrowth`).
    /// - Returns: What the other shards have added since this shard's last call. O(size of the counts).
    public mutating func exchange(_ growth: LearnedCounts, from shard: Int) -> LearnedCounts {
        let before = seen[shard] ?? LearnedCounts()
        let others = total - before
        total += growth
        seen[shard] = total
        return others
    }
}
