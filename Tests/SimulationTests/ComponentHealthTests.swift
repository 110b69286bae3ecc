import AgentModel
import Basis
import Rollout
import Schema
import Testing

@testable import Simulation

@Suite("Health trees in virtual time")
struct ComponentHealthTests {
    private static func plan(_ gate: String, _ breakage: String) throws -> RolloutPlan {
        let text = """
            canary: {size: 30%, soak: 10m}
            batches: {size: 40%, soak: 1m}
            limits: {agent_timeout: 5m}
            gates: [\(gate)]
            on_failure: roll-back
            world:
              agents: 100
              duration: 1h
              applying: 3s
              components:
                "pipeline:traces": ["receiver:otlp", "processor:batch", "exporter:otlp"]
                "pipeline:metrics": ["receiver:hostmetrics", "processor:batch", "exporter:prometheus"]
              breakages: [\(breakage)]
            """
        return try RolloutPlan.read(Array(text.utf8), source: "plan")
    }

    private static func result(_ plan: RolloutPlan) -> RehearsalResult {
        var rehearsal = Rehearsal(plan)
        rehearsal.traced = Set(0..<100)
        return rehearsal.runInEveryWay()
    }

    private static func stops(_ gate: String, _ breakage: String) throws -> Bool {
        switch result(try plan(gate, breakage)).controllers.last?.state {
        case .ended(.rolledBack): return true
        case .ended(.finished): return false
        case let other:
            Issue.record("\(String(describing: other))")
            return false
        }
    }

    @Test(
        "A gate is about the agent as a whole, one component, or the worst of all",
        arguments: [
            // What is unhealthy; then whether gates on the agent as a whole, on these components and on any stop it.
            ("\"exporter:otlp\"", false, true, true, false),
            ("\"pipeline:traces/processor:batch\"", false, false, true, true),
            ("\"pipeline:traces\"", false, true, true, true),
            ("\"receiver:hostmetrics\"", false, false, true, false),
            ("root", true, false, true, false),
            ("collector", true, false, true, false),
        ])
    func parts(component: String, whole: Bool, exporter: Bool, any: Bool, batch: Bool) throws {
        let breakage = "{share: 40%, how: unhealthy, component: \(component), after: 20s}"
        #expect(try Self.stops("{on: unhealthy, above: 3, of: all}", breakage) == whole)
        #expect(
            try Self.stops("{on: unhealthy, component: \"exporter:otlp\", above: 3, of: all}", breakage) == exporter)
        #expect(try Self.stops("{on: unhealthy, component: any, above: 3, of: all}", breakage) == any)
        #expect(
            try Self.stops(
                "{on: unhealthy, component: \"pipeline:traces/processor:batch\", above: 3, of: all}", breakage)
                == batch)
    }

    @Test("A rollback makes the components healthy again, and one that recovers by itself is counted once")
    func recovers() throws {
        let gate = "{on: unhealthy, component: any, above: 3, of: all}"
        let breakage = "{share: 40%, how: unhealthy, component: \"exporter:otlp\", after: 20s}"
        let rolledBack = Self.result(try Self.plan(gate, breakage))
        #expect((rolledBack.eventCounts[.degraded] ?? 0) > 3)
        #expect(rolledBack.eventCounts[.degraded] == rolledBack.eventCounts[.recovered])
        let short = "{share: 40%, how: unhealthy, component: \"exporter:otlp\", after: 20s, lasts: 30s}"
        let passing = Self.result(
            try Self.plan("{on: unhealthy, component: \"exporter:otlp\", above: 99, of: all}", short))
        let tally = try #require(passing.controllers.last?.tally)
        #expect(passing.controllers.last?.state == .ended(.finished) && tally.broken > 20)
        #expect(passing.eventCounts[.degraded] == tally.broken && passing.eventCounts[.recovered] == tally.broken)
        for event in passing.trace where event.event == .recovered {
            #expect(
                passing.trace.contains {
                    $0.agent == event.agent && $0.event == .degraded && $0.at + .seconds(30) == event.at
                })
        }
    }

    @Test("A crash and a loss of the connection keep what is unhealthy, and it is reported with the next report")
    func keeps() throws {
        let breakages = """
            {share: 100%, how: unhealthy, component: "exporter:otlp", after: 20s}, \
            {share: 100%, how: disconnects, after: 15s, lasts: 60s}
            """
        let result = Self.result(
            try Self.plan("{on: unhealthy, component: \"exporter:otlp\", above: 90, of: all}", breakages))
        for agent in UInt32(0)..<100 {
            let story = result.trace.filter { $0.agent == agent }
            guard let applied = story.first(where: { $0.event == .applied }) else { continue }
            let degraded = try #require(story.first { $0.event == .degraded })
            #expect(degraded.at > applied.at + .seconds(60) && story.contains { $0.event == .lost })
        }
    }

    @Test(
        "Equal with each heartbeat as an event, in three partitions and with faults written out, in drawn worlds",
        arguments: 1...UInt64(12))
    func agrees(seed: UInt64) {
        var rehearsal = DrawnRehearsal.make(seed: 1_100 + seed, agents: 60, span: 1_200)
        rehearsal.watchComponents(seed: seed)
        let derived = rehearsal.runInEveryWay()
        #expect((derived.eventCounts[.degraded] ?? 0) > 0)
        // A controller that restarts knows which components are unhealthy.
        rehearsal.world.controllerRestarts = (0..<200).map { .seconds(3 * $0 + 1) }
        let restarted = rehearsal.run()
        #expect(restarted.hashes == derived.hashes && restarted.violations.isEmpty && restarted.controllerRestarts > 20)
    }
}
