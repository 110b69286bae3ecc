import Basis
import Hosting
import Simulation

/// What happens to single agents during a rehearsal, in the order of the plan's time: they become unhealthy, are cut
/// off, crash, and that is over.
struct MishapAgenda {
    private enum Action {
        case begins(AgentFates.Mishap)
        case ends(AgentFates.Mishap)
    }

    private struct Entry {
        let at: Instant
        /// How many revisions the agent had applied when it was planned; nil: it happens whatever the agent applies.
        let applied: Int?
        let action: Action
    }

    private let fates: AgentFates
    /// The latest first.
    private var entries: [Entry] = []
    /// How many causes cut an agent off.
    private var cuts: [UInt32: Int] = [:]
    private var applied: [UInt32: Int] = [:]
    private var unhealthy: Set<UInt32> = []

    init(_ fates: AgentFates) { self.fates = fates }

    /// When the next thing happens.
    var next: Instant? { entries.last?.at }

    /// What happens by chance to these agents, from the rehearsal's start.
    mutating func planChance(_ agents: some Sequence<UInt32>) {
        for agent in agents {
            for mishap in fates.mishapsByChance(of: agent) {
                entries.append(Entry(at: .zero + mishap.after, applied: nil, action: .begins(mishap)))
            }
        }
        entries.sort { $0.at > $1.at }
    }

    /// An agent has applied an entry: what the former one did to it is over, what this one does is planned.
    mutating func applied(_ agent: UInt32, entry: Int, at now: Instant, _ commands: inout AgentCommands) {
        applied[agent, default: 0] += 1
        if unhealthy.remove(agent) != nil { commands.add(.healthIsRestored, agent) }
        for mishap in fates.mishaps(of: agent, appliedEntry: entry) {
            insert(Entry(at: now + mishap.after, applied: applied[agent], action: .begins(mishap)))
        }
    }

    /// What is due.
    mutating func perform(upTo now: Instant, _ clock: RehearsalClock, _ commands: inout AgentCommands) {
        while let entry = entries.last, entry.at <= now {
            entries.removeLast()
            switch entry.action {
            case .begins(let mishap):
                guard entry.applied == nil || entry.applied == applied[mishap.agent] else { continue }
                begin(mishap, at: entry.at, clock, &commands)
            case .ends(let mishap): end(mishap, at: entry.at, &commands)
            }
        }
    }

    private mutating func begin(
        _ mishap: AgentFates.Mishap, at now: Instant, _ clock: RehearsalClock, _ commands: inout AgentCommands
    ) {
        switch mishap.kind {
        case .unhealthy:
            unhealthy.insert(mishap.agent)
            commands.add(.collectorStops, mishap.agent)
        case .partUnhealthy(let part):
            unhealthy.insert(mishap.agent)
            commands.add(.fails(part), mishap.agent)
        case .cutOff: cut(mishap.agent, &commands)
        case .crash(let down):
            commands.add(.processStops(until: clock.machineTime(at: now + down)), mishap.agent)
            return planNext(after: mishap, at: now)
        }
        guard let lasts = mishap.lasts else { return }
        insert(Entry(at: now + lasts, applied: nil, action: .ends(mishap)))
    }

    private mutating func end(_ mishap: AgentFates.Mishap, at now: Instant, _ commands: inout AgentCommands) {
        switch mishap.kind {
        case .unhealthy: if unhealthy.contains(mishap.agent) { commands.add(.collectorStarts, mishap.agent) }
        case .partUnhealthy(let part):
            if unhealthy.contains(mishap.agent) { commands.add(.recovers(part), mishap.agent) }
        case .cutOff: restore(mishap.agent, &commands)
        case .crash: break
        }
        planNext(after: mishap, at: now)
    }

    private mutating func planNext(after mishap: AgentFates.Mishap, at now: Instant) {
        guard let next = fates.next(after: mishap) else { return }
        insert(Entry(at: now + next.after, applied: nil, action: .begins(next)))
    }

    /// One more cause cuts an agent off.
    mutating func cut(_ agent: UInt32, _ commands: inout AgentCommands) {
        cuts[agent, default: 0] += 1
        if cuts[agent] == 1 { commands.add(.cutOff, agent) }
    }

    /// One of the causes that cut an agent off is over.
    mutating func restore(_ agent: UInt32, _ commands: inout AgentCommands) {
        guard let count = cuts[agent] else { return }
        cuts[agent] = count > 1 ? count - 1 : nil
        if count == 1 { commands.add(.reachable, agent) }
    }

    /// Logarithmic to find the place, linear to make it.
    private mutating func insert(_ entry: Entry) {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].at > entry.at { low = middle + 1 } else { high = middle }
        }
        entries.insert(entry, at: low)
    }
}

/// Commands to agents that are given together.
struct AgentCommands {
    private(set) var list: [UInt64: [AgentCommand]] = [:]

    mutating func add(_ command: AgentCommand, _ agent: UInt32) { list[UInt64(agent), default: []].append(command) }
}
