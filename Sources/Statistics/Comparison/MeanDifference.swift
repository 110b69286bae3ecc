import Basis

/// The difference of the means of two sides, with its t test.
///
/// The values are logarithms of a figure of whole runs, so the difference is the logarithm of a ratio.
public struct MeanDifference: Hashable, Sendable {
    public enum Method: String, CaseIterable, Sendable {
        /// Both sides vary alike: most power with few runs, and right as long as both have equally many.
        case pooled
        /// Each side varies in its own way.
        case welch
        /// Runs of both sides in turn: what a pair has in common drops out.
        case paired
    }

    public let method: Method
    /// B − A.
    public let difference: Double
    public let standardError: Double
    public let degreesOfFreedom: Double

    /// The method for the counts of runs: pooled where both sides have equally many, Welch otherwise, paired where the
    /// runs alternate and there are at least eight pairs. With five pairs the paired test finds +10 % of p99 in 87 %
    /// of the comparisons and the pooled one in 95 %; on a machine that drifts in 83 and 90 %
    /// (benchmarks/StatisticsTable).
    public static func method(_ a: Int, _ b: Int, alternating: Bool) -> Method {
        a != b ? .welch : alternating && a >= minPairs ? .paired : .pooled
    }

    private static let minPairs = 8

    /// One run a side, where how runs of one build vary is known from others.
    /// - Parameter known: at least two runs of one build.
    public init?(_ a: Double, _ b: Double, varyingAs known: [Double]) {
        guard known.count >= 2 else { return nil }
        method = .pooled
        difference = b - a
        standardError = (2 * Self.variance(known)).squareRoot()
        degreesOfFreedom = Double(known.count - 1)
    }

    /// One run against several of another build, where both builds vary alike.
    public init?(baseline: [Double], candidate: Double) {
        guard baseline.count >= 2 else { return nil }
        method = .pooled
        difference = candidate - Self.mean(baseline)
        standardError = (Self.variance(baseline) * (1 + 1 / Double(baseline.count))).squareRoot()
        degreesOfFreedom = Double(baseline.count - 1)
    }

    /// - Returns: nil where a side has fewer than two runs, or pairs are asked of sides with different counts.
    public init?(_ a: [Double], _ b: [Double], _ method: Method) {
        guard a.count >= 2, b.count >= 2 else { return nil }
        self.method = method
        let (countA, countB) = (Double(a.count), Double(b.count))
        let (varianceA, varianceB) = (Self.variance(a), Self.variance(b))
        switch method {
        case .pooled:
            difference = Self.mean(b) - Self.mean(a)
            degreesOfFreedom = countA + countB - 2
            let pooled = ((countA - 1) * varianceA + (countB - 1) * varianceB) / degreesOfFreedom
            standardError = (pooled * (1 / countA + 1 / countB)).squareRoot()
        case .welch:
            difference = Self.mean(b) - Self.mean(a)
            let (shareA, shareB) = (varianceA / countA, varianceB / countB)
            standardError = (shareA + shareB).squareRoot()
            let below = shareA * shareA / (countA - 1) + shareB * shareB / (countB - 1)
            degreesOfFreedom = below > 0 ? (shareA + shareB) * (shareA + shareB) / below : countA + countB - 2
        case .paired:
            guard a.count == b.count else { return nil }
            let differences = zip(a, b).map { $1 - $0 }
            difference = Self.mean(differences)
            degreesOfFreedom = countA - 1
            standardError = (Self.variance(differences) / countA).squareRoot()
        }
    }

    /// The probability of a difference at least as large where the sides are equal. Values that never vary, a count
    /// that is zero in each run say, differ surely or not at all.
    public var probability: Double {
        guard standardError > 0 else { return difference == 0 ? 1 : 0 }
        return StudentDistribution(degreesOfFreedom: degreesOfFreedom)
            .twoSidedProbability(of: difference / standardError)
    }

    /// The interval that holds the true difference with the given confidence.
    public func interval(_ confidence: Double) -> ClosedRange<Double> {
        let half = standardError * quantile((1 + confidence) / 2)
        return difference - half...difference + half
    }

    /// The least true difference that would be found to be one, with the given probability.
    /// - Parameter level: the two-sided level of the test.
    public func detectableChange(power: Double = 0.8, level: Double = 0.05) -> Double {
        standardError * (quantile(1 - level / 2) + quantile(power))
    }

    private func quantile(_ probability: Double) -> Double {
        StudentDistribution(degreesOfFreedom: degreesOfFreedom).quantile(probability)
    }

    static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    /// Of a sample: divided by one less than the count.
    static func variance(_ values: [Double]) -> Double {
        let mean = mean(values)
        return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
    }
}

/// How many runs a comparison needs.
public enum SampleSize {
    /// The least number of runs a side with which a true difference is found, with the given probability.
    /// - Parameters:
    ///   - difference: of the logarithms; not zero.
    ///   - deviation: the standard deviation between runs of one side.
    /// - Returns: nil where more than `limit` are needed.
    public static func runs(
        toFind difference: Double, deviation: Double, power: Double = 0.9, level: Double = 0.05, limit: Int = 10_000
    ) -> Int? {
        func suffices(_ count: Int) -> Bool {
            let student = StudentDistribution(degreesOfFreedom: Double(2 * count - 2))
            let least =
                (student.quantile(1 - level / 2) + student.quantile(power)) * deviation
                * (2 / Double(count)).squareRoot()
            return least <= difference.magnitude
        }
        guard difference != 0 else { return nil }
        var (low, high) = (1, 2)
        while !suffices(high) {
            guard high < limit else { return nil }
            (low, high) = (high, min(high * 2, limit))
        }
        while high - low > 1 {
            let middle = (low + high) / 2
            if suffices(middle) { high = middle } else { low = middle }
        }
        return high
    }
}

/// Benjamini and Hochberg's correction: of the differences that are called one, the expected share of false ones is
/// bounded.
public enum FalseDiscovery {
    /// The adjusted probabilities, in the given order: a difference is one where its own is at most the level.
    public static func adjusted(_ probabilities: [Double]) -> [Double] {
        let order = probabilities.indices.sorted { probabilities[$0] > probabilities[$1] }
        var adjusted = probabilities
        var least = 1.0
        for (position, index) in order.enumerated() {
            let rank = Double(probabilities.count - position)
            least = min(least, probabilities[index] * Double(probabilities.count) / rank)
            adjusted[index] = least
        }
        return adjusted
    }
}
