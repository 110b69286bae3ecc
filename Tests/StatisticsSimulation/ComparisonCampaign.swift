import Basis
import Statistics

/// Many comparisons of runs of a simulated load test, each with the four figures that are judged by default.
public struct ComparisonCampaign: Sendable {
    /// Comparisons with at least one verdict of each kind.
    public private(set) var worse = 0
    public private(set) var better = 0
    /// Comparisons whose p99 is called worse, by itself and with the correction for four figures.
    public private(set) var worseP99 = 0
    public private(set) var worseP99Alone = 0
    public let comparisons: Int

    /// How whole runs differ.
    public struct Runs: Sendable {
        /// The standard deviation of the factor of a run, as a logarithm.
        public var runEffect = 0.0
        /// A factor that changes from run to run by a part: its standard deviation; zero: the machine does not change.
        public var drift = 0.0
        /// Whether the sides alternate: AB BA AB …; else A … A B … B.
        public var alternating = true
        /// The logarithm of B's p99 over A's.
        public var change = 0.0

        public init() {}
    }

    /// - Parameters:
    ///   - pool: independent runs, of which each comparison draws some.
    ///   - count: runs a side.
    public init(pool: [LoadTest.Run], count: Int, _ runs: Runs, comparisons: Int, seed: UInt64) {
        self.comparisons = comparisons
        var draws = NormalDraws(seed: seed, stream: UInt64(count))
        for _ in 0..<comparisons {
            var sides: [[LoadTest.Run]] = [[], []]
            var drift = draws.normal() * runs.drift
            let order: [Int] =
                runs.alternating
                ? (0..<count).flatMap { $0.isMultiple(of: 2) ? [0, 1] : [1, 0] }
                : [Int](repeating: 0, count: count) + [Int](repeating: 1, count: count)
            for side in order {
                var run = pool[min(Int(draws.unit() * Double(pool.count)), pool.count - 1)]
                let effect = drift + draws.normal() * runs.runEffect
                run.p50 += effect
                run.p99 += effect + (side == 1 ? runs.change : 0)
                run.throughput -= effect
                sides[side].append(run)
                drift = 0.8 * drift + 0.6 * runs.drift * draws.normal()
            }
            judge(sides[0], sides[1], runs.alternating)
        }
    }

    private mutating func judge(_ a: [LoadTest.Run], _ b: [LoadTest.Run], _ alternating: Bool) {
        let figures: [(KeyPath<LoadTest.Run, Double>, FigureComparison.Direction)] = [
            (\.p99, .higherIsWorse), (\.p50, .higherIsWorse), (\.throughput, .lowerIsWorse), (\.errors, .higherIsWorse),
        ]
        let compared = figures.compactMap { path, direction in
            FigureComparison(
                a.map { $0[keyPath: path] }, b.map { $0[keyPath: path] }, direction, alternating: alternating)
        }
        let verdicts = FigureComparison.verdicts(compared, margin: 0.05)
        if verdicts.contains(.worse) { worse += 1 }
        if verdicts.contains(.better) { better += 1 }
        if verdicts[0] == .worse { worseP99 += 1 }
        if compared[0].verdict(probability: compared[0].test.probability, margin: 0.05) == .worse { worseP99Alone += 1 }
    }

    /// Shares of the comparisons.
    public func share(_ count: KeyPath<ComparisonCampaign, Int>) -> Double {
        Double(self[keyPath: count]) / Double(comparisons)
    }
}
