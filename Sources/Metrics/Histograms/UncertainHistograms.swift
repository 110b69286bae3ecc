import Basis

/// What is kept of values that are not known exactly, besides their likeliest reading.
enum UncertainPart: Int, CaseIterable, Sendable {
    /// The likeliest readings of the ambiguous values. They are also among the values themselves.
    case ambiguous
    /// The lowest and the highest readings of values that are certain to exist.
    case low, high
    /// The same of values that may not exist at all.
    case optionalLow, optionalHigh
    /// Values of which only a lower bound is known. They are also among the values themselves.
    case atLeast

    /// The name in the tags of histogram logs.
    var name: String {
        switch self {
        case .ambiguous: "ambiguous"
        case .low: "low"
        case .high: "high"
        case .optionalLow: "optional_low"
        case .optionalHigh: "optional_high"
        case .atLeast: "at_least"
        }
    }
}

/// The histograms of the values of one measure that are not known exactly, while they are being recorded. Each is made
/// when it is first needed.
struct UncertainHistograms: Sendable {
    private var parts = [LatencyHistogram?](repeating: nil, count: UncertainPart.allCases.count)

    /// Counts a value in one part.
    mutating func record(_ span: Nanoseconds, _ part: UncertainPart, count: UInt64 = 1) {
        var histogram = parts[part.rawValue] ?? LatencyHistogram()
        parts[part.rawValue] = nil
        _ = histogram.record(span, count: count)
        parts[part.rawValue] = histogram
    }

    mutating func add(_ other: UncertainHistograms) {
        for index in parts.indices {
            guard let histogram = other.parts[index] else { continue }
            guard var mine = parts[index] else {
                parts[index] = histogram
                continue
            }
            parts[index] = nil
            mine.add(histogram)
            parts[index] = mine
        }
    }

    /// The parts as they are kept, by `UncertainPart.rawValue`.
    var compact: [CompactHistogram] { parts.map { $0.map { CompactHistogram($0) } ?? .empty } }
}
