import AgentModel
import Basis
import OpAMP
import OrderedCollections
import Rollout

/// What all agents of a rehearsal have in common: the world, their cohorts, the revisions that are offered. It does not
/// change while the rehearsal runs.
final class FleetModel: Sendable {
    let world: World
    let draws: KeyedDraws
    /// The cohorts of agents without failures, one for each interval of heartbeats; then those of each failure that is
    /// a crash: they differ in when it comes.
    let cohorts: [Cohort]
    /// The first cohort of each failure.
    private let cohortOf: [Int]
    let revisions: RevisionTable
    /// The revision that each entry of `revisions` is, from entry 1.
    let revisionOf: [UInt16]
    /// The failures with their causes: the world's rules, then the different ones that single agents have.
    let failures: [Failure]
    let bytes: ReportByteTable
    /// The offers of packages, one for each entry; empty where the revisions are configurations.
    let packageOffers: [ServerToAgent]
    /// The world's rules that agents may have with each revision, by their places in `failures`.
    private let rulesOf: [[Int]]
    /// The places in `failures` of what single agents have.
    private let ofAgent: [UInt32: [Int]]
    /// The places of the faults that make agents flap: those of several agents, and those of single ones.
    private let flapping: [Int]
    private let flappingOf: [UInt32: [Int]]
    /// The different intervals of heartbeats; the first is the usual one.
    let intervals: [Nanoseconds]
    let carriers: Carriers
    /// Nil: all clocks are right.
    let clocks: WorldClocks?
    /// Whether agents may have another interval than the usual one.
    let hasIntervals: Bool
    /// Whether anything happens to agents by itself, whatever they run.
    let hasOwnEvents: Bool

    /// A failure, and what brings it about.
    struct Failure: Hashable, Sendable {
        var kind: AgentFailure
        var cause: FailureRule.Cause
    }

    private static let unixOrigin: UInt64 = 1_700_000_000_000_000_000

    /// The bytes of an answer without content, its uid included.
    static let answerBytes = 22

    /// - Parameter entries: the revision of each entry of the table, in order; the first is revision 0.
    init(world: World, entries: [UInt16]) {
        self.world = world
        draws = KeyedDraws(seed: world.seed)
        carriers = Carriers(world)
        clocks = world.clocks.isEmpty ? nil : WorldClocks(world)
        var intervals = [Self.wholeSeconds(world.heartbeatInterval)]
        for group in world.pollingGroups + world.heartbeatGroups {
            let interval = Self.wholeSeconds(group.interval)
            if !intervals.contains(interval) { intervals.append(interval) }
        }
        self.intervals = intervals
        (failures, ofAgent) = Self.failures(world)
        var (flapping, flappingOf): ([Int], [UInt32: [Int]]) = ([], [:])
        for (number, fault) in world.faults.enumerated() {
            guard case .flapping(let agents) = fault else { continue }
            if let agent = agents.agent {
                flappingOf[agent, default: []].append(number)
            } else {
                flapping.append(number)
            }
        }
        (self.flapping, self.flappingOf) = (flapping, flappingOf)
        hasIntervals = !world.pollingGroups.isEmpty || !world.heartbeatGroups.isEmpty
        let hasChances = failures.contains { $0.cause == .chance }
        hasOwnEvents = hasChances || !flapping.isEmpty || !flappingOf.isEmpty
        let base = Self.plan(world, intervals[0])
        var cohorts: [Cohort] = []
        func add(_ plan: CohortPlan) {
            for interval in intervals {
                var plan = plan
                plan.heartbeat = HeartbeatPlan(interval: interval)
                // Clocks that are behind must have time to be.
                let origin = plan.clockSkew == nil ? 0 : Self.unixOrigin
                cohorts.append(Cohort(plan, seed: world.seed, unixOrigin: origin, reportForm: .decided))
            }
        }
        add(base)
        cohortOf = failures.map { failure in
            guard let plan = FleetModel.plan(base, with: failure.kind, world) else { return 0 }
            add(plan)
            return cohorts.count - intervals.count
        }
        self.cohorts = cohorts
        var capabilities: ServerCapabilities = [.acceptsStatus, .offersRemoteConfig, .acceptsEffectiveConfig]
        if world.packages != nil { capabilities.formUnion([.offersPackages, .acceptsPackagesStatus]) }
        var revisions = RevisionTable(capabilities: capabilities)
        var revisionOf: [UInt16] = []
        for entry in entries {
            let body = Array("revision: \(entry)\n".utf8)
            let map = AgentConfigMap(configMap: ["rollout.yaml": AgentConfigFile(body: body, contentType: "text/yaml")])
            guard revisions.append(map, of: cohorts[0]) != nil else { break }
            revisionOf.append(entry)
        }
        self.revisions = revisions
        self.revisionOf = revisionOf
        let offered = world.packages == nil ? [] : revisionOf
        packageOffers = offered.enumerated().map { place, revision in
            var offer = PackageOffers.offer(entry: UInt8(place + 1), revision: revision, from: capabilities)
            if world.isOfBoth { offer.remoteConfig = revisions.offers[place].remoteConfig }
            return offer
        }
        rulesOf = (0...(revisionOf.max() ?? 0)).map { revision in
            world.failures.indices.filter { number in
                guard world.failures[number].share > 0 else { return false }
                guard case .revisions(let range) = world.failures[number].cause else { return true }
                return range.contains(revision)
            }
        }
        bytes = ReportByteTable(base, revisions: revisions)
    }

    private static func wholeSeconds(_ span: Nanoseconds) -> Nanoseconds {
        max(Nanoseconds.seconds(span.count / 1_000_000_000), .seconds(1))
    }

    /// Which of the intervals an agent has.
    func intervalNumber(of agent: UInt32) -> UInt8 {
        func isOf(_ group: HeartbeatInterval) -> Bool { group.agents?.contains(agent) != false }
        guard let group = world.pollingGroups.first(where: isOf) ?? world.heartbeatGroups.first(where: isOf) else {
            return 0
        }
        return UInt8(intervals.firstIndex(of: Self.wholeSeconds(group.interval)) ?? 0)
    }

    /// Whether an agent polls over plain HTTP.
    func polls(_ agent: UInt32) -> Bool {
        hasIntervals && world.pollingGroups.contains { $0.agents?.contains(agent) != false }
    }

    /// The groups that an agent belongs to, a bit each: behind a gateway those of the first agent there.
    func groups(of agent: UInt32) -> UInt8 {
        guard !world.groups.isEmpty else { return 0 }
        var groups: UInt8 = 0
        let carrier = carriers.carrier(of: agent)
        for (number, group) in world.groups.enumerated() where group.contains(carrier) { groups |= 1 << UInt8(number) }
        return groups
    }

    private static func failures(_ world: World) -> ([Failure], ofAgent: [UInt32: [Int]]) {
        var failures = world.failures.map { Failure(kind: $0.failure, cause: $0.cause) }
        var ofAgent: [UInt32: [Int]] = [:]
        var known: [Failure: Int] = [:]
        for case .failure(let agent, let kind, let cause) in world.faults {
            let failure = Failure(kind: kind, cause: cause)
            let place = known[failure] ?? failures.count
            if place == failures.count {
                known[failure] = place
                failures.append(failure)
            }
            ofAgent[agent, default: []].append(place)
        }
        return (failures, ofAgent)
    }

    private static func plan(_ world: World, _ interval: Nanoseconds) -> CohortPlan {
        var plan = CohortPlan(name: "rehearsal")
        plan.heartbeat = HeartbeatPlan(interval: interval)
        plan.reconnect = world.reconnect
        plan.restartTime = world.restartTime
        plan.zones = []
        plan.sizes.effectiveConfigBytes = world.configurationBytes
        plan.healthGroups = world.components
        if !world.clocks.isEmpty {
            let clocks = WorldClocks(world)
            plan.clockSkew = { clocks.skew(of: UInt32(truncatingIfNeeded: $0)) }
        }
        plan.remoteConfig = RemoteConfigPlan(
            applyTime: world.applyTime, historyLimit: CompactAgent.historyLimit, watchers: [])
        guard let packages = world.packages else { return plan }
        plan.capabilities.formUnion([.acceptsPackages, .reportsPackageStatuses])
        plan.packages = PackagePlan(
            installed: PackageOffers.installed, downloadTime: packages.downloadTime, fileBytes: packages.fileBytes,
            installTime: packages.installTime,
            odds: PackagePlan.FailureOdds(
                download: packages.downloadFailures, contentHash: packages.hashFailures,
                install: packages.installFailures))
        return plan
    }

    /// The plan of agents with a failure; nil: that of the others.
    private static func plan(_ base: CohortPlan, with failure: AgentFailure, _ world: World) -> CohortPlan? {
        var plan = base
        switch failure {
        case .crashes(let after) where !isOfPackagesOnly(world): plan.faults.timeToDeath = after
        case .failsToApply where isOfPackagesOnly(world): plan.packages.odds.install = 1
        case .failsToInstall where world.packages != nil: plan.packages.odds.install = 1
        case .failsToApply, .failsToInstall, .mismatches, .silent, .slow, .crashes, .unhealthy, .partUnhealthy,
            .disconnects:
            return nil
        }
        return plan
    }

    private static func isOfPackagesOnly(_ world: World) -> Bool { world.packages != nil && !world.isOfBoth }

    /// The revision of an entry of the table; 0 for none.
    @inline(__always)
    func revision(_ entry: UInt8) -> UInt16 { entry > 0 ? revisionOf[Int(entry) - 1] : 0 }

    /// Calls `body` with the place of each failure that `agent` has with `revision`.
    @inline(__always)
    func forEachFailure(of agent: UInt32, _ revision: UInt16, _ body: (Int) -> Void) {
        for number in rulesOf[Int(revision)] where has(agent, world.failures[number], number) { body(number) }
        guard !ofAgent.isEmpty, let own = ofAgent[agent] else { return }
        for number in own {
            if case .revisions(let range) = failures[number].cause, !range.contains(revision) { continue }
            body(number)
        }
    }

    /// Calls `body` with the place of each failure that comes to `agent` by chance.
    func forEachChance(of agent: UInt32, _ body: (Int) -> Void) {
        for (number, rule) in world.failures.enumerated() where rule.cause == .chance && has(agent, rule, number) {
            body(number)
        }
        for number in ofAgent[agent] ?? [] where failures[number].cause == .chance { body(number) }
    }

    /// Calls `body` with the place of each fault that makes `agent` flap.
    func forEachFlapping(of agent: UInt32, _ body: (Int, _ every: Distribution) -> Void) {
        for (order, number) in flapping.enumerated() {
            guard case .flapping(let flapping) = world.faults[number],
                flapping.includes(carriers.carrier(of: agent), draws, UInt32(order))
            else { continue }
            body(number, flapping.every)
        }
        for number in flappingOf[agent] ?? [] {
            if case .flapping(let flapping) = world.faults[number] { body(number, flapping.every) }
        }
    }

    /// What the draws about a failure are numbered by: its kind, so that they do not depend on which other failures
    /// there are.
    func drawNumber(_ number: Int) -> UInt32 {
        switch failures[number].kind {
        case .failsToApply: return 0x80 << 16
        case .mismatches: return 0x81 << 16
        case .silent: return 0x82 << 16
        case .slow: return 0x83 << 16
        case .crashes: return 0x84 << 16
        case .unhealthy: return 0x85 << 16
        case .disconnects: return 0x86 << 16
        case .failsToInstall: return 0x87 << 16
        case .partUnhealthy(.root, _, _): return 0x88 << 16
        case .partUnhealthy(.component(let name), _, _):
            // Components of one agent draw apart.
            return (0x89 + UInt32(FNV1a.hash(name.utf8) % 0x60)) << 16
        }
    }

    /// Whether the rule is about the agent.
    func has(_ agent: UInt32, _ rule: FailureRule, _ number: Int) -> Bool {
        guard rule.agents?.contains(agent) != false else { return false }
        return draws.chance(rule.share, agent, .failure, UInt32(number))
    }

    /// The faults that the agent's own state machines have with an entry's revision, and the first cohort for them.
    /// - Parameter isOfPackages: whether the step is about packages, not about a configuration.
    @inline(__always)
    func faults(of agent: UInt32, entry: UInt8, isOfPackages: Bool) -> (Faults, cohort: Int) {
        let revision = revision(entry)
        guard !rulesOf[Int(revision)].isEmpty || !ofAgent.isEmpty else { return ([], 0) }
        return faults(of: agent, revision, isOfPackages: isOfPackages)
    }

    func faults(of agent: UInt32, _ revision: UInt16, isOfPackages: Bool = false) -> (Faults, cohort: Int) {
        let isOfPackagesOnly = Self.isOfPackagesOnly(world)
        var faults: UInt32 = 0
        var cohort = 0
        forEachFailure(of: agent, revision) { number in
            switch failures[number].kind {
            case .failsToApply:
                faults |= 1 << UInt32(Fault.failsToApply.rawValue)
                if isOfPackagesOnly { cohort = cohortOf[number] }
            case .failsToInstall: if isOfPackages || isOfPackagesOnly { cohort = cohortOf[number] }
            case .mismatches: faults |= 1 << UInt32(Fault.reportsOtherConfig.rawValue)
            case .silent: faults |= 1 << UInt32(Fault.ignoresOffers.rawValue)
            case .slow: faults |= 1 << UInt32(Fault.appliesSlowly.rawValue)
            case .crashes:
                guard failures[number].cause != .chance, !isOfPackagesOnly else { return }
                faults |= 1 << UInt32(Fault.diesAfterApplying.rawValue)
                if !isOfPackages { cohort = cohortOf[number] }
            case .unhealthy, .partUnhealthy, .disconnects: break
            }
        }
        return (Faults(rawValue: faults), cohort)
    }
}
