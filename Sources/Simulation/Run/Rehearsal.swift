import AgentModel
public import Basis
public import Rollout

/// One rollout of a rehearsal.
public struct RehearsedRollout: Sendable {
    public var plan: RolloutPlan
    /// When it begins.
    public var begins: Nanoseconds

    public init(_ plan: RolloutPlan, begins: Nanoseconds) {
        self.plan = plan
        self.begins = begins
    }
}

/// Rollouts rehearsed in virtual time: the controllers of their plans, one after the other, with a fleet of simulated
/// agents and the world between them. A run is decided by its world's seed alone: the same on any machine and with any
/// number of threads.
///
/// The world goes on by seconds. At the start of each, the controller acts on its deadlines and the world's faults
/// begin and end; then the agents run, each for itself; then the controller receives what became of them, in the order
/// of time. A command takes effect at the next second's start at the earliest. Seconds in which nothing is due are left
/// out: only their heartbeats are counted.
public struct Rehearsal: Sendable {
    /// Calls `body` with each number below `count`, at the same time where it can, and returns when all are done.
    public typealias Concurrently = @Sendable (_ count: Int, _ body: @Sendable (Int) -> Void) -> Void

    /// Without other threads.
    public static let oneAfterTheOther: Concurrently = { count, body in
        for number in 0..<count { body(number) }
    }

    public var world: World
    public var fleet: RolloutFleet
    public var rollouts: [RehearsedRollout]
    /// The fleet is run in so many parts.
    public var partitions = 1
    /// Agents whose events are kept.
    public var traced: Set<UInt32> = []
    /// Whether the run ends at the first violation.
    public var stopsAtViolation = false
    /// Whether the run ends with its last rollout; else the fleet goes on to the end of the world's span.
    public var stopsWithRollouts = false

    /// For tests of the checks: a mistake that the derived form of heartbeats makes.
    var mistake: PlantedMistake?
    /// For tests of shrinking: outcomes that the controller does not receive, as if it had a fault.
    var hidden: (@Sendable (AgentOutcome) -> Bool)?
    /// For tests of the checks: agents that a command leaves out, as if the controller had forgotten them.
    var forgotten: (@Sendable (RolloutCommand, UInt32) -> Bool)?

    public init(world: World, fleet: RolloutFleet, rollouts: [RehearsedRollout]) {
        self.world = world
        self.fleet = fleet
        self.rollouts = rollouts
    }

    /// One plan in its own world.
    /// - Parameter seed: decides everything that is drawn; the plan's own by default.
    public init(_ plan: RolloutPlan, seed: UInt64? = nil) {
        let seed = seed ?? plan.seed
        let fleet = plan.world.fleet(seed: seed)
        self.init(
            world: World(plan, fleet: fleet, seed: seed), fleet: fleet,
            rollouts: [RehearsedRollout(plan, begins: plan.world.begin)])
    }

    /// Runs it. Linear in the agents and in what happens to them; heartbeats at rest cost nothing.
    public func run(concurrently: @escaping Concurrently = Self.oneAfterTheOther) -> RehearsalResult {
        var run = RehearsalRun(self, concurrently)
        return run.play()
    }
}

/// A partition that one thread at a time works on.
final class PartitionSlot: @unchecked Sendable {
    // The coordinator and the thread that runs the partition take turns; `Concurrently` returns when all are done.
    @exclusivity(unchecked) var partition: FleetPart

    init(_ partition: FleetPart) { self.partition = partition }
}

/// A rehearsal under way.
struct RehearsalRun {
    let rehearsal: Rehearsal
    let concurrently: Rehearsal.Concurrently
    let model: FleetModel
    let slots: [PartitionSlot]
    let seconds: Int
    var controllers: [RolloutController] = []
    var decisions: [RehearsalDecision] = []
    var output = RolloutOutput()
    var journal: ControllerJournal
    /// Commands that take effect at the start of the next second.
    var pending: [(rollout: Int, command: RolloutCommand)] = []
    var window: WindowState
    var server: ServerModel
    var faults: FaultSchedule
    var downCounts = [Int](repeating: 0, count: World.maxGroups)
    var replicaDownCounts: [Int]
    var cutCounts: [Int]
    var violations: [InvariantViolation] = []
    var passed = 0
    var lastEvents = 0
    /// Keeps reading ahead from being left out.
    var lastRead: UInt16 = 0

    init(_ rehearsal: Rehearsal, _ concurrently: @escaping Rehearsal.Concurrently) {
        self.rehearsal = rehearsal
        self.concurrently = concurrently
        var entries: [UInt16] = [0]
        for (number, rollout) in rehearsal.rollouts.enumerated() {
            for _ in 0...min(rollout.plan.retry.count, 15) { entries.append(UInt16(number + 1)) }
        }
        let model = FleetModel(world: rehearsal.world, entries: entries)
        self.model = model
        let world = rehearsal.world
        seconds = Int(world.span.count / 1_000_000_000)
        let total = world.members?.count ?? world.agents
        let count = max(min(rehearsal.partitions, total), 1)
        let (traced, mistake) = (rehearsal.traced, rehearsal.mistake)
        let runsToEnd = !rehearsal.stopsAtViolation && !rehearsal.stopsWithRollouts
        let made = MadeSlots(count)
        concurrently(count) { number in
            let range = total * number / count..<total * (number + 1) / count
            let part = FleetPart(model, agents: range, traced: traced, runsToEnd: runsToEnd, mistake)
            made.slots[number].set(PartitionSlot(part))
        }
        slots = made.slots.compactMap(\.slot)
        window = WindowState(replicas: world.server.replicas)
        server = ServerModel(world.server)
        journal = ControllerJournal(restarts: world.controllerRestarts)
        faults = FaultSchedule(world.faults)
        replicaDownCounts = Array(repeating: 0, count: world.server.replicas)
        cutCounts = Array(repeating: 0, count: world.server.replicas * World.maxGroups)
        for (number, fault) in world.faults.enumerated() {
            guard case .stop(let agent, let at, let lasting) = fault else { continue }
            for slot in slots {
                slot.partition.addStop(of: agent, at: .zero + at, lasting: lasting, fault: number)
            }
        }
    }

    mutating func play() -> RehearsalResult {
        var second = 0
        while second < seconds {
            begin(second)
            runAgents()
            receiveOutcomes()
            passed += 1
            if rehearsal.stopsAtViolation, !violations.isEmpty { break }
            if rehearsal.stopsWithRollouts, isOver { break }
            let next = nextSecond(after: second)
            passQuietSeconds(second + 1..<next)
            second = next
        }
        return result(at: min(second, seconds))
    }

    // MARK: - A second

    private mutating func begin(_ second: Int) {
        window.second = second
        window.start = Instant(nanoseconds: UInt64(second) * 1_000_000_000)
        window.end = Instant(nanoseconds: UInt64(second + 1) * 1_000_000_000)
        let lost = beginFaults(second)
        let unchanged = min(faults.nextSecond ?? seconds, seconds)
        window.unchangedUntil = Instant(nanoseconds: UInt64(unchanged) * 1_000_000_000)
        advanceControllers()
        window.upReplicas = window.isReplicaDown.indices.filter { !window.isReplicaDown[$0] }.map { UInt8($0) }
        var expected = 0
        for slot in slots {
            expected += Int(slot.partition.wheel.attempts[second])
            for replica in lost.replicas { expected += slot.partition.load.connected[replica] }
        }
        server.fill(&window, expected: expected) { replica in
            slots.reduce(0) { $0 + $1.partition.load.connected[replica] }
        }
        let commands = pending.map { pending in
            let controller = controllers[pending.rollout]
            let revision = pending.command.revision.number
            let entry = (model.revisionOf.firstIndex(of: revision) ?? 0) + 1
            let last = (model.revisionOf.lastIndex(of: revision) ?? 0) + 1
            var agents = controller.agents(of: pending.command)
            if let forgotten = rehearsal.forgotten { agents = agents.filter { !forgotten(pending.command, $0) }[...] }
            return FleetCommand(
                command: pending.command, agents: agents, entry: UInt8(entry), lastEntry: UInt8(last))
        }
        pending.removeAll(keepingCapacity: true)
        let (state, isLarge) = (window, !commands.isEmpty || !lost.isEmpty || lastEvents > Self.manyEvents)
        let work: @Sendable (FleetPart.Work) -> Void = { $0.begin(state, commands, lost) }
        each(isLarge: isLarge) { slot in work(FleetPart.Work(slot)) }
    }

    /// From so many events in a second on, the partitions run at the same time.
    private static let manyEvents = 1_000

    private mutating func runAgents() {
        each(isLarge: lastEvents > Self.manyEvents) { slot in
            slot.partition.run()
            slot.partition.load.leave()
            if slot.partition.mistake != .outcomesAreNotSorted { slot.partition.sortOutcomes() }
        }
        var events = 0
        for slot in slots {
            events += slot.partition.outcomes.count
            if !slot.partition.violations.isEmpty {
                violations += slot.partition.violations
                slot.partition.violations.removeAll()
            }
        }
        lastEvents = events
        for replica in 0..<rehearsal.world.server.replicas {
            server.pass(
                replica, reports: slots.reduce(0) { $0 + $1.partition.load.arrivals[replica] },
                accepted: slots.reduce(0) { $0 + $1.partition.load.accepted[replica] })
        }
    }

    private func each(isLarge: Bool, _ body: @Sendable (PartitionSlot) -> Void) {
        let slots = slots
        if slots.count > 1, isLarge {
            concurrently(slots.count) { body(slots[$0]) }
        } else {
            for slot in slots { body(slot) }
        }
    }

    // MARK: - Between seconds

    private mutating func passQuietSeconds(_ quiet: Range<Int>) {
        let isEach = rehearsal.world.heartbeats == .each
        for second in quiet where second < seconds {
            for replica in 0..<rehearsal.world.server.replicas {
                let reports =
                    isEach
                    ? 0 : slots.reduce(0) { $0 + $1.partition.load.heartbeats(second: second, replica: replica) }
                server.pass(replica, reports: reports, accepted: 0)
            }
        }
    }

    private func nextSecond(after second: Int) -> Int {
        var next = seconds
        if let fault = faults.nextSecond { next = min(next, max(fault, second + 1)) }
        if !pending.isEmpty { next = min(next, second + 1) }
        if let deadline = nextControllerSecond { next = min(next, max(deadline, second + 1)) }
        for slot in slots { next = min(next, slot.partition.wheel.next(after: second)) }
        return max(next, second + 1)
    }
}

/// A command with what the partitions need to know of it.
struct FleetCommand: Sendable {
    let command: RolloutCommand
    let agents: ArraySlice<UInt32>
    let entry: UInt8
    let lastEntry: UInt8
}

/// Whose connections are lost at the start of a second.
struct LostConnections: Sendable {
    var groups: UInt8 = 0
    var replicas: [Int] = []
    /// Pairs of groups and a replica.
    var cuts: [(groups: UInt8, replica: Int)] = []

    var isEmpty: Bool { groups == 0 && replicas.isEmpty && cuts.isEmpty }
}

extension FleetPart {
    /// What a partition does at the start of a second.
    struct Work {
        private let slot: PartitionSlot

        init(_ slot: PartitionSlot) { self.slot = slot }

        func begin(_ state: WindowState, _ commands: [FleetCommand], _ lost: LostConnections) {
            slot.partition.enter(state)
            if lost.groups != 0 {
                slot.partition.loseConnections(within: .seconds(1)) { $0.groups & lost.groups != 0 }
            }
            for replica in lost.replicas {
                slot.partition.loseConnections(within: .milliseconds(50)) { Int($0.replica) == replica }
            }
            for cut in lost.cuts {
                slot.partition.loseConnections(within: .seconds(1)) {
                    Int($0.replica) == cut.replica && $0.groups & cut.groups != 0
                }
            }
            for command in commands {
                slot.partition.execute(
                    command.command, command.agents, entry: command.entry, lastEntry: command.lastEntry)
            }
        }
    }
}

/// Where threads put the partitions that they have made.
private struct MadeSlots: Sendable {
    final class Place: @unchecked Sendable {
        // Written by one thread, read when all are done.
        private(set) var slot: PartitionSlot?

        func set(_ slot: PartitionSlot) { self.slot = slot }
    }

    let slots: [Place]

    init(_ count: Int) { slots = (0..<count).map { _ in Place() } }
}
