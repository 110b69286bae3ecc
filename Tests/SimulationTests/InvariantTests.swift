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
}

@Suite("Shrinking")
struct ShrinkerTests {
    /// A controller that does not receive failures, and a property that it breaks: it finishes although more than a
    /// quarter of the answers are failures, at least three.
    private static func failure(_ result: RehearsalResult) -> String? {
        let failed = result.eventCounts[.failed] ?? 0
        let applied = result.eventCounts[.applied] ?? 0
        guard case .ended(.finished)? = result.controllers.last?.state, failed >= 3, failed * 4 > applied + failed
        else { return nil }
        return "finished with more than a quarter failed"
    }

    @Test("A failure of hundreds of agents and faults becomes one of a few agents and faults, and fails alike")
    func shrinks() throws {
        var world = World(agents: 500, seed: 7)
        world.span = .seconds(3_600)
        world.groups = [AgentSet(count: 500) { $0 % 3 == 0 }]
        world.failures = [
            FailureRule(.failsToApply, share: 0.4), FailureRule(.slow, share: 0.1),
            FailureRule(.crashes(after: .constant(.seconds(60))), share: 0.01),
        ]
        world.faults = [
            .outage(group: 0, from: .seconds(1_000), lasting: .seconds(100)),
            .replicaDown(replica: 2, from: .seconds(500), lasting: .seconds(20)),
        ]
        var plan = RolloutPlan()
        plan.batches = BatchSettings()
        var gate = GatePlan()
        gate.on = .failed
        gate.above = .share(0.25)
        plan.gates = [gate]
        plan.onFailure = .abort
        var rehearsal = Rehearsal(
            world: world, fleet: RolloutFleet(count: 500), rollouts: [RehearsedRollout(plan, begins: .seconds(60))])
        #expect(Shrinker().shrink(rehearsal, failure: Self.failure) == nil, "the right controller stops")
        rehearsal.hidden = { $0.kind == .failed }
        let outcome = try #require(Shrinker().shrink(rehearsal, failure: Self.failure))
        #expect(outcome.faultsBefore > 200 && outcome.agentsBefore == 500)
        #expect(outcome.faults.count <= 5 && outcome.agents.count <= 100)
        #expect(Self.failure(outcome.rehearsal.run()) == outcome.failure)
        // The same agents and faults are no failure of the right controller.
        var right = outcome.rehearsal
        right.hidden = nil
        #expect(Self.failure(right.run()) == nil)
    }

    @Test("A list is reduced to what fails", arguments: [1, 2, 50, 333])
    func minimizes(size: Int) {
        let list = Array(0..<size)
        let wanted = Set([size / 3, size / 2, size - 1])
        let left = minimized(list, limit: 10_000) { wanted.isSubset(of: $0) }
        #expect(Set(left) == wanted && left == left.sorted())
    }
}
