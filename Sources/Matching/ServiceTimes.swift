import Basis

/// The distribution of one kind of report's service times and the rate of its drops, as logarithms of probabilities:
/// built from the counts by Kaplan and Meier's estimator, which takes the reports that were overtaken as censored.
struct ServiceTimes: Sendable {
    /// Of a service time: the density per second.
    private(set) var logDensity = Array(repeating: 0.0, count: TimeBins.count)
    /// Of a report that has waited so long: the probability that it is not answered yet or never will be.
    private(set) var logUnanswered = Array(repeating: 0.0, count: TimeBins.count)
    private(set) var logDropped = 0.0
    private(set) var logKept = 0.0
    /// Of an answer, by what the message shows.
    private(set) var logShare = Array(repeating: 0.0, count: ReceivedMessage.allCases.count)
    /// Answers and censored reports that it was built from.
    private(set) var samples = 0.0
    /// Answers that it was built from.
    private(set) var answers = 0.0
    let longest: Nanoseconds

    /// Far below every probability that occurs.
    static let impossible = -1e9
    /// Two readings this much apart are not told apart: a factor of 1,000.
    static let logFactor = 6.907_755

    init(_ counts: LearnedCounts, kind: Int, longest: Nanoseconds) {
        self.longest = longest
        rebuild(counts, kind: kind)
    }

    /// Builds the tables anew. O(bins).
    mutating func rebuild(_ counts: LearnedCounts, kind: Int) {
        typealias Kind = LearnedCounts.Kind
        let answered = counts[kind, Kind.answered]
        answers = answered
        samples = answered + counts[kind, Kind.allCensored]
        // A report is never taken for dropped on a factor of 1,000 alone; else each message would shift the reading.
        let drops = counts[kind, Kind.dropped]
        let rate = max((drops + 1) / (drops + answered + 1_000), (-Self.logFactor).exponential)
        logDropped = rate.naturalLogarithm
        logKept = (1 - rate).naturalLogarithm

        let hazards = Hazards(counts, kind: kind, longest: longest)
        var atRisk = hazards.total
        var survival = 1.0
        for bin in 0..<TimeBins.count {
            let hazard = min(max(hazards.events(bin), 0) / max(atRisk, 1e-9), 1)
            let share = survival * hazard
            logDensity[bin] = (share / TimeBins.width(of: bin) + 1e-12).naturalLogarithm
            // In the middle of the bin.
            let middle = min(max(survival - 0.5 * share, 0), 1)
            logUnanswered[bin] = (rate + (1 - rate) * middle).naturalLogarithm
            survival -= share
            atRisk -= hazards.leaving(bin)
        }
        let shares = (0..<logShare.count).map { max(counts[kind, Kind.shares + $0], 0) + 0.5 }
        let all = shares.reduce(0, +)
        for (number, share) in shares.enumerated() { logShare[number] = (share / all).naturalLogarithm }
    }

    /// Of a service time. A negative one, and one beyond the longest, is impossible.
    @inline(__always)
    func logDensity(of span: Nanoseconds) -> Double {
        guard span.count >= 0, span.count <= longest.count else { return Self.impossible }
        return logDensity[TimeBins.bin(of: span)]
    }

    /// That a report is answered after `span` by a message that shows `type`.
    @inline(__always)
    func logAnswered(after span: Nanoseconds, _ type: Int) -> Double {
        logKept + logDensity(of: span) + logShare[type]
    }

    /// Of a report that has waited for `span` without an answer.
    @inline(__always)
    func logUnanswered(after span: Nanoseconds) -> Double {
        guard span.count < longest.count else { return logDropped }
        return logUnanswered[TimeBins.bin(of: span)]
    }
}

/// Answers and censored reports of each bin, smoothed, with a floor that is flat in time: a floor that is flat in the
/// logarithm of time would prefer short times.
private struct Hazards {
    private let counts: LearnedCounts
    private let kind: Int
    private let floor: Double
    private let lastBin: Int
    private(set) var total = 0.0

    init(_ counts: LearnedCounts, kind: Int, longest: Nanoseconds) {
        self.counts = counts
        self.kind = kind
        lastBin = TimeBins.bin(of: longest)
        floor = (20 + 0.01 * counts[kind, LearnedCounts.Kind.answered]) / TimeBins.lowEdge(of: lastBin + 1)
        for bin in 0..<TimeBins.count { total += leaving(bin) }
    }

    func events(_ bin: Int) -> Double {
        let floor = bin <= lastBin ? self.floor * TimeBins.width(of: bin) : 1e-12
        return 0.5 * answers(bin) + 0.25 * (answers(bin - 1) + answers(bin + 1)) + floor
    }

    func leaving(_ bin: Int) -> Double { events(bin) + counts[kind, LearnedCounts.Kind.censored + bin] }

    private func answers(_ bin: Int) -> Double {
        guard bin >= 0, bin < TimeBins.count else { return 0 }
        return counts[kind, LearnedCounts.Kind.answers + bin]
    }
}
