import Basis
import Testing

@testable import Statistics

/// Expected numbers: scipy 1.17.
@Suite("Student's t and the tests that use it")
struct DistributionTests {
    private func isClose(_ value: Double, _ expected: Double, _ tolerance: Double = 1e-9) -> Bool {
        (value - expected).magnitude <= tolerance * max(expected.magnitude, 1e-3)
    }

    @Test(
        "Quantiles of t",
        arguments: [
            (1, 0.75, 1.0), (1, 0.975, 12.706204736174694), (1, 0.9995, 636.6192487687897),
            (2.5, 0.75, 0.7850136829922992), (2.5, 0.975, 3.5746548420036817), (2.5, 0.9995, 18.277893528131457),
            (4, 0.75, 0.7406970841126829), (4, 0.975, 2.7764451051977934), (4, 0.9995, 8.610301581379522),
            (8, 0.75, 0.7063866126448388), (8, 0.975, 2.306004135204166), (8, 0.9995, 5.041305433373456),
            (18, 0.975, 2.1009220402410382), (200, 0.975, 1.9718962236339088), (200, 0.9995, 3.3398354062757107),
            (1e5, 0.75, 0.674492203553292), (1e5, 0.975, 1.9599877075346095), (1e5, 0.9995, 3.2906240314119137),
        ] as [(Double, Double, Double)])
    func quantiles(degrees: Double, probability: Double, expected: Double) {
        let student = StudentDistribution(degreesOfFreedom: degrees)
        #expect(isClose(student.quantile(probability), expected))
        #expect(isClose(student.quantile(1 - probability), -expected))
        #expect(isClose(student.probability(atMost: expected), probability))
        #expect(student.quantile(0.5) == 0)
    }

    @Test(
        "Probabilities of t on both sides",
        arguments: [
            (0.1, 3, 0.9266523488008059), (2.306, 8, 0.050000322761284174), (-7.5, 4, 0.0016908715323222976),
            (40, 5, 1.8411962171772954e-07), (3, 1000, 0.0027667090442381925), (1e-9, 5, 0.9999999992407866),
        ] as [(Double, Double, Double)])
    func probabilities(value: Double, degrees: Double, expected: Double) {
        let probability = StudentDistribution(degreesOfFreedom: degrees).twoSidedProbability(of: value)
        #expect((probability - expected).magnitude <= 1e-9 * expected)
    }

    @Test("Probabilities of the normal distribution")
    func normal() {
        let known = [(-8, 6.22096057427174e-16), (-1.5, 0.06680720126885807), (0.3, 0.6179114221889526)]
        for (value, expected) in known {
            let probability = NormalDistribution.probability(atMost: value)
            #expect((probability - expected).magnitude <= 1e-9 * expected)
        }
    }

    @Test("Pooled, Welch and paired differences with their intervals")
    func differences() throws {
        let (a, b, c) = ([1.2, 1.25, 1.19, 1.31, 1.22], [1.3, 1.27, 1.35, 1.36, 1.29], [1.1, 1.4, 1.3])
        let pooled = try #require(MeanDifference(a, b, .pooled))
        #expect(isClose(pooled.probability, 0.02053475745344528) && pooled.degreesOfFreedom == 8)
        #expect(isClose(pooled.interval(0.9).lowerBound, 0.028332666085821412))
        #expect(isClose(pooled.interval(0.9).upperBound, 0.1316673339141787))
        let welch = try #require(MeanDifference(a, c, .welch))
        #expect(isClose(welch.probability, 0.7501048342426883))
        #expect(isClose(welch.degreesOfFreedom, 2.2428110524459903))
        #expect(isClose(welch.interval(0.95).lowerBound, -0.3201360807458067))
        let paired = try #require(MeanDifference(a, b, .paired))
        #expect(isClose(paired.probability, 0.0285467914567922) && paired.degreesOfFreedom == 4)
        #expect(isClose(paired.interval(0.95).upperBound, 0.14628671835775842))
    }

    @Test("Benjamini and Hochberg's adjusted probabilities")
    func adjusted() {
        let adjusted = FalseDiscovery.adjusted([0.01, 0.04, 0.03, 0.005, 0.5, 0.03])
        for (value, expected) in zip(adjusted, [0.03, 0.048, 0.045, 0.03, 0.5, 0.045]) {
            #expect(isClose(value, expected))
        }
    }

    @Test("Values that never vary differ surely or not at all")
    func constant() throws {
        #expect(try #require(MeanDifference([1, 1, 1], [1, 1, 1], .pooled)).probability == 1)
        #expect(try #require(MeanDifference([1, 1, 1], [2, 2, 2], .pooled)).probability == 0)
        #expect(MeanDifference([1], [2, 2], .pooled) == nil)
        #expect(MeanDifference([1, 2], [2, 2, 3], .paired) == nil)
    }

    @Test(
        "The runs a side that a change needs",
        arguments: [
            (0.05, 0.03, 10), (0.05, 0.05, 24), (0.1, 0.01, 2), (0.1, 0.03, 4), (0.1, 0.05, 7), (0.1, 0.1, 25),
            (0.2, 0.15, 16), (0.2, 0.5, 160),
        ])
    func sampleSize(change: Double, deviation: Double, runs: Int) {
        #expect(SampleSize.runs(toFind: (1 + change).naturalLogarithm, deviation: deviation) == runs)
        #expect(SampleSize.runs(toFind: 0, deviation: deviation) == nil)
    }
}
