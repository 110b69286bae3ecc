import Basis

/// What the trials at known loads say about the load at which half of the trials pass: a posterior over a grid of
/// logarithms of the load and of spreads.
///
/// A trial at load x passes with the probability 0.01 + 0.96 · Φ((L − x)/σ), where L is the logarithm of the limit:
/// four trials in a hundred go against the model, so that one bad trial does not decide the search.
struct LimitPosterior {
    /// Logarithms of loads, evenly spaced.
    private(set) var grid: [Double]
    /// By grid point, then by spread; the sum is 1.
    private var weights: [Double] = []
    private var trials: [(load: Double, passed: Bool)] = []

    /// A quarter of a per cent.
    private static let step = 0.0025
    private static let spreads = [0.005, 0.01, 0.02, 0.04, 0.08, 0.16]
    private static let byChance = 0.01
    private static let byModel = 0.96
    /// An end of the grid that holds more than this is moved outwards.
    private static let maxAtEnd = 0.01
    private static let pointsAdded = 80

    /// Flat between two logarithms of loads.
    init(from low: Double, to high: Double) {
        let count = max(Int(((high - low) / Self.step).rounded(.up)), 2)
        grid = (0..<count).map { low + Double($0) * Self.step }
        recompute()
    }

    /// The probability that a trial at logarithm `load` passes where the limit is at `limit`.
    private static func passes(_ load: Double, limit: Double, spread: Double) -> Double {
        byChance + byModel * NormalDistribution.probability(atMost: (limit - load) / spread)
    }

    mutating func add(load: Double, passed: Bool) {
        trials.append((load, passed))
        multiply(load: load, passed: passed)
        // Before that an end holds much because little is known.
        if trials.count >= Self.minTrialsToExtend { while extendIfNeeded() {} }
    }

    private mutating func multiply(load: Double, passed: Bool) {
        var sum = 0.0
        var index = 0
        for limit in grid {
            for spread in Self.spreads {
                let probability = Self.passes(load, limit: limit, spread: spread)
                weights[index] *= passed ? probability : 1 - probability
                sum += weights[index]
                index += 1
            }
        }
        for index in weights.indices { weights[index] /= sum }
    }

    private mutating func recompute() {
        let count = grid.count * Self.spreads.count
        weights = [Double](repeating: 1 / Double(count), count: count)
        for trial in trials { multiply(load: trial.load, passed: trial.passed) }
    }

    /// Widens the grid where an end holds more of the posterior than it may. The grid is bounded.
    private mutating func extendIfNeeded() -> Bool {
        let marginal = marginal
        let low = marginal.prefix(Self.edge).reduce(0, +), high = marginal.suffix(Self.edge).reduce(0, +)
        let least = Self.maxAtEnd
        guard grid.count < Self.maxPoints, low > least || high > least, let first = grid.first, let last = grid.last
        else { return false }
        if low > least { grid = (1...Self.pointsAdded).reversed().map { first - Double($0) * Self.step } + grid }
        if high > least { grid += (1...Self.pointsAdded).map { last + Double($0) * Self.step } }
        recompute()
        return true
    }

    /// The points of an end: one per cent of load.
    private static let edge = 4
    private static let minTrialsToExtend = 5
    private static let maxPoints = 8_000

    /// Of the limit alone.
    private var marginal: [Double] {
        let width = Self.spreads.count
        return grid.indices.map { point in
            var sum = 0.0
            for index in point * width..<(point + 1) * width { sum += weights[index] }
            return sum
        }
    }

    /// The logarithms of the limit below which the given shares of the posterior lie.
    func quantiles(_ shares: [Double]) -> [Double] {
        let marginal = marginal
        return shares.map { share in
            var sum = 0.0
            for (index, weight) in marginal.enumerated() {
                sum += weight
                if sum >= share { return grid[index] }
            }
            return grid[grid.count - 1]
        }
    }

    /// The load of the next trial: of some quantiles the one at which a second of trial is expected to take most from
    /// the entropy of the limit. A trial that fails ends early, so that it costs less than one that passes.
    var nextLoad: Double {
        let candidates = quantiles([0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9])
        let before = Self.entropy(marginal, 1)
        var best = (load: candidates[3], gain: -Double.infinity)
        for candidate in candidates {
            let expected = expectedEntropy(at: candidate)
            let cost = Self.overhead + expected.passes + (1 - expected.passes) * Self.failingLength
            let gain = (before - expected.entropy) / cost
            if gain > best.gain + 1e-12 { best = (candidate, gain) }
        }
        return best.load
    }

    /// What settling and ending cost, and the mean length of a trial that fails, as shares of a whole trial.
    private static let overhead = 0.25
    private static let failingLength = 0.5

    private static func entropy(_ masses: [Double], _ total: Double) -> Double {
        guard total > 1e-12 else { return 0 }
        return masses.reduce(0) { sum, mass in
            let share = mass / total
            return share > 1e-300 ? sum - share * share.naturalLogarithm : sum
        }
    }

    private func expectedEntropy(at load: Double) -> (passes: Double, entropy: Double) {
        var passing = [Double](repeating: 0, count: grid.count)
        var failing = passing
        var total = 0.0
        var index = 0
        for (point, limit) in grid.enumerated() {
            var (pass, fail) = (0.0, 0.0)
            for spread in Self.spreads {
                let probability = Self.passes(load, limit: limit, spread: spread)
                pass += weights[index] * probability
                fail += weights[index] * (1 - probability)
                index += 1
            }
            passing[point] = pass
            failing[point] = fail
            total += pass
        }
        let entropy =
            total * Self.entropy(passing, total) + (1 - total) * Self.entropy(failing, 1 - total)
        return (total, entropy)
    }
}
