import Basis
import Foundation

/// Normal and Poisson numbers from a seed.
struct NormalDraws {
    private var random: SeededRandom
    private var spare: Double?

    init(seed: UInt64, stream: UInt64) {
        random = SeededRandom(seed: seed, stream: stream)
    }

    mutating func unit() -> Double { random.unit() }

    /// Exponential with mean 1.
    mutating func exponential() -> Double { -log(1 - random.unit()) }

    /// Standard normal, by Box and Muller: two of a pair of uniform numbers.
    mutating func normal() -> Double {
        if let number = spare {
            spare = nil
            return number
        }
        let radius = (-2 * log(1 - random.unit())).squareRoot()
        let angle = 2 * Double.pi * random.unit()
        spare = radius * sin(angle)
        return radius * cos(angle)
    }

    /// Poisson: by multiplication for small means, by the normal approximation for means where it is as good.
    mutating func poisson(_ mean: Double) -> Double {
        guard mean > 0 else { return 0 }
        guard mean < 60 else { return max((mean + mean.squareRoot() * normal()).rounded(), 0) }
        let limit = exp(-mean)
        var (count, product) = (0.0, random.unit())
        while product > limit {
            count += 1
            product *= random.unit()
        }
        return count
    }
}
