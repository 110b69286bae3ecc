import Basis
import Rollout
import Schema
import Testing

@testable import Simulation

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
            .replicaDown(replicas: 2..<3, from: .seconds(500), lasting: .seconds(20)),
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

    private static func plan(_ name: String, _ settings: [String]) throws -> RolloutPlan {
        let path =
            #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/profiles/rollouts/\(name).yaml"
        let overrides = try settings.map { try Override.setting($0, option: "--set") }
        return try RolloutPlan.read(try Files.read(path, limit: 1 << 20), source: path, overrides: overrides)
    }

    @Test(
        "A plan that does not end as expected is reduced to five faults and a hundred agents, and still fails so",
        arguments: [
            ("canary-bad", []), ("slow-poison", []),
            ("slow-poison", ["expect.outcome=stopped-in-canary", "expect.within=5m"]),
            ("aws-iot-jobs", ["world.agents=2000", "expect.broken=50"]), ("argo-rollouts", ["world.agents=2000"]),
        ] as [(String, [String])])
    func plans(name: String, settings: [String]) throws {
        let plan = try Self.plan(name, ["expect.outcome=finished"] + settings)
        let reduced = try #require(Shrinker().shrink(plan, seed: 3))
        let outcome = reduced.outcome
        #expect(outcome.agents.count <= 100 && outcome.faults.count <= 5, "\(outcome.agents.count), \(outcome.faults)")
        #expect(outcome.agentsBefore == plan.world.agents && outcome.faultsBefore > 20)
        #expect(reduced.again == outcome.failure)
        // As text, it is the same plan.
        let read = try RolloutPlan.read(Array(reduced.plan.resolvedYAML.utf8), source: "reduced")
        #expect(read == reduced.plan)
        #expect(RehearsalSummary(read, seed: read.seed, Rehearsal(read).run()).failure == outcome.failure)
    }

    @Test(
        "Each plan is reduced to five faults and a hundred agents, once its end is not the one that it expects",
        arguments: PlanTests.names)
    func shipped(name: String) throws {
        let usual = try Self.plan(name, ["world.agents=1000"])
        let end = Rehearsal(usual, seed: 5).run().controllers.last?.state
        let plan = try Self.plan(
            name, ["world.agents=1000", "expect.outcome=\(end == .ended(.finished) ? "paused" : "finished")"])
        let reduced = try #require(Shrinker().shrink(plan, seed: 5))
        let outcome = reduced.outcome
        #expect(outcome.agents.count <= 100 && outcome.faults.count <= 5, "\(outcome.agents.count), \(outcome.faults)")
        #expect(reduced.again == outcome.failure)
    }

    @Test("A part of a fleet has as many agents of each stage as its share, or the agents with faults first")
    func samples() throws {
        var plan = RolloutPlan()
        plan.stages = [StagePlan(), StagePlan()]
        (plan.stages[0].to, plan.stages[1].to) = (.share(0.1), .share(0.6))
        plan.expect.outcome = .finished
        let fleet = RolloutFleet(count: 1_000)
        let result = Rehearsal(
            world: World(agents: 1_000), fleet: fleet, rollouts: [RehearsedRollout(plan, begins: .seconds(1))]
        ).run()
        let controller = try #require(result.controllers.last)
        let concerned = Set(controller.order.suffix(20))
        let sample = FleetSample(controller, concerned: concerned)
        let even = sample.agents(100, first: nil, .inProportion)
        let places = even.compactMap { controller.order.firstIndex(of: $0) }
        #expect(even == even.sorted() && Set(even).count == 100)
        #expect(places.count { $0 < 100 } == 10 && places.count { $0 < 600 } == 60)
        #expect(even.count(where: concerned.contains) == 2)
        let ahead = sample.agents(100, first: 0.1, .ahead)
        let order = ahead.sorted { controller.order.firstIndex(of: $0)! < controller.order.firstIndex(of: $1)! }
        #expect(order.prefix(10).allSatisfy(concerned.contains), "the first stage has only such agents")
    }
}
