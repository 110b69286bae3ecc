import Basis
import Testing

@Suite("Drawn durations")
struct DistributionTests {
    static let all: [Distribution] = [
        .constant(.milliseconds(5)), .uniform(.milliseconds(1), .milliseconds(9)), .exponential(mean: .milliseconds(5)),
        .logNormal(median: .milliseconds(5), sigma: 0.5),
    ]

    @Test("The mean of many draws is the distribution's mean", arguments: all)
    func mean(distribution: Distribution) {
        var random = SeededRandom(seed: 99)
        let total = (0..<40_000).reduce(0.0) { sum, _ in sum + distribution.draw(&random).seconds }
        let expected = distribution.mean.seconds
        #expect(abs(total / 40_000 - expected) < 0.02 * expected)
    }

    @Test(
        "No draw is negative, whatever the parameters",
        arguments: all + [
            .constant(.milliseconds(-1)), .uniform(.milliseconds(-5), .milliseconds(1)),
            .exponential(mean: .seconds(-1)),
        ])
    func neverNegative(distribution: Distribution) {
        var random = SeededRandom(seed: 100)
        for _ in 0..<2_000 { #expect(distribution.draw(&random) >= .zero) }
    }

    @Test("A uniform draw stays between its ends")
    func uniform() {
        var random = SeededRandom(seed: 101)
        for _ in 0..<2_000 {
            let draw = Distribution.uniform(.microseconds(3), .microseconds(4)).draw(&random)
            #expect(draw >= .microseconds(3) && draw <= .microseconds(4))
        }
    }
}
