import Basis

/// What can be said about a figure of two sides of runs.
public enum ComparisonVerdict: Hashable, Sendable {
    /// Both one-sided tests at 5 % exclude a difference as large as the margin: the 90 % interval lies within it.
    case noDifference
    case worse
    case better
    /// - Parameters:
    ///   - detectableChange: the change that would have been found with a probability of 80 %, as a ratio less 1.
    ///   - runsForTenth: the runs a side with which a change of 10 % is found with a probability of 90 %; nil: more
    ///     than anybody makes.
    case cannotTell(detectableChange: Double, runsForTenth: Int?)

    /// As people read it.
    public var title: String {
        switch self {
        case .noDifference: "no difference"
        case .worse: "worse"
        case .better: "better"
        case .cannotTell: "can't tell"
        }
    }
}

/// A figure of the runs of two sides, on logarithms.
public struct FigureComparison: Hashable, Sendable {
    /// In which direction the figure gets worse.
    public enum Direction: Hashable, Sendable {
        case higherIsWorse, lowerIsWorse
    }

    public let test: MeanDifference
    public let direction: Direction
    /// The standard deviation between the runs of a side.
    public let deviation: Double

    /// - Returns: nil where a side has fewer than three runs: any verdict would be a guess.
    public init?(_ a: [Double], _ b: [Double], _ direction: Direction, alternating: Bool) {
        guard a.count >= Self.minRuns, b.count >= Self.minRuns else { return nil }
        let method = MeanDifference.method(a.count, b.count, alternating: alternating)
        guard let test = MeanDifference(a, b, method) else { return nil }
        self.test = test
        self.direction = direction
        let degrees = Double(a.count + b.count - 2)
        let squares =
            MeanDifference.variance(a) * Double(a.count - 1) + MeanDifference.variance(b) * Double(b.count - 1)
        deviation = (squares / degrees).squareRoot()
    }

    /// One run a side, with former runs of one build.
    /// - Returns: nil where there are fewer than eight of those.
    public init?(_ a: Double, _ b: Double, noise: [Double], _ direction: Direction) {
        guard noise.count >= Self.minNoiseRuns, let test = MeanDifference(a, b, varyingAs: noise) else { return nil }
        self.test = test
        self.direction = direction
        deviation = MeanDifference.variance(noise).squareRoot()
    }

    /// One run of B against several of A.
    /// - Returns: nil where there are fewer than five of those.
    public init?(baseline: [Double], candidate: Double, _ direction: Direction) {
        guard baseline.count >= Self.minBaselineRuns,
            let test = MeanDifference(baseline: baseline, candidate: candidate)
        else { return nil }
        self.test = test
        self.direction = direction
        deviation = MeanDifference.variance(baseline).squareRoot()
    }

    /// Former runs of one build that say how runs vary.
    public static let minNoiseRuns = 8
    /// Runs of one build that one run of another can be compared with.
    public static let minBaselineRuns = 5

    /// Runs a side below which there is no verdict.
    public static let minRuns = 3

    /// B as a share of A, less 1: 0.12 is twelve per cent more.
    public var change: Double { test.difference.exponential - 1 }

    /// The 95 % interval of the change.
    public var changeInterval: ClosedRange<Double> {
        let interval = test.interval(0.95)
        return interval.lowerBound.exponential - 1...interval.upperBound.exponential - 1
    }

    /// - Parameters:
    ///   - probability: of the test, after the correction for all figures that are judged together.
    ///   - margin: the change that does not matter, such as 0.05.
    public func verdict(probability: Double, margin: Double, level: Double = 0.05) -> ComparisonVerdict {
        let limit = (1 + margin).naturalLogarithm
        let interval = test.interval(1 - 2 * level)
        if interval.lowerBound >= -limit, interval.upperBound <= limit { return .noDifference }
        guard probability <= level else {
            return .cannotTell(
                detectableChange: test.detectableChange(level: level).exponential - 1,
                runsForTenth: SampleSize.runs(toFind: 1.1.naturalLogarithm, deviation: deviation, level: level))
        }
        let isHigher = test.difference > 0
        return isHigher == (direction == .higherIsWorse) ? .worse : .better
    }

    /// The verdicts on figures that are judged together.
    public static func verdicts(_ figures: [FigureComparison], margin: Double) -> [ComparisonVerdict] {
        let adjusted = FalseDiscovery.adjusted(figures.map(\.test.probability))
        return zip(figures, adjusted).map { $0.verdict(probability: $1, margin: margin) }
    }
}
