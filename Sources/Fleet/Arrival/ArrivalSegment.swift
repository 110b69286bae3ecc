import Basis

/// A stage laid out on the time axis: from when, from how many agents on, and how their number grows.
struct ArrivalSegment: Sendable {
    /// A millionth of an agent: what sums of fractions may be wrong by.
    static let tolerance = 1e-6

    /// Seconds from the run's start.
    let start: Double
    /// Seconds; infinite for a rate without an end.
    let length: Double
    /// Agents that have arrived before it, with fractions.
    let firstCount: Double
    /// Agents a second at its start and how much that changes a second.
    let rate: Double
    let growth: Double
    /// Agents that have arrived at its end.
    let lastCount: Double

    private init(start: Double, length: Double, firstCount: Double, rate: Double, growth: Double, lastCount: Double) {
        self.start = start
        self.length = length
        self.firstCount = firstCount
        self.rate = rate
        self.growth = growth
        self.lastCount = lastCount
    }

    /// The stages one after another; the last rate continues.
    static func chain(_ stages: [ArrivalStage], agents: Int) -> [ArrivalSegment] {
        var segments: [ArrivalSegment] = []
        var (time, count) = (0.0, 0.0)
        for stage in stages {
            let length = stage.length.seconds
            let segment: ArrivalSegment
            switch stage {
            case .rate(let from, let to, _):
                let growth = length > 0 ? (to - from) / length : 0
                let last = count + (from + to) / 2 * length
                segment = ArrivalSegment(
                    start: time, length: length, firstCount: count, rate: from, growth: growth, lastCount: last)
            case .population(let target, _):
                let last = max(count, Double(target.count(of: agents)))
                let rate = length > 0 ? (last - count) / length : 0
                segment = ArrivalSegment(
                    start: time, length: length, firstCount: count, rate: rate, growth: 0, lastCount: last)
            case .hold:
                segment = ArrivalSegment(
                    start: time, length: length, firstCount: count, rate: 0, growth: 0, lastCount: count)
            }
            segments.append(segment)
            (time, count) = (time + length, segment.lastCount)
        }
        if case .rate(_, let to, _)? = stages.last, to > 0 {
            segments.append(
                ArrivalSegment(
                    start: time, length: .infinity, firstCount: count, rate: to, growth: 0, lastCount: .infinity))
        }
        return segments
    }

    /// The latest time at which no more than `count` agents have arrived: when the next one starts. Where the stages do
    /// not get that far, their end.
    static func time(of count: Double, in segments: [ArrivalSegment]) -> Double {
        // The first segment by whose end more than `count` have arrived.
        var (low, high) = (0, segments.count)
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].lastCount > count + tolerance { high = middle } else { low = middle + 1 }
        }
        guard low < segments.count else { return segments.last.map { $0.start + $0.length } ?? 0 }
        return segments[low].time(of: count)
    }

    private func time(of count: Double) -> Double {
        let wanted = max(count - firstCount, 0)
        // wanted = rate·t + growth/2·t², solved so that nothing cancels and a growth of 0 is no special case.
        let discriminant = max(rate * rate + 2 * growth * wanted, 0)
        let divisor = rate + discriminant.squareRoot()
        let time = divisor > 0 ? 2 * wanted / divisor : 0
        return start + min(time, length)
    }
}
