import Basis

/// The universal scalability law, fitted to the throughput of trials at different loads:
/// X(N) = λN / (1 + σ(N − 1) + κN(N − 1)), with the contention σ and the crosstalk κ.
///
/// N/X is a sum of 1/λ, σ/λ and κ/λ with known factors, so this is a linear fit, by least squares of the relative
/// deviations. The intervals are Student's. They are as wide as the trials deviate from the law, but never narrower
/// than the count of a trial's messages and one per cent between trials make them.
public struct ScalabilityFit: Hashable, Sendable {
    /// What was measured in a trial.
    public struct Trial: Hashable, Sendable {
        public var load: Double
        /// Messages a second.
        public var throughput: Double
        /// The messages that were counted.
        public var messages: Double

        public init(load: Double, throughput: Double, messages: Double) {
            self.load = load
            self.throughput = throughput
            self.messages = messages
        }
    }

    /// A value with its 95 % interval.
    public struct Estimate: Hashable, Sendable {
        public var value: Double
        public var low: Double
        public var high: Double
    }

    /// How the throughput goes on as the load rises.
    public enum Shape: Hashable, Sendable {
        /// The intervals of contention and crosstalk hold zero.
        case noKnee
        /// Crosstalk is above zero: the throughput is greatest at this load, and falls beyond it.
        case peak(Estimate)
        /// Contention alone is above zero: the throughput approaches λ/σ. The load at which it would be there, had it
        /// risen in proportion.
        case levelsOff(Estimate)
        /// A throughput in proportion to the load up to this one, and constant from there on, fits the trials better
        /// than the law does.
        case ceiling(Double)
        /// An interval is below zero, where the law has no meaning.
        case notFollowed
    }

    /// λ: the throughput of each unit of a small load.
    public let throughputPerLoad: Double
    public let contention: Estimate
    public let crosstalk: Estimate
    /// The relative deviation of the trials' throughput from the law: the root of the mean square.
    public let deviation: Double
    /// The trials that were used.
    public let trials: Int
    /// The highest of their loads.
    public let highestLoad: Double
    public let shape: Shape

    /// Trials that a fit takes.
    public static let minTrials = 6
    /// A trial with fewer messages says too little of throughput.
    public static let minMessages = 100.0
    /// How far the throughputs of two equal trials are apart in any case.
    private static let trialDeviation = 0.01

    /// - Returns: nil where there are too few trials, or too few different loads, for the three parameters.
    public init?(_ measured: [Trial]) {
        let used = measured.filter { $0.messages >= Self.minMessages && $0.throughput > 0 && $0.load > 0 }
        guard used.count >= Self.minTrials, let unit = used.map(\.load).max(),
            let fit = LinearFit(
                used.map { trial in
                    let share = (trial.load - 1) / unit
                    return LinearFit.Point(
                        factors: SIMD3(1, share, share * trial.load / unit), value: trial.load / trial.throughput,
                        weight: Self.weight(trial))
                })
        else { return nil }
        throughputPerLoad = 1 / fit.parameters[0]
        contention = fit.ratio(1, unit: unit)
        crosstalk = fit.ratio(2, unit: unit * unit)
        deviation = (fit.squares / used.reduce(0) { $0 + Self.weight($1) }).squareRoot()
        (trials, highestLoad) = (used.count, unit)
        shape = Self.shape(contention, crosstalk, used, squares: fit.squares)
    }

    private static func weight(_ trial: Trial) -> Double { 1 / (1 / trial.messages + trialDeviation * trialDeviation) }

    private static func shape(
        _ contention: Estimate, _ crosstalk: Estimate, _ trials: [Trial], squares: Double
    ) -> Shape {
        let isBelowZero = contention.high < 0 || crosstalk.high < 0
        guard contention.low > 0 || crosstalk.low > 0 else { return isBelowZero ? .notFollowed : .noKnee }
        let ceiling = ceiling(trials)
        if ceiling.squares < squares { return .ceiling(ceiling.load) }
        if isBelowZero { return .notFollowed }
        guard crosstalk.low > 0 else {
            return .levelsOff(
                Estimate(value: 1 / contention.value, low: 1 / contention.high, high: 1 / contention.low))
        }
        // The interval is that of crosstalk: contention is so small beside 1 that its own does not matter.
        let rest = max(1 - contention.value, 0)
        return .peak(
            Estimate(
                value: (rest / crosstalk.value).squareRoot(), low: (rest / crosstalk.high).squareRoot(),
                high: (rest / crosstalk.low).squareRoot()))
    }

    /// A throughput in proportion to the load up to a constant one, fitted to the trials: which of them are beyond the
    /// bend is tried.
    private static func ceiling(_ trials: [Trial]) -> (load: Double, squares: Double) {
        let sorted = trials.sorted { $0.load < $1.load }
        var best = (load: 0.0, squares: Double.infinity)
        for count in 1..<sorted.count {
            let rising = mean(sorted[..<count]) { ($0.throughput / $0.load).naturalLogarithm }
            let constant = mean(sorted[count...]) { $0.throughput.naturalLogarithm }
            let squares = rising.squares + constant.squares
            if squares < best.squares { best = ((constant.mean - rising.mean).exponential, squares) }
        }
        return best
    }

    private static func mean(
        _ trials: ArraySlice<Trial>, _ value: (Trial) -> Double
    ) -> (mean: Double, squares: Double) {
        let mean = trials.reduce(0) { $0 + weight($1) * value($1) } / trials.reduce(0) { $0 + weight($1) }
        return (mean, trials.reduce(0) { $0 + weight($1) * (value($1) - mean) * (value($1) - mean) })
    }
}

/// A sum of three factors, fitted by weighted least squares of the relative deviations.
private struct LinearFit {
    struct Point {
        var factors: SIMD3<Double>
        var value: Double
        /// One divided by the variance that the value's logarithm is expected to have.
        var weight: Double
    }

    private(set) var parameters = SIMD3<Double>.zero
    /// The weighted sum of the squares of the deviations.
    private(set) var squares = 0.0
    /// The columns of the parameters' covariance.
    private var covariance: [SIMD3<Double>] = []
    private let quantile: Double

    /// Below it the loads of the trials are too few or too much alike.
    private static let minDeterminant = 1e-12
    private static let steps = 20

    init?(_ points: [Point]) {
        let degrees = Double(points.count - 3)
        guard degrees > 0 else { return nil }
        quantile = StudentDistribution(degreesOfFreedom: degrees).quantile(0.975)
        // Deviations are relative to the law's own values, which are known better with each step.
        var expected = points.map(\.value)
        for _ in 0..<Self.steps {
            var (columns, sum) = ([SIMD3<Double>](repeating: .zero, count: 3), SIMD3<Double>.zero)
            for (point, expected) in zip(points, expected) {
                let weighted = point.factors * (point.weight / (expected * expected))
                for index in 0..<3 { columns[index] += weighted * point.factors[index] }
                sum += weighted * point.value
            }
            guard let inverse = Self.inverse(columns) else { return nil }
            covariance = inverse
            parameters = inverse[0] * sum[0] + inverse[1] * sum[1] + inverse[2] * sum[2]
            expected = points.map { ($0.factors * parameters).sum() }
            guard expected.allSatisfy({ $0 > 0 }), parameters[0] > 0 else { return nil }
        }
        squares = zip(points, expected).reduce(0) { sum, pair in
            let deviation = (pair.0.value / pair.1).naturalLogarithm
            return sum + pair.0.weight * deviation * deviation
        }
        let scale = max(squares / degrees, 1)
        covariance = covariance.map { $0 * scale }
    }

    /// A parameter divided by the first one and by `unit`.
    func ratio(_ index: Int, unit: Double) -> ScalabilityFit.Estimate {
        let value = parameters[index] / parameters[0]
        var gradient = SIMD3<Double>.zero
        gradient[index] = 1 / parameters[0]
        gradient[0] = -value / parameters[0]
        let variance = (0..<3).reduce(0) { $0 + gradient[$1] * (covariance[$1] * gradient).sum() }
        let half = quantile * max(variance, 0).squareRoot()
        return .init(value: value / unit, low: (value - half) / unit, high: (value + half) / unit)
    }

    /// Of a symmetric matrix, by its columns.
    private static func inverse(_ columns: [SIMD3<Double>]) -> [SIMD3<Double>]? {
        func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
            SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
        }
        let cofactors = [
            cross(columns[1], columns[2]), cross(columns[2], columns[0]), cross(columns[0], columns[1]),
        ]
        let determinant = (columns[0] * cofactors[0]).sum()
        let greatest = columns[0].x * columns[1].y * columns[2].z
        guard determinant > minDeterminant * greatest else { return nil }
        return cofactors.map { $0 / determinant }
    }
}
