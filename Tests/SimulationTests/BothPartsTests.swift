import Basis
import Rollout
import Schema
import Testing

@testable import Simulation

@Suite("Rollouts of a configuration and packages together")
struct BothPartsTests {
    private static func plan(_ world: String, gate: String = "") throws -> RolloutPlan {
        let text = """
            change: {configuration: pipeline-2, packages: collector-2}
            canary: {size: 20%, soak: 30s}
            batches: {size: 40%, soak: 10s}
            limits: {agent_timeout: 5m}
            on_failure: roll-back
            \(gate)
            world:
              agents: 60
              duration: 30m
              applying: 3s
              packages: {download: 40s, install: 7s}
              \(world)
            """
        return try RolloutPlan.read(Array(text.utf8), source: "plan")
    }

    private static func result(_ plan: RolloutPlan) -> RehearsalResult {
        var rehearsal = Rehearsal(plan)
        rehearsal.traced = Set(0..<60)
        return rehearsal.runInEveryWay()
    }

    private static func isRolledBack(_ result: RehearsalResult) -> Bool {
        guard case .ended(.rolledBack(_, unreached: 0))? = result.controllers.last?.state else { return false }
        return true
    }

    @Test("An agent is updated once it has both")
    func both() throws {
        let result = Self.result(try Self.plan("latency: 20ms"))
        #expect(result.controllers.last?.state == .ended(.finished) && result.stragglers.isEmpty)
        #expect(result.controllers.last?.tally.applied == 60)
        for agent in UInt32(0)..<60 {
            let story = result.trace.filter { $0.agent == agent }
            func time(_ event: AgentEvent) throws -> Instant { try #require(story.first { $0.event == event }).at }
            let offered = try time(.offered)
            #expect(try time(.configured) - offered == .seconds(3))
            #expect(try time(.installed) - offered == .seconds(47) && (try time(.applied)) == (try time(.installed)))
            #expect(story.count { $0.event == .applied } == 1)
        }
    }

    @Test(
        "Either part can fail: the agent has failed once, keeps the other part, and the rollback takes that back",
        arguments: ["fails", "fails-to-install"])
    func half(manner: String) throws {
        let world = "breakages: [{share: 50%, how: \(manner)}]"
        let left = Self.result(try Self.plan(world))
        let tally = try #require(left.controllers.last?.tally)
        #expect(left.controllers.last?.state == .ended(.finished))
        #expect(tally.failed > 15 && tally.failed + tally.applied == 60 && tally.broken == tally.failed)
        #expect(left.stragglers == [.failed: tally.failed])
        // The part that works is there, in every agent.
        let whole = left.eventCounts[manner == "fails" ? .installed : .configured] ?? 0
        #expect(whole == 60 && left.eventCounts[manner == "fails" ? .configured : .installed] == tally.applied)
        let taken = Self.result(try Self.plan(world, gate: "gates: [{on: failed, above: 10%, min_sample: 12}]"))
        #expect(Self.isRolledBack(taken) && taken.stragglers.isEmpty, "\(taken.stragglers)")
        #expect(taken.controllers.last?.tally.restored == taken.controllers.last?.tally.takenBack)
    }

    @Test("An agent that can take over neither has failed once, also where it is offered both again")
    func neither() throws {
        var plan = try Self.plan("breakages: [{share: 100%, how: fails}, {share: 100%, how: fails-to-install}]")
        plan.retry = [.seconds(90)]
        let result = Self.result(plan)
        let tally = try #require(result.controllers.last?.tally)
        #expect(tally.failed == 60 && tally.offered == 60 && result.stragglers == [.failed: 60])
        #expect(result.eventCounts[.offered] == 120 && result.eventCounts[.failed] == 240)
    }

    @Test(
        "What a revision breaks begins once an agent has both, and ends with the rollback",
        arguments: ["unhealthy", "disconnects", "crashes", "silent", "reports-other-configuration"])
    func breaks(manner: String) throws {
        let plan = try Self.plan(
            "breakages: [{share: 50%, how: \(manner), after: 5s, lasts: 10s}]",
            gate: "gates: [{on: any, above: 10%, min_sample: 5}]")
        let result = Self.result(plan)
        #expect(
            Self.isRolledBack(result) || manner == "silent", "\(String(describing: result.controllers.last?.state))")
        #expect(result.stragglers.isEmpty, "\(result.stragglers)")
        // With a crash an agent returns to the configuration before, also while it works on its packages.
        for back in result.trace where back.event == .restarted { #expect(back.revision == 0) }
        guard manner == "unhealthy" || manner == "disconnects" else { return }
        let event: AgentEvent = manner == "unhealthy" ? .unhealthy : .lost
        for broken in result.trace where broken.event == event {
            let story = result.trace.filter { $0.agent == broken.agent }
            #expect(story.contains { $0.event == .applied && $0.at + .seconds(5) == broken.at })
        }
    }

    @Test(
        "Equal with each heartbeat as an event, in three partitions and with faults written out, in drawn worlds",
        arguments: 1...UInt64(12))
    func agrees(seed: UInt64) {
        var rehearsal = DrawnRehearsal.make(seed: 900 + seed, agents: 60, span: 1_200)
        var work = PackageWork()
        work.downloadTime = .exponential(mean: .seconds(20))
        work.installFailures = 0.05
        (rehearsal.world.packages, rehearsal.world.isOfBoth) = (work, true)
        rehearsal.world.failures.append(FailureRule(.failsToInstall, share: 0.1))
        let derived = rehearsal.runInEveryWay()
        #expect((derived.eventCounts[.configured] ?? 0) > 0 && (derived.eventCounts[.installed] ?? 0) > 0)
    }

    @Test("Packages that are not installed cannot fail to be")
    func refused() {
        let text = "{change: {configuration: a}, world: {breakages: [{share: 1%, how: fails-to-install}]}}"
        #expect(throws: Problems.self) { try RolloutPlan.read(Array(text.utf8), source: "plan") }
    }
}
