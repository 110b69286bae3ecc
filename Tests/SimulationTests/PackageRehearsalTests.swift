import Basis
import Rollout
import Schema
import Testing

@testable import Simulation

@Suite("Rollouts of packages in virtual time")
struct PackageRehearsalTests {
    private static func plan(_ packages: String, _ world: String = "") throws -> RolloutPlan {
        let text = """
            change: {packages: collector-2}
            canary: {size: 20%, soak: 30s}
            batches: {size: 40%, soak: 10s}
            limits: {agent_timeout: 5m}
            on_failure: roll-back
            world:
              agents: 60
              duration: 20m
              packages: \(packages)
              \(world)
            """
        return try RolloutPlan.read(Array(text.utf8), source: "plan")
    }

    @Test(
        "Equal with each heartbeat as an event and in three partitions, in drawn worlds", arguments: 1...UInt64(12))
    func agrees(seed: UInt64) {
        var rehearsal = DrawnRehearsal.make(seed: 700 + seed, agents: 60, span: 1_200)
        var random = SeededRandom(seed: seed)
        var work = PackageWork()
        work.downloadTime = .exponential(mean: .seconds(1 + Int64(random.index(below: 40))))
        work.installTime = .uniform(.milliseconds(100), .seconds(10))
        (work.downloadFailures, work.hashFailures) = (0.1 * random.unit(), 0.1 * random.unit())
        work.installFailures = 0.2 * random.unit()
        rehearsal.world.packages = work
        let derived = rehearsal.runInEveryWay()
        #expect((derived.eventCounts[.downloading] ?? 0) > 0)
    }

    @Test("An agent downloads, installs and then runs the revision; its times are those of the plan")
    func times() throws {
        var rehearsal = Rehearsal(try Self.plan("{download: 40s, install: 7s, size: 1MiB}"))
        rehearsal.traced = [3]
        let result = rehearsal.run()
        let story = result.trace
        #expect(result.controllers.last?.state == .ended(.finished))
        func time(_ event: AgentEvent) throws -> Instant { try #require(story.first { $0.event == event }).at }
        #expect(try time(.installing) - time(.downloading) == .seconds(40))
        #expect(try time(.applied) - time(.installing) == .seconds(7))
        #expect(result.minutes.reduce(0) { $0 + $1.downloads } == 60)
    }

    @Test(
        "What fails is reported as failed, and the former version stays",
        arguments: ["download_fails: 100%", "wrong_hash: 100%", "install_fails: 100%"])
    func fails(key: String) throws {
        let result = Rehearsal(try Self.plan("{\(key)}")).run()
        let tally = try #require(result.controllers.last?.tally)
        #expect(tally.failed == 60 && tally.applied == 0)
        #expect(result.stragglers == [.failed: 60])
        let installations = result.eventCounts[.installing] ?? 0
        #expect(installations == (key.hasPrefix("install") ? 60 : 0))
    }

    @Test(
        "What a revision breaks is broken by a package too, and the rollback installs the former one",
        arguments: ["fails", "unhealthy", "disconnects", "crashes", "silent"])
    func breaks(manner: String) throws {
        var plan = try Self.plan("{}", "breakages: [{share: 50%, how: \(manner), after: 5s, lasts: 10s}]")
        var gate = GatePlan()
        gate.above = .share(0.1)
        plan.gates = [gate]
        let result = Rehearsal(plan).run()
        #expect(result.violations.isEmpty)
        guard case .ended(.rolledBack)? = result.controllers.last?.state else {
            Issue.record("\(String(describing: result.controllers.last?.state))")
            return
        }
        #expect(result.stragglers.isEmpty, "\(result.stragglers)")
    }

    @Test("What ends without a connection is reported with the next one")
    func offline() throws {
        var plan = try Self.plan(
            "{download: 20s, install: 1s}", "outages: [{value: a, at: 10s, for: 2m}]\n  attributes: {zone: {a: 100%}}")
        (plan.canary, plan.batches) = (nil, nil)
        var rehearsal = Rehearsal(plan)
        rehearsal.traced = [5]
        let result = rehearsal.run()
        let story = result.trace
        let back = try #require(story.first { $0.event == .opened })
        let applied = try #require(story.first { $0.event == .applied })
        #expect(applied.at >= back.at && story.contains { $0.event == .installing && $0.at < back.at })
        rehearsal.world.heartbeats = .each
        #expect(rehearsal.run().hashes == result.hashes)
    }

    @Test(
        "Keys that have no effect are refused",
        arguments: [
            "{change: {configuration: a}, world: {packages: {download: 10s}}}",
            "{change: {packages: a}, world: {breakages: [{share: 1%, how: reports-other-configuration}]}}",
        ])
    func refused(text: String) {
        #expect(throws: Problems.self) { try RolloutPlan.read(Array(text.utf8), source: "plan") }
    }
}
