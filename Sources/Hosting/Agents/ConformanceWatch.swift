import AgentModel
import Basis
import Metrics
import OpAMP

/// Reads all messages of a shard's agents, in both directions, and counts where an agent breaks a rule of the
/// specification's agent side.
///
/// Exists only in runs that request it: every message is decoded in full, and the state that a checker keeps of an
/// agent takes more memory than the agent. Confined to its shard.
final class ConformanceWatch {
    private let metrics: ShardMetrics
    private var checkers: [ObjectIdentifier: ConformanceChecker] = [:]
    /// The first violations found, up to `exampleLimit`; all are counted.
    private(set) var examples: [Violation] = []

    init(metrics: ShardMetrics) {
        self.metrics = metrics
        // So that a run without violations reports zero.
        metrics.count(named: Self.totalName, 0)
    }

    /// The link's connection is open.
    func opened(_ link: any FleetMember, at now: Instant) {
        // A link has one connection at a time, so the former one is gone.
        check(link) { checker in
            checker.gone()
            checker.opened(at: now)
        }
    }

    /// - Parameter bytes: the report, without the WebSocket message header.
    func sent(_ bytes: [UInt8], _ kind: ReportKind, on link: any FleetMember, at now: Instant) {
        check(link) { checker in
            // The first report of a life: what the process was before has ended.
            if kind == .first, let uid = Self.sender(of: bytes) { checker.restarted(uid) }
            checker.sent(bytes, at: now)
        }
    }

    /// Call before the agent receives it.
    func received(_ answer: RawSpan, on link: any FleetMember, at now: Instant) {
        // What cannot be read, the agent does not receive either.
        guard let answer = try? ServerToAgent(decoding: answer) else { return }
        check(link) { $0.received(answer, at: now) }
    }

    /// The agent's side closes the connection.
    func closed(_ link: any FleetMember) {
        check(link) { $0.closedByClient() }
    }

    private static func sender(of bytes: [UInt8]) -> InstanceUID? {
        (try? AgentToServerView(bytes.span.bytes))?.instanceUID.uid
    }

    private func check(_ link: any FleetMember, _ step: (inout ConformanceChecker) -> Void) {
        let id = ObjectIdentifier(link)
        let known = checkers[id]?.counts ?? [:]
        step(&checkers[id, default: Self.checker(for: link.agent.cohort.plan)])
        guard let counts = checkers[id]?.counts, counts != known else { return }
        for (rule, count) in counts {
            let found = UInt64(max(count - known[rule, default: 0], 0))
            guard found > 0 else { continue }
            metrics.count(named: Self.totalName, found)
            metrics.count(named: "violates_\(rule.rawValue)", found)
        }
        if examples.count < Self.exampleLimit, let latest = checkers[id]?.violations.last { examples.append(latest) }
    }

    /// Heartbeats may be late on a busy machine, and vary by the profile's jitter.
    private static func checker(for plan: CohortPlan) -> ConformanceChecker {
        let interval = max(plan.heartbeat.interval, longestInterval)
        return ConformanceChecker(
            maximumBytes: plan.maximumReportBytes, tolerance: lateness + interval.scaled(by: 2 * plan.heartbeat.jitter))
    }

    static let totalName = "conformance_violations"
    /// The limit of examples; the counts include all violations.
    private static let exampleLimit = 20
    private static let lateness = Nanoseconds.seconds(1)
    /// What servers usually offer at most; an offer is not known when the checker is made.
    private static let longestInterval = Nanoseconds.seconds(60)
}
