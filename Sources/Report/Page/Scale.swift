#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How values become positions along an axis.
enum Scale: Hashable {
    /// From zero to `top`.
    case linear(top: Double)
    /// From `low` to `high`, of which neither has to be round.
    case between(low: Double, high: Double)
    /// From `bottom` to `top`, both above zero.
    case logarithmic(bottom: Double, top: Double)

    /// A linear scale that ends on a round number at or above `value`.
    static func linear(reaching value: Double, ticks: Int = 4) -> Scale {
        guard value.isFinite, value > 0 else { return .linear(top: 1) }
        let step = roundStep(value / Double(ticks))
        return .linear(top: (value / step).rounded(.up) * step)
    }

    /// A logarithmic scale of whole decades around the values.
    static func logarithmic(around values: [Double]) -> Scale {
        let positive = values.filter { $0.isFinite && $0 > 0 }
        guard let minimum = positive.min(), let maximum = positive.max() else {
            return .logarithmic(bottom: 1, top: 10)
        }
        let bottom = pow(10, log10(minimum).rounded(.down))
        let top = pow(10, log10(maximum).rounded(.up))
        return .logarithmic(bottom: bottom, top: max(top, bottom * 10))
    }

    /// The place of a value, 0 at the start of the axis and 1 at its end; a value beyond an end is placed at that end.
    func position(of value: Double) -> Double {
        switch self {
        case .linear(let top):
            return min(max(value / top, 0), 1)
        case .between(let low, let high):
            return high > low ? min(max((value - low) / (high - low), 0), 1) : 0
        case .logarithmic(let bottom, let top):
            guard value > bottom else { return 0 }
            return min(log10(value / bottom) / log10(top / bottom), 1)
        }
    }

    /// The value at a place of the axis: the inverse of `position`.
    func value(at position: Double) -> Double {
        switch self {
        case .linear(let top): top * position
        case .between(let low, let high): low + (high - low) * position
        case .logarithmic(let bottom, let top): bottom * pow(top / bottom, position)
        }
    }

    /// The values to be marked.
    var ticks: [Double] {
        switch self {
        case .linear(let top):
            let step = Scale.roundStep(top / 4)
            return (0...Int((top / step).rounded())).map { Double($0) * step }
        case .between(let low, let high):
            let step = Scale.roundStep((high - low) / 5)
            let (first, last) = ((low / step).rounded(.up), (high / step).rounded(.down))
            guard last >= first, last - first < 20 else { return [] }
            return stride(from: first, through: last, by: 1).map { $0 * step }
        case .logarithmic(let bottom, let top):
            let decades = Int(log10(top / bottom).rounded())
            let steps = decades <= 2 ? [1.0, 2, 5] : [1.0]
            return (0...decades).flatMap { decade in steps.map { $0 * bottom * pow(10, Double(decade)) } }
                .filter { $0 <= top * 1.0001 }
        }
    }

    /// The 1, 2 or 5 times a power of ten at or above `value`.
    static func roundStep(_ value: Double) -> Double {
        guard value > 0, value.isFinite else { return 1 }
        let power = pow(10, log10(value).rounded(.down))
        return ([1, 2, 5].first { $0 * power >= value * 0.9999 } ?? 10) * power
    }

    /// Round moments of a run of `seconds`, about `count` of them.
    static func moments(upTo seconds: Double, count: Int = 7) -> [Double] {
        let steps: [Double] = [
            1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400,
        ]
        let wanted = seconds / Double(max(count, 1))
        let step = steps.first { $0 >= wanted } ?? (wanted / 86400).rounded(.up) * 86400
        guard seconds > 0 else { return [0] }
        return stride(from: 0, through: seconds, by: step).map { $0 }
    }
}
