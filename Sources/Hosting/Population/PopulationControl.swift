import AgentModel
public import Basis
import Engine
import Metrics

/// The agents of some cohorts whose number follows a curve: a shard's part of them.
public struct PopulationPart {
    /// The numbers of the cohorts.
    let cohorts: Set<Int>
    /// The shard's agents of these cohorts, in the order in which they start; endless.
    let members: any IteratorProtocol<PlannedArrival>
    let curve: PopulationCurve
    /// When the curve begins.
    let start: Instant
    let shard: Int
    let shards: Int

    public init(
        cohorts: Set<Int>, members: any IteratorProtocol<PlannedArrival>, curve: PopulationCurve, start: Instant,
        shard: Int, of shards: Int
    ) {
        self.cohorts = cohorts
        self.members = members
        self.curve = curve
        self.start = start
        self.shard = shard
        self.shards = shards
    }
}

/// Keeps the number of agents of a part on its curve: starts new ones, and has some leave where they are too many.
/// Those that are gone for another reason are made up for.
///
/// An endpoint without a connection: only its timer is used. Confined to its shard.
final class PopulationControl: Endpoint, @unchecked Sendable {
    private unowned let host: AgentHost
    private let part: PopulationPart
    private var members: UpcomingAgents
    /// How many of the part are there.
    private var present = 0
    /// The agents that leave next, the first of them last; made once a stage.
    private var leavers: [any FleetMember] = []
    private var leaversStage: Int?
    /// How many there are to be in place of the curve's number: the user's, until it is nil again.
    private var fixed: Int?
    /// Since when agents are due that could not start in one turn.
    private var dueSince: Instant?

    init(host: AgentHost, part: PopulationPart) {
        self.host = host
        self.part = part
        members = UpcomingAgents(part.members)
        super.init(shard: host.shard)
    }

    func begin() { setTimer(at: part.start) }

    /// Has so many agents of the part on all shards together, whatever the curve says; nil: the curve again.
    func fix(_ agents: Int?) {
        fixed = agents.map { PopulationCurve.part(of: max($0, 0), shard: part.shard, of: part.shards) }
        setTimer(at: max(shard.now, part.start))
    }

    /// The most agents that the curve has at one time.
    var peak: Double { part.curve.peak }

    /// An agent of the shard is there no more.
    func left(_ link: any FleetMember) {
        guard part.cohorts.contains(link.agent.cohort.number) else { return }
        present -= 1
        setTimer(at: shard.now)
    }

    override func timerFired(due: Instant) {
        let offset = shard.now - part.start
        let wanted = fixed ?? part.curve.agents(at: offset, shard: part.shard, of: part.shards)
        var steps = 0
        let due = dueSince ?? due
        while present < wanted, steps < Self.batch, members.first(of: wanted - present, for: host) != nil {
            host.metrics.record(.schedulingDelay, Shard.clock - due)
            present += 1
            members.start(isPlanned: false, by: host)
            steps += 1
        }
        while present > wanted, steps < Self.batch, let link = nextLeaver(at: offset) {
            // `left` counts it.
            host.population.leave(link, by: leaving(at: offset))
            steps += 1
        }
        dueSince = steps == Self.batch ? due : nil
        if steps == Self.batch {
            setTimer(at: shard.now)
        } else if fixed != nil {
            cancelTimer()
        } else if let next = part.curve.nextChange(after: offset, shard: part.shard, of: part.shards) {
            setTimer(at: part.start + next)
        } else {
            cancelTimer()
        }
    }

    private func leaving(at offset: Nanoseconds) -> LeavePlan {
        part.curve.stage(at: offset).map { part.curve.stages[$0].leaving } ?? LeavePlan()
    }

    private func nextLeaver(at offset: Nanoseconds) -> (any FleetMember)? {
        let stage = part.curve.stage(at: offset)
        if stage != leaversStage {
            leavers = []
            leaversStage = stage
        }
        var isFresh = false
        while true {
            while let link = leavers.popLast() {
                if host.population.mayLeave(link) { return link }
            }
            guard !isFresh else { return nil }
            isFresh = true
            leavers = order(of: stage)
        }
    }

    /// The agents of the part in the order in which they leave, from the end.
    private func order(of stage: Int?) -> [any FleetMember] {
        let order = stage.map { part.curve.stages[$0].order } ?? .last
        let links = host.population.links.filter {
            part.cohorts.contains($0.agent.cohort.number) && host.population.mayLeave($0)
        }
        return LeaveDraw.order(links, order, &host.population.random)
    }

    /// How many agents start or leave before the shard looks at its sockets again.
    private static let batch = 32
}

/// Puts agents in an order.
enum LeaveDraw {
    /// The agents so that those that leave first are at the end.
    static func order(
        _ links: [any FleetMember], _ order: LeaveOrder, _ random: inout SeededRandom
    ) -> [any FleetMember] {
        switch order {
        case .last: return links
        case .drawn: return links.shuffled(using: &random)
        case .zone(let zone): return preferring(links, &random) { $0.zone == zone }
        case .attribute(let key, let text): return preferring(links, &random) { $0.reports(key, text) }
        }
    }

    private static func preferring(
        _ links: [any FleetMember], _ random: inout SeededRandom, _ isPreferred: (Agent) -> Bool
    ) -> [any FleetMember] {
        var shuffled = links.shuffled(using: &random)
        let second = shuffled.partition { isPreferred($0.agent) }
        return Array(shuffled[..<second]) + shuffled[second...]
    }
}
