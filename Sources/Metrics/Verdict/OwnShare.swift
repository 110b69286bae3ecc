public import Basis

/// The tool's own part of the response time: what its scheduling lag adds to each percentile.
///
/// That is the difference between response time (from when a heartbeat was due) and service time (from when it was
/// sent) at the percentile, and at most the scheduling lag at the same percentile. Neither is enough by itself: timers
/// of agents that connect may be late while heartbeats are not, and an agent that polls sends later because its former
/// request has no response yet.
public struct OwnShare: Hashable, Sendable {
    /// One percentile.
    public struct Part: Hashable, Sendable {
        /// 0...100.
        public var percentile: Double
        /// What the scheduling lag adds to the figure.
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
    ///   - service: from sent to answer; without values the lag alone counts.
    /// - Returns: nil where too few values are known for any percentile.
    public init?(lag: MeasureSummary, response: MeasureSummary, service: MeasureSummary) {
        parts = [(50.0, \MeasureSummary.p50), (90, \.p90), (99, \.p99)].compactMap { percentile, value in
            let fewest = UInt64((Double(Self.valuesBeyond) / (1 - percentile / 100)).rounded())
            guard lag.count >= fewest, response.count >= fewest else { return nil }
            let figure = response[keyPath: value]
            let added = service.count > 0 ? max(figure - service[keyPath: value], .zero) : figure
            return Part(percentile: percentile, lag: min(lag[keyPath: value], added), figure: figure)
        }
        if parts.isEmpty { return nil }
    }

    /// Of a run or a phase, by its measures.
    public init?(_ measures: [MeasureSummary]) {
        let heartbeats = measures[Measure.heartbeatResponse.index]
        let (lag, service) = (measures[Measure.schedulingDelay.index], measures[Measure.heartbeatService.index])
        if heartbeats.count > 0 {
            self.init(lag: lag, response: heartbeats, service: service)
        } else {
            let status = measures[Measure.statusResponse.index]
            let none = MeasureSummary(.heartbeatService, of: CompactHistogram.empty)
            self.init(lag: lag, response: status, service: none)
        }
    }
}
