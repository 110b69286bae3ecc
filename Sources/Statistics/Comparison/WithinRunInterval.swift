import Basis

/// How far a percentile of one run may be from what a longer run would have shown: ten batches of equal length,
/// Woodruff's interval.
///
/// It says nothing about how runs of one build differ.
public struct WithinRunInterval: Hashable, Sendable {
    /// Batches of a run: so few that neighbours hardly depend on each other.
    public static let batches = 10

    /// The shares of the samples between which the percentile is read: 0 ... 1.
    public let shares: ClosedRange<Double>

    /// - Parameters:
    ///   - share: the percentile as a share, 0.99.
    ///   - batches: of each batch the samples, and those above the run's percentile.
    /// - Returns: nil where there are fewer than two batches, or no sample.
    public init?(share: Double, batches: [(samples: UInt64, above: UInt64)], confidence: Double = 0.95) {
        let total = Double(batches.reduce(0) { $0 + $1.samples })
        guard batches.count >= 2, total > 0 else { return nil }
        let count = Double(batches.count)
        let excess = batches.map { Double($0.above) - (1 - share) * Double($0.samples) }
        let mean = excess.reduce(0, +) / count
        let squares = excess.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let error = (count / (count - 1) * squares).squareRoot() / total
        let half = StudentDistribution(degreesOfFreedom: count - 1).quantile((1 + confidence) / 2) * error
        shares = max(share - half, 0)...min(share + half, 1)
    }

    /// The interval of the difference of two figures with intervals of their own: the half-widths in root sum of
    /// squares (MOVER).
    /// - Parameters:
    ///   - a: a logarithm with its interval, and so b.
    public static func difference(
        _ a: (value: Double, interval: ClosedRange<Double>), _ b: (value: Double, interval: ClosedRange<Double>)
    ) -> ClosedRange<Double> {
        func root(_ x: Double, _ y: Double) -> Double { (x * x + y * y).squareRoot() }
        let difference = b.value - a.value
        let low = root(b.value - b.interval.lowerBound, a.interval.upperBound - a.value)
        let high = root(b.interval.upperBound - b.value, a.value - a.interval.lowerBound)
        return difference - low...difference + high
    }

    /// Within what runs of one build have to repeat for a difference of two single runs to be one of the builds.
    /// - Parameters:
    ///   - difference: of the logarithms.
    ///   - half: the half-width of its 95 % interval within the runs, of ten batches.
    /// - Returns: a standard deviation of the logarithm; nil where the runs themselves explain the difference.
    public static func neededRepeatability(difference: Double, half: Double) -> Double? {
        let error = half / quantile
        let rest = (difference / 1.96) * (difference / 1.96) - error * error
        return rest > 0 ? (rest / 2).squareRoot() : nil
    }

    /// Of the t distribution with nine degrees of freedom, at 97.5 %.
    private static let quantile = 2.262
}
