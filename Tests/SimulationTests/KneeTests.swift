import Basis
import Rollout
import Testing

@testable import Simulation

@Suite("The knee of a sweep")
struct KneeTests {
    /// Points with a mean time and a mean number of broken agents, and so much noise between the seeds.
    private static func points(_ means: [(Double, Double)], noise: Double, seeds: Int = 40) -> [Sweep.Point] {
        var random = SeededRandom(seed: 5)
        return means.enumerated().map { place, mean in
            Sweep.Point(
                value: "\(place)",
                runs: (0..<seeds).map { seed in
                    Sweep.Run(
                        seed: UInt64(seed), seconds: mean.0 * (1 + noise * (random.unit() - 0.5)),
                        broken: Int(mean.1 * (1 + noise * (random.unit() - 0.5))), offered: 100, isFinished: true)
                })
        }
    }

    private static let bent = [(1_000.0, 10.0), (400, 20), (200, 30), (150, 300), (120, 900)]

    @Test("Where the trade-off bends clearly it is marked")
    func marked() throws {
        let knee = try #require(Sweep.knee(of: Self.points(Self.bent, noise: 0.1)))
        #expect(knee.isMarked && knee.place == 2 && knee.share > 0.95)
    }

    @Test("Where the seeds do not agree on a value, the interval says so and nothing is marked")
    func wide() throws {
        let knee = try #require(Sweep.knee(of: Self.points(Self.bent, noise: 1.9, seeds: 10)))
        #expect(!knee.isMarked && knee.interval.count > 1)
    }

    @Test("A straight line has none")
    func straight() {
        let line = (0..<5).map { (1_000.0 - 200 * Double($0), 100.0 + 200 * Double($0)) }
        let knee = Sweep.knee(of: Self.points(line, noise: 0.2))
        #expect(knee?.isMarked != true)
    }

    @Test(
        "Nothing is said where nothing is traded, or of too few values or seeds",
        arguments: [
            points([(1_000, 10), (500, 8), (200, 5)], noise: 0.1),
            points([(1_000, 10), (200, 500)], noise: 0.1),
            points(bent, noise: 0.1, seeds: 5),
        ])
    func none(points: [Sweep.Point]) { #expect(Sweep.knee(of: points) == nil) }

    @Test("It is the same each time")
    func isRepeatable() {
        let points = Self.points(Self.bent, noise: 0.7)
        #expect(Sweep.knee(of: points) == Sweep.knee(of: points))
    }
}
