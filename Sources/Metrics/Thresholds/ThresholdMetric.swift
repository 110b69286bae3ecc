public import OpAMP

/// A figure that a threshold can limit. The one table of their names: parser, messages and documents read it.
public enum ThresholdMetric: Hashable, Sendable {
    case time(Measure, Figure)
    /// The share of the heartbeats due that were answered in time.
    case availability
    /// Errors of any kind, as a share of the reports sent.
    case errorRate
    case errorCount
    case count(Counter)
    case perSecond(Counter)
    /// Agents with an open connection, as a share of the fleet.
    case agentsConnected
    case wave(OfferKind, OfferStage, Figure)
    /// The share of the agents that received an offer which have reached the stage.
    case waveShare(OfferKind, OfferStage)

    /// A figure of a distribution of times.
    public enum Figure: Hashable, Sendable {
        /// More than 0 and less than 100.
        case percentile(Double)
        case min, mean, max

        /// `p99.9`, `max`.
        public init?(_ name: some StringProtocol) {
            switch name {
            case "min": self = .min
            case "mean": self = .mean
            case "max", "last": self = .max
            default:
                guard name.first == "p", name.dropFirst().first?.isNumber == true, name.count <= 8,
                    let percentile = Double(name.dropFirst()), percentile > 0, percentile < 100
                else { return nil }
                self = .percentile(percentile)
            }
        }
    }

    /// In what its limit is written.
    public enum Unit: Hashable, Sendable {
        case duration, share, count, rate
    }

    public var unit: Unit {
        switch self {
        case .time, .wave: .duration
        case .availability, .errorRate, .agentsConnected, .waveShare: .share
        case .errorCount, .count: .count
        case .perSecond: .rate
        }
    }

    /// Whether it is of single cohorts.
    public var isOfCohorts: Bool {
        switch self {
        case .time(let measure, _): measure == .heartbeatResponse || measure == .heartbeatService
        case .availability, .errorRate, .errorCount, .count, .perSecond: true
        case .agentsConnected, .wave, .waveShare: false
        }
    }

    /// Whether it can be taken from windows of the run.
    public var hasWindows: Bool {
        switch self {
        case .time, .availability, .errorRate, .errorCount, .count, .perSecond: true
        case .agentsConnected, .wave, .waveShare: false
        }
    }

    /// The figures of times that documents and suggestions name.
    public static let figures = ["p50", "p90", "p95", "p99", "p99.9", "min", "mean", "max"]

    /// What times are of.
    public enum Times: Hashable, Sendable {
        case measure(Measure)
        case wave(OfferKind, OfferStage)

        /// A figure of them.
        public func metric(_ figure: Figure) -> ThresholdMetric {
            switch self {
            case .measure(let measure): .time(measure, figure)
            case .wave(let kind, let stage): .wave(kind, stage, figure)
            }
        }
    }

    /// What times are of, by name.
    public static let times: [(name: String, times: Times)] =
        Measure.allCases.map { (dotted($0.name), .measure($0)) } + [("recovery", .measure(.timeWithoutServer))]
        + waves.map { kind, stage in ("waves.\(kind.key).\(stage.name)", .wave(kind, stage)) }

    /// The metrics that are one figure, by name.
    public static let single: [(name: String, metric: ThresholdMetric)] =
        [
            ("availability", .availability), ("errors.rate", .errorRate), ("errors.count", .errorCount),
            ("agents.connected", .agentsConnected),
        ] + waves.map { kind, stage in ("waves.\(kind.key).\(stage.name).share", .waveShare(kind, stage)) }
        + Counter.allCases.flatMap { counter in
            [
                ("\(dotted(counter.name)).count", .count(counter)),
                ("\(dotted(counter.name)).per_second", .perSecond(counter)),
            ]
        }

    /// The metric of a name; a dot and an underscore are the same.
    public init?(_ name: String) {
        let key = Self.key(name)
        if let metric = Self.byKey[key] {
            self = metric
            return
        }
        // The percentile p99.9 has a dot of its own.
        for parts in [1, 2] {
            let pieces = key.split(separator: ".", omittingEmptySubsequences: false)
            guard pieces.count > parts, let times = Self.timesByKey[pieces.dropLast(parts).joined(separator: ".")],
                let figure = Figure(pieces.suffix(parts).joined(separator: "."))
            else { continue }
            self = times.metric(figure)
            return
        }
        return nil
    }

    /// Every name, for suggestions and documents.
    public static var names: [String] {
        single.map(\.name) + times.flatMap { time in figures.map { "\(time.name).\($0)" } } + ["recovery.last"]
    }

    private static let waves = OfferKind.allCases.flatMap { kind in OfferStage.allCases.map { (kind, $0) } }

    private static func dotted(_ name: String) -> String { name.replacing("_", with: ".") }
    private static func key(_ name: String) -> String { name.lowercased().replacing("_", with: ".") }

    private static let byKey = Dictionary(single.map { (key($0.name), $0.metric) }) { first, _ in first }
    private static let timesByKey = Dictionary(times.map { (key($0.name), $0.times) }) { first, _ in first }
}
