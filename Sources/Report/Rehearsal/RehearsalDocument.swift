import Basis
import Foundation
import Rollout
public import Simulation

/// A rehearsal in figures, for programs: `muster rehearse --json`. Times are seconds from the rollout's begin.
public struct RehearsalDocument: Codable, Hashable, Sendable {
    public var schema = "muster-rehearsal"
    public var schemaVersion = 1
    public var plan: String
    public var seed: UInt64
    public var agents: Int
    public var outcome: String
    public var asExpected: Bool
    public var differences: [String]
    public var violations: [String]
    /// From the begin to the end or the pause; nil: it was still going on.
    public var seconds: Double?
    public var tally: [String: Int]
    public var stages: [StagePart]
    public var stopped: StopPart?
    public var stragglers: [String: Int]
    /// How far the agents' clocks are off; nil: all are right.
    public var clocks: ClockPart?
    public var decisions: [DecisionPart]
    public var worstMinute: MinutePart?
    public var maxAnswerMs: Double
    public var events: Int
    public var hashes: [String: String]
    /// Every minute of the rehearsal, from its begin.
    public var minutes: [MinutePart]
    /// What was measured on real sockets; nil: it was rehearsed in virtual time.
    public var live: LivePart?
    /// A server that a driver makes act; nil: it was Muster's own.
    public var server: ServerPart?

    public struct StagePart: Codable, Hashable, Sendable {
        public var stage: Int
        public var agents: Int
        public var began: Double
        public var answered: Double?
        public var ended: Double?
        public var passed: Bool
        public var tally: [String: Int]
    }

    public struct StopPart: Codable, Hashable, Sendable {
        public var at: Double
        public var stage: Int
        public var reason: String
    }

    public struct ClockPart: Codable, Hashable, Sendable {
        public var reported: Int
        public var off: Int
        /// Of those that are off, in seconds.
        public var p50: Double
        public var max: Double
    }

    public struct DecisionPart: Codable, Hashable, Sendable {
        public var at: Double
        public var text: String
    }

    public struct MinutePart: Codable, Hashable, Sendable {
        public var minute: Int
        public var reports: UInt64
        public var offers: UInt64
        public var attempts: UInt64
        public var opened: UInt64
        public var bytesReceived: UInt64
        public var bytesSent: UInt64
        /// Downloads of packages that began; nil: none.
        public var downloads: UInt64?
    }

    /// - Parameter twin: a live rehearsal beside its virtual twin.
    public init(_ summary: RehearsalSummary, twin: TwinComparison? = nil, server judgement: EngineJudgement? = nil) {
        server = judgement.map { ServerPart($0) }
        live = summary.live.map { LivePart($0, twin) }
        func seconds(_ instant: Instant) -> Double { (instant - (summary.began ?? .zero)).seconds }
        plan = summary.plan.name
        seed = summary.seed
        agents = summary.agents
        outcome = summary.state.inWords
        asExpected = summary.isAsExpected
        differences = summary.differences
        violations = summary.violations.map(\.kind.rawValue)
        self.seconds = summary.ended.map(seconds)
        tally = Self.figures(summary.tally)
        stages = summary.stages.map { stage in
            StagePart(
                stage: stage.number + 1, agents: stage.agents, began: seconds(stage.began),
                answered: stage.answered.map(seconds), ended: stage.ended.map(seconds), passed: stage.passed,
                tally: Self.figures(stage.tally))
        }
        stopped = summary.stopped.map { stop in
            StopPart(at: seconds(stop.at), stage: stop.stage + 1, reason: "\(stop.reason)")
        }
        stragglers = Dictionary(uniqueKeysWithValues: summary.stragglers.map { ($0.cause.rawValue, $0.agents) })
        clocks = summary.clocks.map {
            ClockPart(reported: $0.reported, off: $0.off, p50: $0.p50.seconds, max: $0.max.seconds)
        }
        decisions = summary.decisions.map { DecisionPart(at: seconds($0.at), text: "\($0)") }
        minutes = summary.minutes.indices.map { MinutePart($0, summary.minutes[$0]) }
        worstMinute = summary.worstMinute.map { MinutePart($0, summary.minutes[$0]) }
        maxAnswerMs = summary.maxAnswerDelay.seconds * 1_000
        events = summary.events
        hashes = [
            "all": RehearsalText.hex(summary.hash), "decisions": RehearsalText.hex(summary.hashes.decisions),
            "events": RehearsalText.hex(summary.hashes.events), "state": RehearsalText.hex(summary.hashes.state),
            "load": RehearsalText.hex(summary.hashes.load),
        ]
    }

    /// As JSON with sorted keys.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    private static func figures(_ tally: RolloutTally) -> [String: Int] {
        [
            "offered": tally.offered, "applied": tally.applied, "inFlight": tally.inFlight, "failed": tally.failed,
            "mismatched": tally.mismatched, "noAnswer": tally.noAnswer, "unhealthy": tally.unhealthySince,
            "disconnected": tally.disconnectedSince, "broken": tally.broken, "skipped": tally.skipped,
            "takenBack": tally.takenBack, "restored": tally.restored,
        ]
    }
}

extension RehearsalDocument.MinutePart {
    fileprivate init(_ minute: Int, _ load: MinuteLoad) {
        self.init(
            minute: minute, reports: load.reports, offers: load.offers, attempts: load.attempts, opened: load.opened,
            bytesReceived: load.bytesIn, bytesSent: load.bytesOut, downloads: load.downloads > 0 ? load.downloads : nil)
    }
}
