public import Basis

/// A limit on a figure of a run, by which the run passes or fails: `heartbeat.response.p99 < 250ms in phase steady`.
///
/// A plain value; `Fleet` reads it from text, `ThresholdMeter` judges it.
public struct Threshold: Hashable, Sendable {
    /// As the user wrote it.
    public var text: String
    public var metric: ThresholdMetric
    public var relation: Relation
    /// In the unit of the metric: nanoseconds, a share in 0...1, a count, a rate a second.
    public var limit: Double
    public var scope: Scope
    public var span: Span
    /// From this time of the run on, the run ends as soon as the threshold has failed; nil: it does not end for it.
    public var abortAfter: Nanoseconds?
    /// Of a trial: the figure is judged of the samples themselves, however few they are, and the run ends as soon as so
    /// many of the expected samples have broken the limit that the trial has failed for certain.
    public var expectedSamples: Double?

    public init(
        text: String, metric: ThresholdMetric, relation: Relation, limit: Double, scope: Scope = .run,
        span: Span = .whole, abortAfter: Nanoseconds? = nil
    ) {
        self.text = text
        self.metric = metric
        self.relation = relation
        self.limit = limit
        self.scope = scope
        self.span = span
        self.abortAfter = abortAfter
    }

    public enum Relation: String, CaseIterable, Sendable {
        case below = "<"
        case atMost = "<="
        case above = ">"
        case atLeast = ">="

        /// Whether a figure keeps the limit.
        public func holds(_ figure: Double, _ limit: Double) -> Bool {
            switch self {
            case .below: figure < limit
            case .atMost: figure <= limit
            case .above: figure > limit
            case .atLeast: figure >= limit
            }
        }
    }

    /// Of what part of the run the figure is.
    public enum Scope: Hashable, Sendable {
        case run
        case phase(String)
        case cohort(String)
        /// From a time of the run to another: a trial of `find-limit`.
        case time(from: Nanoseconds, to: Nanoseconds)
    }

    /// When the limit has to be kept.
    public enum Span: Hashable, Sendable {
        /// By the figure of the whole scope.
        case whole
        /// Once, at most so long after the start of the scope.
        case within(Nanoseconds)
        /// In this share, 0...1, of the windows of the given length.
        case windows(of: Nanoseconds, share: Double)
    }
}

/// What became of a threshold.
public struct ThresholdOutcome: Hashable, Sendable {
    public enum State: String, CaseIterable, Sendable {
        case passed
        case failed
        /// The figure is missing or says too little. It does not pass.
        case notDecided = "not_decided"

        /// As people read it.
        public var title: String {
            switch self {
            case .passed: "passed"
            case .failed: "failed"
            case .notDecided: "not decided"
            }
        }
    }

    public var threshold: Threshold
    public var state: State
    /// The figure as people read it; empty where there is none.
    public var figure: String
    /// Why it is not decided, or what else is to be known about the figure.
    public var reason: String?
    /// The figure in the unit of the metric, at its likeliest; nil where it is not one number.
    public var value: Double?

    package init(_ threshold: Threshold, state: State, figure: String, reason: String?) {
        self.threshold = threshold
        self.state = state
        self.figure = figure
        self.reason = reason
    }

    init(_ threshold: Threshold, _ judgement: Judgement) {
        self.threshold = threshold
        state = judgement.state
        figure = judgement.figure
        reason = judgement.reason
        value = judgement.value
    }
}

extension [ThresholdOutcome] {
    /// How many are in a state.
    public func count(_ state: ThresholdOutcome.State) -> Int { count { $0.state == state } }

    /// Failed where one has failed, else not decided where one is not decided, else passed; nil of none.
    public var state: ThresholdOutcome.State? {
        if isEmpty { return nil }
        return count(.failed) > 0 ? .failed : count(.notDecided) > 0 ? .notDecided : .passed
    }
}

/// A state with its figure and reason.
struct Judgement: Hashable {
    var state: ThresholdOutcome.State
    var figure = ""
    var reason: String?
    /// The figure as a number.
    var value: Double?

    /// A figure of which only bounds are known: it passes or fails where both ends agree.
    /// - Parameters:
    ///   - high: nil where nothing is known above.
    ///   - unclear: the reason where the ends do not agree.
    init(_ threshold: Threshold, low: Double, high: Double?, figure: String, unclear: String) {
        let ends = [low, high ?? .infinity].map { threshold.relation.holds($0, threshold.limit) }
        self.figure = figure
        if ends[0] == ends[1] {
            state = ends[0] ? .passed : .failed
        } else {
            state = .notDecided
            reason = unclear
        }
    }

    init(notDecided reason: String, figure: String = "") {
        state = .notDecided
        self.figure = figure
        self.reason = reason
    }

    /// Of several judgements of one threshold the worst.
    static func worst(_ judgements: [Judgement]) -> Judgement? {
        let order: [ThresholdOutcome.State] = [.passed, .notDecided, .failed]
        func rank(_ judgement: Judgement) -> Int { order.firstIndex(of: judgement.state) ?? 0 }
        return judgements.max { rank($0) < rank($1) }
    }
}
