import Foundation

/// A server with a limit: one queue, service times drawn from a lognormal distribution, event by event, slowed by noise
/// that depends on itself, stalls, rare slow seconds and a factor of each trial.
public struct KneeServer: Sendable {
    /// How steady the server is.
    public enum Scene: String, CaseIterable, Sendable {
        case clean, noisy, rough
    }

    private let scene: Scene
    /// What it serves at most, requests a second.
    public let capacity: Double
    private let seed: UInt64

    public init(_ scene: Scene, capacity: Double, seed: UInt64) {
        self.scene = scene
        self.capacity = capacity
        self.seed = seed
    }

    /// What a trial found.
    public struct Outcome: Sendable {
        /// Whether at most one response in a hundred took longer than 100 ms.
        public var passed: Bool
        /// How long it took, s; shorter where the failure was certain before the end.
        public var seconds: Double
    }

    private struct Noise {
        var correlation = 0.0, deviation = 0.0, stallEvery = 0.0, slowShare = 0.0, slowFactor = 1.0,
            trialDeviation = 0.0
    }

    private var noise: Noise {
        switch scene {
        case .clean: Noise()
        case .noisy:
            Noise(
                correlation: 0.8, deviation: 0.03, stallEvery: 10, slowShare: 0.001, slowFactor: 1.5,
                trialDeviation: 0.01)
        case .rough:
            Noise(
                correlation: 0.9, deviation: 0.06, stallEvery: 10, slowShare: 0.003, slowFactor: 2,
                trialDeviation: 0.02)
        }
    }

    /// One trial: 3 s to settle, then `length` seconds that count.
    /// - Parameter number: trials with different numbers are independent.
    public func trial(_ number: UInt64, load: Double, length: Double) -> Outcome {
        let noise = noise
        var draws = NormalDraws(seed: seed, stream: number)
        let trialFactor = draws.normal() * noise.trialDeviation
        var drift = draws.normal() * noise.deviation
        var nextStall = noise.stallEvery > 0 ? draws.unit() * noise.stallEvery : .infinity
        let end = Self.settling + length
        let location = log(1 / capacity) - Self.sigma * Self.sigma / 2
        let tolerated = Self.share * load * length
        var (time, backlog, second, factor) = (0.0, 0.0, 0.0, exp(drift + trialFactor))
        var (counted, slow) = (0.0, 0.0)
        while true {
            let gap = draws.exponential() / load
            time += gap
            guard time < end else { break }
            backlog = max(backlog - gap, 0)
            while time >= second + 1 {
                second += 1
                let step = (1 - noise.correlation * noise.correlation).squareRoot()
                drift = noise.correlation * drift + step * noise.deviation * draws.normal()
                factor = exp(drift + trialFactor) * (draws.unit() < noise.slowShare ? noise.slowFactor : 1)
            }
            if time >= nextStall {
                backlog += Self.stall
                nextStall += noise.stallEvery * (0.8 + 0.4 * draws.unit())
            }
            let isCounted = time >= Self.settling
            if backlog > Self.timeout {
                if isCounted { (counted, slow) = (counted + 1, slow + 1) }
            } else {
                backlog += exp(location + Self.sigma * draws.normal()) * factor
                if isCounted {
                    counted += 1
                    if backlog > Self.limit { slow += 1 }
                }
            }
            if slow > tolerated { return Outcome(passed: false, seconds: time - Self.settling) }
        }
        return Outcome(passed: slow <= Self.share * counted, seconds: length)
    }

    private static let settling = 3.0
    private static let sigma = 0.8
    private static let stall = 0.05
    private static let timeout = 1.0
    private static let limit = 0.1
    private static let share = 0.01

    /// The load at which half of the trials of `length` seconds pass: a probit fit over 13 loads, as a share of the
    /// capacity.
    /// - Parameter trials: at each load.
    public static func limit(_ scene: Scene, capacity: Double, length: Double, trials: UInt64) -> Double {
        let server = KneeServer(scene, capacity: capacity, seed: 77)
        func share(_ load: Double, _ count: UInt64, _ first: UInt64) -> Double {
            let passed = (0..<count).count { server.trial(first + $0, load: load, length: length).passed }
            return Double(passed) / Double(count)
        }
        var (low, high) = (0.5, 1.2)
        for step in 0..<7 as Range<UInt64> {
            let middle = (low * high).squareRoot()
            if share(capacity * middle, 60, 1_000_000 * (step + 1)) > 0.5 { low = middle } else { high = middle }
        }
        let centre = log((low * high).squareRoot())
        let points = (0...12).map { number in
            let load = centre - 0.06 + 0.01 * Double(number)
            return (load: load, share: share(capacity * exp(load), trials, 10_000_000 * UInt64(number + 1)))
        }
        // The most likely limit, over a grid of limits and spreads.
        var best = (likelihood: -Double.infinity, limit: centre)
        for step in -400...400 {
            let limit = centre + Double(step) * 0.0002
            for spread in [0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.12] {
                let likelihood = points.reduce(0.0) { sum, point in
                    let passes = 0.0025 + 0.995 * erfc(-(limit - point.load) / spread / 2.squareRoot()) / 2
                    return sum + point.share * log(passes) + (1 - point.share) * log(1 - passes)
                }
                if likelihood > best.likelihood { best = (likelihood, limit) }
            }
        }
        return exp(best.limit)
    }
}
