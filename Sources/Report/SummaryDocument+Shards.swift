import Metrics

extension SummaryDocument {
    /// The part of a fleet that one process ran.
    public struct ShardPart: Codable, Hashable, Sendable {
        /// From 1 on.
        public var index: Int
        public var of: Int

        init(_ part: RunPart) {
            index = part.index
            of = part.count
        }

        var part: RunPart? { RunPart(index: index, count: of) }
    }

    /// A run that was merged with others.
    public struct MergedPart: Codable, Hashable, Sendable {
        public var run: String
        public var shard: ShardPart?
        public var machine: String
        public var agents: Int
        /// Seconds since 1970.
        public var startedAt: Double
        /// By how much it began after the first of them.
        public var offsetSeconds: Double
        public var status: String
        public var level: String

        init(_ run: MergedRun) {
            self.run = run.run
            shard = run.part.map(ShardPart.init)
            machine = run.machine
            agents = run.agents
            startedAt = run.startedAt
            offsetSeconds = run.offset
            status = run.outcome
            level = run.level.name
        }
    }
}

extension SummaryDocument.FindingPart {
    init(_ finding: Verdict.Finding) {
        self.init(rule: finding.rule, level: finding.level.name, message: finding.message, remedy: finding.remedy)
    }
}
