import AgentModel
import Basis
import OpAMP
import Rollout

/// A part of a simulated fleet, run by one thread. Within a second its agents affect neither each other nor those of
/// other partitions: each runs through its own deadlines in the order of time, against a world that does not change.
/// What they do to the world are sums and a list of outcomes, taken at the second's end.
struct FleetPart {
    let model: FleetModel
    // Of the model, for each step.
    let revisions: RevisionTable
    let revisionOf: [UInt16]
    let reportSizes: [Int]
    let intervals: [Nanoseconds]
    /// The agents' numbers are `first ..< first + count`, or these, ascending.
    let first: UInt32
    let members: [UInt32]?
    var agents: [SimulatedAgent] = []
    /// Agents that a record does not hold, by their place.
    var whole: [UInt32: Agent] = [:]
    /// Whether the revisions are packages, and what the agents have of them.
    let isOfPackages: Bool
    /// Whether they are configurations, too, and how far each agent is with both parts of what it was offered last.
    let isOfBoth: Bool
    var parts: [RevisionParts]
    var packages = PackageStates()
    /// Of each agent the watched components that it last reported unhealthy, a bit each; empty: none is watched.
    var unhealthyComponents: [UInt8]
    /// How far each agent's clock is ahead as its server sees it; nil: it has not reported. Empty: clocks are right.
    var clockErrors: [Nanoseconds?]
    /// Work on packages that ended while the agent, by its place, had no connection.
    var unreported: [UInt32: PackagesEnd] = [:]
    /// Events of agents' own, by `SimulatedAgent.ownEvents`; the first entry is nobody's.
    var events = [OwnEvents()]
    var wheel: TimeWheel
    var window: WindowState
    var load: PartitionLoad
    /// What the server learned in this second.
    var outcomes: [AgentOutcome] = []
    private var order = OutcomeOrder()
    var effects = Effects()
    /// Where agents are awake.
    var woken: WokenAgent
    /// A sum over all events, so that their order does not matter.
    var eventHash: UInt64 = 0
    var eventCounts = [Int](repeating: 0, count: 32)
    /// Agents whose events are kept.
    let traced: Set<UInt32>
    var trace: [TracedEvent] = []
    /// The highest entry of the revision table that was offered to anybody.
    var newestEntry: UInt8 = 1
    /// Keeps reading ahead from being left out.
    private var lastRead: UInt64 = 0
    /// What an agent did that it must not do.
    var violations: [InvariantViolation] = []

    /// Whether every heartbeat is an event.
    let isEach: Bool
    /// Whether attempts to connect that can only fail are made before their time: not where the run may end before.
    let runsAhead: Bool
    let horizon: Instant

    /// Draws of a planted mistake.
    var sharedDraws: UInt32 = 0
    /// A mistake that a test has planted.
    let mistake: PlantedMistake?

    init(
        _ model: FleetModel, agents range: Range<Int>, traced: Set<UInt32>, runsToEnd: Bool, _ mistake: PlantedMistake?
    ) {
        self.mistake = mistake
        self.model = model
        (revisions, revisionOf, reportSizes) = (model.revisions, model.revisionOf, model.bytes.sizes)
        isOfPackages = model.world.packages != nil
        isOfBoth = isOfPackages && model.world.isOfBoth
        unhealthyComponents = Array(repeating: 0, count: model.world.watchedComponents.isEmpty ? 0 : range.count)
        clockErrors = Array(repeating: nil, count: model.clocks == nil ? 0 : range.count)
        parts = isOfBoth ? Array(repeating: RevisionParts(entry: 1), count: range.count) : []
        self.traced = traced
        members = model.world.members.map { Array($0[range]) }
        first = UInt32(range.lowerBound)
        intervals = model.intervals
        let seconds = Int(model.world.span.count / 1_000_000_000)
        let replicas = model.world.server.replicas
        wheel = TimeWheel(seconds: seconds)
        window = WindowState(replicas: replicas)
        let lengths = model.intervals.map { Int($0.count / 1_000_000_000) }
        // With an interval of many hours each heartbeat as an event costs less than a table of its seconds.
        isEach = model.world.heartbeats == .each || lengths.reduce(0, +) * replicas > Self.maxLoadBins
        runsAhead = runsToEnd && !isEach
        horizon = Instant.zero + .seconds(Int64(seconds))
        load = PartitionLoad(
            seconds: seconds, replicas: replicas, intervals: isEach ? lengths.map { _ in 1 } : lengths,
            heartbeatBytes: model.bytes.heartbeat)
        woken = WokenAgent(
            CompactAgent(running: 1, nextHeartbeat: .zero, sequenceNumber: 0), model.cohorts[0], model.revisions)
        agents.reserveCapacity(range.count)
        for place in 0..<range.count { begin(place) }
    }

    /// The number of the agent at a place.
    @inline(__always)
    func number(_ place: Int) -> UInt32 {
        // Without closures: one would copy the whole partition.
        if let members { return members[place] }
        return first + UInt32(place)
    }

    /// The revision of an entry of the table; 0 for none.
    @inline(__always)
    func revision(_ entry: UInt8) -> UInt16 { entry > 0 ? revisionOf[Int(entry) - 1] : 0 }

    /// The interval of the heartbeats of the agent at a place.
    @inline(__always)
    func interval(_ place: Int) -> Nanoseconds { intervals[Int(agents[place].interval)] }

    /// The place of an agent; nil where it is not of this partition. Logarithmic with members, else constant.
    func place(of agent: UInt32) -> Int? {
        guard let members else {
            return agent >= first && Int(agent - first) < agents.count ? Int(agent - first) : nil
        }
        var (low, high) = (0, members.count)
        while low < high {
            let middle = (low + high) / 2
            if members[middle] < agent { low = middle + 1 } else { high = middle }
        }
        return low < members.count && members[low] == agent ? low : nil
    }

    /// The fleet has been there for long: connected, on revision 0, or without a connection for a while.
    private mutating func begin(_ place: Int) {
        let agent = number(place)
        let draws = model.draws
        let interval = model.hasIntervals ? model.intervalNumber(of: agent) : 0
        let phase = draws.below(intervals[Int(interval)].count.magnitude, agent, .phase)
        let carrier = model.carriers.carrier(of: agent)
        let replica = UInt8(draws.below(UInt64(model.world.server.replicas), carrier, .replica))
        let record = CompactAgent(running: 1, nextHeartbeat: Instant(nanoseconds: phase), sequenceNumber: 3)
        agents.append(
            SimulatedAgent(
                record: record, replica: replica, groups: model.groups(of: agent), target: 1, delivered: 1,
                interval: interval))
        let polls = model.polls(agent)
        if polls { agents[place].flags.insert(.polls) }
        if model.carriers.isBehindGateway(agent) { joinGateway(place) }
        if draws.chance(model.world.offlineShare, agent, .fault) {
            var random = draws.stream(agent, .fault, 1)
            let time = model.world.offlineFrom + model.world.offlineTime.draw(&random)
            agents[place].record.disconnect(until: Instant.zero + time)
            if !polls { agents[place].flags.insert(.isReportedLost) }
        } else {
            if hasConnection(place) { load.connected[Int(replica)] += 1 }
            // It has said what it is before the rehearsal.
            if let clocks = model.clocks { clockErrors[place] = clocks.skew(of: agent) }
        }
        if model.hasOwnEvents { planOwnEvents(place) }
        resumeHeartbeats(place, after: .zero)
        let due = nextDue(place)
        if due < .distantFuture { schedule(place, due) }
    }

    /// What happens to the agent by itself, whatever it runs, is planned.
    private mutating func planOwnEvents(_ place: Int) {
        let agent = number(place)
        let draws = model.draws
        model.forEachChance(of: agent) { planChance(place, $0, after: .zero, number: 0) }
        model.forEachFlapping(of: agent) { fault, every in
            var random = draws.stream(carrier(place), .flap, 1)
            add(OwnEvent(at: .zero + every.draw(&random), kind: .flaps, rule: fault, number: 1), place)
        }
    }

    /// A fault of one agent: its process stops for a time.
    mutating func addStop(of agent: UInt32, at: Instant, lasting: Nanoseconds, fault: Int) {
        guard let place = place(of: agent) else { return }
        add(OwnEvent(at: at, kind: .stops(lasting: lasting), rule: fault, number: 0), place)
        schedule(place, nextDue(place))
    }

    mutating func add(_ event: OwnEvent, _ place: Int) {
        if agents[place].ownEvents == 0 {
            agents[place].ownEvents = UInt32(events.count)
            events.append(OwnEvents())
        }
        events[Int(agents[place].ownEvents)].add(event)
        agents[place].flags.insert(.hasEvents)
    }

    /// Puts the agent into the wheel. Its former entry stays there and is found not to hold.
    @inline(__always)
    mutating func schedule(_ place: Int, _ due: Instant) {
        guard due < horizon else {
            agents[place].due = .distantFuture
            return
        }
        agents[place].due = due
        let second = Int(due.nanoseconds / 1_000_000_000)
        wheel.append(UInt32(place), second: second)
        if agents[place].record.phase == .backingOff, !agents[place].isAttemptCounted { expectAttempt(place) }
    }

    /// The agent's next attempt to connect is known. It is counted once, however often the agent is looked at before.
    private mutating func expectAttempt(_ place: Int) {
        guard agents[place].groups & window.downGroups == 0, !agents[place].flags.contains(.isCutOff),
            hasConnection(place), agents[place].record.time < horizon
        else { return }
        agents[place].isAttemptCounted = true
        wheel.expectAttempt(second: Int(agents[place].record.time.nanoseconds / 1_000_000_000))
    }

    /// The attempt that the agent was going to make at a time will not be made, or can reach nobody.
    mutating func cancelAttempt(_ place: Int, at time: Instant) {
        guard agents[place].isAttemptCounted else { return }
        agents[place].isAttemptCounted = false
        wheel.cancelAttempt(second: Int(time.nanoseconds / 1_000_000_000))
    }

    /// Everything of this second: each agent for itself.
    mutating func run() {
        let due = wheel.take(second: window.second)
        for index in due.indices {
            readAhead(due[...], at: index, less: 0)
            let place = Int(due[index])
            // An agent may be there twice, or have been moved to a later second.
            guard agents[place].due < window.end else { continue }
            run(place)
        }
        wheel.recycle(due)
    }

    /// Puts what the server learned in this second into its order.
    mutating func sortOutcomes() { order.sort(&outcomes, from: window.start) }

    /// So many agents are read at once before they are run: they lie anywhere in memory, and the processor waits for
    /// all of them together.
    static let readAhead = 16

    /// Reads agents ahead, before the one at a place of a list is run.
    @inline(__always)
    mutating func readAhead(_ list: ArraySlice<UInt32>, at index: Int, less first: UInt32) {
        guard (index - list.startIndex) % Self.readAhead == 0 else { return }
        // An agent has parts of two lines of the cache.
        for entry in list[index..<min(index + Self.readAhead, list.endIndex)] {
            let place = Int(entry &- first)
            guard place < agents.count else { continue }
            lastRead ^= agents[place].record.time.nanoseconds ^ UInt64(agents[place].interval)
        }
    }

    private mutating func run(_ place: Int) {
        if agents[place].flags.contains(.isCounted), window.start > .zero {
            agents[place].record.sendSteadyHeartbeats(
                upTo: Instant(nanoseconds: window.start.nanoseconds - 1), every: interval(place))
        }
        var steps = 0
        while true {
            let due = nextDue(place)
            guard due < window.end else {
                schedule(place, failAhead(place) ? nextDue(place) : due)
                return
            }
            happen(place, at: max(due, window.start))
            steps += 1
            guard steps < Self.maxSteps else {
                violations.append(InvariantViolation(at: window.start, agent: number(place), kind: .doesNotMoveOn))
                agents[place].due = .distantFuture
                return
            }
        }
    }

    /// The most entries of the table of load.
    private static let maxLoadBins = 1 << 22

    /// More steps of one agent in one second are a fault of the simulation or of the agent.
    private static let maxSteps = 10_000

    /// Notes what happened to an agent.
    @inline(__always)
    mutating func note(_ place: Int, _ event: AgentEvent, at: Instant, _ revision: UInt16) {
        let agent = number(place)
        eventCounts[Int(event.rawValue)] += 1
        let what = UInt64(agent) << 32 | UInt64(event.rawValue) << 16 | UInt64(revision)
        eventHash &+= SeededRandom.mixed((at.nanoseconds &* 0x9E37_79B9_7F4A_7C15) ^ what)
        guard !traced.isEmpty, traced.contains(agent) else { return }
        trace.append(TracedEvent(at: at, agent: agent, event: event, revision: revision))
    }

    @inline(__always)
    mutating func tell(
        _ place: Int, _ kind: AgentOutcome.Kind, at: Instant, _ revision: UInt16, component: UInt8 = 0
    ) {
        var at = at
        if mistake == .agentsClocksAreBelieved, let clocks = model.clocks { at = at + clocks.skew(of: number(place)) }
        outcomes.append(
            AgentOutcome(
                at: at, agent: number(place), revision: Revision(revision), kind: kind, component: component))
    }
}
