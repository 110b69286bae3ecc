import Schema

/// A cohort's part of the fleet, relative to the others' weights: a decimal number with at most three decimals, so that
/// the shares of a fleet are exact.
public struct CohortWeight: Hashable, Sendable {
    /// The weight in thousandths: 1 ... 1,000,000,000.
    public let thousandths: Int

    static let wanted = "a number above 0 and at most 1000000, with at most three decimals"

    public static let one = CohortWeight(whole: 1)

    /// - Parameter whole: 1 ... 1,000,000; clamped.
    public init(whole: Int) {
        thousandths = min(max(whole, 1), 1_000_000) * 1_000
    }

    /// The weight in `text`; nil if it is invalid.
    public init?(_ text: String) {
        guard let number = NumberText(startOf: ArraySlice(text.utf8)), number.rest.isEmpty,
            let scaled = number.scaled(by: 1_000), (1...1_000_000_000).contains(scaled)
        else { return nil }
        thousandths = Int(scaled)
    }
}

extension CohortWeight: CustomStringConvertible {
    public var description: String { NumberText.shortest(Double(thousandths) / 1_000) }
}
