import AgentModel
import Basis
import Engine
import HeapModule
import Metrics

/// The agents of a shard that have started and are not gone: which there are, when their time is over, and what takes
/// their place. Agents that are gone are released, so that a run of a million agents takes the memory of those that are
/// there at one time.
///
/// An endpoint without a connection: only its timer is used. Confined to its shard.
final class ShardPopulation: Endpoint, @unchecked Sendable {
    unowned let host: AgentHost
    /// In the order of their arrival, with some that are gone; those of one gateway as one.
    private var all: [any FleetMember] = []
    /// How many of `all` are gone.
    private var gone = 0
    /// How many have started and are not gone; one that is replaced counts until its replacement starts.
    private(set) var present = 0
    /// The agents that leave for good because the profile asks for it, with what takes their place.
    private var departing: [ObjectIdentifier: Nanoseconds?] = [:]
    /// What is due later.
    private var agenda = Heap<PopulationEntry>()
    private var entries: UInt64 = 0
    private var halfOpen = HalfOpenSockets()
    /// Agents of the end of a run in which agents come until its end: they had no time for an answer.
    private var late: Set<ObjectIdentifier> = []
    private var isDraining = false
    /// Whether agents start that were not planned beforehand.
    var hasUnplanned = false
    /// What else has to learn that an agent is gone: the parts whose number is controlled.
    var controls: [PopulationControl] = []
    var random: SeededRandom

    init(host: AgentHost, seed: UInt64) {
        self.host = host
        random = SeededRandom(seed: seed ^ 0x506F_7075_6C61, stream: 1)
        super.init(shard: host.shard)
    }

    /// Room for so many agents.
    func reserve(_ agents: Int) { all.reserveCapacity(agents) }

    /// The agents that are there.
    var links: [any FleetMember] { gone == 0 ? all : all.filter { !$0.isOver } }

    /// An agent is about to start.
    func begin(_ link: any FleetMember) {
        all.append(link)
        present += 1
        if let lifetime = link.agent.cohort.plan.lifetime {
            var random = SeededRandom(seed: link.agent.cohort.seed ^ 0x6C69_6665_7469_6D65, stream: link.agent.index)
            schedule(.endOfLife(link), at: shard.now + lifetime.span.draw(&random))
        }
    }

    /// A connection of an agent has been opened.
    func connected(_ link: any FleetMember) {
        guard let age = link.agent.cohort.plan.connectionAge else { return }
        schedule(.endOfConnection(link, begun: link.agent.connectionBegun), at: shard.now + age.span.draw(&random))
    }

    // MARK: - Leaving

    /// Whether the agent is there, and has not been asked to leave for good.
    func mayLeave(_ link: any FleetMember) -> Bool {
        !isDraining && !link.isOver && departing[ObjectIdentifier(link)] == nil
    }

    /// An agent leaves as a plan says.
    /// - Returns: whether there is one less from now on.
    @discardableResult
    func leave(_ link: any FleetMember, by plan: LeavePlan) -> Bool {
        guard mayLeave(link) else { return false }
        let method = plan.method(&random)
        switch plan.sequel {
        case .gone:
            depart(link, by: method, replacedAfter: nil)
            return true
        case .replaced(let pause):
            depart(link, by: method, replacedAfter: pause.draw(&random))
        case .back(let pause):
            host.asCohort(of: link) { host.metrics.count(.agentsAway) }
            let away = pause.draw(&random)
            link.leave(by: method, then: .back(after: away))
            if let lifetime = link.agent.cohort.plan.lifetime {
                schedule(.endOfLife(link), at: shard.now + away + lifetime.span.draw(&random))
            }
        }
        return false
    }

    private func depart(_ link: any FleetMember, by method: LeaveMethod, replacedAfter pause: Nanoseconds?) {
        departing[ObjectIdentifier(link)] = .some(pause)
        if pause == nil {
            present -= 1
            for control in controls { control.left(link) }
        }
        link.leave(by: method, then: .gone)
    }

    /// An agent's state machine has reached its end.
    func ended(_ link: any FleetMember) {
        guard !isDraining, link.isOver else { return }
        gone += 1
        let unanswered = link.unanswered
        if let pause = departing.removeValue(forKey: ObjectIdentifier(link)) {
            host.metrics.count(.agentsLeft)
            host.metrics.count(.agentsLeftUnanswered, unanswered)
            if let pause {
                let number = AgentNumber(link.agent.index).replacement
                schedule(.replacement(number, link.agent.cohort), at: shard.now + pause)
            }
        } else {
            // A fault has ended it.
            host.metrics.count(.agentsUnanswered, unanswered)
            present -= 1
            for control in controls { control.left(link) }
        }
        if gone > Self.keptGone, gone > all.count / 8 { compact() }
    }

    /// Releases the agents that are gone. Since it is done when they are an eighth, an agent costs eight looks.
    private func compact() {
        all.removeAll { $0.isOver }
        gone = 0
        agenda = Heap(agenda.unordered.filter { $0.isStillMeant })
    }

    private static let keptGone = 64

    // MARK: - What is due later

    func schedule(_ action: PopulationEntry.Action, at due: Instant) {
        entries &+= 1
        agenda.insert(PopulationEntry(due: due, number: entries, action: action))
        if agenda.min?.number == entries { setTimer(at: due) }
    }

    override func timerFired(due: Instant) {
        var performed = 0
        while let next = agenda.min, next.due <= shard.now, performed < Self.batch {
            agenda.removeMin()
            if next.isStillMeant, !isDraining { perform(next) }
            performed += 1
        }
        if let next = agenda.min, !isDraining { setTimer(at: next.due) }
    }

    private func perform(_ entry: PopulationEntry) {
        host.metrics.record(.schedulingDelay, shard.now - entry.due)
        switch entry.action {
        case .endOfLife(let link):
            if let lifetime = link.agent.cohort.plan.lifetime { leave(link, by: lifetime.leaving) }
        case .endOfConnection(let link, let begun):
            guard let age = link.agent.cohort.plan.connectionAge, link.agent.state.isOnline,
                link.agent.connectionBegun == begun
            else { return }
            host.asCohort(of: link) { host.metrics.count(named: "connections_aged") }
            link.leave(by: age.leaving.method(&random), then: .reconnects)
        case .endOfPartition(let link, let end): link.endPartition(end)
        case .noticePartition(let link, let end): link.noticePartition(end)
        case .replacement(let number, let cohort):
            present -= 1
            host.asCohort(cohort) { host.metrics.count(.agentsReplaced) }
            host.start(number.rawValue, cohort, isPlanned: false)
        }
    }

    /// So many are performed before the shard looks at its sockets again.
    private static let batch = 64

    // MARK: - Sockets that stay open

    /// Takes the socket of an agent that leaves it half-open.
    /// - Returns: false where there is none to take.
    func keepsSilent(_ connection: Endpoint) -> Bool {
        guard halfOpen.take(from: connection, ended: { [weak self] in self?.halfOpen.ended($0) }) else { return false }
        host.metrics.count(.connectionsHalfOpen)
        if halfOpen.resetsOldest() { host.metrics.count(named: "half_open_reset") }
        return true
    }

    // MARK: - The end

    /// The run ends: no agent is released, starts or leaves for another reason any more.
    /// - Returns: the agents that are there.
    func drains() -> [any FleetMember] {
        isDraining = true
        cancelTimer()
        for control in controls { control.cancelTimer() }
        for case .endOfPartition(let link, let end) in agenda.unordered.map(\.action) { link.endPartition(end) }
        agenda = Heap()
        all = links
        gone = 0
        if comesAndGoes {
            for link in all where link.unanswered > 0 && link.agent.state.isUnderWay {
                late.insert(ObjectIdentifier(link))
            }
        }
        return all
    }

    /// Whether agents come until the end of the run.
    private var comesAndGoes: Bool { !controls.isEmpty || hasUnplanned }

    /// Whether the agent had no time for an answer, because it came when the run ended.
    func isLate(_ link: any FleetMember) -> Bool { late.contains(ObjectIdentifier(link)) }

    /// Releases everything, after the shard has stopped.
    func forget() {
        all = []
        agenda = Heap()
        halfOpen = HalfOpenSockets()
        controls = []
    }
}

/// Something that is due for an agent at a time.
struct PopulationEntry: Comparable {
    enum Action {
        case endOfLife(any FleetMember)
        case endOfConnection(any FleetMember, begun: Instant?)
        case endOfPartition(any FleetMember, end: Instant)
        case noticePartition(any FleetMember, end: Instant)
        case replacement(AgentNumber, Cohort)
    }

    let due: Instant
    /// The order of entries that are due together.
    let number: UInt64
    let action: Action

    /// Whether its agent is still there.
    var isStillMeant: Bool {
        switch action {
        case .endOfLife(let link), .endOfConnection(let link, _): !link.isOver
        // A partition ends for the sockets of an agent that is gone, too.
        case .replacement, .endOfPartition, .noticePartition: true
        }
    }

    static func == (left: PopulationEntry, right: PopulationEntry) -> Bool { left.number == right.number }
    static func < (left: PopulationEntry, right: PopulationEntry) -> Bool {
        (left.due, left.number) < (right.due, right.number)
    }
}
