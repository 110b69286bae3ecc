public import Basis

/// A duration that may be known only within bounds.
public struct TimeBounds: Hashable, Sendable {
    /// It is not less than this.
    public var low: Nanoseconds
    /// It is not more than this; `nil`: nothing is known.
    public var high: Nanoseconds?

    public init(low: Nanoseconds, high: Nanoseconds?) {
        self.low = low
        self.high = high
    }

    /// Whether the bounds are so close that one number says it: at most 2 % apart.
    public var isExact: Bool {
        guard let high else { return false }
        return Double(high.count) <= 1.02 * Double(low.count) || high.count - low.count <= Self.smallestStep
    }

    /// The width of the finest bucket, in nanoseconds: bounds that are closer cannot be told apart.
    private static let smallestStep = Int64(LatencyScale.lowest)
}

extension Figures {
    /// The one text of a duration in every output for people: `1.20 ms`; `0.20–2.01 s` where only a range is known;
    /// `> 3.2 s` where it is known to be longer.
    /// - Parameter estimate: what is shown where the bounds are close together.
    package static func duration(_ estimate: Nanoseconds, within bounds: TimeBounds) -> String {
        guard let high = bounds.high else { return "> " + duration(bounds.low) }
        guard !bounds.isExact else { return duration(estimate) }
        return range(bounds.low, high)
    }

    /// Both ends in one unit where the lower one keeps two digits in it.
    private static func range(_ low: Nanoseconds, _ high: Nanoseconds) -> String {
        let (lowText, highText) = (duration(low), duration(high))
        guard let unit = highText.split(separator: " ").last, highText.contains(" ") else {
            return "\(lowText)–\(highText)"
        }
        if lowText.hasSuffix(" \(unit)") { return "\(lowText.dropLast(unit.count + 1))–\(highText)" }
        let number = highText.dropLast(unit.count + 1)
        let places = number.split(separator: ".", maxSplits: 1).count > 1 ? number.split(separator: ".")[1].count : 0
        guard let scale = scales[String(unit)] else { return "\(lowText)–\(highText)" }
        let shared = decimals(Double(low.count) / scale, places)
        let digits = shared.drop { $0 == "0" || $0 == "." }.count { $0 != "." }
        return digits >= 2 ? "\(shared)–\(highText)" : "\(lowText)–\(highText)"
    }

    /// Nanoseconds of a unit.
    private static let scales = ["µs": 1e3, "ms": 1e6, "s": 1e9]
}
