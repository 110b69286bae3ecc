/// A distribution as a short table: the values at some ranks, in rising order.
public struct QuantileTable: Equatable, Sendable {
    /// The ranks, as shares of the values that are at most the value of the row.
    public static let ranks = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1]
    /// The values at `ranks`.
    public let values: [Double]

    /// `nil` where there are no values. Cost: sorts them.
    public init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        self.init(values: Self.ranks.map { Self.value(at: $0, inSorted: sorted) })
    }

    /// - Parameter values: at `ranks`, in rising order.
    init(values: [Double]) {
        self.values = values
    }

    public var median: Double { self[0.5] }

    /// The value at a rank; between two rows evenly.
    public subscript(rank: Double) -> Double {
        guard let first = values.first, let last = values.last else { return 0 }
        if rank <= 0 { return first }
        for index in 1..<Self.ranks.count where rank <= Self.ranks[index] {
            let (low, high) = (Self.ranks[index - 1], Self.ranks[index])
            return values[index - 1] + (values[index] - values[index - 1]) * (rank - low) / (high - low)
        }
        return last
    }

    /// Between two values evenly.
    private static func value(at rank: Double, inSorted sorted: [Double]) -> Double {
        let place = rank * Double(sorted.count - 1)
        let low = Int(place)
        let high = min(low + 1, sorted.count - 1)
        return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
    }
}
