public import Foundation

/// A comparison for programs: `muster compare --json`. Within one schema version keys are only ever added.
public struct ComparisonDocument: Codable, Hashable, Sendable {
    public var schema = "muster/comparison"
    public var schemaVersion = 1
    public var runsA: Int
    public var runsB: Int
    public var margin: Double
    /// `pooled`, `welch` or `paired`; nil where there is no verdict.
    public var method: String?
    /// `worse`, `not_worse`, or `none` where there can be no gate.
    public var gate: String
    public var remarks: [String]
    public var figures: [Figure]

    /// Seconds, answers a second, or a share; changes as ratios less 1.
    public struct Figure: Codable, Hashable, Sendable {
        public var name: String
        public var judged: Bool
        public var a: Double?
        public var b: Double?
        public var change: Double?
        public var changeLow: Double?
        public var changeHigh: Double?
        /// `no_difference`, `worse`, `better` or `cannot_tell`.
        public var verdict: String?
        public var reason: String?
        /// Of `cannot_tell`: the change that would have been found, and the runs a side that find 10 %.
        public var detectableChange: Double?
        public var runsForTenth: Int?
    }

    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }
}
