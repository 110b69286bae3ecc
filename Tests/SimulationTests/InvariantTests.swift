import Basis
import Rollout
import Testing

@testable import Simulation

@Suite("Whole rehearsals with random plans, worlds and faults")
struct WholeSystemTests {
    @Test("What must not happen does not", arguments: 0..<UInt64(4))
    func invariants(block: UInt64) {
        for seed in block * 8 + 1_000..<block * 8 + 1_005 {
            let rehearsal = DrawnRehearsal.make(seed: seed, agents: 80, span: 1_800)
            let result = rehearsal.run()
            #expect(result.violations.isEmpty, "seed \(seed): \(result.violations)")
            for controller in result.controllers {
                let tally = controller.tally
                #expect(tally.offered <= controller.order.count && tally.restored <= tally.takenBack, "seed \(seed)")
            }
        }
    }

    @Test(
        "Offers to agents without a connection, and crashes, do not change how many attempts a server expects",
        arguments: 1...UInt64(4), [false, true])
    func attemptsAreCountedOnce(seed: UInt64, crashes: Bool) {
        var world = World(agents: 20, seed: seed)
        world.span = .seconds(600)
        (world.server.replicas, world.server.acceptsPerSecond, world.server.acceptQueue) = (1, 1, 2)
        // The rollout begins while nobody can connect; then all do.
        world.faults = [.replicaDown(replicas: nil, from: .seconds(100), lasting: .seconds(120))]
        if crashes {
            let span = Distribution.uniform(.seconds(5), .seconds(60))
            world.failures = [FailureRule(.crashes(after: span), share: 0.5, cause: .chance)]
        }
        let rollout = RehearsedRollout(RolloutPlan(), begins: .seconds(crashes ? 590 : 150))
        var rehearsal = Rehearsal(world: world, fleet: RolloutFleet(count: 20), rollouts: [rollout])
        let derived = rehearsal.run()
        rehearsal.world.heartbeats = .each
        #expect(rehearsal.run().hashes == derived.hashes)
        #expect((derived.eventCounts[.refused] ?? 0) > 40)
    }

    @Test("A fault that is left out changes no other agent, before a server that nobody waits for")
    func isolation() {
        var world = World(agents: 200, seed: 3)
        world.span = .seconds(2_000)
        world.server.reportTime = .zero
        world.server.acceptsPerSecond = 1_000_000
        world.faults = (0..<20).map { .failure(agent: UInt32($0 * 7), .crashes(after: .constant(.seconds(50)))) }
        var plan = RolloutPlan()
        plan.batches = BatchSettings()
        var rehearsal = Rehearsal(
            world: world, fleet: RolloutFleet(count: 200), rollouts: [RehearsedRollout(plan, begins: .seconds(30))])
        rehearsal.traced = Set(0..<200)
        let all = rehearsal.run().trace
        for left in [0, 11, 19] {
            var fewer = rehearsal
            let removed = fewer.world.faults.remove(at: left).agent
            let trace = fewer.run().trace
            #expect(trace != all)
            #expect(trace.filter { $0.agent != removed } == all.filter { $0.agent != removed })
        }
    }
    @Test(
        "A rollback that leaves an agent out is found, also where the run ends with the rollout",
        arguments: [false, true])
    func forgottenAgent(endsWithRollouts: Bool) throws {
        var plan = RolloutPlan()
        plan.batches = BatchSettings()
        plan.onFailure = .rollBack
        var gate = GatePlan()
        gate.above = .agents(2)
        plan.gates = [gate]
        plan.rollBack.timeout = .seconds(60)
        var world = World(agents: 100, seed: 5)
        world.span = .seconds(900)
        world.faults = (10..<20).map { .failure(agent: UInt32($0), .failsToApply) }
        var rehearsal = Rehearsal(
            world: world, fleet: RolloutFleet(count: 100), rollouts: [RehearsedRollout(plan, begins: .seconds(30))])
        rehearsal.stopsWithRollouts = endsWithRollouts
        let sound = rehearsal.run()
        #expect(sound.violations.isEmpty && Self.isRolledBack(sound))
        rehearsal.forgotten = { command, agent in command.cause == .rollBack && agent == 42 }
        let faulty = rehearsal.run()
        #expect(Self.isRolledBack(faulty))
        #expect(faulty.violations.map(\.kind) == [.rollbackMissedAgent] && faulty.violations.first?.agent == 42)
    }

    private static func isRolledBack(_ result: RehearsalResult) -> Bool {
        guard case .ended(.rolledBack)? = result.controllers.last?.state else { return false }
        return true
    }
}
