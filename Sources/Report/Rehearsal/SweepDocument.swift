import Foundation
public import Simulation

/// A sweep in figures, for programs: every rehearsal with its outcome.
public struct SweepDocument: Codable, Hashable, Sendable {
    public var schema = "muster-sweep"
    public var schemaVersion = 1
    public var key: String
    public var points: [PointPart]

    public struct PointPart: Codable, Hashable, Sendable {
        public var value: String
        public var runs: [RunPart]
    }

    public struct RunPart: Codable, Hashable, Sendable {
        public var seed: UInt64
        /// From the begin to the end or the pause; nil: it was still going on.
        public var seconds: Double?
        public var broken: Int
        public var offered: Int
        public var finished: Bool
    }

    public init(_ key: String, _ points: [Sweep.Point]) {
        self.key = key
        self.points = points.map { point in
            PointPart(
                value: point.value,
                runs: point.runs.map { run in
                    RunPart(
                        seed: run.seed, seconds: run.seconds, broken: run.broken, offered: run.offered,
                        finished: run.isFinished)
                })
        }
    }

    /// As JSON with sorted keys.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
