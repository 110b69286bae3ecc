import Foundation

/// Runs of a simulated load test: response times of 97 % lognormal with a median of 2 ms, 3 % of 9 ms, and pauses of
/// 40 ms in some seconds; the speed of a second depends on that of the one before.
public struct LoadTest: Sendable {
    public enum Scene: String, CaseIterable, Sendable {
        case calm, typical, rough
    }

    /// What a run of it shows, as logarithms.
    public struct Run: Sendable {
        public var p50: Double
        public var p99: Double
        public var throughput: Double
        public var errors: Double
    }

    private let noise: Noise
    private let seconds: Int
    private let rate: Double

    private struct Noise: Sendable {
        var correlation: Double, deviation: Double
        var pauseEvery: Double, pauseJitter: Double, pauseShare: Double
        var badShare: Double, badFactor: Double, badSeconds: Int
        var warmUp: Double, warmUpSeconds: Double
    }

    /// - Parameter rate: requests a second.
    public init(_ scene: Scene, seconds: Int, rate: Double) {
        self.seconds = seconds
        self.rate = rate
        noise =
            switch scene {
            case .calm:
                Noise(
                    correlation: 0.5, deviation: 0.03, pauseEvery: 10, pauseJitter: 0, pauseShare: 0.3, badShare: 0.002,
                    badFactor: 3, badSeconds: 1, warmUp: 0, warmUpSeconds: 1)
            case .typical:
                Noise(
                    correlation: 0.8, deviation: 0.08, pauseEvery: 15, pauseJitter: 3, pauseShare: 0.25,
                    badShare: 0.005, badFactor: 3, badSeconds: 2, warmUp: 0.1, warmUpSeconds: 5)
            case .rough:
                Noise(
                    correlation: 0.95, deviation: 0.15, pauseEvery: 30, pauseJitter: 5, pauseShare: 0.4,
                    badShare: 0.01, badFactor: 4, badSeconds: 2, warmUp: 0.3, warmUpSeconds: 15)
            }
    }

    /// Logarithms of the buckets' upper ends, in ms, 3 % apart.
    private static let lowest = log(0.2)
    private static let step = 0.03
    private static let buckets = 330

    /// The share of a lognormal distribution below each of many finely spaced points.
    private struct Shares: Sendable {
        private let values: [Double]

        init(median: Double, sigma: Double) {
            values = (0...20_000).map { point in
                let logarithm = Double(point) * 0.001 - 10
                return erfc((log(median) - logarithm) / sigma / 2.squareRoot()) / 2
            }
        }

        func below(_ logarithm: Double) -> Double {
            values[min(max(Int((logarithm + 10) * 1_000), 0), values.count - 1)]
        }
    }

    private static let body = Shares(median: 2, sigma: 0.5)
    private static let tail = Shares(median: 9, sigma: 0.5)
    private static let pause = Shares(median: 40, sigma: 0.35)
    private static let tailShare = 0.03

    /// One run. Runs with different numbers are independent.
    public func run(_ number: UInt64) -> Run {
        var draws = NormalDraws(seed: 0x10AD, stream: number)
        var expected = [Double](repeating: 0, count: Self.buckets)
        var drift = draws.normal() * noise.deviation
        var nextPause = draws.unit() * noise.pauseEvery
        var (badLeft, throughput, errors) = (0, 0.0, 0.0)
        for second in 0..<seconds {
            if second > 0 {
                let step = (1 - noise.correlation * noise.correlation).squareRoot()
                drift = noise.correlation * drift + step * noise.deviation * draws.normal()
            }
            var shift = drift + log(1 + noise.warmUp * exp(-Double(second) / noise.warmUpSeconds))
            if badLeft <= 0, draws.unit() < noise.badShare { badLeft = noise.badSeconds }
            let isBad = badLeft > 0
            if isBad {
                shift += log(noise.badFactor)
                badLeft -= 1
            }
            var paused = 0.0
            if Double(second) >= nextPause {
                paused = noise.pauseShare
                nextPause += noise.pauseEvery + (2 * draws.unit() - 1) * noise.pauseJitter
            }
            var before = 0.0
            for bucket in 0..<Self.buckets {
                let end = Self.lowest + Self.step * Double(bucket + 1) - shift
                let share =
                    bucket == Self.buckets - 1
                    ? 1
                    : (1 - Self.tailShare - paused) * Self.body.below(end) + Self.tailShare * Self.tail.below(end)
                        + paused * Self.pause.below(end)
                expected[bucket] += rate * (share - before)
                before = share
            }
            throughput += rate * exp(-shift)
            errors += rate * (isBad ? 0.02 : 0.0002)
        }
        // Sums of Poisson numbers are Poisson numbers.
        let counts = expected.map { draws.poisson($0) }
        let total = counts.reduce(0, +)
        let failed = draws.poisson(errors)
        return Run(
            p50: Self.quantile(0.5, counts, total), p99: Self.quantile(0.99, counts, total),
            throughput: log(draws.poisson(throughput) / Double(seconds)), errors: log((failed + 0.5) / (total + 1)))
    }

    private static func quantile(_ share: Double, _ counts: [Double], _ total: Double) -> Double {
        var sum = 0.0
        for (bucket, count) in counts.enumerated() {
            guard sum + count < share * total else {
                return lowest + step * (Double(bucket) + (count > 0 ? (share * total - sum) / count : 0.5))
            }
            sum += count
        }
        return lowest + step * Double(buckets)
    }
}
