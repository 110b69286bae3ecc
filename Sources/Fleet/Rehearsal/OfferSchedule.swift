import Basis
import ControlPlane
import Hosting
import OpAMP
import Rollout

/// The controller's commands under way: which agents are offered what, and when.
struct OfferSchedule {
    private struct Course {
        let command: RolloutCommand
        let agents: [UInt32]
        var next = 0

        var due: Instant? { next < agents.count ? command.instant(next) : nil }
    }

    /// Agents that are offered an entry now; entry 1 takes the revision back.
    struct Batch {
        var entry: Int
        var agents: [UInt32]
    }

    private var courses: [Course] = []
    /// How often each agent was offered the revision again.
    private var attempts: [UInt32: Int] = [:]
    private let offers: OfferTable
    /// From the moment when an offer was due to its order to the server, on the machine's clock.
    private(set) var delays: [Nanoseconds] = []

    init(_ offers: OfferTable) { self.offers = offers }

    var isEmpty: Bool { courses.isEmpty }

    /// When the next offer is due.
    var next: Instant? { courses.compactMap(\.due).min() }

    mutating func add(_ command: RolloutCommand, _ agents: ArraySlice<UInt32>) {
        courses.append(Course(command: command, agents: Array(agents)))
    }

    /// The offers that are due, in the order of the commands.
    mutating func take(upTo now: Instant, _ clock: RehearsalClock) -> [Batch] {
        var batches: [Batch] = []
        let moment = clock.machineTime(at: now)
        for number in courses.indices {
            while let due = courses[number].due, due <= now {
                let agent = courses[number].agents[courses[number].next]
                courses[number].next += 1
                delays.append(max(moment - clock.machineTime(at: due), .zero))
                let entry = entry(for: agent, courses[number].command)
                if batches.last?.entry == entry {
                    batches[batches.count - 1].agents.append(agent)
                } else {
                    batches.append(Batch(entry: entry, agents: [agent]))
                }
            }
        }
        courses.removeAll { $0.due == nil }
        return batches
    }

    private mutating func entry(for agent: UInt32, _ command: RolloutCommand) -> Int {
        switch command.cause {
        case .rollBack: return OfferTable.former
        case .stage: return OfferTable.first
        case .retry:
            let attempt = attempts[agent, default: 0] + 1
            attempts[agent] = attempt
            return min(OfferTable.first + attempt, offers.entries.upperBound)
        }
    }
}

extension OpAMPServer {
    /// Makes the offers of a rehearsal: the former revision to all, the others to nobody yet.
    /// - Parameter uids: of the agents, by number.
    func offer(_ table: OfferTable, to uids: [InstanceUID]) {
        var agents: [Int: Set<InstanceUID>] = [:]
        for (number, uid) in uids.enumerated() {
            agents[table.variant(of: UInt32(number)), default: []].insert(uid)
        }
        var offers: [(Offer, Selection)] = []
        for entry in table.entries {
            for (variant, number) in table.numbers(of: entry).enumerated() {
                let everybody: Selection = agents.count > 1 ? .agents(agents[variant] ?? []) : .all
                offers.append((table.offer(ofNumber: number), entry == OfferTable.former ? everybody : .agents([])))
            }
        }
        let made = offers
        steer { registry, now, effects in
            for (offer, selection) in made { try? registry.offer(offer, to: selection, at: now, &effects) }
        }
    }

    /// Offers an entry to some agents of a variant.
    /// - Parameter pushes: at once; else with the answer to their next report.
    func offer(_ entry: Int, of table: OfferTable, to agents: [InstanceUID], variant: Int, pushes: Bool) {
        let number = table.numbers(of: entry)[variant]
        let others = table.entries.dropFirst().map { table.numbers(of: $0)[variant] }
        steer { registry, now, effects in
            guard entry == OfferTable.former else {
                try? registry.retarget(
                    .remoteConfig, revision: UInt32(number), adding: agents, pushes: pushes, at: now, &effects)
                return
            }
            for other in others {
                try? registry.retarget(
                    .remoteConfig, revision: UInt32(other), removing: agents, pushes: pushes && other == others.last,
                    at: now, &effects)
            }
        }
    }
}
