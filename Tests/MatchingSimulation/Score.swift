/// How right a run's readings are.
public struct Score: Sendable {
    /// Shares of all reports: read otherwise than true, by more than 2 % and 1 ms or answered for unanswered; marked as
    /// ambiguous; wrong without the mark; marked, with a range that does not hold the truth.
    public private(set) var wrong = 0.0
    public private(set) var flagged = 0.0
    public private(set) var silent = 0.0
    public private(set) var missed = 0.0
    /// Read minus true.
    public private(set) var unanswered = 0
    public private(set) var late = 0
    public private(set) var surplus: Int
    public private(set) var percentiles: [Percentile] = []

    /// A percentile of the service time, read beside true, in seconds.
    public struct Percentile: Sendable {
        public let share: Double
        public let truth: Double
        public let read: Double
        /// The ends that are printed.
        public let low: Double
        public let high: Double

        /// Read against true, minus one.
        public var error: Double { read / truth - 1 }
        public var width: Double { high / low }
        public var holds: Bool { truth >= low * 0.98 && truth <= high * 1.02 }
    }

    init(_ readings: [SimulatedRun.Reading], truth: [Double], surplus: Int, trueSurplus: Int) {
        // An answer after the longest time that is waited for does not count: it is a surplus message.
        let tooLate = truth.count { $0 > SimulatedTraffic.longest }
        let truth = truth.map { $0 > SimulatedTraffic.longest ? -1 : $0 }
        self.surplus = surplus - trueSurplus - tooLate
        var ranges = Ranges()
        for (reading, truth) in zip(readings, truth) {
            count(reading, truth, of: Double(readings.count))
            ranges.add(reading)
        }
        ranges.sort()
        let trueSpans = truth.filter { $0 >= 0 }.sorted()
        let readSpans = readings.map(\.span).filter { $0 >= 0 }.sorted()
        guard !trueSpans.isEmpty, !readSpans.isEmpty else { return }
        for share in [0.5, 0.9, 0.99, 0.999] {
            percentiles.append(
                Percentile(
                    share: share, truth: trueSpans.quantile(share), read: readSpans.quantile(share),
                    low: ranges.low(share), high: ranges.high(share)))
        }
    }

    private mutating func count(_ reading: SimulatedRun.Reading, _ truth: Double, of all: Double) {
        let isWrong =
            (reading.span < 0) != (truth < 0)
            || (truth >= 0 && abs(reading.span - truth) > 1e-3 + 0.02 * truth)
        let holds =
            truth < 0
            ? reading.mayBeUnanswered : truth >= reading.low - 1e-3 && truth <= reading.high + 1e-3
        if isWrong { wrong += 1 / all }
        if reading.isFlagged { flagged += 1 / all }
        if isWrong, !reading.isFlagged { silent += 1 / all }
        if reading.isFlagged, !holds { missed += 1 / all }
        unanswered += (reading.span < 0 ? 1 : 0) - (truth < 0 ? 1 : 0)
        late += (reading.span > SimulatedTraffic.timeout ? 1 : 0) - (truth > SimulatedTraffic.timeout ? 1 : 0)
    }
}

/// The lowest and the highest service times that the readings allow.
private struct Ranges {
    private var low: [Double] = []
    private var high: [Double] = []
    private var uncertainLow: [Double] = []
    private var uncertainHigh: [Double] = []

    mutating func add(_ reading: SimulatedRun.Reading) {
        if !reading.isFlagged {
            guard reading.span >= 0 else { return }
            low.append(reading.span)
            high.append(reading.span)
        } else if reading.mayBeUnanswered {
            uncertainLow.append(reading.low)
            uncertainHigh.append(reading.high)
        } else {
            low.append(reading.low)
            high.append(reading.high)
        }
    }

    mutating func sort() {
        low.sort()
        high.sort()
        uncertainLow.sort()
        uncertainHigh.sort()
    }

    /// The smallest time at which the lower bound reaches the quantile.
    func low(_ share: Double) -> Double {
        search { time in
            let (certain, doubtful) = (low.countUpTo(time), uncertainLow.countUpTo(time))
            return certain + doubtful >= share * (Double(low.count) + doubtful) && certain + doubtful > 0
        }
    }

    func high(_ share: Double) -> Double {
        let found = search { time in
            let beyond = Double(uncertainHigh.count) - uncertainHigh.countUpTo(time)
            return high.countUpTo(time) >= share * (Double(high.count) + beyond)
        }
        return min(found, SimulatedTraffic.longest)
    }

    private func search(_ isReached: (Double) -> Bool) -> Double {
        var (below, above) = (-24.0, 12.0)
        for _ in 0..<50 {
            let middle = (below + above) / 2
            if isReached(power(2, middle)) { above = middle } else { below = middle }
        }
        return power(2, above)
    }
}

extension [Double] {
    /// Of a sorted list.
    fileprivate func quantile(_ share: Double) -> Double {
        self[Swift.max(Int((share * Double(count)).rounded(.up)) - 1, 0)]
    }

    /// How many elements of a sorted list are at most `value`.
    fileprivate func countUpTo(_ value: Double) -> Double {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return Double(low)
    }
}
