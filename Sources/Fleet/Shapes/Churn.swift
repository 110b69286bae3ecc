import AgentModel
public import Basis
import Foundation
import Metrics

/// Agents that come without an end and live for drawn times: how many there are follows from the two (Little's law).
public struct Churn: Sendable {
    /// Agents a second.
    public let rate: Double
    /// How long those of each cohort live, with the cohort's part of the arrivals.
    private let lifetimes: [(part: Double, span: Distribution)]

    /// Nil in a profile whose arrival ends.
    public init?(_ profile: Profile) {
        guard case .endless(let rate) = profile.arrival else { return nil }
        self.rate = rate
        let total = profile.cohorts.reduce(0) { $0 + $1.weight.thousandths }
        lifetimes = profile.cohorts.compactMap { cohort in
            cohort.lifetime.map { (Double(cohort.weight.thousandths) / Double(max(total, 1)), $0) }
        }
    }

    /// How many there are on average once as many leave as come.
    public var mean: Double { rate * lifetimes.reduce(0) { $0 + $1.part * $1.span.mean.seconds } }

    /// How many there are on average so long after the first could come.
    public func expected(at offset: Nanoseconds) -> Double {
        rate * lifetimes.reduce(0) { $0 + $1.part * $1.span.meanUpTo(offset.seconds) }
    }

    /// The same as a mean over a window.
    func expected(from: Nanoseconds, to: Nanoseconds) -> Double {
        let steps = 200
        return (0..<steps).reduce(0) { sum, step in
            sum + expected(at: from + (to - from).scaled(by: (Double(step) + 0.5) / Double(steps)))
        } / Double(steps)
    }

    /// By how much the mean over a window differs from the expected one by chance (one standard error).
    ///
    /// The number is that of a queue with a server for everybody: its covariance over a time t is λ∫ₜP(L > u)du, whose
    /// integral over both directions is λE[L²].
    func standardError(over window: Nanoseconds) -> Double {
        guard window > .zero else { return .infinity }
        return (rate * lifetimes.reduce(0) { $0 + $1.part * $1.span.meanSquare } / window.seconds).squareRoot()
    }

    /// What a run has measured beside what is expected, from the moment when the number has all but settled.
    func summary(of rows: [SeriesRow], until end: Nanoseconds) -> ChurnSummary? {
        let mean = mean
        guard mean > 0, let from = rows.first(where: { expected(at: $0.start) >= 0.95 * mean })?.start else {
            return nil
        }
        var (agents, length) = (0.0, 0.0)
        for row in rows where row.start >= from && row.start + row.length <= end {
            // The number at a row's end stands for the row.
            agents += Double(row.states.present) * row.length.seconds
            length += row.length.seconds
        }
        guard length > 0 else { return nil }
        let window = Nanoseconds(seconds: length)
        return ChurnSummary(
            from: from, length: window, expected: expected(from: from, to: from + window), measured: agents / length,
            standardError: standardError(over: window))
    }
}

extension StateTable {
    /// Agents that have started and are not gone.
    fileprivate var present: Int { total - self[.disconnected] - self[.initializing] }
}

extension Distribution {
    /// The mean of the draws, each cut off at a limit, in seconds.
    fileprivate func meanUpTo(_ limit: Double) -> Double {
        guard limit > 0 else { return 0 }
        switch self {
        case .constant(let span): return min(span.seconds, limit)
        case .uniform(let low, let high):
            let (low, high) = (low.seconds, high.seconds)
            if limit <= low || high <= low { return min(low, limit) }
            if limit >= high { return (low + high) / 2 }
            return low + ((high - low) * (high - low) - (high - limit) * (high - limit)) / (2 * (high - low))
        case .exponential(let mean):
            return mean > .zero ? mean.seconds * (1 - exp(-limit / mean.seconds)) : 0
        case .logNormal(let median, let sigma):
            guard median > .zero, sigma > 0 else { return min(median.seconds, limit) }
            let distance = log(limit / median.seconds) / sigma
            return mean.seconds * Self.normal(distance - sigma) + limit * (1 - Self.normal(distance))
        case .quantiles(let table):
            return Self.pieces(of: table).reduce(0) { sum, piece in
                let even = Distribution.uniform(Nanoseconds(seconds: piece.low), Nanoseconds(seconds: piece.high))
                return sum + piece.weight * even.meanUpTo(limit)
            }
        }
    }

    /// The mean of the squares of the draws, in seconds squared.
    fileprivate var meanSquare: Double {
        switch self {
        case .constant(let span): return span.seconds * span.seconds
        case .uniform(let low, let high):
            let (low, high) = (low.seconds, high.seconds)
            return (low * low + low * high + high * high) / 3
        case .exponential(let mean): return 2 * mean.seconds * mean.seconds
        case .logNormal(let median, let sigma): return median.seconds * median.seconds * exp(2 * sigma * sigma)
        case .quantiles(let table):
            return Self.pieces(of: table).reduce(0) { sum, piece in
                sum + piece.weight
                    * (piece.low * piece.low + piece.low * piece.high + piece.high * piece.high) / 3
            }
        }
    }

    /// The share of a normal distribution below a number.
    private static func normal(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }
}
