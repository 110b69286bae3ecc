import Basis
import Rollout

/// Reduces a rehearsal that fails to few agents and few faults that fail in the same way.
///
/// What rules draw for agents is first written out, one fault for each agent and rule; it does not depend on which
/// other agents exist, so a part of the fleet is the same agents. Then small parts of the fleet are tried, from 25
/// agents on, with the plan scaled to their size: as many agents of each stage as its share, with more and more of
/// those that have faults, and with a larger canary. One that fails in the same way is reduced by delta debugging,
/// first its agents, then its faults, until neither list gets shorter.
public struct Shrinker: Sendable {
    /// What is left.
    public struct Outcome: Sendable {
        /// Fails as the first one did.
        public let rehearsal: Rehearsal
        public let failure: String
        public let agents: [UInt32]
        public let faults: [WorldFault]
        /// The agents and faults at the start.
        public let agentsBefore: Int
        public let faultsBefore: Int
        /// How often a rehearsal was run.
        public let runs: Int
    }

    /// The most runs.
    public var limit = 2_000
    /// The most agents of all runs together, in fleets of the first one's size.
    public var fleetLimit = 20

    public init() {}

    /// - Parameter failure: in what way a result fails, the same text for the same way; nil: it does not. The plan that
    ///   was run, scaled with its fleet, is that of the result's controllers.
    /// - Returns: `nil` where the rehearsal does not fail.
    public func shrink(_ rehearsal: Rehearsal, failure: @escaping (RehearsalResult) -> String?) -> Outcome? {
        var start = rehearsal
        start.world = rehearsal.world.withFaultsWrittenOut()
        start.partitions = 1
        start.traced = []
        start.stopsWithRollouts = false
        let agents = start.world.memberNumbers
        var search = ShrinkingSearch(
            wanted: "", runsLeft: limit - 2, agentsLeft: fleetLimit * agents.count, failure: failure)
        guard let wanted = failure(start.run()) else { return nil }
        search.wanted = wanted
        // What fails before the rollouts have ended need not go on to the end of the world.
        start.stopsWithRollouts = true
        if failure(start.run()) != wanted { start.stopsWithRollouts = false }
        var reduced = start
        var before: Int
        repeat {
            before = reduced.world.memberNumbers.count
            reduced = search.smaller(reduced)
        } while reduced.world.memberNumbers.count < before && !search.isOver
        search.simplify(&reduced)
        return Outcome(
            rehearsal: reduced, failure: wanted, agents: reduced.world.memberNumbers, faults: reduced.world.faults,
            agentsBefore: agents.count, faultsBefore: start.world.faults.count, runs: limit - search.runsLeft)
    }
}

/// Tries rehearsals that are smaller than one that fails.
struct ShrinkingSearch {
    var wanted: String
    private(set) var runsLeft: Int
    private var agentsLeft: Int
    private let failure: (RehearsalResult) -> String?

    /// The fleets that are tried first have so many agents, then twice as many, and so on.
    private static let smallest = 25
    /// From so many on a fleet is tried in proportion only.
    private static let large = 2_000
    /// With so few agents and faults nothing smaller is looked for.
    private static let enoughAgents = 100
    private static let enoughFaults = 5
    private static let canaryShares = [0.1, 0.25, 0.5]
    /// So few canaries are tried in small fleets.
    private static let fewCanaries = 2...5
    /// So many fleets of a size are reduced, where they need many faults.
    private static let maxAttempts = 3

    init(wanted: String, runsLeft: Int, agentsLeft: Int, failure: @escaping (RehearsalResult) -> String?) {
        self.wanted = wanted
        self.runsLeft = runsLeft
        self.agentsLeft = agentsLeft
        self.failure = failure
    }

    var isOver: Bool { runsLeft <= 0 || agentsLeft <= 0 }

    private mutating func fails(_ rehearsal: Rehearsal) -> Bool {
        guard !isOver else { return false }
        runsLeft -= 1
        agentsLeft -= max(rehearsal.world.members?.count ?? rehearsal.world.agents, 20)
        return failure(rehearsal.run()) == wanted
    }

    // MARK: - Smaller fleets

    /// The rehearsal with the smallest part of its fleet, of those that are tried, that fails in the same way, and
    /// without the agents and faults that it does not need. Where it needs many faults, larger parts are tried too.
    mutating func smaller(_ rehearsal: Rehearsal) -> Rehearsal {
        var best: Rehearsal?
        let count = rehearsal.world.memberNumbers.count
        if count > Self.smallest, let last = rehearsal.run().controllers.last {
            let sample = FleetSample(last, concerned: Set(rehearsal.world.faults.compactMap(\.agent)))
            var size = Self.smallest
            while size * 4 <= count * 3, !isOver, best == nil || size <= Self.enoughAgents {
                var attempts = 0
                for part in Self.parts(of: rehearsal, size, sample, last) where fails(part) {
                    let reduced = leavingOut(part)
                    if reduced.world.faults.count < best?.world.faults.count ?? .max { best = reduced }
                    if reduced.world.faults.count <= Self.enoughFaults { return reduced }
                    attempts += 1
                    if attempts == Self.maxAttempts { break }
                }
                size *= 2
            }
        }
        return best ?? leavingOut(rehearsal)
    }

    /// Fleets of about `size` agents, with the plan scaled to them: first those with few faults. Of these, as of the
    /// others, those that are most like the whole come first.
    private static func parts(
        of rehearsal: Rehearsal, _ size: Int, _ sample: FleetSample, _ last: RolloutController
    ) -> [Rehearsal] {
        var (few, many): ([Rehearsal], [Rehearsal]) = ([], [])
        var known: [[UInt32]: Rehearsal] = [:]
        for form in forms(of: rehearsal, size) {
            let agents = sample.agents(size, first: form.canaryShare, form.concerned)
            guard !agents.isEmpty else { continue }
            var part = known[agents] ?? rehearsal.keeping(agents)
            known[agents] = part
            let ratio = Double(agents.count) / Double(max(last.order.count, 1))
            for index in part.rollouts.indices {
                part.rollouts[index].plan = part.rollouts[index].plan.scaled(
                    by: ratio, selected: last.order.count, canaryShare: form.canaryShare,
                    keepsSamples: form.keepsSamples)
            }
            if form.scalesServer { part.world.server = part.world.server.scaled(by: ratio) }
            if part.world.faults.count <= enoughFaults { few.append(part) } else { many.append(part) }
        }
        return few + many
    }

    private struct Form {
        var scalesServer: Bool
        var keepsSamples: Bool
        var canaryShare: Double?
        var concerned: FleetSample.Concerned
    }

    /// In which forms fleets of a size are tried, the one that is most like the whole first.
    private static func forms(of rehearsal: Rehearsal, _ size: Int) -> [Form] {
        let hasCanary = rehearsal.rollouts.contains { $0.plan.canary != nil }
        let hasSamples = rehearsal.rollouts.contains { $0.plan.gates.contains { $0.minimumSample > 0 } }
        var shares: [Double?] = [nil]
        if hasCanary, size < large { shares += canaryShares.map(Optional.some) }
        if hasCanary, size <= enoughAgents { shares += fewCanaries.map { Double($0) / Double(size) } }
        var forms: [Form] = []
        for scalesServer in [false, true] {
            for keepsSamples in hasSamples ? [false, true] : [false] {
                for share in shares {
                    for concerned in FleetSample.Concerned.allCases where size < large || concerned == .inProportion {
                        forms.append(
                            Form(
                                scalesServer: scalesServer, keepsSamples: keepsSamples, canaryShare: share,
                                concerned: concerned))
                    }
                }
            }
        }
        return forms
    }

    // MARK: - Leaving out

    /// Without the agents and faults that can be left out while the failure stays.
    private mutating func leavingOut(_ start: Rehearsal) -> Rehearsal {
        var rehearsal = start
        var before: (Int, Int)
        repeat {
            before = (rehearsal.world.memberNumbers.count, rehearsal.world.faults.count)
            let whole = rehearsal
            let agents = minimized(whole.world.memberNumbers, limit: runsLeft) {
                !$0.isEmpty && fails(whole.keeping($0))
            }
            rehearsal = whole.keeping(agents)
            let fewer = rehearsal
            rehearsal.world.faults = minimized(fewer.world.faults, limit: runsLeft) {
                var candidate = fewer
                candidate.world.faults = $0
                return fails(candidate)
            }
        } while before != (rehearsal.world.memberNumbers.count, rehearsal.world.faults.count) && !isOver
        return rehearsal
    }

    /// Leaves out what is wrong with the world as a whole, where the failure stays.
    mutating func simplify(_ rehearsal: inout Rehearsal) {
        let edits: [(inout World) -> Void] = [
            { $0.offlineShare = 0 }, { $0.messageLoss = 0 }, { $0.controllerRestarts = [] },
            { $0.heartbeatGroups = [] },
        ]
        for edit in edits {
            var simpler = rehearsal
            edit(&simpler.world)
            if fails(simpler) { rehearsal = simpler }
        }
    }
}

extension Rehearsal {
    /// The same with only these agents, and without the faults of others.
    fileprivate func keeping(_ agents: [UInt32]) -> Rehearsal {
        var reduced = self
        reduced.world.members = agents
        reduced.fleet = fleet.keeping(agents)
        let left = Set(agents)
        reduced.world.faults = world.faults.filter { fault in fault.agent.map(left.contains) ?? true }
        return reduced
    }
}

extension World {
    /// The numbers of the agents that exist.
    fileprivate var memberNumbers: [UInt32] { members ?? (0..<UInt32(clamping: agents)).map { $0 } }

    /// The same world with what rules draw for agents as faults of single agents. Rules for some revisions stay.
    func withFaultsWrittenOut() -> World {
        var world = self
        let draws = KeyedDraws(seed: seed)
        let numbers = memberNumbers
        var written: [WorldFault] = []
        for (number, rule) in failures.enumerated() where rule.cause == .anyRevision || rule.cause == .chance {
            for agent in numbers where rule.agents?.contains(agent) != false {
                if draws.chance(rule.share, agent, .failure, UInt32(number)) {
                    written.append(.failure(agent: agent, rule.failure, cause: rule.cause))
                }
            }
            // It keeps its number, by which the draws of other rules go.
            world.failures[number].share = 0
        }
        if world.failures.allSatisfy({ $0.share == 0 }) { world.failures = [] }
        let carriers = Carriers(self)
        var order: UInt32 = 0
        for fault in faults {
            guard case .flapping(var flapping) = fault, flapping.agent == nil else {
                written.append(fault)
                continue
            }
            for agent in numbers where flapping.includes(carriers.carrier(of: agent), draws, order) {
                flapping.agent = agent
                written.append(.flapping(flapping))
            }
            order += 1
        }
        world.faults = written
        return world
    }
}
