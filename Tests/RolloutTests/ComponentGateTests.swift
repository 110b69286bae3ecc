import Basis
import Schema
import Testing

@testable import Rollout

@Suite("Gates on the health of components")
struct ComponentGateTests {
    private static let names = ["exporter", "any"]

    private static func plan(_ gates: String) throws -> RolloutPlan {
        let text = """
            stages: [{to: 100%, soak: 10m}]
            gates: [\(gates)]
            on_failure: abort
            world: {agents: 100, components: {traces: [receiver, exporter], metrics: [exporter, processor]}}
            """
        return try RolloutPlan.read(Array(text.utf8), source: "plan")
    }

    /// Of 100 agents the first `count` report a component unhealthy after so many seconds.
    private static func run(_ plan: RolloutPlan, _ count: UInt32, component: UInt8, before: UInt32 = 0) -> TestWorld {
        var world = TestWorld(plan)
        world.behaviour = { $0 < count ? .componentUnhealthy(component, after: .seconds(60)) : .applies }
        world.add(
            (0..<before).map {
                AgentOutcome(
                    at: .zero, agent: $0, revision: .initial, kind: .componentUnhealthy, component: component)
            })
        world.run()
        return world
    }

    private static func isStopped(_ world: TestWorld) -> Bool { world.controller.result == .aborted(stage: 0) }

    @Test("A gate counts agents whose component became unhealthy since the offer, and no other component")
    func counts() throws {
        let plan = try Self.plan(
            "{on: unhealthy, component: exporter, above: 5, of: all}, {on: unhealthy, component: any, above: 50}")
        #expect(plan.watchedComponents == Self.names)
        #expect(!Self.isStopped(Self.run(plan, 5, component: 0)) && Self.isStopped(Self.run(plan, 6, component: 0)))
        #expect(!Self.isStopped(Self.run(plan, 40, component: 1)) && Self.isStopped(Self.run(plan, 51, component: 1)))
        let world = Self.run(plan, 4, component: 0)
        #expect(world.controller.tally.broken == 4 && world.controller.tally.unhealthySince == 4)
    }

    @Test("With a window it counts what became unhealthy within it")
    func window() throws {
        let plan = try Self.plan("{on: unhealthy, component: exporter, above: 5, of: all, window: 2m}")
        #expect(!Self.isStopped(Self.run(plan, 5, component: 0)) && Self.isStopped(Self.run(plan, 6, component: 0)))
    }

    @Test("The health of agents as a whole does not count for it, nor a component for a gate on agents as a whole")
    func apart() throws {
        let component = try Self.plan("{on: unhealthy, component: exporter, above: 0}")
        var world = TestWorld(component)
        world.behaviour = { _ in .unhealthy(after: .seconds(60)) }
        world.run()
        #expect(!Self.isStopped(world))
        let whole = try Self.plan("{on: unhealthy, above: 0}, {on: unhealthy, component: exporter, above: 99}")
        #expect(!Self.isStopped(Self.run(whole, 50, component: 0)))
    }

    @Test("An agent that has both is counted once among the unhealthy ones")
    func once() throws {
        let plan = try Self.plan("{on: unhealthy, component: exporter, above: 99}")
        var world = TestWorld(plan)
        world.behaviour = { $0 < 10 ? .componentUnhealthy(0, after: .seconds(60)) : .applies }
        world.add(
            (0..<20).map { AgentOutcome(at: .zero + .seconds(90), agent: $0, revision: Revision(1), kind: .unhealthy) })
        world.run()
        #expect(world.controller.tally.unhealthySince == 20 && world.controller.tally.broken == 20)
    }

    @Test("Against the agents that are not updated, what every agent has does not stop it")
    func against() throws {
        let text = """
            canary: {size: 50, soak: 10m}
            gates: [{on: unhealthy, component: exporter, above: 10%, of: offered, against: not-updated}]
            on_failure: abort
            world: {agents: 100, components: {traces: [exporter]}}
            """
        let plan = try RolloutPlan.read(Array(text.utf8), source: "plan")
        for others in [false, true] {
            var world = TestWorld(plan)
            let canaries = Set(world.controller.order[..<50])
            world.add(
                (0..<UInt32(100)).filter { others || canaries.contains($0) }.map {
                    AgentOutcome(
                        at: .zero + .seconds(60) + .milliseconds(Int64($0 % 2)), agent: $0, revision: Revision(1),
                        kind: .componentUnhealthy)
                })
            world.run(until: .zero + .seconds(120))
            #expect(Self.isStopped(world) == !others, "\(others)")
        }
    }

    @Test("A fault that is over does not count without a window, and one from before the offer never does")
    func over() throws {
        let plan = try Self.plan("{on: unhealthy, component: exporter, above: 5, of: all, every: 5m}")
        var world = TestWorld(plan)
        func outcome(_ agent: UInt32, _ seconds: Int64, _ kind: AgentOutcome.Kind) -> AgentOutcome {
            AgentOutcome(at: .zero + .seconds(seconds), agent: agent, revision: Revision(1), kind: kind)
        }
        world.add(
            (0..<20).flatMap { [outcome($0, 60, .componentUnhealthy), outcome($0, 120, .componentHealthy)] })
        world.run()
        #expect(!Self.isStopped(world) && world.controller.tally.broken == 20)
        #expect(world.controller.components?.counts == [WatchedComponents.Counts()])
        var components = WatchedComponents(1, agents: 3)
        func change(_ agent: UInt32, _ begins: Bool, _ isOffered: Bool) {
            _ = components.change(agent, 0, begins: begins, isOffered: isOffered, isOfStage: true)
        }
        change(1, true, false)
        components.offered(1)
        change(1, false, true)
        #expect(components.counts == [WatchedComponents.Counts()] && !components.wasUnhealthy(1))
        change(1, true, true)
        #expect(components.counts[0].since == 1 && components.counts[0].stage == 1 && components.wasUnhealthy(1))
    }

    @Test(
        "Names that the world does not have, and components where none are meant, are refused",
        arguments: [
            "{gates: [{on: unhealthy, component: exporter, above: 1}]}",
            "{gates: [{on: failed, component: any, above: 1}]}",
            "{gates: [{on: unhealthy, component: exporte, above: 1}], world: {components: {traces: [exporter]}}}",
            "{world: {components: {traces: [exporter]}, breakages: [{share: 1%, how: fails, component: exporter}]}}",
            "{world: {breakages: [{share: 1%, how: unhealthy, component: exporter}]}}",
            "{world: {components: {root: [exporter]}}}",
            "{gates: [{on: unhealthy, component: any, above: 1}], driver: {revision: a, start: {run: [b]}}}",
        ])
    func refused(text: String) {
        #expect(throws: Problems.self) { try RolloutPlan.read(Array(text.utf8), source: "plan") }
    }
}
