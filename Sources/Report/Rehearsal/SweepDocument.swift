import Foundation
public import Simulation

/// A sweep in figures, for programs: every rehearsal with its outcome.
public struct SweepDocument: Codable, Hashable, Sendable {
    public var schema = "muster-sweep"
    public var schemaVersion = 1
    public var key: String
    public var points: [PointPart]
    /// Nil: nothing is traded, or there are too few values or seeds.
    public var knee: KneePart?

    public struct KneePart: Codable, Hashable, Sendable {
        /// The value; nil: the seeds do not agree on one.
        public var value: String?
        /// The values between which it lies, with a confidence of 95 %.
        public var from: String
        public var to: String
        /// The share of the samples of the seeds whose knee is the value of all seeds together.
        public var share: Double
    }

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
        knee = Sweep.knee(of: points).map { knee in
            KneePart(
                value: knee.isMarked ? points[knee.place].value : nil, from: points[knee.interval.lowerBound].value,
                to: points[knee.interval.upperBound].value, share: knee.share)
        }
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
