#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How a duration of the modelled world (a server's answer, an apply, a pause between retries) is drawn.
public enum Distribution: Hashable, Sendable {
    /// Always the same.
    case constant(Nanoseconds)
    /// Evenly between the two, both included.
    case uniform(Nanoseconds, Nanoseconds)
    /// Memoryless with the given mean: the gaps of a Poisson process.
    case exponential(mean: Nanoseconds)
    /// Bell-shaped on a logarithmic scale: the shape of most service times. `sigma` is the spread of the logarithm.
    case logNormal(median: Nanoseconds, sigma: Double)
    /// By a table of quantiles, in rising order: between two of them evenly.
    case quantiles([Quantile])

    /// A row of a table of quantiles.
    public struct Quantile: Hashable, Sendable {
        /// The share of draws that are at most `span`: 0 ... 1.
        public var rank: Double
        public var span: Nanoseconds

        public init(rank: Double, span: Nanoseconds) {
            self.rank = rank
            self.span = span
        }
    }

    /// One draw. Never negative.
    public func draw(_ random: inout SeededRandom) -> Nanoseconds {
        switch self {
        case .constant(let span):
            return max(span, .zero)
        case .uniform(let low, let high):
            let width = high - low
            return max(low + Nanoseconds(seconds: width.seconds * random.unit()), .zero)
        case .exponential(let mean):
            return max(mean.scaled(by: -log(1 - random.unit())), .zero)
        case .logNormal(let median, let sigma):
            // Box and Muller; `1 - unit` keeps the logarithm's argument above zero.
            let radius = (-2 * log(1 - random.unit())).squareRoot()
            let normal = radius * cos(2 * .pi * random.unit())
            return max(median.scaled(by: exp(sigma * normal)), .zero)
        case .quantiles(let table):
            return Self.span(at: random.unit(), in: table)
        }
    }

    /// The span that a share of the draws does not exceed, by a table of quantiles; below its first rank and above its
    /// last one the spans of these. Zero for an empty table.
    package static func span(at rank: Double, in table: [Quantile]) -> Nanoseconds {
        guard let first = table.first else { return .zero }
        guard rank > first.rank else { return max(first.span, .zero) }
        for (low, high) in zip(table, table.dropFirst()) where rank <= high.rank {
            let share = high.rank > low.rank ? (rank - low.rank) / (high.rank - low.rank) : 1
            return max(low.span + (high.span - low.span).scaled(by: share), .zero)
        }
        return max(table[table.count - 1].span, .zero)
    }

    /// The mean of the distribution.
    public var mean: Nanoseconds {
        switch self {
        case .constant(let span): return span
        case .uniform(let low, let high): return Nanoseconds(seconds: (low.seconds + high.seconds) / 2)
        case .exponential(let mean): return mean
        case .logNormal(let median, let sigma): return median.scaled(by: exp(sigma * sigma / 2))
        case .quantiles(let table):
            return Nanoseconds(seconds: Self.pieces(of: table).reduce(0) { $0 + $1.weight * ($1.low + $1.high) / 2 })
        }
    }

    /// The pieces of a table of quantiles, in seconds, each with the share of the draws in it: within one the draws are
    /// even.
    package static func pieces(of table: [Quantile]) -> [(low: Double, high: Double, weight: Double)] {
        guard let first = table.first, let last = table.last else { return [] }
        var pieces = [(low: first.span.seconds, high: first.span.seconds, weight: first.rank)]
        for (low, high) in zip(table, table.dropFirst()) {
            pieces.append((low.span.seconds, high.span.seconds, high.rank - low.rank))
        }
        pieces.append((last.span.seconds, last.span.seconds, 1 - last.rank))
        return pieces.filter { $0.weight > 0 }
    }
}
