import Basis
import Metrics

extension SummaryDocument {
    /// A moment that the user named while the run went on.
    public struct MarkPart: Codable, Hashable, Sendable {
        public var name: String
        /// From the start of the run.
        public var atSeconds: Double
    }
}

extension SummaryDocument {
    /// The mean number of agents over a part of the run, beside what follows from rate and lifetimes (Little's law).
    public struct ChurnPart: Codable, Hashable, Sendable {
        public var fromSeconds: Double
        public var lengthSeconds: Double
        public var expectedAgents: Double
        public var measuredAgents: Double
        public var standardError: Double

        init(_ churn: ChurnSummary) {
            fromSeconds = churn.from.seconds
            lengthSeconds = churn.length.seconds
            expectedAgents = SummaryDocument.finite(churn.expected)
            measuredAgents = SummaryDocument.finite(churn.measured)
            standardError = SummaryDocument.finite(churn.standardError)
        }
    }
}

extension ClosingTable {
    /// How many agents there were at one time, and how many were expected.
    static func churn(_ summary: RunSummary) -> [String]? {
        guard let churn = summary.churn else { return nil }
        let deviation = (abs(churn.deviation) * 10).rounded() / 10
        return [
            "\(Figures.count(Int(churn.measured.rounded()))) agents on average",
            "\(Figures.count(Int(churn.expected.rounded()))) expected by rate and lifetime",
            "\(deviation) standard errors \(churn.deviation < 0 ? "below" : "above")",
        ]
    }

    /// How agents came and went by the profile.
    static func comings(_ counters: CounterTable) -> [String]? {
        let kinds: [Counter] = [
            .agentsLeft, .agentsAway, .agentsReplaced, .connectionsHalfOpen,
        ]
        let parts = kinds.filter { counters[$0] > 0 }.map { "\(Figures.count(counters[$0])) \($0.title)" }
        return parts.isEmpty ? nil : parts
    }
}
