public import Metrics

extension SummaryDocument {
    public struct ThresholdPart: Codable, Hashable, Sendable {
        public var expression: String
        /// `passed`, `failed` or `not_decided`.
        public var state: String
        /// As people read it; nil where there is none.
        public var figure: String?
        /// Why it is not decided.
        public var reason: String?

        public init(_ outcome: ThresholdOutcome) {
            expression = outcome.threshold.text
            state = outcome.state.rawValue
            figure = outcome.figure.isEmpty ? nil : outcome.figure
            reason = outcome.reason
        }
    }
}
