import AgentModel
import Basis
import OpAMP
import OrderedCollections
import Rollout

/// What all agents of a rehearsal have in common: the world, their cohorts, the revisions that are offered. It does not
/// change while the rehearsal runs.
struct FleetModel: Sendable {
    let world: World
    let draws: KeyedDraws
    /// The cohort of agents without failures, then one for each failure: they differ in when an agent crashes.
    let cohorts: [Cohort]
    let revisions: RevisionTable
    /// The revision that each entry of `revisions` is, from entry 1.
    let revisionOf: [UInt16]
    /// The failures: the world's rules, then the faults of single agents.
    let failures: [AgentFailure]
    let bytes: ReportByteTable
    /// The places in `failures` of the faults of single agents.
    private let ofAgent: [UInt32: [Int]]
    /// The server's answer to a report.
    let acknowledgement: ServerToAgent
    let interval: Nanoseconds

    /// The bytes of an answer without content, its uid included.
    static let answerBytes = 22

    /// - Parameter entries: the revision of each entry of the table, in order; the first is revision 0.
    init(world: World, entries: [UInt16]) {
        self.world = world
        draws = KeyedDraws(seed: world.seed)
        interval = max(Nanoseconds.seconds(world.heartbeatInterval.count / 1_000_000_000), .seconds(1))
        var failures = world.failures.map(\.failure)
        var ofAgent: [UInt32: [Int]] = [:]
        for case .failure(let agent, let failure) in world.faults {
            ofAgent[agent, default: []].append(failures.count)
            failures.append(failure)
        }
        self.failures = failures
        self.ofAgent = ofAgent
        let base = Self.plan(world, interval)
        cohorts =
            [Cohort(base, seed: world.seed, unixOrigin: 0, reportForm: .decided)]
            + failures.map { failure in
                var plan = base
                if case .crashes(let after) = failure { plan.faults.timeToDeath = after }
                return Cohort(plan, seed: world.seed, unixOrigin: 0, reportForm: .decided)
            }
        var revisions = RevisionTable(capabilities: [
            .acceptsStatus, .offersRemoteConfig, .acceptsEffectiveConfig,
        ])
        var revisionOf: [UInt16] = []
        for entry in entries {
            let body = Array("revision: \(entry)\n".utf8)
            let map = AgentConfigMap(configMap: ["rollout.yaml": AgentConfigFile(body: body, contentType: "text/yaml")])
            guard revisions.append(map, of: cohorts[0]) != nil else { break }
            revisionOf.append(entry)
        }
        self.revisions = revisions
        self.revisionOf = revisionOf
        bytes = ReportByteTable(base, revisions: revisions)
        acknowledgement = ServerToAgent(capabilities: revisions.capabilities)
    }

    private static func plan(_ world: World, _ interval: Nanoseconds) -> CohortPlan {
        var plan = CohortPlan(name: "rehearsal")
        plan.heartbeat = HeartbeatPlan(interval: interval)
        plan.reconnect = world.reconnect
        plan.restartTime = world.restartTime
        plan.zones = []
        plan.sizes.effectiveConfigBytes = world.configurationBytes
        plan.remoteConfig = RemoteConfigPlan(
            applyTime: world.applyTime, historyLimit: CompactAgent.historyLimit, watchers: [])
        return plan
    }

    /// The revision of an entry of the table; 0 for none.
    @inline(__always)
    func revision(_ entry: UInt8) -> UInt16 { entry > 0 ? revisionOf[Int(entry) - 1] : 0 }

    /// Calls `body` with the place of each failure that `agent` has with `revision`.
    @inline(__always)
    func forEachFailure(of agent: UInt32, _ revision: UInt16, _ body: (Int) -> Void) {
        for (number, rule) in world.failures.enumerated() {
            if case .revisions(let range) = rule.cause, !range.contains(revision) { continue }
            if has(agent, rule, number) { body(number) }
        }
        guard revision > 0, !ofAgent.isEmpty, let own = ofAgent[agent] else { return }
        for number in own { body(number) }
    }

    /// What the draws about a failure are numbered by: its kind, so that they do not depend on which other failures
    /// there are.
    func drawNumber(_ number: Int) -> UInt32 {
        switch failures[number] {
        case .failsToApply: return 0x80 << 16
        case .mismatches: return 0x81 << 16
        case .silent: return 0x82 << 16
        case .slow: return 0x83 << 16
        case .crashes: return 0x84 << 16
        case .unhealthy: return 0x85 << 16
        case .disconnects: return 0x86 << 16
        }
    }

    /// Whether the rule is about the agent.
    func has(_ agent: UInt32, _ rule: FailureRule, _ number: Int) -> Bool {
        guard rule.agents?.contains(agent) != false else { return false }
        return draws.chance(rule.share, agent, .failure, UInt32(number))
    }

    /// The faults that the agent's own state machines have with `revision`, and the cohort that it is of.
    func faults(of agent: UInt32, _ revision: UInt16) -> (Faults, cohort: Int) {
        var faults: UInt32 = 0
        var cohort = 0
        forEachFailure(of: agent, revision) { number in
            switch failures[number] {
            case .failsToApply: faults |= 1 << UInt32(Fault.failsToApply.rawValue)
            case .mismatches: faults |= 1 << UInt32(Fault.reportsOtherConfig.rawValue)
            case .silent: faults |= 1 << UInt32(Fault.ignoresOffers.rawValue)
            case .slow: faults |= 1 << UInt32(Fault.appliesSlowly.rawValue)
            case .crashes:
                faults |= 1 << UInt32(Fault.diesAfterApplying.rawValue)
                cohort = number + 1
            case .unhealthy, .disconnects: break
            }
        }
        return (Faults(rawValue: faults), cohort)
    }
}
