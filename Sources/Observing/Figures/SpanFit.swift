public import Basis

/// How long something lives, from lives that have ended and lives that go on: the shortest description that fits.
///
/// Lives that go on are not left out, or long ones would be missing (they are censored observations). The estimate of
/// their distribution is Kaplan and Meier's.
public struct SpanFit {
    /// A length in seconds, with how many lives it stands for.
    public struct Life: Sendable {
        public var span: Double
        public var weight: Double
        public var hasEnded: Bool

        public init(span: Double, weight: Double, hasEnded: Bool) {
            self.span = span
            self.weight = weight
            self.hasEnded = hasEnded
        }
    }

    /// The share of lives that have ended by a length.
    private struct Point {
        var span: Double
        var share: Double
    }

    private let points: [Point]
    private let ended: Double
    private let total: Double

    /// - Parameter lives: in any order. Cost: sorts them.
    public init(_ lives: [Life]) {
        let sorted = lives.sorted { ($0.span, $0.hasEnded ? 0 : 1) < ($1.span, $1.hasEnded ? 0 : 1) }
        var (atRisk, surviving) = (sorted.reduce(0) { $0 + $1.weight }, 1.0)
        var points: [Point] = []
        for life in sorted {
            if life.hasEnded, atRisk > 0 {
                surviving *= max(1 - life.weight / atRisk, 0)
                points.append(Point(span: life.span, share: 1 - surviving))
            }
            atRisk -= life.weight
        }
        self.points = points
        ended = sorted.reduce(0) { $0 + ($1.hasEnded ? $1.weight : 0) }
        total = sorted.reduce(0) { $0 + max($1.span, 0) * $1.weight }
    }

    /// How many lives have ended.
    public var endedCount: Double { ended }

    /// The mean length, as that of an exponential distribution, in seconds: the time lived by all for each end.
    public var meanPerEnd: Double { ended > 0 ? total / ended : 0 }

    /// The distribution; `nil` where no life has ended.
    public var distribution: Distribution? {
        guard let first = points.first, let last = points.last, ended > 0 else { return nil }
        let (low, middle, high) = (span(at: 0.05), span(at: 0.5), span(at: 0.95))
        if middle > 0, high - low <= 0.04 * middle { return .constant(Self.rounded(middle)) }
        let tolerance = Self.tolerance + 1 / ended.squareRoot()
        if last.share > 0.9 {
            // The ends of an even distribution lie a little beyond the shortest and the longest that were seen.
            let margin = (last.span - first.span) / max(ended, 2)
            let (shortest, longest) = (max(first.span - margin, 0), last.span + margin)
            let width = max(longest - shortest, .leastNormalMagnitude)
            if distance(to: { min(max(($0 - shortest) / width, 0), 1) }) <= tolerance {
                return .uniform(Self.rounded(shortest), Self.rounded(longest))
            }
        }
        let mean = meanPerEnd
        if distance(to: { 1 - (-$0 / mean).exponential }) <= tolerance {
            return .exponential(mean: Self.rounded(mean))
        }
        return .quantiles(
            QuantileTable.ranks.map { Distribution.Quantile(rank: $0, span: Self.rounded(span(at: $0))) })
    }

    /// The largest distance between the shares that were seen and a distribution's.
    private func distance(to share: (Double) -> Double) -> Double {
        var (largest, before) = (0.0, 0.0)
        for point in points {
            let expected = share(point.span)
            largest = max(largest, abs(point.share - expected), abs(before - expected))
            before = point.share
        }
        return largest
    }

    /// The length that a share of the lives does not exceed. Beyond what was seen it goes on as an exponential
    /// distribution, up to the rank 0.995.
    private func span(at rank: Double) -> Double {
        guard let last = points.last else { return 0 }
        if let point = points.first(where: { $0.share >= rank }) { return point.span }
        let wanted = min(rank, 0.995)
        guard last.share < wanted else { return last.span }
        return last.span + meanPerEnd * ((1 - last.share) / (1 - wanted)).naturalLogarithm
    }

    /// Three significant digits, in whole milliseconds: more would only be noise in a profile.
    private static func rounded(_ seconds: Double) -> Nanoseconds {
        let milliseconds = max(seconds * 1_000, 0)
        var step = 1.0
        while milliseconds / step >= 1_000 { step *= 10 }
        return .milliseconds(Int64(clampingSeconds: (milliseconds / step).rounded() * step))
    }

    /// How far a share may be off beside what chance does, for a short description to be preferred.
    private static let tolerance = 0.03
}

extension Int64 {
    fileprivate init(clampingSeconds value: Double) {
        self = value >= 9e15 ? 9_000_000_000_000_000 : Int64(value)
    }
}
