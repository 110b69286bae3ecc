public import Basis

/// The number of agents of a run whose agents come without an end and live for drawn times, beside what follows from
/// the rate and the lifetimes (Little's law).
public struct ChurnSummary: Hashable, Sendable {
    /// From when on it was measured, from the run's start, and for how long.
    public var from: Nanoseconds
    public var length: Nanoseconds
    /// The mean number of agents.
    public var expected: Double
    public var measured: Double
    /// By how much the mean over that time differs by chance.
    public var standardError: Double

    public init(
        from: Nanoseconds, length: Nanoseconds, expected: Double, measured: Double, standardError: Double
    ) {
        self.from = from
        self.length = length
        self.expected = expected
        self.measured = measured
        self.standardError = standardError
    }

    /// How many standard errors the measured number is above the expected one.
    public var deviation: Double { standardError > 0 ? (measured - expected) / standardError : 0 }
}
