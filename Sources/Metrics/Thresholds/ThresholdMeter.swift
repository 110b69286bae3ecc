import Basis

/// Gathers the figures of one threshold, tick by tick, and judges them. Memory: one histogram and a few numbers.
struct ThresholdMeter {
    let threshold: Threshold
    /// The place of its cohort; nil: the whole fleet, or a cohort without figures of its own.
    private let place: Int?
    private var gathered = Measured()
    /// The window that is being filled, and what became of those before it.
    private var window = Measured()
    private var windows = (passed: 0, failed: 0, notDecided: 0)
    /// Why the first window that is not decided is not.
    private var windowReason: String?
    private var connected = ConnectedShare()

    /// What a judgement takes from the run as a whole.
    struct Context {
        var phases: [PhaseSummary]
        var level: Verdict.Level
        var waves: [WaveSummary]
        /// Since the start of the run.
        var elapsed: Nanoseconds
    }

    /// What was measured in a scope or a window.
    struct Measured {
        var histogram = BoundedHistogram.empty
        var counters = CounterTable()
        var length = Nanoseconds.zero
        var level = Verdict.Level.clear
    }

    /// - Parameter cohorts: the names of the cohorts, in the order of their numbers.
    init(_ threshold: Threshold, cohorts: [String]) {
        self.threshold = threshold
        if case .cohort(let name) = threshold.scope {
            place = cohorts.firstIndex(of: name).flatMap { $0 < CohortPlaces.limit && cohorts.count > 1 ? $0 + 1 : nil }
        } else {
            place = nil
        }
    }

    // MARK: - Gathering

    /// - Parameter interval: what the row was made of, for the figures of cohorts.
    mutating func add(_ row: SeriesRow, _ interval: ShardInterval) {
        guard isInScope(row) else { return }
        var figures = Measured(counters: row.counters, length: row.length, level: row.level)
        if let place { figures.counters = interval.counters[place] }
        if case .time(let measure, _) = threshold.metric {
            figures.histogram = row.histograms[measure.index]
            if let place {
                let times = interval.cohortTimes
                let histogram = measure == .heartbeatService ? times.service[place] : times.response[place]
                figures.histogram = BoundedHistogram(histogram.compact)
            }
        }
        add(figures, of: row)
    }

    /// A row of a run that is over: the figures of the fleet.
    mutating func add(_ row: SeriesRow) {
        guard isInScope(row) else { return }
        var figures = Measured(counters: row.counters, length: row.length, level: row.level)
        if case .time(let measure, _) = threshold.metric { figures.histogram = row.histograms[measure.index] }
        add(figures, of: row)
    }

    /// A cohort as a whole.
    mutating func add(_ cohort: MergedCohort, length: Nanoseconds) {
        var figures = Measured(counters: cohort.counters, length: length)
        if case .time(let measure, _) = threshold.metric {
            figures.histogram = BoundedHistogram(measure == .heartbeatService ? cohort.service : cohort.response)
        }
        gathered.add(figures)
    }

    private func isInScope(_ row: SeriesRow) -> Bool {
        switch threshold.scope {
        case .run, .cohort: true
        case .phase(let label): row.phase == label
        case .time(let from, let to): row.start >= from && row.start < to
        }
    }

    private mutating func add(_ figures: Measured, of row: SeriesRow) {
        gathered.add(figures)
        if case .agentsConnected = threshold.metric { connected.add(row, threshold) }
        guard case .windows(let length, _) = threshold.span else { return }
        window.add(figures)
        guard window.length + Series.tolerance >= length else { return }
        let judgement = judge(window)
        switch judgement.state {
        case .passed: windows.passed += 1
        case .failed: windows.failed += 1
        case .notDecided:
            windows.notDecided += 1
            windowReason = windowReason ?? judgement.reason
        }
        window = Measured()
    }

    /// Whether a percentile of a trial can't keep its limit any more, whatever the rest of the trial shows.
    var hasFailedForCertain: Bool {
        guard let expected = threshold.expectedSamples, case .time(_, .percentile(let percentile)) = threshold.metric,
            threshold.relation == .below || threshold.relation == .atMost
        else { return false }
        let values = gathered.histogram.estimate
        let share = values.share(atMost: Nanoseconds(Int64(threshold.limit)))
        return Double(values.count) * (1 - share) > (1 - percentile / 100) * expected + 1
    }

    var certainFailure: Judgement {
        var judgement = Judgement(.failed, "more responses are slower than the whole trial may have")
        if case .time(_, .percentile(let percentile)) = threshold.metric {
            judgement.value = Double(gathered.histogram.estimate.value(atPercentile: percentile).count)
        }
        return judgement
    }

    // MARK: - Judging

    /// What has become of the threshold, as if the run ended now.
    func outcome(_ context: Context) -> ThresholdOutcome {
        ThresholdOutcome(threshold, judgement(context))
    }

    private func judgement(_ context: Context) -> Judgement {
        if level(context) == .toolBound {
            return Judgement(notDecided: "the tool was the bottleneck, so the server was not measured")
        }
        switch threshold.span {
        case .whole:
            switch threshold.metric {
            case .agentsConnected: return connected.atEnd(threshold)
            case .wave, .waveShare: return WaveJudge(threshold, context).judgement
            default: return judge(gathered)
            }
        case .within(let span): return connected.within(span, threshold, elapsed: context.elapsed)
        case .windows(_, let share): return judgeWindows(share)
        }
    }

    private func level(_ context: Context) -> Verdict.Level {
        switch threshold.scope {
        case .run, .cohort: context.level
        case .phase(let label): context.phases.filter { $0.label == label }.map(\.level).max() ?? .clear
        case .time: context.phases.filter { $0.label != "arrival" && $0.label != "drain" }.map(\.level).max() ?? .clear
        }
    }

    private func judgeWindows(_ share: Double) -> Judgement {
        let total = windows.passed + windows.failed + windows.notDecided
        guard total > 0 else { return Judgement(notDecided: "no whole window") }
        let low = Double(windows.passed) / Double(total)
        let high = Double(windows.passed + windows.notDecided) / Double(total)
        let figure = "\(windows.passed) of \(total) windows"
        if low >= share { return Judgement(.passed, figure) }
        if high < share { return Judgement(.failed, figure) }
        return Judgement(
            notDecided: "\(windows.notDecided) windows are not decided: \(windowReason ?? "")", figure: figure)
    }

    private func judge(_ figures: Measured) -> Judgement {
        let counters = figures.counters
        func one(_ value: Double, _ text: String) -> Judgement {
            var judgement = Judgement(threshold, low: value, high: value, figure: text, unclear: "")
            judgement.value = value.isFinite ? value : nil
            return judgement
        }
        switch threshold.metric {
        case .time(_, let figure): return judge(figures, figure)
        case .availability:
            guard counters[.heartbeatsDue] > 0 else { return Judgement(notDecided: "no heartbeat was due") }
            return one(counters.availability, Figures.share(counters.availability))
        case .errorRate:
            guard counters.reportsSent > 0 || counters.errors > 0 else {
                return Judgement(notDecided: "no report was sent")
            }
            let rate = Double(counters.errors) / Double(counters.reportsSent)
            let of = "\(Figures.count(counters.errors)) of \(Figures.count(counters.reportsSent))"
            return one(rate, rate.isFinite ? "\(Figures.share(rate)) (\(of))" : of)
        case .errorCount: return one(Double(counters.errors), Figures.count(counters.errors))
        case .count(let counter):
            return one(Double(counters[counter]), Figures.count(counters[counter]))
        case .perSecond(let counter):
            guard figures.length > .zero else { return Judgement(notDecided: "no time was measured") }
            let rate = Double(counters[counter]) / figures.length.seconds
            return one(rate, "\(Figures.rate(rate))/s")
        case .agentsConnected, .wave, .waveShare: return Judgement(notDecided: "no windows")
        }
    }

    private func judge(_ figures: Measured, _ figure: ThresholdMetric.Figure) -> Judgement {
        let histogram = figures.histogram
        let count = histogram.count
        guard count > 0 else { return Judgement(notDecided: "no sample") }
        if figures.level == .toolBound, case .windows = threshold.span {
            return Judgement(notDecided: "the tool was the bottleneck")
        }
        func judgement(_ bounds: TimeBounds, _ estimate: Nanoseconds, unclear: String) -> Judgement {
            var judgement = Judgement(
                threshold, low: Double(bounds.low.count), high: bounds.high.map { Double($0.count) },
                figure: Figures.duration(estimate, within: bounds), unclear: unclear)
            judgement.value = Double(estimate.count)
            return judgement
        }
        let range = "the figure is a range across the limit: not every answer can be matched to its report"
        switch figure {
        case .min, .max:
            let percentile = figure == .min ? 0.0 : 100.0
            let bounds = histogram.bounds(atPercentiles: [percentile])[0]
            let ends = histogram.estimate
            let estimate = figure == .min ? ends.lowest : ends.highest
            return judgement(bounds, Nanoseconds(Int64(clamping: estimate)), unclear: range)
        case .mean: return judgement(histogram.meanBounds, histogram.estimate.mean, unclear: range)
        case .percentile(let percentile):
            let beyond = Double(count) * min(percentile, 100 - percentile) / 100
            let bounds = histogram.bounds(atPercentiles: [percentile])[0]
            let estimate = histogram.estimate.value(atPercentile: percentile)
            // The products of binary fractions are a little off.
            guard threshold.expectedSamples == nil, beyond < Self.minBeyond - 1e-6 else {
                return judgement(bounds, estimate, unclear: range)
            }
            // A lower percentile that has enough samples is a lower bound of this one.
            let highest = 100 * (1 - Self.minBeyond / Double(count))
            let low =
                percentile > 50 && highest >= 50
                ? histogram.bounds(atPercentiles: [highest])[0].low : Nanoseconds.zero
            var judgement = judgement(
                TimeBounds(low: low, high: nil), estimate,
                unclear: "too few samples: \(Figures.count(count)), fewer than 10 beyond the percentile")
            judgement.figure = Figures.duration(estimate, within: bounds)
            return judgement
        }
    }

    /// Samples beyond a percentile below which it is not judged: with ten it varies by 6 % between equal runs.
    private static let minBeyond = 10.0
}

extension ThresholdMeter.Measured {
    mutating func add(_ other: Self) {
        histogram = histogram.merged(with: other.histogram)
        counters.add(other.counters)
        length = length + other.length
        level = max(level, other.level)
    }
}

extension Judgement {
    init(_ state: ThresholdOutcome.State, _ figure: String) {
        self.state = state
        self.figure = figure
    }
}

extension Figures {
    /// A share in per cent, never rounded up to all: `99.97 %`.
    static func share(_ share: Double) -> String {
        let hundredths = (share * 10_000).rounded(.down)
        return decimals(hundredths / 100, hundredths.remainder(dividingBy: 100) == 0 ? 0 : 2) + " %"
    }
}
