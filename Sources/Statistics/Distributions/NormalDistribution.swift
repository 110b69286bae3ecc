import Basis

/// The standard normal distribution.
public enum NormalDistribution {
    /// The probability of a value of at most `value`.
    public static func probability(atMost value: Double) -> Double {
        (-value / 2.squareRoot()).errorFunctionComplement / 2
    }
}
