import Basis
public import Rollout

/// Many rehearsals of a plan, over values of one key and over seeds: what a choice costs and what it is worth.
public struct Sweep: Sendable {
    /// One rehearsal of a sweep.
    public struct Run: Hashable, Sendable {
        public var seed: UInt64
        /// From the begin to the end or the pause, in seconds; nil: it was still going on.
        public var seconds: Double?
        public var broken: Int
        public var offered: Int
        public var isFinished: Bool
    }

    /// The rehearsals with one value.
    public struct Point: Hashable, Sendable {
        public var value: String
        /// In the order of their seeds.
        public var runs: [Run]

        /// A percentile of the time to the end, in seconds, by nearest rank; nil: no run ended.
        public func seconds(_ share: Double) -> Double? { Self.percentile(runs.compactMap(\.seconds), share) }

        /// A percentile of the agents that broke.
        public func broken(_ share: Double) -> Int? { Self.percentile(runs.map(\.broken), share) }

        public var finished: Int { runs.count { $0.isFinished } }

        private static func percentile<Value: Comparable>(_ values: [Value], _ share: Double) -> Value? {
            guard !values.isEmpty else { return nil }
            let sorted = values.sorted()
            let rank = Int((share * Double(sorted.count)).rounded(.up)) - 1
            return sorted[min(max(rank, 0), sorted.count - 1)]
        }
    }

    /// The plans with their values, and the seeds of each.
    public let plans: [(value: String, plan: RolloutPlan)]
    public let seeds: Range<UInt64>

    public init(_ plans: [(value: String, plan: RolloutPlan)], seeds: Range<UInt64>) {
        self.plans = plans
        self.seeds = seeds
    }

    /// Runs all of them, each on one thread. The result does not depend on the number of threads.
    public func run(concurrently: Rehearsal.Concurrently) -> [Point] {
        let count = plans.count * seeds.count
        let places = (0..<count).map { _ in Place() }
        let (plans, seeds) = (plans, seeds)
        concurrently(count) { number in
            let plan = plans[number / seeds.count].plan
            let seed = seeds.lowerBound + UInt64(number % seeds.count)
            var rehearsal = Rehearsal(plan, seed: seed)
            rehearsal.stopsWithRollouts = true
            let summary = RehearsalSummary(plan, seed: seed, rehearsal.run())
            let seconds = summary.ended.flatMap { ended in summary.began.map { (ended - $0).seconds } }
            places[number].set(
                Run(
                    seed: seed, seconds: seconds, broken: summary.tally.broken, offered: summary.tally.offered,
                    isFinished: summary.state == .ended(.finished)))
        }
        return plans.enumerated().map { place, planned in
            let runs = places[place * seeds.count..<(place + 1) * seeds.count].compactMap(\.run)
            return Point(value: planned.value, runs: runs)
        }
    }

    /// Where a thread puts a result.
    private final class Place: @unchecked Sendable {
        // Written by one thread, read when all are done.
        private(set) var run: Run?

        func set(_ run: Run) { self.run = run }
    }
}
