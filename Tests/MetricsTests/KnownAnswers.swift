import Basis
import Metrics

/// One exchange of a script: when it was due, when it was really sent, when it was answered.
struct ScriptedExchange: Hashable, Sendable {
    var due: Instant
    var sent: Instant
    var answered: Instant

    /// What an agent on schedule would have waited.
    var responseTime: Nanoseconds { answered - due }

    /// What the server took.
    var serviceTime: Nanoseconds { answered - sent }

    /// An open-loop schedule against a server of known behaviour: exchange i is due at `first + i * interval`, leaves
    /// `lateness(i)` later, and is answered after `delay(i)`, but never while the server pauses: what would be answered
    /// then is answered when the pause ends.
    static func openLoop(
        count: Int, first: Instant, interval: Nanoseconds, pause: Range<Instant>? = nil,
        lateness: (Int) -> Nanoseconds = { _ in .zero }, delay: (Int) -> Nanoseconds
    ) -> [ScriptedExchange] {
        (0..<count).map { index in
            let due = first + interval * Int64(index)
            let sent = due + lateness(index)
            var answered = sent + delay(index)
            if let pause, pause.contains(answered) { answered = pause.upperBound }
            return ScriptedExchange(due: due, sent: sent, answered: answered)
        }
    }
}

/// What a run must report, computed from its script and nothing else: raw values, sorted, ranked.
struct KnownAnswers {
    /// Sorted.
    let responseTimes: [Nanoseconds]
    /// Sorted.
    let serviceTimes: [Nanoseconds]

    init(_ script: [ScriptedExchange]) {
        responseTimes = script.map(\.responseTime).sorted()
        serviceTimes = script.map(\.serviceTime).sorted()
    }

    func responseTime(atPercentile percentile: Double) -> Nanoseconds { Self.ranked(percentile, in: responseTimes) }

    func serviceTime(atPercentile percentile: Double) -> Nanoseconds { Self.ranked(percentile, in: serviceTimes) }

    /// Whether a reported figure is the expected one, to the width of a histogram bucket and an error of the schedule.
    static func agrees(_ reported: Nanoseconds, with expected: Nanoseconds, within error: Nanoseconds = .zero) -> Bool {
        let low = LatencyScale.bucket(holding: max(expected - error, .zero).count.magnitude).lowerBound
        let high = LatencyScale.bucket(holding: max(expected + error, .zero).count.magnitude).upperBound
        return (low...max(low, high)).contains(max(reported, .zero).count.magnitude)
    }

    /// The value of rank ⌈p/100 · n⌉, at least the first, in exact arithmetic of hundred-thousandths of a percent.
    static func percentile(_ percentile: Double, of values: [Nanoseconds]) -> Nanoseconds {
        ranked(percentile, in: values.sorted())
    }

    private static func ranked(_ percentile: Double, in sorted: [Nanoseconds]) -> Nanoseconds {
        guard let last = sorted.last else { return .zero }
        let parts = Int((percentile * 100_000).rounded())
        let rank = max((parts * sorted.count + 9_999_999) / 10_000_000, 1)
        return rank <= sorted.count ? sorted[rank - 1] : last
    }
}

extension ProcessSample {
    /// A tool that uses nothing.
    static let idle = ProcessSample(cpu: .zero, residentBytes: 0, availableCores: 2)
}
