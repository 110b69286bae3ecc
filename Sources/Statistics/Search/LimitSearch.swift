import Basis

/// The search for the load at which half of the trials of a given length pass.
///
/// A value without I/O: it says which trial is next, and is told what became of it. A few short trials find the order
/// of magnitude; then full trials, each where it is expected to say most, until a 95 % interval is narrow enough. The
/// interval is a statement about the limit, unlike the bounds of a bisection.
public struct LimitSearch {
    public struct Settings: Hashable, Sendable {
        /// The loads between which the search begins; both more than 0.
        public var low: Double
        public var high: Double
        /// The width of the interval, as a share of its lower end, at which the search ends.
        public var width = 0.1
        /// Full trials after which it ends in any case.
        public var maxTrials = 60
        /// Whether `high` can't be exceeded: the fleet or the machine has no more.
        public var isHighFixed = false

        public init(low: Double, high: Double) {
            self.low = low
            self.high = high
        }
    }

    /// What is to be done next.
    public enum Step: Hashable, Sendable {
        /// - Parameter isShort: a trial that only places the search; it may be short.
        case trial(load: Double, isShort: Bool)
        case finished(Result)
    }

    /// What became of a trial.
    public enum Trial: Hashable, Sendable {
        case passed
        case failed
        /// The tool was the bottleneck, or the figure could not be judged: it says nothing about the server.
        case notDecided
    }

    public enum Ending: Hashable, Sendable {
        /// The interval is narrow enough.
        case narrow
        /// The trials were used up before.
        case trialsUsedUp
        /// Every load that can be tried passes: the limit is not below `low` of the interval.
        case noLimitFound
        /// Trials at and above this load say nothing: the tool is the bottleneck there.
        case toolBound
    }

    public struct Result: Hashable, Sendable {
        public var ending: Ending
        /// The load at which half of the trials pass; the median of the posterior.
        public var limit: Double
        /// The 95 % interval.
        public var interval: ClosedRange<Double>
        /// Full trials that were decided.
        public var trials: Int
        /// The highest load at which a trial has passed; nil: none has.
        public var highestPassed: Double?
    }

    private enum Stage {
        /// Upwards from the low end, fourfold, until a trial fails.
        case rising(load: Double, passed: Double?)
        /// Halving between a load that passed and one that failed.
        case halving(low: Double, high: Double)
        case full(LimitPosterior)
        case finished(Result)
    }

    private let settings: Settings
    private var stage: Stage
    private var trials = 0
    /// Trials without a decision since the last one with one.
    private var notDecided = 0
    private var highestPassed: Double?
    /// Full trials at the greatest load that passed there.
    private var passedAtHigh = 0

    private static let risingFactor = 4.0
    private static let coarseRatio = 1.5
    /// Full trials before the interval is believed.
    private static let minTrials = 8
    /// So many trials in a row without a decision end the search.
    private static let maxNotDecided = 4
    /// So many trials at the greatest load in a row say that the limit is not below it.
    private static let minPassedAtHigh = 5
    /// What the posterior holds on each side of a 95 % interval.
    private static let tail = 0.025
    private static let margins = (below: 0.35, above: 0.25)

    public init(_ settings: Settings) {
        precondition(settings.low > 0 && settings.high > settings.low, "a search has a low and a higher load")
        self.settings = settings
        stage = .rising(load: settings.low, passed: nil)
    }

    public var next: Step {
        switch stage {
        case .rising(let load, _): .trial(load: load, isShort: true)
        case .halving(let low, let high): .trial(load: (low * high).squareRoot(), isShort: true)
        case .full(let posterior): .trial(load: bounded(posterior.nextLoad.exponential), isShort: false)
        case .finished(let result): .finished(result)
        }
    }

    /// What became of the trial that `next` asked for.
    /// - Parameter load: what was really offered, which may differ a little from what was asked for.
    public mutating func record(_ trial: Trial, load: Double) {
        if trial == .passed { highestPassed = max(highestPassed ?? load, load) }
        notDecided = trial == .notDecided ? notDecided + 1 : 0
        switch stage {
        case .rising(_, let passed): rise(trial, load, passed)
        case .halving(let low, let high): halve(trial, load, low, high)
        case .full(let posterior): weigh(trial, load, posterior)
        case .finished: break
        }
    }

    private mutating func rise(_ trial: Trial, _ load: Double, _ passed: Double?) {
        switch trial {
        case .passed:
            let next = load * Self.risingFactor
            if next < settings.high {
                stage = .rising(load: next, passed: load)
            } else {
                halveOrBegin(load, settings.high)
            }
        case .failed: halveOrBegin(passed ?? load / Self.risingFactor, load)
        case .notDecided: halveOrBegin(passed ?? load / Self.risingFactor, load)
        }
    }

    private mutating func halve(_ trial: Trial, _ load: Double, _ low: Double, _ high: Double) {
        if trial == .passed { halveOrBegin(load, high) } else { halveOrBegin(low, load) }
    }

    private mutating func halveOrBegin(_ low: Double, _ high: Double) {
        guard high / low <= Self.coarseRatio else {
            stage = .halving(low: low, high: high)
            return
        }
        stage = .full(
            LimitPosterior(
                from: low.naturalLogarithm - Self.margins.below, to: high.naturalLogarithm + Self.margins.above))
    }

    private mutating func weigh(_ trial: Trial, _ load: Double, _ posterior: LimitPosterior) {
        var posterior = posterior
        guard trial != .notDecided else {
            if notDecided >= Self.maxNotDecided { finish(.toolBound, posterior) }
            return
        }
        trials += 1
        posterior.add(load: load.naturalLogarithm, passed: trial == .passed)
        stage = .full(posterior)
        let bounds = posterior.quantiles([Self.tail, 1 - Self.tail])
        let isNarrow = bounds[1] - bounds[0] <= (1 + settings.width).naturalLogarithm
        if settings.isHighFixed, load >= settings.high * 0.999 {
            passedAtHigh = trial == .passed ? passedAtHigh + 1 : 0
            if passedAtHigh >= Self.minPassedAtHigh { return finish(.noLimitFound, posterior) }
        }
        if trials >= Self.minTrials, isNarrow {
            finish(.narrow, posterior)
        } else if trials >= settings.maxTrials {
            finish(.trialsUsedUp, posterior)
        }
    }

    /// Ends the search with what is known now; for a limit of time.
    public mutating func finish() {
        switch stage {
        case .full(let posterior): finish(.trialsUsedUp, posterior)
        case .rising(let load, let passed): finish(between: passed ?? load / Self.risingFactor, load)
        case .halving(let low, let high): finish(between: low, high)
        case .finished: break
        }
    }

    private mutating func finish(between low: Double, _ high: Double) {
        stage = .finished(
            Result(
                ending: .trialsUsedUp, limit: (low * high).squareRoot(), interval: low...high, trials: trials,
                highestPassed: highestPassed))
    }

    private mutating func finish(_ ending: Ending, _ posterior: LimitPosterior) {
        let values = posterior.quantiles([Self.tail, 0.5, 1 - Self.tail]).map(\.exponential)
        stage = .finished(
            Result(
                ending: ending, limit: values[1], interval: values[0]...values[2], trials: trials,
                highestPassed: highestPassed))
    }

    /// Not beyond what can be offered.
    private func bounded(_ load: Double) -> Double {
        settings.isHighFixed ? min(load, settings.high) : load
    }
}
