import Basis
import Dispatch
import Glibc
import Rollout
import Simulation

/// What rehearsals cost: the scenarios of the budgets, each in a process of its own so that the peak memory is its own.
/// Prints one line: the scenario, agents, partitions, wall and CPU seconds, peak memory, events, and the hash.
///
/// `RehearsalTable SCENARIO AGENTS [PARTITIONS] [each]`; scenarios are quiet, good, bad, restart, zone, packages and
/// day. `RehearsalTable seeds FIRST COUNT [AGENTS [SECONDS]]` runs drawn rehearsals with faults of every kind and
/// checks their invariants.
@main
enum RehearsalTable {
    static func main() {
        let arguments = CommandLine.arguments
        if arguments.count >= 4, arguments[1] == "seeds" { return manySeeds(arguments.dropFirst(2).map { UInt64($0) }) }
        guard arguments.count >= 3, let agents = Int(arguments[2]), agents > 0,
            var rehearsal = rehearsal(arguments[1], agents: agents)
        else {
            return print(
                "usage: RehearsalTable quiet|good|bad|restart|zone|packages|day AGENTS [PARTITIONS] [each]\n"
                    + "       RehearsalTable seeds FIRST COUNT [AGENTS [SECONDS]]")
        }
        rehearsal.partitions = arguments.count > 3 ? Int(arguments[3]) ?? 1 : 1
        if arguments.contains("each") { rehearsal.world.heartbeats = .each }
        let (wall, cpu) = (seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID))
        let result = rehearsal.run { count, body in DispatchQueue.concurrentPerform(iterations: count) { body($0) } }
        let figures = [
            "wall \(Nanoseconds(seconds: seconds(CLOCK_MONOTONIC) - wall))",
            "CPU \(Nanoseconds(seconds: seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu))",
            "peak \(peakMemory() / 1_024) MiB", "\(result.events) events",
            "\(result.busySeconds) busy seconds", "\(result.violations.count) violations",
            "hashes \(hex(result.hashes.decisions)) \(hex(result.hashes.events)) \(hex(result.hashes.state)) "
                + hex(result.hashes.load),
        ]
        print("\(arguments[1]) \(agents) x\(rehearsal.partitions): " + figures.joined(separator: ", "))
    }

    private static func manySeeds(_ numbers: [UInt64?]) {
        guard let first = numbers[0], let count = numbers[1] else { return print("FIRST and COUNT are numbers") }
        let agents = numbers.count > 2 ? Int(clamping: numbers[2] ?? 300) : 300
        let span = numbers.count > 3 ? Int64(clamping: numbers[3] ?? 1_800) : 1_800
        var many = ManySeeds(seeds: first..<first + count, agents: agents, span: span)
        let cpu = seconds(CLOCK_PROCESS_CPUTIME_ID)
        many.run()
        let time = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu
        print(
            "seeds \(many.seeds), \(agents) agents, \(span) s: \(many.events) events, CPU \(Nanoseconds(seconds: time)), "
                + "\(Int(Double(count) / time)) rehearsals a second, \(many.compared) compared with each heartbeat, "
                + "\(many.failures.count) failures; rollouts \(many.outcome)")
        for failure in many.failures { print(failure) }
    }

    private static let hour = Nanoseconds.seconds(3_600)

    private static func plan(_ agents: Int) -> RolloutPlan {
        var plan = RolloutPlan()
        plan.canary = CanaryPlan()
        var batches = BatchSettings()
        batches.size = .share(0.05)
        batches.growth = 1.5
        batches.soak = .seconds(600)
        batches.over = .seconds(Int64(max(agents / 40_000, 1)))
        plan.batches = batches
        plan.limits.agentTimeout = .seconds(900)
        var gate = GatePlan()
        gate.on = .failed
        gate.above = .share(0.2)
        gate.minimumSample = 20
        plan.gates = [gate]
        plan.onFailure = .rollBack
        plan.rollBack.over = .seconds(10)
        return plan
    }

    private static func rehearsal(_ name: String, agents: Int) -> Rehearsal? {
        let plan = plan(agents)
        var world = World(agents: agents)
        var rollouts = [RehearsedRollout(plan, begins: hour)]
        switch name {
        case "quiet": rollouts = []
        case "good": break
        case "bad": world.failures = [FailureRule(.failsToApply, share: 0.3)]
        case "restart": world.faults = [.replicaDown(replicas: nil, from: hour * 12, lasting: .seconds(20))]
        case "zone":
            world.groups = [AgentSet(count: agents) { $0 % 3 == 0 }]
            world.faults = [.outage(group: 0, from: hour + .seconds(1_500), lasting: .seconds(1_800))]
        case "packages":
            var work = PackageWork()
            (work.downloadFailures, work.hashFailures) = (0.01, 0.001)
            world.packages = work
        case "day":
            rollouts = (0..<10).map { RehearsedRollout(plan, begins: hour * (2 * $0) + .seconds(600)) }
            // Of ten revisions four are good.
            world.failures = [1, 2, 4, 5, 7, 8].map {
                FailureRule(.failsToApply, share: 0.3, cause: .revisions($0...$0))
            }
            world.groups = [AgentSet(count: agents) { $0 % 3 == 0 }]
            world.faults = [
                .flapping(FlappingAgents(share: 0.01, every: .uniform(.seconds(300), .seconds(900)))),
                .outage(group: 0, from: hour * 7, lasting: .seconds(1_800)),
                .replicaDown(replicas: nil, from: hour * 11, lasting: .seconds(20)),
                .replicaDown(replicas: nil, from: hour * 20, lasting: .seconds(20)),
            ]
        default: return nil
        }
        return Rehearsal(world: world, fleet: RolloutFleet(count: agents), rollouts: rollouts)
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// In KiB.
    private static func peakMemory() -> Int {
        var usage = rusage()
        getrusage(0, &usage)
        return usage.ru_maxrss
    }

    private static func hex(_ value: UInt64) -> String { String(value, radix: 16) }
}
