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
        }
    }

    /// The mean of the distribution.
    public var mean: Nanoseconds {
        switch self {
        case .constant(let span): return span
        case .uniform(let low, let high): return Nanoseconds(seconds: (low.seconds + high.seconds) / 2)
        case .exponential(let mean): return mean
        case .logNormal(let median, let sigma): return median.scaled(by: exp(sigma * sigma / 2))
        }
    }
}
