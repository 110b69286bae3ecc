import Basis

/// Student's t distribution; the degrees of freedom may be a fraction, as Welch's are.
public struct StudentDistribution: Hashable, Sendable {
    /// More than 0.
    public let degreesOfFreedom: Double

    public init(degreesOfFreedom: Double) {
        precondition(degreesOfFreedom > 0, "a t distribution has more than 0 degrees of freedom")
        self.degreesOfFreedom = degreesOfFreedom
    }

    /// The probability of a value of at most `value`. Within 1e-12.
    public func probability(atMost value: Double) -> Double {
        guard value.isFinite else { return value > 0 ? 1 : 0 }
        let tail = tail(beyond: value.magnitude)
        return value > 0 ? 1 - tail : tail
    }

    /// The probability of a value at least as far from zero, on either side.
    public func twoSidedProbability(of value: Double) -> Double {
        value.isFinite ? min(2 * tail(beyond: value.magnitude), 1) : 0
    }

    /// The value that is not exceeded with the given probability, which lies between 0 and 1.
    public func quantile(_ probability: Double) -> Double {
        precondition(probability > 0 && probability < 1, "a quantile is of a probability between 0 and 1")
        let target = min(probability, 1 - probability)
        if target == 0.5 { return 0 }
        var (low, high) = (0.0, 1.0)
        while tail(beyond: high) > target, high < 1e300 { (low, high) = (high, high * 2) }
        // Newton's steps, and halving where one would leave the bracket.
        var value = (low + high) / 2
        for _ in 0..<Self.maxSteps {
            let excess = tail(beyond: value) - target
            if excess > 0 { low = value } else { high = value }
            let step = value + excess / density(at: value)
            let next = step > low && step < high ? step : low + (high - low) / 2
            let isSettled = (next - value).magnitude <= 1e-15 * next
            value = next
            if isSettled { break }
        }
        return probability < 0.5 ? -value : value
    }

    private static let maxSteps = 200

    private func density(at value: Double) -> Double {
        let half = (degreesOfFreedom + 1) / 2
        let logarithm =
            half.logarithmOfGamma - (degreesOfFreedom / 2).logarithmOfGamma
            - half * (1 + value * value / degreesOfFreedom).naturalLogarithm
        return logarithm.exponential / (degreesOfFreedom * .pi).squareRoot()
    }

    /// The probability of a value above `value`, which is not negative: half of the regularised incomplete beta
    /// function of ν/(ν + t²) with ν/2 and 1/2.
    private func tail(beyond value: Double) -> Double {
        let square = value * value
        let share = degreesOfFreedom / (degreesOfFreedom + square)
        let rest = square / (degreesOfFreedom + square)
        return IncompleteBeta(degreesOfFreedom / 2, 0.5).regularised(share, complement: rest) / 2
    }
}

/// The regularised incomplete beta function, by its continued fraction (Lentz's method).
private struct IncompleteBeta {
    private let a: Double
    private let b: Double

    init(_ a: Double, _ b: Double) {
        self.a = a
        self.b = b
    }

    /// - Parameter complement: 1 − x, known more exactly than it could be computed.
    func regularised(_ x: Double, complement: Double) -> Double {
        guard x > 0 else { return 0 }
        guard complement > 0 else { return 1 }
        let logarithm =
            (a + b).logarithmOfGamma - a.logarithmOfGamma - b.logarithmOfGamma + a * x.naturalLogarithm
            + b * complement.naturalLogarithm
        let front = logarithm.exponential
        // The fraction converges fast on this side of the mean.
        if x < (a + 1) / (a + b + 2) { return front * fraction(x) / a }
        return 1 - front * IncompleteBeta(b, a).fraction(complement) / b
    }

    private func fraction(_ x: Double) -> Double {
        let tiny = 1e-300
        func nonzero(_ value: Double) -> Double { value.magnitude < tiny ? tiny : value }
        var c = 1.0
        var d = 1 / nonzero(1 - (a + b) * x / (a + 1))
        var result = d
        for step in 1...Self.maxSteps {
            let m = Double(step)
            let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            d = 1 / nonzero(1 + even * d)
            c = nonzero(1 + even / c)
            result *= d * c
            let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            d = 1 / nonzero(1 + odd * d)
            c = nonzero(1 + odd / c)
            result *= d * c
            if (d * c - 1).magnitude < 1e-15 { break }
        }
        return result
    }

    /// It needs some √max(a, b) steps.
    private static let maxSteps = 10_000
}
