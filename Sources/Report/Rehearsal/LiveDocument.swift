import Basis
import Simulation

extension RehearsalDocument {
    /// What only a rehearsal on real sockets has. Times measured are milliseconds of the machine's clock.
    public struct LivePart: Codable, Hashable, Sendable {
        public var speed: Double
        /// From the rollout's begin to its end, on the machine's clock.
        public var machineSeconds: Double?
        public var heartbeatSeconds: Double
        public var offerDelay: TimesPart
        public var offerRoundTrip: TimesPart
        public var heartbeatResponse: TimesPart
        public var pushes: Int
        public var tool: String
        public var twin: TwinPart?
    }

    public struct TimesPart: Codable, Hashable, Sendable {
        public var count: Int
        public var p50Ms: Double
        public var p99Ms: Double
        public var maxMs: Double
    }

    /// The virtual twin of a live rehearsal. Times are seconds of the plan, from the rollout's begin.
    public struct TwinPart: Codable, Hashable, Sendable {
        public var decisionsEqual: Bool
        public var firstDifference: String?
        public var timesWithinTolerance: Bool
        public var decisions: [TwinDecision]
    }

    public struct TwinDecision: Codable, Hashable, Sendable {
        public var decision: String
        public var live: Double?
        public var virtual: Double?
    }
}

extension RehearsalDocument.LivePart {
    init(_ live: LiveFigures, _ twin: TwinComparison?) {
        self.init(
            speed: live.speed, machineSeconds: live.duration?.seconds, heartbeatSeconds: live.heartbeat.seconds,
            offerDelay: RehearsalDocument.TimesPart(live.offerDelay),
            offerRoundTrip: RehearsalDocument.TimesPart(live.offerRoundTrip),
            heartbeatResponse: RehearsalDocument.TimesPart(live.heartbeatResponse), pushes: live.pushes,
            tool: live.tool, twin: twin.map { RehearsalDocument.TwinPart($0) })
    }
}

extension RehearsalDocument.TimesPart {
    fileprivate init(_ times: LiveFigures.Times) {
        self.init(
            count: times.count, p50Ms: times.p50.seconds * 1_000, p99Ms: times.p99.seconds * 1_000,
            maxMs: times.max.seconds * 1_000)
    }
}

extension RehearsalDocument.TwinPart {
    fileprivate init(_ comparison: TwinComparison) {
        self.init(
            decisionsEqual: comparison.areDecisionsEqual, firstDifference: comparison.firstDifference,
            timesWithinTolerance: comparison.areTimesWithinTolerance,
            decisions: comparison.pairs.map {
                RehearsalDocument.TwinDecision(
                    decision: $0.decision, live: $0.live?.seconds, virtual: $0.virtual?.seconds)
            })
    }
}

extension RehearsalDocument {
    /// A server that a driver makes act, as its agents saw it. Times are seconds of the plan, from the rollout's begin.
    public struct ServerPart: Codable, Hashable, Sendable {
        public var selected: Int
        public var offered: Int
        public var applied: Int
        public var failed: Int
        public var unhealthy: Int
        public var disconnected: Int
        public var broken: Int
        public var offeredAfterFirstBroke: Int
        public var pushes: Int
        public var takenBack: Int
        public var restored: Int
        public var rollbackComplete: Bool
        public var wrongVersion: Int
        public var firstOffer: Double?
        public var lastOffer: Double?
        public var lastApplied: Double?
        public var lastRestored: Double?
        public var actions: Int
        public var failedActions: Int
        public var problems: [String]
    }
}

extension RehearsalDocument.ServerPart {
    init(_ judgement: EngineJudgement) {
        self.init(
            selected: judgement.selected, offered: judgement.offered, applied: judgement.applied,
            failed: judgement.failed, unhealthy: judgement.unhealthy, disconnected: judgement.disconnected,
            broken: judgement.broken, offeredAfterFirstBroke: judgement.offeredAfterBroken, pushes: judgement.pushes,
            takenBack: judgement.takenBack, restored: judgement.restored,
            rollbackComplete: judgement.isRollBackComplete, wrongVersion: judgement.wrong,
            firstOffer: judgement.firstOffer?.seconds, lastOffer: judgement.lastOffer?.seconds,
            lastApplied: judgement.lastApplied?.seconds, lastRestored: judgement.lastRestored?.seconds,
            actions: judgement.actions, failedActions: judgement.failedActions, problems: judgement.problems)
    }
}
