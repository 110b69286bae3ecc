import Basis

/// A random part of the values that were seen, of bounded size: each value has the same chance to be in it. A fleet
/// that is watched for weeks takes no more memory than one that is watched for minutes.
public struct Reservoir<Value: Sendable>: Sendable {
    /// The values that are kept, in no order.
    public private(set) var kept: [Value] = []
    /// How many values were added.
    public private(set) var count = 0
    private let limit: Int
    private var random: SeededRandom

    /// - Parameter limit: how many values are kept at most.
    public init(limit: Int = 4_096, seed: UInt64 = 1) {
        self.limit = max(limit, 1)
        random = SeededRandom(seed: seed)
    }

    /// How many values each of the kept ones represents.
    public var weight: Double { kept.isEmpty ? 0 : Double(count) / Double(kept.count) }

    /// Adds a value. Constant time.
    public mutating func add(_ value: Value) {
        count += 1
        guard kept.count == limit else { return kept.append(value) }
        let place = random.next() % UInt64(count)
        if place < UInt64(limit) { kept[Int(place)] = value }
    }
}

extension Reservoir<Double> {
    /// The quantiles of the values; `nil` where there are none.
    public var quantiles: QuantileTable? { QuantileTable(kept) }

    /// The mean of the kept values; zero where there are none.
    public var mean: Double { kept.isEmpty ? 0 : kept.reduce(0, +) / Double(kept.count) }
}
