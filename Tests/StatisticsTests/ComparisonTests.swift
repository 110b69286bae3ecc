import Basis
import StatisticsSimulation
import Testing

@testable import Statistics

@Suite("Verdicts on two sides of runs")
struct ComparisonTests {
    private func compare(_ a: [Double], _ b: [Double], _ direction: FigureComparison.Direction = .higherIsWorse)
        -> FigureComparison?
    {
        FigureComparison(a, b, direction, alternating: true)
    }

    @Test("Fewer than three runs a side have no verdict")
    func fewRuns() {
        #expect(compare([1, 1.1], [1, 1.1, 1.2]) == nil)
        #expect(compare([1, 1.1, 1.2], [1, 1.1, 1.2]) != nil)
    }

    @Test("Equal counts are pooled, from eight pairs on paired, different ones are Welch's")
    func methods() {
        #expect(MeanDifference.method(3, 3, alternating: true) == .pooled)
        #expect(MeanDifference.method(5, 5, alternating: true) == .pooled)
        #expect(MeanDifference.method(8, 8, alternating: true) == .paired)
        #expect(MeanDifference.method(8, 8, alternating: false) == .pooled)
        #expect(MeanDifference.method(3, 5, alternating: true) == .welch)
    }

    @Test("No difference, worse, better, can't tell")
    func verdicts() throws {
        let a = [0.0, 0.01, -0.01, 0.005]
        func verdict(_ b: [Double], _ direction: FigureComparison.Direction = .higherIsWorse) -> ComparisonVerdict? {
            compare(a, b, direction).map { FigureComparison.verdicts([$0], margin: 0.05)[0] }
        }
        #expect(verdict([0.002, 0.01, -0.008, 0]) == .noDifference)
        #expect(verdict(a.map { $0 + 0.2 }) == .worse)
        #expect(verdict(a.map { $0 - 0.2 }) == .better)
        #expect(verdict(a.map { $0 - 0.2 }, .lowerIsWorse) == .worse)
        guard case .cannotTell(let least, let runs) = try #require(verdict([0.3, -0.2, 0.1, 0])) else {
            Issue.record("such a spread tells something")
            return
        }
        #expect(least > 0.2 && (runs ?? 0) > 20)
    }

    @Test("A figure that alone would be called worse is not, where many others are judged with it")
    func manyFigures() throws {
        // p = 0.03 by itself.
        let one = try #require(compare([0, 0.03, -0.03, 0.01], [0.07, 0.02, 0.1, 0.06]))
        #expect((0.01...0.05).contains(one.test.probability))
        let none = try #require(compare([0, 0.1, -0.1, 0.05], [0, 0.09, -0.1, 0.06]))
        #expect(FigureComparison.verdicts([one], margin: 0.01) == [.worse])
        #expect(FigureComparison.verdicts([one, none, none, none], margin: 0.01)[0] != .worse)
    }

    @Test("Within a run: batches that vary make the interval wide, and the sides' half-widths add in squares")
    func withinRun() throws {
        let even = [(UInt64, UInt64)](repeating: (1_000, 10), count: 10).map { (samples: $0.0, above: $0.1) }
        #expect(try #require(WithinRunInterval(share: 0.99, batches: even)).shares == 0.99...0.99)
        // z = ±5 in turn: se = sqrt(10/9 · 250) / 10000, t(9) = 2.262157.
        let uneven = (0..<10).map { (samples: UInt64(1_000), above: UInt64($0.isMultiple(of: 2) ? 5 : 15)) }
        let shares = try #require(WithinRunInterval(share: 0.99, batches: uneven)).shares
        #expect((shares.upperBound - 0.99 - 2.2621571628 * 16.6666667 / 10_000).magnitude < 1e-9)
        #expect(WithinRunInterval(share: 0.99, batches: [(samples: 5, above: 1)]) == nil)
        let difference = WithinRunInterval.difference((1, 0.7...1.3), (1.5, 1.1...1.9))
        #expect((difference.lowerBound - 0).magnitude < 1e-12 && (difference.upperBound - 1).magnitude < 1e-12)
        // +12 %, ± 5.5 %: only if runs repeat within 3.7 %.
        let needed = try #require(WithinRunInterval.neededRepeatability(difference: 0.1133, half: 0.05))
        #expect((needed - 0.0378).magnitude < 0.001)
        #expect(WithinRunInterval.neededRepeatability(difference: 0.02, half: 0.05) == nil)
    }

    /// A part of what benchmarks/StatisticsTable shows over 1,500 runs and 4,000 comparisons a cell.
    @Test(
        "Of equal builds at most a few comparisons hold a false 'worse', alternating also where the machine changes",
        arguments: [3, 5, 10], [(0.02, 0.0), (0.02, 0.03)])
    func falseAlarms(count: Int, noise: (effect: Double, drift: Double)) {
        var runs = ComparisonCampaign.Runs()
        (runs.runEffect, runs.drift) = noise
        let campaign = ComparisonCampaign(pool: Self.pool, count: count, runs, comparisons: 400, seed: 9)
        // The true share is 1 to 3 %: of 400 draws 5 % is more than two standard deviations away.
        #expect(campaign.share(\.worse) <= 0.05, "\(campaign.share(\.worse))")
    }

    @Test("+10 % of p99 is found in nine of ten comparisons of five runs a side")
    func power() {
        var runs = ComparisonCampaign.Runs()
        runs.runEffect = 0.02
        runs.change = 0.0953
        runs.alternating = true
        let campaign = ComparisonCampaign(pool: Self.pool, count: 5, runs, comparisons: 400, seed: 10)
        #expect(campaign.share(\.worseP99Alone) >= 0.9, "\(campaign.share(\.worseP99Alone))")
    }

    @Test("Runs one side after the other on a machine that changes are called worse far too often")
    func order() {
        var runs = ComparisonCampaign.Runs()
        (runs.runEffect, runs.drift, runs.alternating) = (0.0, 0.03, false)
        let campaign = ComparisonCampaign(pool: Self.pool, count: 10, runs, comparisons: 400, seed: 11)
        #expect(campaign.share(\.worse) > 0.08, "\(campaign.share(\.worse))")
    }

    private static let pool: [LoadTest.Run] = {
        let test = LoadTest(.typical, seconds: 300, rate: 1_000)
        return (0..<60 as Range<UInt64>).map(test.run)
    }()
}
