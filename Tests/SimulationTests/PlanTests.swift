import Basis
import Rollout
import Testing

@testable import Simulation

@Suite("The plans of profiles/rollouts")
struct PlanTests {
    private static let folder =
        #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/profiles/rollouts"
    static let names = [
        "ampora", "argo-rollouts", "aws-appconfig", "aws-iot-jobs", "aws-ssm", "bindplane", "canary-bad", "canary-good",
        "channel-promotion", "component-health", "configuration-and-packages", "drive-muster-serve", "drive-opamp-go",
        "elastic-fleet", "flagger", "kubernetes",
        "layer-change", "mixed-fleet", "package-canary", "rough-day", "server-restart-midway", "skewed-clocks",
        "slow-poison",
        "zone-outage",
    ]

    private static func plan(_ name: String) throws -> RolloutPlan {
        let path = "\(folder)/\(name).yaml"
        return try RolloutPlan.read(try Files.read(path, limit: 1 << 20), source: path)
    }

    @Test("Each ends as it expects, and with the same hashes in two partitions", arguments: names)
    func ends(name: String) throws {
        let plan = try Self.plan(name)
        var rehearsal = Rehearsal(plan)
        rehearsal.stopsWithRollouts = true
        let result = rehearsal.run()
        let summary = RehearsalSummary(plan, seed: plan.seed, result)
        #expect(summary.isAsExpected, "\(summary.differences) \(summary.violations)")
        // Some of them, for the time that it takes.
        let some = [
            "canary-bad", "slow-poison", "kubernetes", "aws-ssm", "rough-day", "mixed-fleet", "package-canary",
            "configuration-and-packages", "component-health",
        ]
        guard some.contains(name) else { return }
        rehearsal.partitions = 2
        #expect(rehearsal.run().hashes == result.hashes)
    }

    @Test("Another seed, other figures; the same seed, the same")
    func seeds() throws {
        let plan = try Self.plan("canary-bad")
        let (one, again, two) = (
            Rehearsal(plan, seed: 1).run(), Rehearsal(plan, seed: 1).run(), Rehearsal(plan, seed: 2).run()
        )
        #expect(one.hashes == again.hashes)
        #expect(one.hashes.events != two.hashes.events && one.hashes.load != two.hashes.load)
    }

    @Test("A sweep has a point for each value, and the same with any number of threads")
    func sweep() throws {
        let plan = try Self.plan("canary-bad")
        var larger = plan
        larger.canary?.size = .share(0.5)
        larger.canary?.test = nil
        let sweep = Sweep([("1%", plan), ("50%", larger)], seeds: 1..<4)
        let points = sweep.run(concurrently: Rehearsal.oneAfterTheOther)
        #expect(points.map(\.value) == ["1%", "50%"] && points.allSatisfy { $0.runs.count == 3 })
        let backwards = sweep.run { count, body in for number in (0..<count).reversed() { body(number) } }
        #expect(points == backwards)
        #expect((points[0].broken(0.5) ?? 0) <= (points[1].broken(0.5) ?? 0))
    }
}
