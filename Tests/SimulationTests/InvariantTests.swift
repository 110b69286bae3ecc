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
        "Drawn rehearsals with ways to connect, packages and components of every kind are sound",
        arguments: 1...UInt64(6))
    func ofAllKinds(seed: UInt64) {
        var rehearsal = DrawnRehearsal.makeOfAllKinds(seed: seed, agents: 60, span: 1_200)
        let result = rehearsal.run()
        #expect(result.violations.isEmpty, "seed \(seed): \(result.violations)")
        rehearsal.world.heartbeats = .each
        #expect(rehearsal.run().hashes == result.hashes, "seed \(seed)")
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

    @Test("An agent that could not be told in time was not forgotten", arguments: [false, true])
    func toldInTime(isSlow: Bool) {
        var plan = RolloutPlan()
        (plan.onFailure, plan.rollBack.timeout) = (.rollBack, .seconds(60))
        var gate = GatePlan()
        gate.above = .agents(2)
        plan.gates = [gate]
        var world = World(agents: 40, seed: 2)
        world.span = .seconds(600)
        world.delivery = .answer
        world.messageLoss = 0.9
        world.failures = [FailureRule(.failsToApply, share: 1)]
        world.groups = [AgentSet(count: 40) { $0 % 2 == 0 }]
        if isSlow {
            // Its answers come after minutes.
            (world.server.replicas, world.server.reportTime) = (1, .seconds(2))
        } else {
            // Half of the agents are back seconds before the end.
            world.faults = [.outage(group: 0, from: .seconds(100), lasting: .seconds(495))]
            world.messageLoss = 0.3
        }
        let rehearsal = Rehearsal(
            world: world, fleet: RolloutFleet(count: 40), rollouts: [RehearsedRollout(plan, begins: .seconds(30))])
        #expect(rehearsal.run().violations.isEmpty)
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
