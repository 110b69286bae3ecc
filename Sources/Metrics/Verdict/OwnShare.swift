public import Basis

/// The tool's own part of the response time: at each percentile its scheduling lag beside the figure.
///
/// The lag of a percentile is set against the response time of the same percentile, although they may belong to
/// different heartbeats: the share is an upper limit where the slowest answers and the latest timers do not coincide.
public struct OwnShare: Hashable, Sendable {
    /// One percentile.
    public struct Part: Hashable, Sendable {
        /// 0...100.
        public var percentile: Double
        /// The scheduling lag at the percentile.
        public var lag: Nanoseconds
        /// The response time at the percentile.
        public var figure: Nanoseconds

        public init(percentile: Double, lag: Nanoseconds, figure: Nanoseconds) {
            self.percentile = percentile
            self.lag = lag
            self.figure = figure
        }

        /// The lag as a part of the figure, 0...1.
        public var share: Double {
            guard lag > .zero else { return 0 }
            return figure > lag ? lag.seconds / figure.seconds : 1
        }

        /// `p99`.
        public var name: String { "p\(Int(percentile))" }
    }

    /// The percentiles that are known, in rising order.
    public var parts: [Part]

    /// A percentile counts as known when so many values are beyond it: fewer are chance.
    static let valuesBeyond: UInt64 = 10

    /// - Parameters:
    ///   - lag: of the timers.
    ///   - response: from due to answer, of the heartbeats; of the reports of changes where there are no heartbeats.
    /// - Returns: nil where too few values are known for any percentile.
    public init?(lag: MeasureSummary, response: MeasureSummary) {
        parts = [(50.0, \MeasureSummary.p50), (90, \.p90), (99, \.p99)].compactMap { percentile, value in
            let fewest = UInt64((Double(Self.valuesBeyond) / (1 - percentile / 100)).rounded())
            guard lag.count >= fewest, response.count >= fewest else { return nil }
            return Part(percentile: percentile, lag: lag[keyPath: value], figure: response[keyPath: value])
        }
        if parts.isEmpty { return nil }
    }

    /// Of a run or a phase, by its measures.
    public init?(_ measures: [MeasureSummary]) {
        let heartbeats = measures[Measure.heartbeatResponse.index]
        self.init(
            lag: measures[Measure.schedulingDelay.index],
            response: heartbeats.count > 0 ? heartbeats : measures[Measure.statusResponse.index])
    }
}
