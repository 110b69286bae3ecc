import Basis
import ControlPlane
import OpAMP
import Rollout
import Simulation

/// What the server of a rehearsal knows of its agents: turns observations into the controller's outcomes.
struct ObservedFleet {
    /// What is known of one agent.
    private struct Agent {
        var isConnected = false
        var hasConnected = false
        /// When the offer that is on its way was ordered.
        var ordered: Instant?
        /// The entry that it runs, and the one that it last said something about.
        var running = 0
        var last: (entry: Int, stage: OfferStage)?
        var sent: (entry: Int, at: Instant)?
        /// The watched components that it last reported unhealthy, a bit each.
        var unhealthy: UInt8 = 0
        /// How far its clock was ahead when it last reported its health, on the machine's clock.
        var clockError: Nanoseconds?
    }

    private let numbers: [InstanceUID: UInt32]
    private let offers: OfferTable
    private var agents: [Agent]
    /// Connections that are lost while the server is down are not observed by it.
    var isServerDown = false
    /// How many agents run the former revision, and how many have been connected.
    private(set) var ready = 0
    private(set) var connected = 0
    /// How often the new revision was sent.
    private(set) var pushes = 0
    /// From sending an offer to the first status about it, on the machine's clock.
    private(set) var roundTrips: [Nanoseconds] = []

    /// - Parameter uids: of the agents, by number.
    init(_ uids: [InstanceUID], _ offers: OfferTable) {
        self.offers = offers
        agents = Array(repeating: Agent(), count: uids.count)
        numbers = Dictionary(
            uids.enumerated().map { ($0.element, UInt32($0.offset)) }, uniquingKeysWith: { first, _ in first })
    }

    func number(of uid: InstanceUID) -> UInt32? { numbers[uid] }

    /// A server that is not the run's own was told to offer something to these agents: the round trips are from there
    /// to its arrival.
    mutating func ordered(_ agents: [UInt32], at now: Instant) {
        for agent in agents { self.agents[Int(agent)].ordered = now }
    }

    /// The outcome that an observation is; nil: none.
    mutating func outcome(_ observation: AgentObservation, _ clock: RehearsalClock?) -> AgentOutcome? {
        guard let number = numbers[observation.uid] else { return nil }
        let place = Int(number)
        let at = clock?.planTime(at: observation.at) ?? .zero
        func outcome(_ kind: AgentOutcome.Kind, _ entry: Int? = nil) -> AgentOutcome? {
            guard let revision = offers.revision(of: entry ?? max(agents[place].running, OfferTable.former)) else {
                return nil
            }
            return AgentOutcome(at: at, agent: number, revision: revision, kind: kind)
        }
        switch observation.kind {
        case .connected:
            let wasConnected = agents[place].isConnected
            agents[place].isConnected = true
            if !agents[place].hasConnected { connected += 1 }
            agents[place].hasConnected = true
            return wasConnected ? nil : outcome(.reconnected)
        case .disconnected:
            agents[place].isConnected = false
            return isServerDown ? nil : outcome(.disconnected)
        case .healthy: return outcome(.healthy)
        case .unhealthy: return outcome(.unhealthy)
        case .components: return nil
        case .clock(let time):
            let now = WallClock.unixNanoseconds(at: observation.at)
            agents[place].clockError = Nanoseconds(Int64(truncatingIfNeeded: time &- now))
            return nil
        case .sent(let number):
            let entry = offers.entry(ofNumber: Int(number))
            // What it says from now on is about this offer, even where it said the same before.
            agents[place].last = nil
            if let ordered = agents[place].ordered {
                if clock != nil { roundTrips.append(observation.at - ordered) }
                agents[place].ordered = nil
            } else {
                agents[place].sent = (entry, observation.at)
            }
            if entry > OfferTable.former { pushes += 1 }
            return nil
        case .status(let stage, let number, let matches):
            guard let entry = number.map({ offers.entry(ofNumber: Int($0)) }) else { return nil }
            if let sent = agents[place].sent, sent.entry == entry {
                // Before the rollout all agents are offered the former revision while they arrive.
                if clock != nil { roundTrips.append(observation.at - sent.at) }
                agents[place].sent = nil
            }
            if let last = agents[place].last, last == (entry, stage) { return nil }
            agents[place].last = (entry, stage)
            switch stage {
            case .applied, .converged:
                if entry == OfferTable.former, agents[place].running == 0 { ready += 1 }
                agents[place].running = entry
                return outcome(matches ? .applied : .mismatched, entry)
            case .failed:
                // One that ran it and crashed is back on the former revision.
                if agents[place].running == entry { agents[place].running = OfferTable.former }
                return outcome(.failed, entry)
            case .received, .applying, .superseded: return nil
            }
        }
    }

    /// How far the agents' clocks are off, in the plan's time; nil: none reported one.
    func clocks(_ clock: RehearsalClock) -> ClockFigures? {
        let errors = agents.compactMap { $0.clockError?.scaled(by: clock.speed) }
        // What a report takes is not told from what a clock is off: it is far below a second of the machine's clock.
        return errors.isEmpty ? nil : ClockFigures(errors, limit: Nanoseconds(seconds: clock.speed))
    }

    /// The outcomes that an observation of components is.
    mutating func componentOutcomes(_ observation: AgentObservation, _ clock: RehearsalClock?) -> [AgentOutcome] {
        guard case .components(let unhealthy) = observation.kind, let number = numbers[observation.uid] else {
            return []
        }
        let place = Int(number)
        let changed = agents[place].unhealthy ^ unhealthy
        agents[place].unhealthy = unhealthy
        guard changed != 0, let revision = offers.revision(of: max(agents[place].running, OfferTable.former)) else {
            return []
        }
        return (UInt8(0)..<8).filter { changed & 1 << $0 != 0 }.map { component in
            AgentOutcome(
                at: clock?.planTime(at: observation.at) ?? .zero, agent: number, revision: revision,
                kind: unhealthy & 1 << component != 0 ? .componentUnhealthy : .componentHealthy, component: component)
        }
    }

    /// Why agents that were offered the revision do not run what the controller means them to.
    func stragglers(_ controller: RolloutController) -> [StragglerCause: Int] {
        var counts: [StragglerCause: Int] = [:]
        for number in controller.order {
            let agent = agents[Int(number)]
            let target = controller.target(of: number)
            guard offers.revision(of: max(agent.running, OfferTable.former)) != target else { continue }
            let isAbout = agent.last.map { offers.revision(of: $0.entry) == target } ?? false
            let cause: StragglerCause
            switch agent.last?.stage {
            case .failed where isAbout: cause = .failed
            case _ where !agent.isConnected: cause = .offline
            case .applying where isAbout: cause = .applying
            default: cause = agent.sent == nil ? .notDelivered : .silent
            }
            counts[cause, default: 0] += 1
        }
        return counts
    }
}
