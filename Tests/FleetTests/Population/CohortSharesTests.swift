import Basis
import Testing

@testable import Fleet

@Suite("Dealing agents out to cohorts")
struct CohortSharesTests {
    private func check(_ weights: [CohortWeight], agents: Int, _ comment: Comment) throws {
        let shares = try #require(CohortShares(weights), comment)
        let total = Double(weights.reduce(0) { $0 + $1.thousandths })
        var counts = [Int](repeating: 0, count: weights.count)
        var worst = 0.0
        for agent in 0..<agents {
            counts[shares.cohort(of: agent)] += 1
            for (cohort, weight) in weights.enumerated() {
                worst = max(worst, abs(Double(counts[cohort]) - Double(agent + 1) * Double(weight.thousandths) / total))
            }
        }
        #expect(worst < 1, comment)
    }

    @Test(
        "In every fleet from one agent on, each cohort has its share within one agent",
        arguments: [
            ["1"], ["1", "1"], ["10", "1"], ["7", "2", "1"], ["0.5", "0.25", "0.125"], ["1", "1", "1", "1", "1"],
            ["99", "1"], ["0.001", "3"],
        ])
    func exact(texts: [String]) throws {
        try check(texts.compactMap { CohortWeight($0) }, agents: 5_000, "\(texts)")
    }

    @Test("The same for weights at random", arguments: 1...6 as ClosedRange<UInt64>)
    func random(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for round in 0..<20 {
            let weights = (0...random.index(below: 12)).map { _ in CohortWeight(whole: 1 + random.index(below: 300)) }
            try check(weights, agents: 3_000, "seed \(seed), round \(round): \(weights)")
        }
    }

    @Test("Weights that cannot be dealt out in bearable length are refused")
    func refused() throws {
        let fine = try #require(CohortWeight("0.001"))
        #expect(CohortShares([CohortWeight(whole: 1_000), fine]) == nil)
        #expect(CohortShares([]) == nil)
        #expect(CohortShares(Array(repeating: .one, count: 256)) == nil)
    }

    @Test("A weight has at most three decimals and is positive")
    func weights() {
        #expect(CohortWeight("1")?.thousandths == 1_000)
        #expect(CohortWeight("0.125")?.thousandths == 125)
        for text in ["0", "-1", "0.0001", "1000001", "x", "", "1e3", "1."] {
            #expect(CohortWeight(text) == nil, "\(text)")
        }
    }
}
